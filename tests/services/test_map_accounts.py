"""Who is who at GitHub: people and agents are matched with accounts there, by number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gate.adapters.sql.migrate import migrate
from gate.adapters.sql.store import SqlStore
from gate.domain.audit import Detail
from gate.domain.delivery import SentDelivery
from gate.domain.errors import Invalid, NotFound, Refused, Taken, Unavailable
from gate.domain.repository import Repository
from gate.domain.review import Account, Role
from gate.services.agents import AgentAccounts
from gate.services.people import People
from gate.services.ports.forge import ForgeAdmin
from gate.services.ports.git import Finding
from tests.store.world import NOON, furnish

CAROL = Account(4_100_000_001, "Carol")
ACTOR = "cli:root"


class Directory:
    """A GitHub that knows accounts by their logins, in any case."""

    def __init__(self) -> None:
        self.accounts = {"carol": CAROL, "app[bot]": Account(7, "app[bot]")}
        self.asked: list[str] = []

    def account(self, login: str) -> Account:
        self.asked.append(login)
        if login.casefold() not in self.accounts:
            raise NotFound(f"{login} is nobody")
        return self.accounts[login.casefold()]

    def repository_id(self, upstream: str) -> int:
        raise AssertionError(upstream)

    def check(self, repository: Repository) -> list[Finding]:
        raise AssertionError(repository)

    def deliveries(self) -> Sequence[SentDelivery]:
        raise AssertionError

    def redeliver(self, number: int) -> None:
        raise AssertionError(number)


class Office:
    def __init__(self, folder: Path) -> None:
        self.store = SqlStore(f"sqlite:///{folder}/gate.db")
        migrate(self.store)
        furnish(self.store)
        with self.store.transaction() as tx:
            tx.users.add("bob", Role.REVIEWER, NOON)
        self.directory = Directory()

    def people(self, admin: ForgeAdmin | None) -> People:
        return People(self.store, NoHasher(), lambda: NOON, str, forge_admin=admin)

    def agents(self, admin: ForgeAdmin | None) -> AgentAccounts:
        return AgentAccounts(self.store, lambda: NOON, str, lambda repository: None, admin)

    def map(self, login: str, github: str | None) -> Account | None:
        return self.people(self.directory).map_github(login, github, actor=ACTOR)

    def map_agent(self, github: str | None) -> Account | None:
        return self.agents(self.directory).map_github("codex-1", github, actor=ACTOR)

    def accounts(self) -> dict[str, Account | None]:
        with self.store.snapshot() as tx:
            return {one.login: one.github for one in tx.users.all()}

    def trail(self) -> list[tuple[str, object]]:
        with self.store.snapshot() as tx:
            events = [stored.event for stored in reversed(tx.audit.events())]
        return [(str(event.action), event.details) for event in events]


class NoHasher:
    def hash(self, password: str) -> str:
        raise AssertionError

    def verify(self, password_hash: str, password: str) -> bool:
        raise AssertionError


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_a_person_is_matched_by_number_and_no_longer(office: Office) -> None:
    matched = office.map("alice", "cAROL")
    known = office.accounts()
    nobody = office.map("alice", None)

    assert (matched, known, nobody) == (CAROL, {"alice": CAROL, "bob": None}, None)
    assert office.accounts() == {"alice": None, "bob": None}
    assert office.trail() == [
        ("user:map", {"user": "alice", "github": "Carol", "account": "4100000001"}),
        ("user:map", {"user": "alice", "github": None, "account": None}),
    ]


def test_an_account_is_one_persons_even_after_it_was_renamed(office: Office) -> None:
    office.map("alice", "carol")
    office.directory.accounts["carla"] = Account(CAROL.id, "carla")

    with pytest.raises(
        Taken, match=r"carla is alice here already\. .*: python -m gate user map alice --nobody"
    ):
        office.map("bob", "carla")
    office.map("alice", "carla")

    assert office.accounts() == {"alice": Account(CAROL.id, "carla"), "bob": None}


def test_the_same_once_more_is_not_on_the_trail(office: Office) -> None:
    office.map("alice", "carol")
    office.map("alice", "carol")
    office.map("bob", None)
    office.map_agent(None)

    assert len(office.trail()) == 1


def test_an_agent_is_matched_and_may_share_its_operators_account(office: Office) -> None:
    office.map("alice", "carol")

    shared, own, nobody = office.map_agent("carol"), office.map_agent("app[bot]"), office.map_agent(None)

    assert (shared, own, nobody) == (CAROL, Account(7, "app[bot]"), None)
    details: list[dict[str, Detail]] = [
        {"agent": "codex-1", "github": "Carol", "account": "4100000001"},
        {"agent": "codex-1", "github": "app[bot]", "account": "7"},
        {"agent": "codex-1", "github": None, "account": None},
    ]
    assert office.trail()[1:] == [("agent:map", one) for one in details]
    with office.store.snapshot() as tx:
        assert tx.agents.get("codex-1").github is None


@pytest.mark.parametrize("login", ["", "../orgs/acme", "a b", "-a", "a\n", "a" * 102, "ä", "a[bot]x"])
def test_what_can_be_no_login_is_not_asked_for(office: Office, login: str) -> None:
    with pytest.raises(Invalid, match="GitHub login"):
        office.map("alice", login)
    with pytest.raises(Invalid, match="GitHub login"):
        office.map_agent(login)

    assert office.directory.asked == []


def _people(office: Office, admin: ForgeAdmin | None, who: str, github: str | None) -> None:
    office.people(admin).map_github(who, github, actor=ACTOR)


def _agents(office: Office, admin: ForgeAdmin | None, who: str, github: str | None) -> None:
    office.agents(admin).map_github("codex-1" if who == "alice" else who, github, actor=ACTOR)


@pytest.mark.parametrize("match", [_people, _agents])
def test_what_cannot_be_done_changes_nothing(office: Office, match: Callable[..., None]) -> None:
    class Away(Directory):
        def account(self, login: str) -> Account:
            raise Unavailable("GitHub is away")

    with pytest.raises(Refused, match="GitHub is not configured"):
        match(office, None, "alice", "carol")
    with pytest.raises(NotFound, match="somebody is nobody"):
        match(office, office.directory, "alice", "somebody")
    with pytest.raises(NotFound, match="stranger"):
        match(office, office.directory, "stranger", "carol")
    with pytest.raises(Unavailable):
        match(office, Away(), "alice", "carol")
    match(office, None, "alice", None)

    assert office.trail() == []
