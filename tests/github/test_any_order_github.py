"""Whatever is done at GitHub, in whatever order it is told: only what was approved gets upstream.

The model knows nothing of the gate's code. It keeps what people said and when it was taken back, and explains
by that every move of main that GitHub says the gate made.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gate.domain.hold import Hold, HoldState
from tests.gate_in_a_box import MAIN, Crash
from tests.github.github_box import GitHubBox
from tests.github.simulator import ZERO, Pull, Review, Simulator
from tests.object_store import git

AGENTS = ("codex-1", "codex-2")
PEOPLE = ("alice", "bob", "carol")
STEPS = (
    *("reconcile:decided", "reconcile:stored", "release:intent", "release:pushed", "release:recorded"),
    *("publish:before-store", "github:branch_pushed", "github:opened", "github:stored", "github:closed"),
)
EVENTS = ("objection", "dismissal", "role", "tampering", "forward", "back", "close", "push", "nothing")

agents, people = st.sampled_from(AGENTS), st.sampled_from(PEOPLE)
which = st.integers(0, 9)
ways_to_die = st.sampled_from(("release:intent", "release:intent", "release:pushed", *STEPS[:5], None))


class AnyOrder(RuleBasedStateMachine):
    """One repository at GitHub, two agents, three people who may write there and one who may not."""

    @initialize(agent=agents, step=ways_to_die, event=st.sampled_from(EVENTS))
    def start(self, agent: str, step: str | None, event: str) -> None:
        self._build()
        # Chance alone rarely comes to a race in a release, so every run begins with one.
        self.push_a_commit(agent, "upstream")
        self.deliver(is_reversed=False)
        self.box.crash_at = step
        self.approve(0, "carol")
        self.deliver(is_reversed=False)
        self._let_happen(event, agent)
        self.sweep()

    def _build(self) -> None:
        self.ending = ExitStack()
        folder = Path(self.ending.enter_context(tempfile.TemporaryDirectory()))
        self.simulator = Simulator(folder / "github")
        self.ending.enter_context(self.simulator.running())
        self.box = GitHubBox(folder, self.simulator)
        self.box.add_agent("codex-2")
        self.dave = self.simulator.person("dave")
        self.simulator.collaborator(self.box.shop, self.dave, "read")
        self.writers = set(PEOPLE)
        self.given: dict[tuple[int, int], dict[str, Review]] = defaultdict(dict)
        self.objections: dict[int, dict[str, Review]] = defaultdict(dict)
        self.made = 0
        self.moves_seen = 0
        self.moves_by_gate: list[str] = []

    def teardown(self) -> None:
        if not hasattr(self, "box"):
            return
        self.box.crash_at = None
        for _ in range(3):
            self.sweep()
            self.deliver(is_reversed=False)
        self.only_what_was_approved_is_upstream()
        self._check_the_end()
        self.box.gate.store.close()
        self.ending.close()

    # Agents

    @rule(agent=agents, base=st.sampled_from(("upstream", "held", "first")))
    def push_a_commit(self, agent: str, base: str) -> None:
        held = [hold.revision.new for hold in self._live() if hold.agent == agent]
        parent = {"upstream": self.box.tip(), "held": (*held, self.box.tip())[0], "first": self.box.first}[
            base
        ]
        self._act(lambda: self.box.push(f"{self._new_commit(parent)}:{MAIN}", agent=agent))

    @precondition(lambda self: self._live())
    @rule(n=which)
    def push_the_same_tip_again(self, n: int) -> None:
        hold = self._pick(n)
        self._act(lambda: self.box.push(f"{hold.revision.new}:{MAIN}", agent=hold.agent))

    # People with the ordinary buttons

    @precondition(lambda self: self._shown())
    @rule(n=which, who=people)
    def approve(self, n: int, who: str) -> None:
        if not (shown := self._shown()):
            return
        hold, pull = shown[n % len(shown)]
        # GitHub tells times in whole seconds; nobody approves in the second of publishing.
        self.simulator.world.ahead += 1
        review = self.box.there[who].approve(self.box.shop, pull)
        if pull.head_sha == hold.revision.head:
            self.given[hold.number, hold.revision.n][who] = review
            self.objections[hold.number].pop(who, None)

    @precondition(lambda self: self._shown())
    @rule(n=which, is_reader=st.booleans())
    def approve_what_does_not_count(self, n: int, is_reader: bool) -> None:
        """As somebody who may only read, or a commit that was there before."""
        _, pull = self._pick_shown(n)
        who, oid = (self.dave, None) if is_reader else (self.box.there["bob"], self.box.first)
        who.approve(self.box.shop, pull, oid=oid)

    @precondition(lambda self: self._shown())
    @rule(n=which, who=people)
    def ask_for_changes(self, n: int, who: str) -> None:
        hold, pull = self._pick_shown(n)
        self._object(hold, pull, who)

    @precondition(lambda self: self._shown())
    @rule(n=which)
    def dismiss_everything(self, n: int) -> None:
        hold, pull = self._pick_shown(n)
        self._dismiss(hold, pull)

    @precondition(lambda self: self._shown())
    @rule(n=which)
    def close(self, n: int) -> None:
        hold, pull = self._pick_shown(n)
        self._close(hold, pull)

    @precondition(lambda self: self._shown())
    @rule(n=which, method=st.sampled_from(("merge", "squash")))
    def merge_by_hand(self, n: int, method: str) -> None:
        _, pull = self._pick_shown(n)
        if self.box.shop.is_ancestor(pull.base_sha, pull.head_sha):
            self.box.there["bob"].merge(self.box.shop, pull, method)

    @precondition(lambda self: self._shown())
    @rule(n=which, is_deleted=st.booleans())
    def move_the_review_branch(self, n: int, is_deleted: bool) -> None:
        _, pull = self._pick_shown(n)
        self._tamper(pull, ZERO if is_deleted else self._new_commit(self.box.first))

    @precondition(lambda self: self._shown())
    @rule(n=which)
    def make_or_end_a_draft(self, n: int) -> None:
        _, pull = self._pick_shown(n)
        bob = self.box.there["bob"]
        (bob.make_ready if pull.draft else bob.make_draft)(self.box.shop, pull)

    @rule(who=st.sampled_from(("alice", "bob")), may_write=st.booleans())
    def change_a_role(self, who: str, may_write: bool) -> None:
        self._set_role(who, may_write=may_write)

    @rule(is_forward=st.booleans())
    def move_main_by_hand(self, is_forward: bool) -> None:
        self._move_main(is_forward=is_forward)

    # The gate

    @rule(step=st.sampled_from(STEPS))
    def crash_at_the_next(self, step: str) -> None:
        self.box.crash_at = step

    @rule(is_reversed=st.booleans())
    def deliver(self, is_reversed: bool) -> None:
        self._act(lambda: self.box.deliver(reverse=is_reversed))

    @rule()
    def lose_what_waits(self) -> None:
        self.simulator.lose_deliveries()
        self.box.deliver()
        self.simulator.lose_deliveries(0)

    @rule()
    def sweep(self) -> None:
        self._act(self.box.gate.sweep)

    # What always holds

    @invariant()
    def only_what_was_approved_is_upstream(self) -> None:
        if not hasattr(self, "box"):
            return
        moves = self._moves()
        for who, old, new in moves[self.moves_seen :]:
            if who == "pushgate[bot]":
                assert any(self._is_good(hold, old, new) for hold in self.box.holds()), (
                    f"main moved from {old} to {new} without a reason"
                )
                self.moves_by_gate.append(new)
        self.moves_seen = len(moves)

    @invariant()
    def a_hold_has_one_pull_request_open(self) -> None:
        if hasattr(self, "box"):
            branches = Counter(one.head_ref for one in self.box.shop.pulls.values() if one.state == "open")
            assert not [branch for branch, count in branches.items() if count > 1]

    def _check_the_end(self) -> None:
        holds = self.box.holds()
        released = Counter(hold.revision.new for hold in holds if hold.state is HoldState.RELEASED)
        assert Counter(self.moves_by_gate) == released
        assert len(self.box.events(action="hold:release")) == released.total()
        ended = [hold for hold in holds if not hold.state.is_live and self.box.row(hold.number)]
        assert {self.box.pull(hold.number).state for hold in ended} <= {"closed"}
        assert [hold for hold in holds if hold.state is HoldState.RELEASING] == []
        assert self.box.gate.verify_trail(actor="cli:carol").fault is None
        assert self.simulator.violations == []

    # The model

    def _is_good(self, hold: Hold, old: str, new: str) -> bool:
        """Whether this hold, as people left it, may have moved main so."""
        revision = hold.revision
        approvers = self.given[hold.number, revision.n].keys() & self.writers
        loses_commits = not self.box.shop.is_ancestor(old, new)
        return (
            hold.state in (HoldState.RELEASED, HoldState.RELEASING)
            and (revision.old, revision.new) == (old, new)
            and bool(approvers)
            and not self.objections[hold.number].keys() & self.writers
            and (not loses_commits or "carol" in approvers)
        )

    def _let_happen(self, event: str, agent: str) -> None:
        """Something while the release is under way, which the gate has not heard of yet."""
        hold, pull = self.box.hold(1), self.box.pull(1)
        if event == "role":
            self._set_role("alice", may_write=False)
        elif event in ("forward", "back"):
            self._move_main(is_forward=event == "forward")
        elif event == "push":
            self.push_a_commit(agent, "held")
        elif pull.state == "open":
            if event == "objection":
                self._object(hold, pull, "bob")
            elif event == "dismissal":
                self._dismiss(hold, pull)
            elif event == "tampering":
                self._tamper(pull, self._new_commit(self.box.first))
            elif event == "close":
                self._close(hold, pull)

    def _object(self, hold: Hold, pull: Pull, who: str) -> None:
        self.objections[hold.number][who] = self.box.there[who].request_changes(self.box.shop, pull)
        self._take_back(hold, who)

    def _dismiss(self, hold: Hold, pull: Pull) -> None:
        for review in pull.reviews:
            if review.state in ("APPROVED", "CHANGES_REQUESTED"):
                self.box.there["carol"].dismiss(self.box.shop, pull, review)
        self.objections.pop(hold.number, None)
        for who in PEOPLE:
            self._take_back(hold, who)

    def _close(self, hold: Hold, pull: Pull) -> None:
        self.box.there["bob"].close(self.box.shop, pull)
        for who in PEOPLE:
            self._take_back(hold, who)

    def _tamper(self, pull: Pull, oid: str) -> None:
        self.box.by_hand(f"refs/heads/{pull.head_ref}", oid)

    def _take_back(self, hold: Hold, who: str) -> None:
        for (number, _), given in self.given.items():
            if number == hold.number:
                given.pop(who, None)

    def _set_role(self, who: str, *, may_write: bool) -> None:
        role = "write" if may_write else "read"
        self.simulator.collaborator(self.box.shop, self.box.there[who], role, by=self.box.there["carol"])
        (self.writers.add if may_write else self.writers.discard)(who)

    def _move_main(self, *, is_forward: bool) -> None:
        tip = self.box.tip()
        if is_forward:
            self.box.by_hand(MAIN, self._new_commit(tip))
        elif tip != self.box.first:
            self.box.there["carol"].push(self.box.shop, MAIN, self.box.shop.git("rev-parse", f"{tip}^"))

    def _moves(self) -> list[tuple[str, str, str]]:
        """Every move of main that GitHub tells of, lost deliveries too: by whom, from and to where."""
        pushes = [one.payload for one in self.simulator.deliveries if one.event == "push"]
        return [(one["pusher"]["name"], one["before"], one["after"]) for one in pushes if one["ref"] == MAIN]

    def _live(self) -> list[Hold]:
        return [hold for hold in self.box.holds() if hold.state.is_live]

    def _pick(self, n: int) -> Hold:
        live = self._live()
        return live[n % len(live)]

    def _shown(self) -> list[tuple[Hold, Pull]]:
        """Live holds with an open pull request."""
        shown = [(hold, self.box.pull(hold.number)) for hold in self._live() if self.box.row(hold.number)]
        return [(hold, pull) for hold, pull in shown if pull.state == "open"]

    def _pick_shown(self, n: int) -> tuple[Hold, Pull]:
        shown = self._shown()
        return shown[n % len(shown)]

    def _new_commit(self, parent: str) -> str:
        self.made += 1
        # GitHub's own merges are there alone.
        git(
            self.box.store.folder,
            "fetch",
            "-q",
            str(self.box.upstream),
            "refs/heads/*:refs/there/*",
            "--force",
        )
        return self.box.commit(parent, n=str(self.made))

    def _act(self, act: Callable[[], object]) -> None:
        """Do something that the gate may die over."""
        try:
            act()
        except Crash:
            self.box.restart()


TestAnyOrderAtGitHub = AnyOrder.TestCase
TestAnyOrderAtGitHub.settings = settings(
    max_examples=int(os.environ.get("ANY_ORDER_EXAMPLES", "8")),
    stateful_step_count=12,
    database=None,
    # A step costs a quarter of a second of real git, so a shorter failure would take minutes to find.
    phases=(Phase.generate,),
    derandomize="CI" in os.environ,
    suppress_health_check=list(HealthCheck),
)
