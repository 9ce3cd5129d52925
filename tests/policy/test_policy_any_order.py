"""Whatever happens at a forge in whatever order: nothing is released that the events do not allow.

`Forge` keeps what GitHub would tell, and a plain log of what happened. `is_allowed` reads the log alone, as a
person would with the policy beside it: backwards, person by person. It shares nothing with the evaluator.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import permutations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.domain.hold import Likeness
from gate.domain.policy import Published, Verdict, evaluate, parse_policy
from gate.domain.review import Closing, Comment, Observation, Realm, Review, Reviewer, ReviewState
from tests.policy.building import ONE_PERSON, at, subject

ALICE, BOB, OPERATOR, THIEF, BOT = 1, 2, 3, 7, 9
PEOPLE = {ALICE: "alice", BOB: "bob", OPERATOR: "carol", THIEF: "alice-3", BOT: "codex-1"}
NAMED = {ALICE: frozenset({"alice"}), BOB: frozenset({"bob"})}
TEAMS = {ALICE: frozenset({"acme/core"}), BOB: frozenset({"acme/core", "acme/security"})}
COMMITS = [letter * 40 for letter in "abc"]
FRESH = "d" * 40
SETTLE, OVERRIDE_LASTS = 10, 900

_COMMON = """\
[commands]
enabled = true
[release]
blocking_labels = ["stop"]
[policy.override]
requires = { users = ["bob"] }
"""
_BOTH_TEAMS = "count = 2, teams = ['acme/core', 'acme/security'], unique_teams = true"
POLICIES = {
    name: parse_policy(text + _COMMON)
    for name, text in {
        "anybody": ONE_PERSON,
        "named": ONE_PERSON.replace("count = 1", "users = ['alice', 'bob']"),
        "teams": ONE_PERSON.replace("count = 1", _BOTH_TEAMS),
        "copying": ONE_PERSON.replace("[hold]", "[hold]\ncopy_condition = 'no_code_change'"),
    }.items()
}


@dataclass(frozen=True)
class Event:
    """One thing that happened. `about` is a commit, another event's place in the log, or a flag."""

    at: int
    what: str
    who: int = 0
    about: Any = None


@dataclass
class Forge:
    """What a forge remembers, and the log of what happened there."""

    clock: int = 0
    shown: str = COMMITS[0]
    revisions: list[tuple[str, int, Likeness | None]] = field(default_factory=lambda: [(COMMITS[0], 0, None)])
    reviews: list[Review] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    permissions: dict[int, str | None] = field(default_factory=lambda: dict.fromkeys(PEOPLE, "write"))
    teams: dict[int, frozenset[str]] = field(default_factory=lambda: dict(TEAMS))
    logins: dict[int, str] = field(default_factory=lambda: dict(PEOPLE))
    flags: set[str] = field(default_factory=set)
    merged_at: int | None = None
    log: list[Event] = field(default_factory=lambda: [Event(0, "publish", about=(COMMITS[0], None))])

    def push(self, commit: str, likeness: Likeness) -> None:
        if commit != self.revisions[-1][0] and not self.flags & {"closed", "merged"}:
            self._publish(commit, likeness)

    def _publish(self, commit: str, likeness: Likeness | None) -> None:
        self.shown = commit
        self.revisions.append((commit, self.clock, likeness))
        self._note("publish", about=(commit, likeness))

    def move_branch(self, commit: str) -> None:
        self.shown = commit
        self._note("move", about=commit)

    def approve(self, person: int, commit: str | None) -> None:
        self._review(person, ReviewState.APPROVED, commit or self.shown)

    def request_changes(self, person: int) -> None:
        self._review(person, ReviewState.CHANGES_REQUESTED, self.shown)

    def remark(self, person: int) -> None:
        self._review(person, ReviewState.COMMENTED, self.shown)

    def _review(self, person: int, state: ReviewState, oid: str) -> None:
        number = len(self.reviews) + 1
        who = Reviewer(person, "", None)
        self.reviews.append(Review(number, who, state, oid, at(self.clock), number, said=state))
        self._note(str(state), person, (oid, number))

    def dismiss(self, which: int, by: int) -> None:
        said = [
            one for one in self.reviews if one.state in (ReviewState.APPROVED, ReviewState.CHANGES_REQUESTED)
        ]
        if not said:
            return
        person = said[which % len(said)].reviewer.id
        last = [one for one in said if one.reviewer.id == person][-1]
        gone = replace(last, state=ReviewState.DISMISSED, dismissed_by=by)
        self.reviews[self.reviews.index(last)] = gone
        self._note("dismiss", by, last.id)

    def comment(self, person: int, word: str, commit: str | None) -> None:
        argument = {"approve": (commit or self.shown)[:9], "reject": "it is bad", "override": "it is on fire"}
        number = len(self.comments) + 1
        body = f"/{word} {argument.get(word, '')}"
        self.comments.append(
            Comment(number, Reviewer(person, "", None), body, at(self.clock), is_edited=False)
        )
        self._note(f"/{word}", person, (commit or self.shown, number))

    def edit(self, which: int) -> None:
        if self.comments:
            place = which % len(self.comments)
            self.comments[place] = replace(self.comments[place], is_edited=True)
            self._note("edit", about=place + 1)

    def permit(self, person: int, permission: str | None) -> None:
        self.permissions[person] = permission
        self._note("permit", person, permission)

    def join(self, person: int, teams: frozenset[str]) -> None:
        self.teams[person] = teams
        self._note("join", person, teams)

    def rename(self) -> None:
        """Alice takes another login, and somebody else takes hers."""
        self.logins.update({ALICE: "alice-2", THIEF: "alice"})

    def flip(self, flag: str) -> None:
        self.flags ^= {flag}
        self._note("flip", about=flag)
        if flag == "closed" and flag not in self.flags:
            self._publish(self.revisions[-1][0], None)

    def calm(self) -> None:
        """Mend everything but a merge, and put the branch back."""
        for flag in sorted(self.flags):
            self.flip(flag)
        self.move_branch(self.revisions[-1][0])

    def merge(self) -> None:
        if self.merged_at is None:
            self.merged_at = self.clock
            self._note("merge")

    def wait(self) -> None:
        self.clock += OVERRIDE_LASTS

    def _note(self, what: str, who: int = 0, about: Any = None) -> None:
        self.log.append(Event(self.clock, what, who, about))

    def judge(self, policy: str) -> Verdict:
        about = subject(
            head=self.revisions[-1][0],
            operator_id=OPERATOR,
            operator="carol",
            earlier=self._earlier(),
            received_at=at(self.revisions[-1][1] - 1),
        )
        return evaluate(POLICIES[policy], about, self._observation(), at(self.clock))

    def _earlier(self) -> tuple[Published, ...]:
        order = [*Likeness, None]
        found = []
        for place, (commit, when, _) in enumerate(self.revisions[:-1]):
            since = [likeness for _, _, likeness in self.revisions[place + 1 :]]
            found.append(Published(commit, at(when), max(since, key=order.index)))
        return tuple(found)

    def _observation(self) -> Observation:
        merged = None if self.merged_at is None else Closing(None, False, at(self.merged_at), self.shown)
        return Observation(
            is_open=merged is None and "closed" not in self.flags,
            is_draft="draft" in self.flags,
            head=self.shown,
            published_at=at(self.revisions[-1][1]),
            reviews=tuple(replace(one, reviewer=self._person(one.reviewer.id)) for one in self.reviews),
            labels=("Stop",) if "label" in self.flags else (),
            realm=Realm.GITHUB,
            closing=merged,
            base="next" if "base" in self.flags else "main",
            expected_base="main",
            comments=tuple(replace(one, author=self._person(one.author.id)) for one in self.comments),
        )

    def _person(self, number: int) -> Reviewer:
        return Reviewer(
            number,
            self.logins[number],
            self.permissions[number],
            is_bot=number == BOT,
            named=NAMED.get(number, frozenset()),
            teams=self.teams.get(number, frozenset()),
        )


def is_allowed(log: list[Event], policy: str, now: int) -> bool:
    """Read the log by hand."""
    flipped = [event.about for event in log if event.what == "flip"]
    if any(flipped.count(flag) % 2 for flag in ("closed", "draft", "label", "base")):
        return False
    if any(event.what == "merge" for event in log):
        return False
    place = max(place for place, event in enumerate(log) if event.what == "publish")
    published = log[place]
    head = published.about[0]
    moves = [event.about for event in log[place:] if event.what == "move"]
    if moves and moves[-1] != head:
        return False

    edited = {event.about for event in log if event.what == "edit"}
    commands = [
        event for event in log if event.what[0] == "/" and event.about[1] not in edited and event.who != BOT
    ]
    may_write = {person for person in PEOPLE if _latest(log, "permit", person, "write") == "write"}
    for event in commands:
        if event.what == "/reject" and event.who in may_write and event.at >= published.at:
            return False
        if (
            event.what == "/override"
            and event.who == BOB
            and BOB in may_write
            and published.at + SETTLE <= event.at
            and now - event.at <= OVERRIDE_LASTS
            and not any(
                one.what == "/reject" and one.who in may_write and one.at >= published.at for one in commands
            )
        ):
            return True

    unsure = {person for person in PEOPLE if _latest(log, "permit", person, "write") is None}
    if any(_objects(log, commands, person) for person in may_write | unsure):
        return False
    approving = {
        person
        for person in may_write - {OPERATOR, BOT}
        if _approves(log, commands, person, copies=policy == "copying")
    }
    if policy == "named":
        return bool(approving & {ALICE, BOB})
    if policy == "teams":
        teams = {p: _latest(log, "join", p, TEAMS.get(p, frozenset())) for p in approving}
        return any(
            "acme/core" in teams[p] and "acme/security" in teams[q] for p, q in permutations(approving, 2)
        )
    return bool(approving)


def _latest(log: list[Event], what: str, person: int, first: Any) -> Any:
    return next((e.about for e in reversed(log) if (e.what, e.who) == (what, person)), first)


def _dismissals(log: list[Event]) -> dict[int, int]:
    return {event.about: event.who for event in log if event.what == "dismiss"}


def _is_current(log: list[Event], approval: Event) -> bool:
    """Whether it is of the commit that had been put up for review, for long enough, when it was given."""
    before = [event for event in log if event.what == "publish" and event.at <= approval.at]
    commit, shown = approval.about[0], before[-1]
    return bool(commit == shown.about[0] and approval.at >= shown.at + SETTLE)


def _objects(log: list[Event], commands: list[Event], person: int) -> bool:
    """Whether a person's objection stands: read back to what may have lifted it."""
    gone = _dismissals(log)
    by_button = by_comment = (
        True  # whether nothing read so far, which is all later, has lifted such an objection
    )
    for event in reversed([e for e in log if e.who == person]):
        if event.what in ("approved", "/approve"):
            if event.what[0] == "/" and event not in commands:
                continue
            if _is_current(log, event):
                return False
        elif event.what == "changes_requested" and by_button:
            if gone.get(event.about[1]) != person:
                return True
            by_button = False
        elif event.what == "/unhold" and event in commands:
            by_comment = False
        elif (event.what == "/hold" and event in commands and by_comment) or (
            event.what == "/reject" and event in commands
        ):
            return True
    return False


def _approves(log: list[Event], commands: list[Event], person: int, *, copies: bool) -> bool:
    """Whether the last thing a person said about the change is an approval of what is up for review."""
    gone = _dismissals(log)
    for event in reversed([e for e in log if e.who == person]):
        is_comment = event.what[0] == "/"
        if is_comment and event not in commands:
            continue
        if event.what in ("/hold", "/reject", "changes_requested"):
            return False
        if event.what in ("approved", "/approve"):
            if not is_comment and event.about[1] in gone:
                return False
            if _is_of_what_waits(log, event, copies=copies):
                return True
    return False


def _is_of_what_waits(log: list[Event], approval: Event, *, copies: bool) -> bool:
    commit = approval.about[0]
    published = [event for event in log if event.what == "publish"]
    if commit == published[-1].about[0] and approval.at >= published[-1].at + SETTLE:
        return True
    seen = [
        place
        for place, event in enumerate(published)
        if event.about[0] == commit and approval.at >= event.at + SETTLE
    ]
    if not copies or not seen or seen[-1] == len(published) - 1:
        return False
    alike = (Likeness.NO_CHANGE, Likeness.NO_CODE_CHANGE)
    return all(event.about[1] in alike for event in published[seen[-1] + 1 :])


Step = Callable[[Forge], None]


def _step(method: Callable[..., None], *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    def bind(drawn: tuple[Any, ...]) -> Step:
        seconds, *rest = drawn

        def happen(forge: Forge) -> None:
            forge.clock += seconds
            method(forge, *rest)

        return happen

    return st.tuples(st.sampled_from([1, 9, 10, 11, 40]), *arguments).map(bind)


people = st.sampled_from(sorted(PEOPLE))
approvers = st.sampled_from([ALICE, BOB, BOB, ALICE, THIEF, OPERATOR])
commits = st.sampled_from(COMMITS)
maybe_stale = st.sampled_from([None, None, None, *COMMITS])
numbers = st.integers(0, 20)
likenesses = st.sampled_from([Likeness.NO_CHANGE, Likeness.NO_CODE_CHANGE, Likeness.REWORK])
words = st.sampled_from(["approve", "approve", "approve", "hold", "unhold", "reject", "override", "recheck"])
some_teams = st.frozensets(st.sampled_from(["acme/core", "acme/security"]))
TALK = st.one_of(
    *[_step(Forge.approve, approvers, maybe_stale)] * 6,
    *[_step(Forge.comment, approvers, words, maybe_stale)] * 2,
    _step(Forge.comment, people, words, maybe_stale),
    _step(Forge.request_changes, people),
    _step(Forge.dismiss, numbers, people),
    _step(Forge.edit, numbers),
    st.one_of(
        _step(Forge.remark, people),
        _step(Forge.permit, people, st.sampled_from(["write", "read", "none", None])),
        _step(Forge.join, people, some_teams),
        _step(Forge.rename),
        _step(Forge.wait),
    ),
)
TURMOIL = st.one_of(
    *[_step(Forge.push, commits, likenesses)] * 4,
    _step(Forge.flip, st.sampled_from(["closed", "draft", "label", "base"])),
    st.one_of(_step(Forge.move_branch, commits), _step(Forge.merge)),
)
# Most histories end with nothing in the way, so that it is what people said that decides.
CALM = st.one_of(*[_step(Forge.calm)] * 5, _step(Forge.remark, people))
SOME_TALK, MORE_TALK = st.lists(TALK, max_size=4), st.lists(TALK, min_size=2, max_size=8)


def _lived(parts: tuple[list[Step], list[Step], Step, list[Step]]) -> Forge:
    before, turmoil, calm, after = parts
    forge = Forge()
    for step in (*before, *turmoil, calm, *after):
        step(forge)
    return forge


HISTORIES = st.tuples(SOME_TALK, st.lists(TURMOIL, max_size=2), CALM, MORE_TALK).map(_lived)
policies = st.sampled_from(sorted(POLICIES))


@settings(max_examples=2000)
@given(HISTORIES, policies)
def test_only_what_the_events_allow_is_released(forge: Forge, policy: str) -> None:
    forge.clock += 1

    verdict = forge.judge(policy)

    assert verdict.is_releasable is is_allowed(forge.log, policy, forge.clock), verdict.lines()


@settings(max_examples=300)
@given(HISTORIES.filter(lambda forge: forge.merged_at is None), policies)
def test_once_everything_is_mended_plain_approvals_release(forge: Forge, policy: str) -> None:
    forge.calm()
    forge.permissions.update(dict.fromkeys(PEOPLE, "write"))
    forge.teams = dict(TEAMS)
    forge.clock += 1
    forge.push(FRESH, Likeness.REWORK)
    forge.clock += SETTLE
    for person in PEOPLE:
        forge.approve(person, None)

    verdict = forge.judge(policy)

    assert verdict.is_releasable, verdict.lines()


def test_the_log_is_read_as_a_person_would_read_it() -> None:
    def allowed(*steps: Step) -> bool:
        forge = Forge()
        for step in steps:
            forge.clock += 11
            step(forge)
        return is_allowed(forge.log, "anybody", forge.clock)

    def approve(forge: Forge) -> None:
        forge.approve(ALICE, None)

    assert allowed(approve)
    assert not allowed()
    assert not allowed(approve, lambda f: f.push(COMMITS[1], Likeness.NO_CHANGE))
    assert not allowed(approve, lambda f: f.request_changes(BOB))
    assert not allowed(approve, lambda f: f.comment(BOB, "hold", None))
    assert allowed(approve, lambda f: f.comment(BOB, "hold", None), lambda f: f.comment(BOB, "unhold", None))
    assert not allowed(approve, lambda f: f.flip("closed"), lambda f: f.flip("closed"))
    assert not allowed(approve, lambda f: f.permit(ALICE, "read"))
    assert allowed(lambda f: f.comment(BOB, "override", None))
    assert not allowed(approve, lambda f: f.merge())
