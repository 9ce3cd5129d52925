"""pre-receive: may this push be taken at all? Every reason at once, each with its fix."""

import sys

from pushgate_hook import limits, words
from pushgate_hook.brief import about_the_brief
from pushgate_hook.fail_point import stop_at
from pushgate_hook.git import Git, repository_directory
from pushgate_hook.identity import Identity, new_push_id, read_identity
from pushgate_hook.reason import Reason, failure
from pushgate_hook.records import Records
from pushgate_hook.refs import Update, is_review_branch, matches_any, parse_update, ref_fault
from pushgate_hook.refusals import refuse
from pushgate_hook.settings import Settings, read_settings

# Each becomes a hold that a person looks at.
MOST_UPDATES = 200


def main() -> int:
    """Judge the ref updates on standard input; the exit status is the verdict."""
    directory = repository_directory()
    records = Records(directory)
    identity = Identity("", new_push_id(), "")
    updates: list[Update] = []
    try:
        lines = sys.stdin.buffer.read().split(b"\n")
        updates.extend(parse_update(line) for line in lines if line)
        identity = read_identity()
        git = Git(directory)
        settings = read_settings(git, directory)
        reasons = judge(settings, records, git, identity, updates)
        stop_at("pre-receive:judged", settings.fail_point)
    except Exception as error:  # a hook that cannot judge refuses
        reasons = [failure(error)]
    if not reasons:
        return 0
    refuse(records, identity, updates, reasons)
    return 1


def judge(
    settings: Settings, records: Records, git: Git, identity: Identity, updates: list[Update]
) -> list[Reason]:
    """Every reason to refuse these updates; an empty list lets them pass to be held."""
    reasons = _about_the_agent(settings, identity)
    if len(updates) > MOST_UPDATES:
        what = f"the push changes {len(updates)} refs, and the limit is {MOST_UPDATES}."
        return [*reasons, Reason("too-many-refs", None, what, "push fewer refs at a time.")]
    for update in updates:
        reasons += _about_the_ref(settings, identity, update)
    if not any(reason.rule == "ref-name" for reason in reasons):
        reasons += _about_repeats(updates)
        reasons += _about_rejections(records, identity, updates)
        if settings.on_push == "refuse":
            reasons += _about_live_holds(records, identity, updates)
    reasons += about_the_brief(settings, git, identity, updates)
    return reasons + _about_sizes(settings, git, updates)


def _about_the_agent(settings: Settings, identity: Identity) -> list[Reason]:
    reasons = []
    agent = identity.agent
    if not agent:
        what = "this repository takes pushes only through the gate, which says who pushes."
        fix = f"push to {settings.url}/git/{settings.repository}.git with the agent's token."
        reasons.append(Reason("identity", None, what, fix))
    elif not settings.knows(agent):
        what = f"the agent {agent} is not enrolled for {settings.repository}."
        fix = f"ask an admin to run `python -m gate agent add {agent} --repo {settings.repository}`."
        reasons.append(Reason("agent-unknown", None, what, fix))
    elif settings.is_disabled(agent):
        what = f"the agent {agent} is disabled."
        reasons.append(Reason("agent-disabled", None, what, "stop pushing, and ask an admin why."))
    if settings.lockdown is not None:
        what = f"the gate is locked down: {words.shown(settings.lockdown or 'no reason was given')}"
        fix = "keep your commits, and push again when an admin has lifted the lock-down."
        reasons.append(Reason("lockdown", None, what, fix))
    return reasons


def _about_the_ref(settings: Settings, identity: Identity, update: Update) -> list[Reason]:
    fault = ref_fault(update.ref)
    if fault:
        return [
            Reason("ref-name", update.ref, f"this ref cannot be pushed: {fault}.", "choose another name.")
        ]
    if update.old == update.new:
        return [
            Reason("no-change", update.ref, "old and new are the same.", "leave this ref out of the push.")
        ]
    if is_review_branch(update.ref):
        what = "the gate keeps this name for the branches on which it shows held pushes to reviewers."
        fix = "push to the branch that you want to change; its review branch comes by itself."
        return [Reason("review-branch", update.ref, what, fix)]
    if not matches_any(settings.refs, update.ref) or update.ref.startswith("refs/quarantine/"):
        taken = ", ".join(settings.refs)
        what = f"this repository takes pushes only to {words.shown(taken)}."
        return [Reason("ref-not-taken", update.ref, what, "push to a branch or a tag of that kind.")]
    allowed = settings.allowed_refs(identity.agent)
    if settings.knows(identity.agent) and not matches_any(allowed, update.ref):
        where = words.shown(", ".join(allowed)) or "no ref at all"
        what = f"the agent {identity.agent} may push only to {where}."
        fix = "push to a ref of that kind, or ask an admin to allow this one."
        return [Reason("ref-not-allowed", update.ref, what, fix)]
    return []


def _about_repeats(updates: list[Update]) -> list[Reason]:
    seen: set[str] = set()
    reasons = []
    for update in updates:
        if update.ref in seen:
            what = "this push changes the ref more than once."
            reasons.append(Reason("ref-twice", update.ref, what, "push one change of it."))
        seen.add(update.ref)
    return reasons


def _about_rejections(records: Records, identity: Identity, updates: list[Update]) -> list[Reason]:
    reasons = []
    for update in updates:
        if update.is_delete:
            reasons += _about_a_rejected_delete(records, identity, update)
            continue
        rejection = records.rejection(update.new)
        if rejection is None:
            continue
        by = words.shown(rejection.get("by", "a reviewer"))
        what = f"{update.new[:12]} was rejected by {by} (hold {words.shown(rejection.get('hold', '?'))})"
        what += f": {words.shown(rejection['reason'])}" if rejection.get("reason") else "."
        fix = (
            f"add a commit that answers this and push it, or ask {by}. The same commit is never taken again."
        )
        reasons.append(Reason("rejected-before", update.ref, what, fix))
    return reasons


def _about_live_holds(records: Records, identity: Identity, updates: list[Update]) -> list[Reason]:
    reasons = []
    for update in updates:
        standing = records.standing(identity.agent, update.ref) if identity.agent else None
        if standing is not None and standing.is_live and not standing.is_about(update.old, update.new):
            what = f"hold {standing.hold} waits on this ref, and takes no further revision."
            fix = "wait until it is decided, or ask its operator to withdraw it."
            reasons.append(Reason("hold-waits", update.ref, what, fix))
    return reasons


def _about_a_rejected_delete(records: Records, identity: Identity, update: Update) -> list[Reason]:
    standing = records.standing(identity.agent, update.ref) if identity.agent else None
    if standing is None or standing.state != "rejected" or not standing.is_about(update.old, update.new):
        return []
    what = f"deleting it at {update.old[:12]} was rejected (hold {standing.hold})"
    what += f": {words.shown(standing.reason)}" if standing.reason else "."
    return [Reason("rejected-before", update.ref, what, "leave the ref as it is, or ask the reviewer.")]


def _about_sizes(settings: Settings, git: Git, updates: list[Update]) -> list[Reason]:
    reasons = []
    changes = [update for update in updates if not update.is_delete]
    if settings.max_pack_size is not None:
        size = limits.incoming_size()
        if size > settings.max_pack_size:
            what = f"the push brings {size} bytes, and the limit is {settings.max_pack_size}."
            fix = "push in smaller steps, and leave generated files out."
            reasons.append(Reason("pack-size", None, what, fix))
    if settings.max_file_size is not None and changes and limits.can_bring(settings.max_file_size):
        reasons += _about_large_files(git, [update.new for update in changes], settings.max_file_size)
    if settings.max_changed_files is not None:
        reasons += _about_changed_files(git, changes, settings.max_changed_files)
    return reasons


def _about_large_files(git: Git, tips: list[str], limit: int) -> list[Reason]:
    files = limits.large_files(git, tips, limit)
    fix = "take the file out of every commit that has it (git rebase -i), not only out of the last one."
    reasons = []
    for file in files[: words.MOST_LINES]:
        name = f"the object {file.oid[:12]}" if file.path is None else f"the file {words.shown(file.path)}"
        what = f"{name} has {file.size} bytes, and the limit is {limit}."
        reasons.append(Reason("file-size", None, what, fix))
    return reasons


def _about_changed_files(git: Git, changes: list[Update], limit: int) -> list[Reason]:
    reasons = []
    for update in changes:
        if ref_fault(update.ref):
            continue
        number = limits.changed_files(git, update)
        if number > limit:
            what = f"it changes {number} files, and the limit is {limit}."
            reasons.append(Reason("changed-files", update.ref, what, "split it into smaller pushes."))
    return reasons
