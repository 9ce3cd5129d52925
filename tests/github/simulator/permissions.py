"""Which permission of a token a path needs, as GitHub's pages "Permissions required for …" list them."""

from __future__ import annotations

from tests.github.simulator.auth import Asker, Denied
from tests.github.simulator.world import Repository

# By the path's beginning; reading needs `read`, all else `write`. Of several, one is enough.
_NEEDS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("pulls", "*", "merge"), ("contents",)),
    (("pulls",), ("pull_requests",)),
    (("issues",), ("issues", "pull_requests")),
    (("statuses",), ("statuses",)),
    (("commits", "**", "status"), ("statuses",)),
    (("commits", "**", "check-runs"), ("checks",)),
    (("commits",), ("contents",)),
    (("check-runs",), ("checks",)),
    (("compare",), ("contents",)),
    (("git",), ("contents",)),
    (("contents",), ("contents",)),
    (("branches", "**", "protection"), ("administration",)),
    (("branches",), ("contents",)),
    (("merge-upstream",), ("contents",)),
    (("dispatches",), ("contents",)),
    (("collaborators",), ("metadata",)),
    (("rules",), ("metadata",)),
    (("rulesets",), ("metadata",)),
    (("hooks",), ("repository_hooks",)),
    (("labels",), ("issues", "pull_requests")),
    (("forks",), ("administration",)),
)


def check_permission(asker: Asker, method: str, repository: Repository, words: list[str]) -> None:
    """Raises Denied with 403."""
    level = "read" if method == "GET" else "write"
    for form, permissions in _NEEDS:
        if _begins(words, form):
            if not any(asker.may(one, level, repository) for one in permissions):
                raise Denied(403, asker.words_of_refusal())
            return


def _begins(words: list[str], form: tuple[str, ...]) -> bool:
    if "**" in form:
        return words[:1] == [form[0]] and words[-1] == form[-1] and len(words) > 2
    return len(words) >= len(form) and all(a in ("*", b) for a, b in zip(form, words, strict=False))
