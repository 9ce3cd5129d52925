"""The `config` file of a gate repository: a fixed part, and below it what the hooks are told.

The hooks read this file and none that it includes, so the gate writes it whole, and in one step.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gate.adapters.git.files import locked, read_file, write_file
from gate.domain.brief.enforce import PushLimits
from gate.domain.errors import Failed
from gate.domain.repository import Grant, RepositoryRules

FIXED: tuple[tuple[str, str], ...] = (
    ("core.repositoryFormatVersion", "0"),
    ("core.fileMode", "true"),
    ("core.bare", "true"),
    # The audit trail tells every move; one log file for each held ref would only grow.
    ("core.logAllRefUpdates", "false"),
    # Milliseconds. git gives up after 100 and 1,000 otherwise, which many pushes at once can take.
    ("core.filesRefLockTimeout", "5000"),
    ("core.packedRefsTimeout", "10000"),
    # A push that was answered survives a power cut; measured, the difference is within the noise of a push.
    ("core.fsync", "committed,loose-object,reference"),
    ("core.fsyncMethod", "batch"),
    ("gc.auto", "0"),
    ("gc.pruneExpire", "never"),
    ("gc.cruftPacks", "true"),
    ("receive.procReceiveRefs", "refs/"),
    ("receive.fsckObjects", "true"),
    ("receive.advertiseAtomic", "true"),
    ("receive.advertisePushOptions", "true"),
    ("receive.autogc", "false"),
    ("transfer.hideRefs", "refs/quarantine"),
    ("transfer.hideRefs", "refs/pushgate"),
    ("uploadpack.allowFilter", "true"),
)
_EVERY_REF = ("refs/heads/**", "refs/tags/**")
_RULES_FOLLOW = (
    "# The gate writes all of this file, and rewrites the part below for the hooks. Edits are lost.\n"
)


def write_fixed(folder: Path) -> None:
    """Write the fixed part anew and keep the rules."""
    with locked(folder / "pushgate" / "config.lock"):
        text = (read_file(folder / "config") or b"").decode(errors="surrogateescape")
        _write(folder, text.partition(_RULES_FOLLOW)[2])


def write_rules(folder: Path, rules: RepositoryRules) -> None:
    """Write the rules anew and keep nothing of the earlier ones."""
    if not folder.is_dir():
        raise Failed(f"{folder} does not exist. Run `python -m gate repo check` for the way to mend it.")
    with locked(folder / "pushgate" / "config.lock"):
        _write(folder, _render(_rules(rules)))


def _write(folder: Path, rules: str) -> None:
    text = _render(FIXED) + _RULES_FOLLOW + rules
    write_file(folder / "config", text.encode(errors="surrogateescape"))


def _rules(rules: RepositoryRules) -> Iterable[tuple[str, str]]:
    yield "pushgate.repository", rules.repository
    yield "pushgate.url", rules.url.rstrip("/")
    yield "pushgate.reply", rules.reply
    yield "pushgate.onPush", rules.on_push
    for key, bound in _bounds(rules):
        if bound:
            yield key, str(bound)
    yield from (("pushgate.refs", pattern) for pattern in rules.refs or _EVERY_REF)
    if rules.scan_socket is not None:
        yield "pushgate.scanSocket", rules.scan_socket
    if rules.lockdown is not None:
        yield "pushgate.lockdown", rules.lockdown
    if rules.fail_point is not None:
        yield "pushgate.failPoint", rules.fail_point
    for grant in rules.grants:
        yield from _grant(grant)
    for limits in rules.briefs:
        yield from _brief(limits)


def _bounds(rules: RepositoryRules) -> tuple[tuple[str, int], ...]:
    limits = rules.limits
    return (
        ("pushgate.maxPackSize", limits.max_pack_size),
        ("pushgate.maxFileSize", limits.max_file_size),
        ("pushgate.maxChangedFiles", limits.max_changed_files),
        # The hook can only look once git has stored the whole pack: this stops a far larger one on its way.
        ("receive.maxInputSize", 2 * limits.max_pack_size),
    )


def _grant(grant: Grant) -> Iterable[tuple[str, str]]:
    section = f"pushgateAgent.{grant.agent}"
    yield f"{section}.disabled", "true" if grant.is_disabled else "false"
    yield from ((f"{section}.allowRef", pattern) for pattern in grant.allow_refs or _EVERY_REF)


def _brief(limits: PushLimits) -> Iterable[tuple[str, str]]:
    """The operator's brief for one agent, as far as the hooks enforce it."""
    section = f"pushgateAgent.{limits.agent}"
    for key, bound in (
        ("maxChangedFiles", limits.max_changed_files),
        ("maxChangedLines", limits.max_changed_lines),
    ):
        if bound is not None:
            yield f"{section}.{key}", str(bound)
    lists = (
        ("forbidPath", limits.forbid_paths),
        ("onlyPath", limits.only_paths),
        ("forbidRef", limits.forbid_refs),
        ("onlyRef", limits.only_refs),
    )
    for key, values in lists:
        yield from ((f"{section}.{key}", value) for value in values)


def _render(settings: Iterable[tuple[str, str]]) -> str:
    lines = []
    for key, value in settings:
        section, _, rest = key.partition(".")
        subsection, _, name = rest.rpartition(".")
        title = f'{section} "{_escaped(subsection)}"' if subsection else section
        lines.append(f'[{title}]\n\t{name} = "{_escaped(value)}"\n')
    return "".join(lines)


def _escaped(text: str) -> str:
    """A value as git-config(1) wants it within quotes; NUL cannot be in one."""
    text = text.replace("\0", "").replace("\\", "\\\\").replace('"', '\\"')
    return text.replace("\n", "\\n").replace("\t", "\\t")
