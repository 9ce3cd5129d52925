"""Judging the rules of a policy: each rule, the tree that combines them, and the objections."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gate.domain.policy.commands import Word
from gate.domain.policy.condition import CannotTell, Condition, Sight
from gate.domain.policy.model import Disapproval, Group, Named, Policy, Requires, Rule
from gate.domain.policy.opinion import Opinion
from gate.domain.policy.opinions import Heard, Opinions
from gate.domain.policy.standing_in import Owned, count_teams, judge_owners
from gate.domain.policy.verdict import CountedReview, Node, Status
from gate.domain.policy.words import number, plural, short, shown
from gate.domain.review import ReviewState


@dataclass(frozen=True, slots=True)
class Judged:
    """A node with the reviews that counted below it, and what is still missing there."""

    node: Node
    counted: tuple[CountedReview, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges one revision under one policy, at one moment."""

    policy: Policy
    sight: Sight
    opinions: Opinions

    def approval(self) -> Judged:
        """Judge the whole of `policy.approval`."""
        return self._group(self.policy.approval, "approval")

    def disapproval(self) -> Judged:
        """Judge the objections: disapproved while one of an eligible person stands."""
        return _judge_objections(self.policy.disapproval, self.opinions)

    def _part(self, part: Named | Group) -> Judged:
        if isinstance(part, Named):
            return self._rule(self.policy.rule(part.rule))
        return self._group(part, "all of" if part.word == "and" else "one of")

    def _group(self, group: Group, name: str) -> Judged:
        parts = [self._part(part) for part in group.parts]
        status = _combine(group.word, [part.node.status for part in parts])
        node = Node(name, status, _group_words(group, status), tuple(part.node for part in parts))
        return Judged(node, _union(part.counted for part in parts), _group_missing(group, status, parts))

    def _rule(self, rule: Rule) -> Judged:
        try:
            return self._rule_told(rule)
        except CannotTell as error:
            return Judged(Node(rule.name, Status.ERROR, str(error)), (), (f"{rule.name}: {error}",))

    def _rule_told(self, rule: Rule) -> Judged:
        applies = [self._condition(key, condition) for key, condition in rule.conditions]
        failing = next((node for node in applies if node.status is not Status.APPROVED), None)
        if failing is not None:
            words = f"does not apply. {failing.name}: {failing.words}"
            return Judged(Node(rule.name, Status.SKIPPED, words, tuple(applies)))
        needed = [self._condition(key, condition) for key, condition in rule.requires.conditions]
        heard = self.opinions.approvals(rule.requires.who, rule.options)
        approving = [one for one in heard if one.refusal is None]
        owned = self._owned(rule.requires, approving)
        count = _count(rule.requires, approving)
        missing = [*_missing(rule.requires, count, needed), *owned.missing]
        status = Status.PENDING if missing else Status.APPROVED
        parts = (*applies, *needed, *owned.nodes, *map(_approval_node, heard))
        node = Node(rule.name, status, _rule_words(rule.requires, count, missing), parts)
        counted = tuple(_counted(one.opinion) for one in approving)
        return Judged(node, counted, tuple(f"{rule.name}: {words}" for words in missing))

    def _owned(self, requires: Requires, approving: list[Heard]) -> Owned:
        if not requires.code_owners:
            return Owned((), ())
        return judge_owners(self.sight.subject, [one.review.reviewer for one in approving])

    def _condition(self, key: str, condition: Condition) -> Node:
        finding = condition.tell(self.sight)
        return Node(key, Status.APPROVED if finding.holds else Status.SKIPPED, finding.words)


def _counted(opinion: Opinion) -> CountedReview:
    review, is_comment = opinion.review, opinion.word is not None
    return CountedReview(review.id, review.reviewer.id, review.reviewer.login, review.oid, is_comment)


def _count(requires: Requires, approving: list[Heard]) -> int:
    if requires.unique_teams:
        return count_teams([requires.who.teams_of(one.review.reviewer) for one in approving])
    return len(approving)


def _combine(word: str, statuses: list[Status]) -> Status:
    """Combine the parts of a group; what is skipped vanishes, and a group of nothing else is skipped."""
    heard = [status for status in statuses if status is not Status.SKIPPED]
    if not heard:
        return Status.SKIPPED
    if word == "or" and Status.APPROVED in heard:
        return Status.APPROVED
    if Status.ERROR in heard:
        return Status.ERROR
    return Status.PENDING if Status.PENDING in heard else Status.APPROVED


def _group_words(group: Group, status: Status) -> str:
    if status is Status.SKIPPED:
        return "no rule applies"
    if group.word == "and":
        return "every rule that applies is needed"
    return "one rule that applies is enough"


def _group_missing(group: Group, status: Status, parts: list[Judged]) -> tuple[str, ...]:
    if status in (Status.APPROVED, Status.SKIPPED):
        return ()
    missing = [words for part in parts for words in part.missing]
    if group.word == "or" and len(missing) > 1:
        return (" or ".join(missing),)
    return tuple(missing)


def _union(counted: Iterable[tuple[CountedReview, ...]]) -> tuple[CountedReview, ...]:
    """Each review once. Comments have numbers of their own."""
    every = (review for reviews in counted for review in reviews)
    return tuple({(review.review_id, review.is_comment): review for review in every}.values())


def _missing(requires: Requires, count: int, needed: list[Node]) -> list[str]:
    missing = []
    if count < requires.count:
        lacking = requires.count - count
        more = plural(lacking, "more approval") if count else plural(lacking, "approval")
        each = ", each for another team," if requires.unique_teams else ""
        missing.append(f"{more} by {requires.who.words()}{each} {'is' if lacking == 1 else 'are'} missing")
    failing = [node for node in needed if node.status is not Status.APPROVED]
    missing.extend(f"{node.name} does not hold: {node.words}" for node in failing)
    return missing


def _rule_words(requires: Requires, count: int, missing: list[str]) -> str:
    if missing:
        return ", and ".join(missing)
    if not requires.count:
        return "needs no approval"
    return f"{plural(count, 'approval')}, {number(requires.count)} needed"


def _approval_node(heard: Heard) -> Node:
    how = "" if heard.opinion.word is None else " by a comment"
    words = f"{shown(heard.review.reviewer.login)} approved {short(heard.review.oid)}{how}"
    if heard.refusal is None:
        return Node("", Status.APPROVED, ", ".join(filter(None, (f"{words}: counts", heard.note))))
    return Node("", Status.SKIPPED, f"{words}: does not count, {heard.refusal}")


def _judge_objections(rule: Disapproval, opinions: Opinions) -> Judged:
    heard = opinions.objections(rule.who)
    parts = tuple(_objection_node(one) for one in heard)
    standing = [one.opinion for one in heard if one.refusal is None]
    if not standing:
        return Judged(Node("disapproval", Status.SKIPPED, "no objection stands", parts))
    words = f"{plural(len(standing), 'objection')} {'stands' if len(standing) == 1 else 'stand'}"
    missing = tuple(_lift_words(opinion) for opinion in standing)
    return Judged(Node("disapproval", Status.DISAPPROVED, words, parts), (), missing)


def _objection_node(heard: Heard) -> Node:
    words = _objection_words(heard.opinion)
    if heard.refusal is not None:
        return Node("", Status.SKIPPED, f"{words}: does not block, {heard.refusal}")
    if heard.review.state is ReviewState.DISMISSED:
        words = f"{words}, dismissed by somebody else"
    return Node("", Status.DISAPPROVED, f"{words}: blocks")


def _lift_words(opinion: Opinion) -> str:
    name = shown(opinion.review.reviewer.login)
    unhold = f"a comment /unhold by {name}, or " if opinion.word is Word.HOLD else ""
    return f"{_objection_words(opinion)}: {unhold}{name}'s approval of this revision would lift that"


def _objection_words(opinion: Opinion) -> str:
    name = shown(opinion.review.reviewer.login)
    if opinion.word is None:
        return f"{name} requested changes on {short(opinion.review.oid)}"
    why = f" ({shown(opinion.review.body)})" if opinion.review.body else ""
    return f"{name} commented /{opinion.word}{why}"
