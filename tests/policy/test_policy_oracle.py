"""Random histories, judged by the evaluator and by a naive reading event by event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.domain.policy import Outcome, Published, evaluate, parse_policy
from gate.domain.review import Observation, Review, Reviewer, ReviewState
from tests.policy.building import ONE_PERSON, at, subject

PEOPLE = {1: "alice", 2: "bob", 3: "carol", 9: "codex-1"}
OPERATOR, BOT = 1, 9
COMMITS = [letter * 40 for letter in "ab"]
SETTLE = 10

POLICIES = {
    (count, least): parse_policy(
        ONE_PERSON.replace("count = 1", f"count = {count}, permissions = ['{least}']")
    )
    for count in (1, 2)
    for least in ("write", "admin")
}


@dataclass
class History:
    """What a forge would remember, and beside it what a careful reader notes as things happen."""

    clock: int = 0
    head: str = COMMITS[0]
    shown: str = COMMITS[0]
    published: list[Published] = field(default_factory=lambda: [Published(COMMITS[0], at(0))])
    published_clock: int = 0
    reviews: list[Review] = field(default_factory=list)
    permissions: dict[int, str | None] = field(default_factory=lambda: dict.fromkeys(PEOPLE, "write"))
    is_draft: bool = False
    is_locked: bool = False
    # The reader's notes: who approves the current revision, whose objection stands, each by review id.
    approving: dict[int, int] = field(default_factory=dict)
    objecting: dict[int, int] = field(default_factory=dict)

    def push(self, commit: int) -> None:
        if COMMITS[commit] == self.head:
            return
        self.head = self.shown = COMMITS[commit]
        self.published.append(Published(self.head, at(self.clock)))
        self.published_clock = self.clock
        self.approving.clear()

    def tamper(self, commit: int) -> None:
        self.shown = COMMITS[commit]

    def approve(self, person: int, commit: int) -> None:
        number = self._submit(person, ReviewState.APPROVED, COMMITS[commit])
        if COMMITS[commit] == self.head and self.clock - self.published_clock >= SETTLE:
            self.approving[person] = number
            self.objecting.pop(person, None)

    def approve_what_is_shown(self, person: int) -> None:
        self.approve(person, COMMITS.index(self.shown))

    def object_to(self, person: int, commit: int) -> None:
        self.objecting[person] = self._submit(person, ReviewState.CHANGES_REQUESTED, COMMITS[commit])
        self.approving.pop(person, None)

    def comment(self, person: int, commit: int) -> None:
        self._submit(person, ReviewState.COMMENTED, COMMITS[commit])

    def dismiss(self, which: int, by: int) -> None:
        """Dismiss the latest opinion of the person who gave some review, as forges let people do."""
        if not self.reviews:
            return
        person = self.reviews[which % len(self.reviews)].reviewer.id
        given = [r for r in self.reviews if r.reviewer.id == person and r.said is not ReviewState.COMMENTED]
        if not given or given[-1].state is ReviewState.DISMISSED:
            return
        last = given[-1]
        gone = replace(last, state=ReviewState.DISMISSED, dismissed_by=by)
        self.reviews[self.reviews.index(last)] = gone
        self.approving.pop(person, None)
        if last.said is ReviewState.CHANGES_REQUESTED and by == person:
            self.objecting.pop(person, None)

    def permit(self, person: int, permission: str | None) -> None:
        self.permissions[person] = permission

    def draft(self) -> None:
        self.is_draft = not self.is_draft

    def lock(self) -> None:
        self.is_locked = not self.is_locked

    def _submit(self, person: int, state: ReviewState, oid: str) -> int:
        number = len(self.reviews) + 1
        who = Reviewer(person, PEOPLE[person], None, is_bot=person == BOT)
        self.reviews.append(Review(number, who, state, oid, at(self.clock), number, said=state))
        return number

    def expected(self, count: int, least: str) -> Outcome:
        """Read the notes by hand."""
        if self.shown != self.head:
            return Outcome.BLOCKED
        if any(self.permissions[person] in ("write", "admin", None) for person in self.objecting):
            return Outcome.DISAPPROVED
        enough = ("admin",) if least == "admin" else ("write", "admin")
        able = [p for p in self.approving if self.permissions[p] in enough and p not in (OPERATOR, BOT)]
        if len(able) < count or self.is_draft or self.is_locked:
            return Outcome.PENDING
        return Outcome.APPROVED

    def observation(self) -> Observation:
        reviews = tuple(
            replace(r, reviewer=replace(r.reviewer, permission=self.permissions[r.reviewer.id]))
            for r in self.reviews
        )
        return Observation(True, self.is_draft, self.shown, self.published[-1].at, reviews)

    def judge(self, count: int, least: str, seen: Observation) -> Outcome:
        about = subject(
            head=self.head,
            operator_id=OPERATOR,
            operator="alice",
            earlier=tuple(self.published[:-1]),
            lockdown="incident 7" if self.is_locked else None,
        )
        return evaluate(POLICIES[count, least], about, seen, at(self.clock)).outcome


Event = tuple[int, Callable[[History], Any]]


def _event(method: Callable[..., None], *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Event]:
    def bind(drawn: tuple[Any, ...]) -> Event:
        seconds, *rest = drawn
        return seconds, lambda history: method(history, *rest)

    return st.tuples(st.sampled_from([3, 10, 11, 40]), *arguments).map(bind)


people, commits = st.sampled_from(sorted(PEOPLE)), st.integers(0, len(COMMITS) - 1)
EVENTS = st.one_of(
    *[_event(History.approve_what_is_shown, people)] * 4,
    _event(History.approve, people, commits),
    _event(History.object_to, people, commits),
    _event(History.push, commits),
    _event(History.dismiss, st.integers(0, 20), people),
    _event(History.permit, people, st.sampled_from(["admin", "write", "read", None])),
    st.one_of(
        _event(History.comment, people, commits),
        _event(History.tamper, commits),
        _event(History.draft),
        _event(History.lock),
    ),
)


def _lived(events: list[Event]) -> History:
    history = History()
    for seconds, happen in events:
        history.clock += seconds
        happen(history)
    return history


HISTORIES = st.lists(EVENTS, min_size=1, max_size=10).map(_lived)
COUNTS, LEAST = st.sampled_from([1, 1, 2]), st.sampled_from(["write", "write", "write", "admin"])


@settings(max_examples=800)
@given(HISTORIES, COUNTS, LEAST)
def test_the_verdict_is_what_a_careful_reader_notes(history: History, count: int, least: str) -> None:
    outcome = history.judge(count, least, history.observation())

    assert outcome is history.expected(count, least)


@settings(max_examples=200)
@given(HISTORIES, COUNTS, LEAST)
def test_taking_an_approval_away_never_approves(history: History, count: int, least: str) -> None:
    seen = history.observation()
    before = history.judge(count, least, seen)

    for gone in (review for review in seen.reviews if review.state is ReviewState.APPROVED):
        rest = tuple(review for review in seen.reviews if review is not gone)
        after = history.judge(count, least, replace(seen, reviews=rest))

        assert after is not Outcome.APPROVED or before is Outcome.APPROVED


@settings(max_examples=200)
@given(HISTORIES, COUNTS, LEAST, people, st.integers(0, 15))
def test_one_more_objection_never_approves(
    history: History, count: int, least: str, person: int, place: int
) -> None:
    seen = history.observation()
    before = history.judge(count, least, seen)
    who = Reviewer(person, PEOPLE[person], history.permissions[person], is_bot=person == BOT)
    state = ReviewState.CHANGES_REQUESTED
    one = Review(99, who, state, history.head, at(history.clock), place, said=state)

    after = history.judge(count, least, replace(seen, reviews=(*seen.reviews, one)))

    assert after is not Outcome.APPROVED or before is Outcome.APPROVED


def test_the_histories_reach_every_outcome() -> None:
    def story(*events: Callable[[History], None]) -> Outcome:
        history = _lived([(11, event) for event in events])
        return history.expected(1, "write")

    assert story(lambda h: h.approve(2, 0)) is Outcome.APPROVED
    assert story(lambda h: h.approve(2, 0), lambda h: h.push(1)) is Outcome.PENDING
    assert story(lambda h: h.object_to(2, 0), lambda h: h.push(1)) is Outcome.DISAPPROVED
    assert story(lambda h: h.approve(2, 0), lambda h: h.tamper(1)) is Outcome.BLOCKED
