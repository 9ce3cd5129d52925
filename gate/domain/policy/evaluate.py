"""The verdict on a revision: pure, the same answer for the same facts, and never a yes when unsure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gate.domain.hold import UpdateKind
from gate.domain.policy.comments import Spoken, hear
from gate.domain.policy.condition import Sight
from gate.domain.policy.judging import Judge, Judged
from gate.domain.policy.model import Policy
from gate.domain.policy.opinion import in_order
from gate.domain.policy.opinions import Opinions
from gate.domain.policy.overriding import Overridden, judge_overrides
from gate.domain.policy.subject import Override, Subject
from gate.domain.policy.verdict import Node, Outcome, Status, Verdict
from gate.domain.policy.words import plural, short, shown
from gate.domain.review import Observation, Realm

_LOSES_COMMITS = (UpdateKind.REWRITE, UpdateKind.DELETE)
NO_POLICY = "the repository has no policy, so nothing is released. Give it one"


def evaluate(
    policy: Policy | None,
    subject: Subject,
    observation: Observation | None,
    now: datetime,
    overrides: Iterable[Override] = (),
) -> Verdict:
    """Judge a revision by what the forge says now. `observation` is None while no review is open.

    A fault inside becomes the outcome `error`; nothing is raised, and nothing is approved by accident.
    """
    if policy is None:
        return _without_tree(Outcome.ERROR, subject, None, NO_POLICY)
    try:
        return _evaluate(policy, subject, observation, now, tuple(overrides))
    except Exception as error:  # any fault of ours must read as "not approved", never end the caller
        words = (
            f"the policy could not be evaluated ({type(error).__name__}: {shown(str(error))}). Report this"
        )
        return _without_tree(Outcome.ERROR, subject, policy.hash, words)


@dataclass(frozen=True, slots=True)
class _Parts:
    """Everything that bears on the outcome."""

    blocks: tuple[str, ...]
    waits: tuple[str, ...]
    approval: Judged
    disapproval: Judged
    override: Overridden
    rejection: tuple[str, str] | None
    notes: tuple[Node, ...]


def _evaluate(
    policy: Policy,
    subject: Subject,
    observation: Observation | None,
    now: datetime,
    overrides: tuple[Override, ...],
) -> Verdict:
    spoken = Spoken() if observation is None else hear(policy, subject, observation)
    approval, disapproval = _judge_reviews(policy, subject, observation, spoken, now)
    is_open = subject.is_live and observation is not None and observation.is_open
    parts = _Parts(
        blocks=_blocks(policy, subject, observation),
        waits=_waits(policy, subject, observation),
        approval=approval,
        disapproval=disapproval,
        override=judge_overrides(policy.override, (*overrides, *spoken.overrides), subject, now),
        rejection=spoken.rejection if is_open else None,
        notes=spoken.notes,
    )
    outcome = _outcome(parts)
    return Verdict(
        outcome,
        subject.head,
        policy.hash,
        _reasons(outcome, parts),
        _tree(outcome, parts),
        parts.approval.counted,
        parts.override.counted,
        parts.rejection,
    )


def _judge_reviews(
    policy: Policy, subject: Subject, observation: Observation | None, spoken: Spoken, now: datetime
) -> tuple[Judged, Judged]:
    no_objection = Judged(Node("disapproval", Status.SKIPPED, "no objection stands"))
    if observation is None:
        words = "the review is not open yet"
        approval, disapproval = Judged(Node("approval", Status.PENDING, words), (), (words,)), no_objection
    else:
        opinions = Opinions(
            subject,
            observation,
            in_order(observation.reviews, spoken.opinions),
            policy.hold.settle,
            policy.disapproval.sticky,
            policy.hold.copy,
        )
        judge = Judge(policy, Sight(subject, observation, now), opinions)
        approval, disapproval = judge.approval(), judge.disapproval()
    if policy.hold.passes_through(subject.ref):
        words = f"{shown(subject.ref)} passes straight through by hold.allow_refs"
        approval = Judged(Node("approval", Status.APPROVED, words))
    elif subject.kind in _LOSES_COMMITS and not policy.names_kind(subject.kind):
        # A rule for everything was not meant for it.
        asked = f'update_kind = ["{subject.kind}"]'
        words = f"this is a {subject.kind}, and no rule names that. An admin adds one with {asked}"
        approval = Judged(Node("approval", Status.SKIPPED, words), (), (words,))
    return approval, disapproval


def _blocks(policy: Policy, subject: Subject, observation: Observation | None) -> tuple[str, ...]:
    """What no approval can mend."""
    found = []
    if not subject.is_live:
        found.append("the hold is closed")
    if not policy.hold.takes(subject.ref):
        found.append(f"{shown(subject.ref)} is outside hold.refs, so this policy does not take pushes to it")
    found += [] if observation is None else _review_blocks(subject, observation)
    most = policy.hold.max_changed_files
    if most is not None and (len(subject.files) > most or subject.files_truncated):
        found.append(f"{_files_words(subject)} are changed, {most} are allowed. Push smaller steps")
    return tuple(found)


def _review_blocks(subject: Subject, observation: Observation) -> list[str]:
    found = []
    if observation.head != subject.head:
        here, there = short(subject.head), short(observation.head)
        found.append(f"the review shows {there} but {here} is held: somebody changed the review's branch")
    bases = (observation.base, observation.expected_base)
    if None not in bases and observation.base != observation.expected_base:
        found.append("the pull request's base branch was changed")
    # A forge may say that a merged one is open again.
    if not observation.is_open or observation.is_merged:
        found.append("the review is closed")
    return found


def _waits(policy: Policy, subject: Subject, observation: Observation | None) -> tuple[str, ...]:
    """What makes a release wait although the rules may be satisfied."""
    found = []
    if subject.lockdown is not None:
        found.append(f"lock-down: {shown(subject.lockdown)}. Approvals are recorded, releases wait")
    found += map(shown, subject.doubts)
    found += [] if observation is None else _review_waits(policy, observation)
    return tuple(found)


def _review_waits(policy: Policy, observation: Observation) -> list[str]:
    found = []
    if observation.is_draft:
        found.append("the review is a draft. Mark it ready")
    labels = {label.casefold() for label in observation.labels}
    blocking = [label for label in policy.release.blocking_labels if label.casefold() in labels]
    found.extend(f"the label {label!r} blocks the release. Remove it" for label in blocking)
    title = policy.release.blocking_title
    if title is not None and title.search(observation.title):
        found.append("the title matches release.blocking_title_regex. Change it")
    # The built-in review page has no threads that could be unresolved.
    if policy.release.needs_resolved_threads and observation.realm is not Realm.GATE:
        found += _thread_waits(observation.unresolved_threads)
    return found


def _thread_waits(unresolved: int | None) -> list[str]:
    if unresolved is None:
        return ["the forge could not tell whether every conversation is resolved"]
    return [f"{plural(unresolved, 'conversation')} must be resolved"] if unresolved else []


def _outcome(parts: _Parts) -> Outcome:
    if parts.rejection is not None:
        return Outcome.REJECTED
    if parts.blocks:
        return Outcome.BLOCKED
    if parts.override.is_satisfied:
        return Outcome.PENDING if parts.waits else Outcome.OVERRIDDEN
    if parts.disapproval.node.status is Status.DISAPPROVED:
        return Outcome.DISAPPROVED
    if parts.approval.node.status in (Status.ERROR, Status.SKIPPED):
        return Outcome.ERROR
    if parts.approval.node.status is not Status.APPROVED or parts.waits:
        return Outcome.PENDING
    return Outcome.APPROVED


def _reasons(outcome: Outcome, parts: _Parts) -> tuple[str, ...]:
    if parts.rejection is not None:
        who, why = parts.rejection
        return (f"{shown(who)} rejected it: {shown(why)}",)
    if outcome is Outcome.OVERRIDDEN:
        return tuple(f"{shown(o.login)} overrode: {shown(o.reason)}" for o in parts.override.counted)
    if outcome is Outcome.APPROVED:
        return _approved_words(parts.approval)
    if parts.override.is_satisfied:
        return (*parts.blocks, *parts.waits)
    unruled = parts.approval.node.status is Status.SKIPPED
    nothing = ("no rule applies to this push, so nothing can approve it",) if unruled else ()
    missing = parts.approval.missing or nothing
    return (*parts.blocks, *parts.disapproval.missing, *missing, *parts.waits)


def _approved_words(approval: Judged) -> tuple[str, ...]:
    if approval.counted:
        return tuple(f"{shown(one.login)} approved {short(one.oid)}" for one in approval.counted)
    return (approval.node.words if not approval.node.parts else "the rules that apply need no approval",)


def _tree(outcome: Outcome, parts: _Parts) -> Node:
    stops = [Node("", Status.ERROR, words) for words in parts.blocks]
    stops += [Node("", Status.PENDING, words) for words in parts.waits]
    nodes = [*stops, parts.approval.node, parts.disapproval.node, parts.override.node]
    if parts.notes:
        nodes.append(Node("comments", Status.SKIPPED, "these have no effect", parts.notes))
    return Node("policy", _STATUS[outcome], _WORDS[outcome], tuple(nodes))


_STATUS = {
    Outcome.APPROVED: Status.APPROVED,
    Outcome.OVERRIDDEN: Status.APPROVED,
    Outcome.PENDING: Status.PENDING,
    Outcome.DISAPPROVED: Status.DISAPPROVED,
    Outcome.REJECTED: Status.DISAPPROVED,
    Outcome.BLOCKED: Status.ERROR,
    Outcome.ERROR: Status.ERROR,
}
_WORDS = {
    Outcome.APPROVED: "satisfied",
    Outcome.OVERRIDDEN: "overridden by named people",
    Outcome.PENDING: "waiting",
    Outcome.DISAPPROVED: "an objection blocks",
    Outcome.REJECTED: "rejected by a comment",
    Outcome.BLOCKED: "cannot be released as it stands",
    Outcome.ERROR: "gives no answer, so nothing is released",
}


def _files_words(subject: Subject) -> str:
    more = "more than " if subject.files_truncated else ""
    return f"{more}{len(subject.files)} files"


def _without_tree(outcome: Outcome, subject: Subject, policy_hash: str | None, words: str) -> Verdict:
    node = Node("policy", _STATUS[outcome], words)
    return Verdict(outcome, subject.head, policy_hash, (words,), node)
