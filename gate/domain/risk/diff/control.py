"""D05, D08, D09, D16, D21: files that decide what runs by itself, who reviews, and what a review shows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from gate.domain.brief.model import BriefReport, BriefSource, Part, RuleKind
from gate.domain.risk.diff.look import FileLook, FileRule, Hit
from gate.domain.risk.diff.patterns import any_of
from gate.domain.risk.model import Rule, Severity
from gate.domain.risk.view import Line, PathClass

D05 = Rule(
    id="D05",
    name="ci-change",
    severity=Severity.HIGH,
    why="CI runs it with the repository's secrets and rights, often before anybody has looked.",
    check="Read every changed line of it: what runs, on whose input, with which secrets.",
)
D08 = Rule(
    id="D08",
    name="gate-config",
    severity=Severity.HIGH,
    why="It decides who reviews, what is scanned, or what may be merged.",
    check="See whether it asks for less than before, and have its owner agree.",
)
D09 = Rule(
    id="D09",
    name="agent-instructions",
    severity=Severity.HIGH,
    why="Coding agents follow it, so that an agent which changes it writes its own orders.",
    check="Read it as a person's order to an agent with your rights.",
)
D16 = Rule(
    id="D16",
    name="git-settings",
    severity=Severity.HIGH,
    why="It can hide files from diffs, run filters, or bring in other repositories.",
    check="See which paths each attribute is for, and that all of them still show in a diff.",
)
D21 = Rule(
    id="D21",
    name="hooks",
    severity=Severity.MEDIUM,
    why="Hooks run on everybody's machine, and a check that is gone finds nothing.",
    check="See what runs now, and why a check was taken out.",
)

CI_FILES = tuple(
    "/.github/workflows/ /.github/actions/ action.yml action.yaml .gitlab-ci.yml /.gitlab/ci/"
    " *.gitlab-ci.yml /.circleci/ Jenkinsfile Jenkinsfile.* *.jenkinsfile azure-pipelines*.yml"
    " /.azure-pipelines/ .travis.yml .drone.yml .woodpecker.yml /.woodpecker/ .cirrus.yml"
    " bitbucket-pipelines.yml /.buildkite/ appveyor.yml .appveyor.yml cloudbuild.yaml /.semaphore/"
    " /.teamcity/ buildspec.yml /.gitea/workflows/ /.forgejo/workflows/ /.tekton/".split()
)
GATE_FILES = tuple(
    "CODEOWNERS dependabot.yml dependabot.yaml renovate.json renovate.json5 .renovaterc* SECURITY.md"
    " /.github/settings.yml /.github/rulesets/ .policy.yml /.pushgate/ .mergify.yml /BRIEF.md /TASK.md"
    " .gitleaks.toml .gitleaksignore .trivyignore .snyk .secrets.baseline .trufflehog* .kingfisher*"
    " /.github/codeql/ .semgrepignore zizmor.yml .bandit".split()
)
AGENT_FILES = tuple(
    "AGENTS.md AGENTS.override.md CLAUDE.md GEMINI.md .codex/ .claude/ .agents/ .cursor/ .cursorrules"
    " .cursorignore .mcp.json mcp.json /.github/copilot-instructions.md /.github/instructions/"
    " /.github/prompts/ .windsurfrules .clinerules .aider* .continue/".split()
)
GIT_FILES = (".gitattributes", ".gitmodules", ".lfsconfig")
HOOK_FILES = (
    *("/.husky/", "/.githooks/", "/hooks/pre-commit", "/hooks/pre-push", "lefthook.y*ml", ".lefthook*"),
    *("lefthook-local.yml", ".pre-commit-config.y*ml", ".pre-commit-hooks.yaml", ".overcommit.yml"),
)

_PIN = re.compile(r"[ \t]*(?:-[ \t]+)?uses:[ \t]*(?P<what>[\w./-]+)@[0-9a-f]{40}[ \t]*(?:#.*)?\r?")
_REV = re.compile(r"[ \t]*(?:-[ \t]+)?rev:.*")
_HOOK = re.compile(r"[ \t]*-[ \t]+id:[ \t]*(?P<id>[\w.-]+)")
_HARMLESS_ATTRIBUTE = any_of(
    r"-?text",
    r"text=auto",
    r"eol=(lf|crlf)",
    r"working-tree-encoding=[\w-]+",
    r"linguist-language=\S+",
)
_HOOKS_PATH = re.compile(r"core\.hookspath|hooksPath[ \t]*=", re.IGNORECASE)


def ci_change(look: FileLook) -> Iterator[Hit]:
    if _all_comments(look):
        yield _change(look, "CI", Severity.LOW, ", in comments alone")
    elif _only_pins_move(look):
        yield _change(look, "CI", Severity.MEDIUM, ", where pinned actions move to another commit")
    else:
        yield _change(look, "CI", Severity.HIGH)


def gate_config(look: FileLook) -> Iterator[Hit]:
    yield _change(look, "review, scans or updates", Severity.HIGH)


def agent_instructions(look: FileLook) -> Iterator[Hit]:
    if _names_it(look):
        yield _change(look, "agents, as the operator's brief allows by its name", Severity.LOW)
    else:
        yield _change(look, "agents", Severity.HIGH)


def git_settings(look: FileLook) -> Iterator[Hit]:
    telling = next((line for line in look.added if not _is_harmless(look, line)), None)
    if telling is not None:
        yield Hit(_words(look, "git itself"), telling)
    else:
        is_small = bool(look.changed) and all(_is_harmless(look, line) for line in look.changed)
        yield _change(look, "git itself", Severity.LOW if is_small else Severity.HIGH)


def hooks(look: FileLook) -> Iterator[Hit]:
    gone = _ids(look.removed) - _ids(look.added)
    if look.is_deleted:
        yield _change(look, "hooks", Severity.HIGH)
    elif gone:
        name = sorted(gone)[0]
        line = next(line for line in look.removed if name in _ids([line]))
        more = f" and {len(gone) - 1} more" if len(gone) > 1 else ""
        yield Hit(f"A check was taken out of the hooks{more}", line, Severity.HIGH, is_old=True)
    elif look.removed and not any(_says_something(look, line) for line in look.added):
        yield _change(look, "hooks, of which some only went", Severity.HIGH)
    elif look.changed and all(_REV.fullmatch(line.text) for line in look.changed):
        yield _change(look, "hooks, where their versions move", Severity.LOW)
    else:
        yield _change(look, "hooks", Severity.MEDIUM)


def hooks_path(look: FileLook) -> Iterator[Hit]:
    for line, _ in look.finds(_HOOKS_PATH, "hookspath"):
        yield Hit(
            "It changes where git looks for hooks", line, look.lowered_in(Severity.MEDIUM, PathClass.DOCS)
        )


def _change(look: FileLook, about: str, severity: Severity, detail: str = "") -> Hit:
    line = look.first_line or (look.removed[0] if look.removed else None)
    return Hit(
        _words(look, about) + detail, line, severity, is_old=look.first_line is None, key=f"{about}{detail}"
    )


def _words(look: FileLook, about: str) -> str:
    kind = {"A": "A new file", "D": "A deleted file"}.get(look.file.status, "A changed file")
    return f"{kind} is about {about}"


def _all_comments(look: FileLook) -> bool:
    return bool(look.changed) and not any(_says_something(look, line) for line in look.changed)


def _says_something(look: FileLook, line: Line) -> bool:
    return bool(line.text.strip()) and not look.is_comment(line)


def _only_pins_move(look: FileLook) -> bool:
    before, after = _pins(look.removed), _pins(look.added)
    return look.file.status == "M" and bool(before) and before == after


def _pins(lines: Iterable[Line]) -> Counter[str] | None:
    """What is pinned in these lines; None where one of them is anything else."""
    matches = [_PIN.fullmatch(line.text) for line in lines]
    return Counter(match["what"] for match in matches if match) if all(matches) else None


def _ids(lines: Iterable[Line]) -> frozenset[str]:
    return frozenset(match["id"] for line in lines if (match := _HOOK.match(line.text)))


def _is_harmless(look: FileLook, line: Line) -> bool:
    """Whether a line of .gitattributes is about line ends alone, or says nothing."""
    if not _says_something(look, line):
        return True
    if not look.path.endswith(".gitattributes"):
        return False
    return all(_HARMLESS_ATTRIBUTE.fullmatch(word) for word in line.text.split()[1:])


def _names_it(look: FileLook) -> bool:
    """Whether the operator's brief allows this file by name: a wildcard that covers it is no such word."""
    report: BriefReport | None = look.push.view.brief
    if report is None:
        return False
    briefs = (report.brief, *report.others)
    rules = [
        rule for brief in briefs if brief.source is BriefSource.OPERATOR for rule in brief.of(Part.ALLOWED)
    ]
    values = [value for rule in rules if rule.kind is RuleKind.PATHS for value in rule.values]
    parts = {*look.path.split("/")}
    names = [one for one in values if one.rstrip("/").rpartition("/")[2] in parts & _own_names(parts)]
    return bool(names) and bool(look.push.match(names, [look.path]))


def _own_names(parts: set[str]) -> set[str]:
    """Those parts of a path that make it one of an agent's files: `docs` in `docs/AGENTS.md` does not."""
    return {part for part in parts if part.startswith(".") or part.endswith((".md", ".json"))}


RULES = (
    FileRule(D05, ci_change, mark="ci"),
    FileRule(D08, gate_config, mark="gate"),
    FileRule(D09, agent_instructions, mark="agents"),
    FileRule(D16, git_settings, mark="git"),
    FileRule(D21, hooks, mark="hooks"),
    FileRule(D21, hooks_path),
)
