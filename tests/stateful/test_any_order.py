"""Pushes, reviews, hands upstream, crashes and sweeps in any order: the promises of the gate hold.

The model knows nothing of the gate's code. It keeps what people and agents did, and explains every move that
upstream's own log shows by a person's hand or by approvals that were good for that ref and commit then.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gate.domain.errors import Refused
from gate.domain.hold import Hold, HoldState
from tests.gate_in_a_box import MAIN, POLICY, TOPIC, Box, Crash, Pushed
from tests.object_store import ZERO, git

TAG = "refs/tags/v1"
REFS = (MAIN, TOPIC, TAG)
AGENTS = ("codex-1", "codex-2")
PEOPLE = ("alice", "bob", "carol")
OPERATOR_OF = {"codex-1": "alice"}
STEPS = (
    *(
        "intake:before-store",
        "intake:stored",
        "collect:before-store",
        "collect:stored",
        "assess:before-store",
        "assess:stored",
        "publish:before-store",
    ),
    *("reconcile:decided", "reconcile:stored", "release:intent", "release:pushed", "release:recorded"),
)
TWO = POLICY.replace("count = 1", "count = 2", 1)
POLICIES = {
    "one": POLICY,
    "two": TWO,
    "moving": POLICY + '[release]\nbase_moved = "allow_fast_forward"\n',
    "again": POLICY + '[release]\nbase_moved = "reapprove"\n',
    "broken": "version = 1\n",
    "none": None,
}
NEEDED = {"one": 1, "two": 2, "moving": 1, "again": 1}
# Upstream's own record of every move, which neither the gate nor the model writes.
LOG = "#!/bin/sh\ncat >> moves.log\n"

refs, people, agents = st.sampled_from(REFS), st.sampled_from(PEOPLE), st.sampled_from(AGENTS)
which = st.integers(0, 9)
ways_to_die = st.sampled_from(("release:intent", "release:intent", "release:pushed", *STEPS[-5:], None))
events = st.sampled_from(("objection", "lock-down", "none", "two", "forward", "back", "nothing"))


class AnyOrder(RuleBasedStateMachine):
    """One repository, two agents, three people."""

    @initialize(ref=refs, agent=agents, step=ways_to_die, event=events)
    def start(self, ref: str, agent: str, step: str | None, event: str) -> None:
        self._build()
        # Chance alone rarely comes to a race in a release, so every run begins with one.
        self.release_while_something_happens(ref, agent, step, event)

    def _build(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="any-order-"))
        self.box = Box(self.folder, operator="alice")
        hook = self.box.upstream / "hooks" / "post-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(LOG)
        hook.chmod(0o755)
        with self.box.gate.store.transaction() as tx:
            tx.agents.add("codex-2", None, "0" * 64, self.box.clock())
        self.box.gate.agents.grant("codex-2", "demo", actor="cli:carol")
        self.parents: dict[str, str] = {self.box.first: ZERO}
        self.accepted: list[str] = []
        self.approvals: dict[tuple[int, int], set[str]] = defaultdict(set)
        self.objections: dict[int, set[str]] = defaultdict(set)
        self.policy = "one"
        self.is_locked = False
        self.moves_seen = 0
        self.moves_by_gate: list[tuple[str, str]] = []
        self.pushed_crashes = 0

    def teardown(self) -> None:
        if not hasattr(self, "box"):
            return
        self.box.crash_at = None
        self.box.restart()
        for _ in range(2):
            self.box.gate.sweep()
        self.upstream_moved_only_with_reason()
        self._check_the_end()
        self.box.gate.store.close()
        shutil.rmtree(self.folder)

    # Agents

    @rule(ref=refs, agent=agents, base=st.sampled_from(("upstream", "held", "first")))
    def push_a_commit(self, ref: str, agent: str, base: str) -> None:
        self._push(agent, f"{self._new_commit(self._base(ref, agent, base))}:{ref}")

    @rule(ref=refs, agent=agents)
    def push_but_lose_the_message(self, ref: str, agent: str) -> None:
        self._push(agent, f"{self._new_commit(self._base(ref, agent, 'held'))}:{ref}", is_noticed=False)

    @rule(agent=agents)
    def push_two_refs_as_one(self, agent: str) -> None:
        oid = self._new_commit(self._base(MAIN, agent, "upstream"))
        self._push(agent, f"{oid}:{MAIN}", f"{oid}:{TOPIC}", atomic=True)

    @precondition(lambda self: self._live())
    @rule(n=which)
    def push_the_same_tip_again(self, n: int) -> None:
        hold = self._pick(n)
        if hold.revision.new != ZERO:
            self._push(hold.agent, f"{hold.revision.new}:{hold.ref}")

    @rule(ref=refs, agent=agents)
    def push_a_delete(self, ref: str, agent: str) -> None:
        self._push(agent, f":{ref}")

    # People

    @precondition(lambda self: self._live())
    @rule(n=which, who=people)
    def approve(self, n: int, who: str) -> None:
        self.approve_one(self._pick(n).number, who)

    def approve_one(self, number: int, who: str) -> None:
        hold = self.box.hold(number)
        if self._act(lambda: self.box.approve(hold.number, getattr(self.box, who))):
            self.approvals[hold.number, hold.revision.n].add(who)
            self.objections[hold.number].discard(who)

    @precondition(lambda self: self._live())
    @rule(n=which, step=st.sampled_from((None, *STEPS[-5:])))
    def agree_and_perhaps_die(self, n: int, step: str | None) -> None:
        """Bob and carol approve, which is enough for anything, and the gate may die on its way upstream."""
        number = self._pick(n).number
        self.box.crash_at = step
        self.approve_one(number, "bob")
        self.approve_one(number, "carol")

    @rule(ref=refs, agent=agents, step=ways_to_die, event=events)
    def release_while_something_happens(self, ref: str, agent: str, step: str | None, event: str) -> None:
        """The race that matters: an approved push, the gate dies on the way, and the world moves on."""
        self.push_a_commit(ref, agent, "upstream")
        mine = [hold for hold in self._live() if (hold.ref, hold.agent) == (ref, agent)]
        if not mine:
            return
        number = mine[0].number
        self.box.crash_at = step
        self.approve_one(number, "bob")
        self.approve_one(number, "carol")
        self.upstream_moved_only_with_reason()
        self._let_happen(event, ref, number)
        self.sweep()

    def _let_happen(self, event: str, ref: str, number: int) -> None:
        if event == "objection":
            self.object_to(number, "bob")
        elif event == "lock-down":
            self.lock_down(is_on=True)
        elif event in POLICIES:
            self.change_the_policy(event)
        elif event != "nothing":
            self.move_upstream_by_hand(ref, is_forward=event == "forward")

    @precondition(lambda self: self._live())
    @rule(n=which, who=people)
    def ask_for_changes(self, n: int, who: str) -> None:
        self.object_to(self._pick(n).number, who)

    def object_to(self, number: int, who: str) -> None:
        hold = self.box.hold(number)
        if self._act(lambda: self.box.object(hold.number, getattr(self.box, who))):
            self.objections[hold.number].add(who)
            self.approvals[hold.number, hold.revision.n].discard(who)

    @precondition(lambda self: self._live())
    @rule(n=which, who=st.sampled_from(("bob", "carol")))
    def reject(self, n: int, who: str) -> None:
        hold = self._pick(n)
        self._act(lambda: self.box.reject(hold.number, getattr(self.box, who)))

    @rule(ref=refs, is_forward=st.booleans())
    def move_upstream_by_hand(self, ref: str, is_forward: bool) -> None:
        tip = self.box.tip(ref)
        to = self._new_commit(tip if tip != ZERO else self.box.first) if is_forward else self.parents.get(tip)
        if to is not None and (to, ref) != (ZERO, MAIN):
            self.box.by_hand(ref, to)
        self.moves_seen = len(self._log())

    # The gate

    @rule(step=st.sampled_from(STEPS))
    def crash_at_the_next(self, step: str) -> None:
        self.box.crash_at = step

    @rule()
    def sweep(self) -> None:
        self._act(self.box.gate.sweep)

    @rule(is_on=st.sampled_from((False, False, True)))
    def lock_down(self, is_on: bool) -> None:
        self.is_locked = is_on
        lockdown = self.box.gate.lockdown
        if is_on:
            self._act(lambda: lockdown.on("an exercise", actor="user:carol"))
        else:
            self._act(lambda: lockdown.off(actor="user:carol"))

    @rule(name=st.sampled_from(("one", "one", *sorted(POLICIES))))
    def change_the_policy(self, name: str) -> None:
        self.policy = name
        self.box.write_policy(POLICIES[name])

    # What always holds

    @invariant()
    def upstream_moved_only_with_reason(self) -> None:
        if not hasattr(self, "box"):
            return
        log = self._log()
        for old, new, ref in log[self.moves_seen :]:
            assert any(self._is_good(hold, old, new) for hold in self.box.holds() if hold.ref == ref), (
                f"{ref} moved from {old} to {new} without a reason"
            )
            self.moves_by_gate.append((ref, new))
        self.moves_seen = len(log)

    @invariant()
    def an_agent_has_one_live_hold_on_a_ref(self) -> None:
        if hasattr(self, "box"):
            counted = Counter((hold.agent, hold.ref) for hold in self._live())
            assert not [key for key, count in counted.items() if count > 1]

    def _check_the_end(self) -> None:
        holds = self.box.holds()
        with self.box.gate.store.snapshot() as tx:
            lost = [push_id for push_id in self.accepted if not tx.holds.of_push(push_id)]
        assert lost == []
        told = Counter(event.hold for event in self.box.events(action="hold:release"))
        released = [hold for hold in holds if hold.state is HoldState.RELEASED]
        assert told == Counter(hold.name for hold in released)
        moved, owed = Counter(self.moves_by_gate), Counter((hold.ref, hold.revision.new) for hold in released)
        assert owed - moved == Counter(), "released, and never upstream"
        # A crash right after a push, and a hand that undid it: the gate cannot know, and sends it once more.
        assert (moved - owed).total() <= self.pushed_crashes, "upstream moved more often than was released"
        assert self.box.gate.verify_trail(actor="cli:carol").fault is None
        held = {line.split("/")[2] for line in self.box.held_refs()}
        waiting = {one.push_id for hold in self._live() for one in self.box.revisions(hold.number)}
        assert held <= waiting, "held refs of closed holds"

    # The model

    def _is_good(self, hold: Hold, old: str, new: str) -> bool:
        """Whether this hold, as people left it, may have moved upstream so."""
        revision = hold.revision
        if hold.state not in (HoldState.RELEASED, HoldState.RELEASING) or revision.new != new:
            return False
        is_forward = (
            ZERO not in (old, new) and not hold.ref.startswith("refs/tags/") and self._contains(new, old)
        )
        has_moved = old != revision.old
        if has_moved and not (is_forward and self.policy == "moving"):
            return False
        loses_commits = old != ZERO and not is_forward
        approvers = self.approvals[hold.number, revision.n] - {OPERATOR_OF.get(hold.agent)}
        return (
            self.policy in NEEDED
            and not self.is_locked
            and not self.objections[hold.number]
            and len(approvers) >= NEEDED[self.policy]
            and (not loses_commits or "carol" in approvers)
        )

    def _contains(self, oid: str, wanted: str) -> bool:
        while oid != ZERO:
            if oid == wanted:
                return True
            oid = self.parents[oid]
        return False

    def _live(self) -> list[Hold]:
        return [hold for hold in self.box.holds() if hold.state.is_live]

    def _pick(self, n: int) -> Hold:
        live = self._live()
        return live[n % len(live)]

    def _log(self) -> list[tuple[str, str, str]]:
        path = self.box.upstream / "moves.log"
        lines = path.read_text().splitlines() if path.exists() else []
        return [(old, new, ref) for old, new, ref in (line.split(" ") for line in lines)]

    def _base(self, ref: str, agent: str, base: str) -> str:
        held = [hold.revision.new for hold in self._live() if (hold.ref, hold.agent) == (ref, agent)]
        tip = {"upstream": self.box.tip(ref), "held": (*held, ZERO)[0], "first": self.box.first}[base]
        return tip if tip != ZERO else self.box.first

    def _new_commit(self, parent: str) -> str:
        oid = self.box.commit(parent, n=str(len(self.parents)))
        self.parents[oid] = parent
        return oid

    def _push(self, agent: str, *specs: str, atomic: bool = False, is_noticed: bool = True) -> Pushed:
        pushed = self.box.push(*specs, agent=agent, atomic=atomic, take_in=False)
        if git(self.box.bare, "for-each-ref", f"refs/quarantine/{pushed.id}"):
            self.accepted.append(pushed.id)
        if is_noticed:
            self._act(lambda: self.box.gate.queue.intake("demo", pushed.id))
        return pushed

    def _act(self, act: Callable[[], object]) -> bool:
        """Do something that the gate may refuse, or die over; whether it was taken."""
        with self._dying():
            try:
                act()
            except Refused:
                return False
        return True

    @contextmanager
    def _dying(self) -> Iterator[None]:
        try:
            yield
        except Crash as crash:
            self.pushed_crashes += str(crash) == "release:pushed"
            self.box.restart()


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(
    max_examples=int(os.environ.get("ANY_ORDER_EXAMPLES", "12")),
    stateful_step_count=20,
    database=None,
    # A step costs half a second of real git, so a shorter failure would take minutes to find.
    phases=(Phase.generate,),
    derandomize="CI" in os.environ,
    suppress_health_check=list(HealthCheck),
)
