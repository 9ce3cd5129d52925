"""What the comments of a review say, where a policy reads them: opinions, overrides, a rejection."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from gate.domain.policy.commands import Command, Word, is_commit_prefix, parse_command, plain_lines
from gate.domain.policy.model import Policy
from gate.domain.policy.opinion import Opinion
from gate.domain.policy.subject import Override, Subject
from gate.domain.policy.verdict import Node, Status
from gate.domain.policy.words import shown
from gate.domain.review import Comment, Observation, Review, ReviewState


@dataclass(frozen=True, slots=True)
class Spoken:
    """What the comments add up to. `notes` tell of those that have no effect although they look like one.

    `rejection` is who ended the hold, by login, and why.
    """

    opinions: tuple[Opinion, ...] = ()
    overrides: tuple[Override, ...] = ()
    rejection: tuple[str, str] | None = None
    notes: tuple[Node, ...] = ()


def hear(policy: Policy, subject: Subject, observation: Observation) -> Spoken:
    """Read the comments in the order in which they were given."""
    listener = _Listener(policy, subject, observation)
    for comment in sorted(observation.comments, key=lambda one: (one.created_at, one.id)):
        listener.listen(comment)
    return Spoken(
        tuple(listener.opinions), tuple(listener.overrides), listener.rejection, tuple(listener.notes)
    )


def lost_objections(before: Iterable[Comment], readable: Collection[int]) -> tuple[Comment, ...]:
    """The objections among earlier comments that can't be read any more as they were given.

    `readable` are the numbers of the comments that still can. Whoever may write can edit and delete another's
    comment, so an objection that was once seen stays until its author takes it back.
    """
    return tuple(
        replace(one, is_kept=True) for one in before if one.id not in readable and _is_sound_objection(one)
    )


def _is_sound_objection(comment: Comment) -> bool:
    if comment.is_edited or comment.author.is_bot:
        return False
    command = parse_command(comment.body)
    return command is not None and command.word in (Word.HOLD, Word.REJECT) and command.fault is None


@dataclass(slots=True)
class _Listener:
    policy: Policy
    subject: Subject
    observation: Observation
    opinions: list[Opinion] = field(default_factory=list)
    overrides: list[Override] = field(default_factory=list)
    rejection: tuple[str, str] | None = None
    notes: list[Node] = field(default_factory=list)

    def listen(self, comment: Comment) -> None:
        command = parse_command(comment.body) if self.policy.commands else None
        patterns: frozenset[str] = frozenset()
        if command is None:
            command, patterns = self._by_pattern(comment)
        if command is None:
            return
        fault = self._comment_fault(comment) or command.fault
        if fault is None:
            fault = self._follow(comment, command, patterns)
        if fault is not None:
            said = f"{shown(comment.author.login)} commented /{command.word}"
            self.notes.append(Node("", Status.SKIPPED, f"{said}: does not count, {fault}"))

    def _by_pattern(self, comment: Comment) -> tuple[Command | None, frozenset[str]]:
        """The approval or override that a comment is by the policy's own patterns, and those that say so."""
        approving = self.policy.comment_patterns
        overriding = () if self.policy.override is None else self.policy.override.comment_patterns
        for line in plain_lines(comment.body) if approving or overriding else ():
            found = {pattern.text: pattern.capture(line) for pattern in approving}
            commit = next((text for text in found.values() if text is not None), None)
            if commit is not None:
                same = frozenset(text for text, captured in found.items() if captured == commit)
                return Command(Word.APPROVE, commit), same
            reason = next((text for one in overriding if (text := one.capture(line)) is not None), None)
            if reason is not None:
                return Command(Word.OVERRIDE, reason), frozenset()
        return None, frozenset()

    def _comment_fault(self, comment: Comment) -> str | None:
        if comment.author.is_bot:
            return f"{shown(comment.author.login)} is a bot"
        if comment.is_edited:
            return "it was edited. Write a new comment"
        closing = self.observation.closing
        if closing is not None and closing.merged is not None and comment.created_at > closing.at:
            return "it came after the merge"
        return None

    def _follow(self, comment: Comment, command: Command, patterns: frozenset[str]) -> str | None:
        """Do what a sound command says; why that is nothing, where it is nothing."""
        match command.word:
            case Word.APPROVE:
                return self._approve(comment, command.argument, patterns)
            case Word.OVERRIDE:
                return self._override(comment, command.argument)
            case Word.REJECT:
                return self._reject(comment, command.argument)
            case Word.HOLD:
                self._object(comment, command)
            case Word.UNHOLD:
                self._lift_hold(comment)
            case Word.RECHECK:
                pass  # Whoever evaluates looks again already.
        return None

    def _approve(self, comment: Comment, prefix: str, patterns: frozenset[str]) -> str | None:
        if not is_commit_prefix(prefix):
            return "it must name the commit with 7 to 40 digits"
        known = {self.subject.head, *(revision.oid for revision in self.subject.earlier)}
        meant = sorted(oid for oid in known if oid.startswith(prefix.casefold()))
        if len(meant) > 1:
            return f"{prefix} names more than one revision. Give more digits"
        review = _review(comment, ReviewState.APPROVED, meant[0] if meant else prefix.casefold())
        self.opinions.append(Opinion(review, Word.APPROVE, patterns))
        return None

    def _object(self, comment: Comment, command: Command) -> None:
        review = _review(comment, ReviewState.CHANGES_REQUESTED, self.subject.head, command.argument)
        self.opinions.append(Opinion(review, command.word))

    def _lift_hold(self, comment: Comment) -> None:
        self.opinions = [
            _lifted(one) if one.word is Word.HOLD and one.review.reviewer.id == comment.author.id else one
            for one in self.opinions
        ]

    def _reject(self, comment: Comment, reason: str) -> str | None:
        """A rejection that does not end the hold still objects to it: it may be of an earlier revision."""
        self._object(comment, Command(Word.REJECT, reason))
        author = comment.author
        refusal = self.policy.disapproval.who.refusal(author, self.subject.roles.get(author.id))
        is_current = comment.created_at >= self.observation.published_at
        if refusal is None and is_current and not comment.is_kept and self.rejection is None:
            self.rejection = (author.login, reason)
        return None

    def _override(self, comment: Comment, reason: str) -> str | None:
        if self.policy.override is None:
            return "the policy has no override"
        if comment.created_at < self.observation.published_at + self.policy.hold.settle:
            return "it came too soon after this revision was published, or before. Give it again"
        override = Override(comment.author, self.subject.head, reason.strip(), comment.created_at)
        self.overrides.append(override)
        return None


def _review(comment: Comment, state: ReviewState, oid: str, body: str = "") -> Review:
    return Review(comment.id, comment.author, state, oid, comment.created_at, comment.id, state, body)


def _lifted(opinion: Opinion) -> Opinion:
    review = opinion.review
    gone = replace(review, state=ReviewState.DISMISSED, dismissed_by=review.reviewer.id)
    return replace(opinion, review=gone)
