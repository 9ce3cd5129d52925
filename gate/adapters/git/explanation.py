"""What to do about the words of a server that refuses a push for good."""

from __future__ import annotations

import re

_DOCS = "See docs/github.md."

# The first that fits says it; the more particular ones come first.
_STEPS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"without [`'\"]?workflows?[`'\"]? (permission|scope)", re.IGNORECASE),
        "Give the gate the permission Workflows: read and write at GitHub, and accept it for the App.",
    ),
    (
        re.compile(r"GH009|contains? secrets|Secrets detected", re.IGNORECASE),
        "GitHub found a secret in these commits. Take it out of every commit that has it, and revoke it.",
    ),
    (
        re.compile(r"GH001|exceeds GitHub's file size limit", re.IGNORECASE),
        "Take the large file out of every commit that has it: GitHub takes none above 100 MB.",
    ),
    (
        re.compile(r"GH013|repository rule violations", re.IGNORECASE),
        "A ruleset keeps the gate out. Add the gate's App to its bypass list (Settings, Rules, Rulesets), or "
        'let GitHub merge by `method = "merge"` in the policy.',
    ),
    (
        re.compile(r"GH006.*required status check", re.IGNORECASE | re.DOTALL),
        "The branch is protected and waits for status checks, which run on the review branch: let them pass, "
        "or let the gate's App bypass the protection.",
    ),
    (
        re.compile(r"GH006"),
        "The branch is protected. Let the gate's App push to it and bypass required pull requests (Settings, "
        'Branches), or let GitHub merge by `method = "merge"` in the policy.',
    ),
    (
        re.compile(
            r"returned error: 403|write access to repository not granted|resource not accessible",
            re.IGNORECASE,
        ),
        "The gate may not write there. At GitHub, give it the permission Contents: read and write, and look "
        "whether the repository is archived.",
    ),
)


def explain(words: str) -> str:
    """The words, and behind them a plain next step where they are known ones."""
    for pattern, step in _STEPS:
        if pattern.search(words):
            return f"{words}\n{step} {_DOCS}"
    return words
