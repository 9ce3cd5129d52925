"""What the operator's brief for an agent refuses; the agent's own briefs are for reviewers to read."""

from pushgate_hook import limits, words
from pushgate_hook.git import Git
from pushgate_hook.identity import Identity
from pushgate_hook.reason import Reason
from pushgate_hook.refs import Update, matches_any, ref_fault
from pushgate_hook.settings import BriefLimits, Settings

_MOST_NAMED = 5


def about_the_brief(settings: Settings, git: Git, identity: Identity, updates: list[Update]) -> list[Reason]:
    """Every reason in the brief to refuse these updates; none where there is no brief."""
    brief = settings.brief(identity.agent)
    reasons = []
    for update in updates:
        if ref_fault(update.ref):
            continue  # refused for that already, and git would read it as something else
        reasons += _about_the_ref(brief, identity, update)
        if not update.is_delete and brief.is_about_files:
            reasons += _about_the_files(brief, git, identity, update)
    return reasons


def _about_the_ref(brief: BriefLimits, identity: Identity, update: Update) -> list[Reason]:
    whose = f"the operator's brief for {identity.agent}"
    if matches_any(brief.forbid_refs, update.ref):
        what = f"{whose} forbids pushes to {words.shown(', '.join(brief.forbid_refs))}."
        return [Reason("brief-ref", update.ref, what, "push to another branch.")]
    if brief.only_refs and not matches_any(brief.only_refs, update.ref):
        taken = words.shown(", ".join(brief.only_refs))
        what = f"{whose} allows pushes only to {taken}."
        return [Reason("brief-ref", update.ref, what, f"push to {taken}.")]
    return []


def _about_the_files(brief: BriefLimits, git: Git, identity: Identity, update: Update) -> list[Reason]:
    whose = f"the operator's brief for {identity.agent}"
    change = limits.change_of(git, update)
    if change is None:
        what = f"{whose} limits the files of a push, and this is no commit that could be compared."
        return [Reason("brief-files", update.ref, what, "push a commit.")]
    reasons = []
    paths = limits.paths_of(git, change)
    most = brief.max_changed_files
    if most is not None and len(paths) > most:
        what = f"it changes {len(paths)} files, and {whose} allows {most}."
        reasons.append(Reason("brief-files", update.ref, what, "stop here, and ask your operator."))
    lines = 0 if brief.max_changed_lines is None else limits.lines_of(git, change)
    if brief.max_changed_lines is not None and lines > brief.max_changed_lines:
        what = f"it changes {lines} lines, and {whose} allows {brief.max_changed_lines}."
        reasons.append(Reason("brief-lines", update.ref, what, "stop here, and ask your operator."))
    fix = "put these files back as they were (`git checkout <base> -- <file>`), commit, and push again."
    forbidden = limits.paths_of(git, change, brief.forbid_paths) if brief.forbid_paths else []
    if forbidden:
        what = f"{whose} forbids changes of {_named(forbidden)}."
        reasons.append(Reason("brief-path", update.ref, what, fix))
    outside = _outside(git, change, paths, brief.only_paths)
    if outside:
        what = f"{whose} allows other files than {_named(outside)}."
        reasons.append(Reason("brief-only-path", update.ref, what, fix))
    return reasons


def _outside(git: Git, change: limits.Change, paths: list[bytes], only: list[str]) -> list[bytes]:
    if not only:
        return []
    inside = set(limits.paths_of(git, change, only))
    return [path for path in paths if path not in inside]


def _named(paths: list[bytes]) -> str:
    names = [words.shown(path.decode(errors="surrogateescape")) for path in paths[:_MOST_NAMED]]
    more = len(paths) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")
