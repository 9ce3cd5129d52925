"""Accounts: one-time links, sign-in, roles, and what each leaves on the trail."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.adapters.password_hasher import Argon2PasswordHasher
from gate.adapters.sql.migrate import migrate
from gate.adapters.sql.store import SqlStore
from gate.domain.errors import Invalid, NotAllowed, NotFound, Refused
from gate.domain.review import Role
from gate.services.people import LINK_LIFETIME, People

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"


class CountingHasher:
    def __init__(self) -> None:
        self.work: list[str] = []

    def hash(self, password: str) -> str:
        self.work.append("hash")
        return f"hash of {password}"

    def verify(self, password_hash: str, password: str) -> bool:
        self.work.append("verify")
        return password_hash == f"hash of {password}"


class Office:
    """People on a clock that moves by hand."""

    def __init__(self, folder: Path) -> None:
        self.store = SqlStore(f"sqlite:///{folder}/gate.db")
        migrate(self.store)
        self.now = NOON
        self.hasher = CountingHasher()
        secrets = itertools.count(1)
        self.people = People(self.store, self.hasher, lambda: self.now, lambda: f"secret-{next(secrets)}")

    def add(self, login: str, role: Role) -> None:
        link = self.people.add(login, role, actor="cli:root")
        self.people.use_link(link.token, PASSWORD, source="here")

    def trail(self) -> list[tuple[str, str, str]]:
        with self.store.snapshot() as tx:
            events = [stored.event for stored in reversed(tx.audit.events())]
        return [(event.actor, str(event.action), str(event.outcome)) for event in events]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_a_new_account_has_no_password_and_one_link(office: Office) -> None:
    link = office.people.add("alice", Role.ADMIN, actor="cli:root")

    assert (link.login, link.token, link.expires_at) == ("alice", "secret-1", NOON + LINK_LIFETIME)
    assert [(user.login, user.role, user.password_hash) for user in office.people.all()] == [
        ("alice", Role.ADMIN, None)
    ]
    assert office.trail() == [("cli:root", "user:add", "ok"), ("cli:root", "user:link_create", "ok")]


def test_a_link_never_shows_its_token_by_accident(office: Office) -> None:
    link = office.people.add("alice", Role.ADMIN, actor="cli:root")

    assert link.token not in repr(link)


def test_the_store_holds_no_token(office: Office, tmp_path: Path) -> None:
    link = office.people.add("alice", Role.ADMIN, actor="cli:root")

    office.store.engine.dispose()
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("gate.db*"))
    assert link.token.encode() not in stored


@pytest.mark.parametrize("login", ["", "Alice", "a b", "-a", "a" * 40, "a\n", "../a", "ä"])
def test_a_name_that_is_none_is_refused(office: Office, login: str) -> None:
    with pytest.raises(Invalid):
        office.people.add(login, Role.ADMIN, actor="cli:root")


def test_a_link_sets_the_password_and_is_used_up(office: Office) -> None:
    link = office.people.add("alice", Role.ADMIN, actor="cli:root")

    user = office.people.use_link(link.token, PASSWORD, source="here")

    assert user.password_hash == f"hash of {PASSWORD}"
    with pytest.raises(NotAllowed, match="used already"):
        office.people.use_link(link.token, "another password", source="there")
    assert office.people.all() == [user]
    assert office.trail()[2:] == [
        ("user:alice", "user:link_use", "ok"),
        ("user:alice", "user:change_password", "ok"),
        ("user:alice", "user:sign_in", "ok"),
        ("unknown", "user:link_use", "refused"),
    ]


def test_a_short_password_leaves_the_link_good(office: Office) -> None:
    link = office.people.add("alice", Role.ADMIN, actor="cli:root")

    with pytest.raises(Invalid, match="at least 12"):
        office.people.use_link(link.token, "short", source="here")

    assert office.people.use_link(link.token, PASSWORD, source="here").login == "alice"


def test_a_link_ends(office: Office) -> None:
    link = office.people.add("alice", Role.ADMIN, actor="cli:root")
    office.now += LINK_LIFETIME + timedelta(seconds=1)

    with pytest.raises(NotAllowed):
        office.people.use_link(link.token, PASSWORD, source="here")


def test_a_disabled_person_can_use_no_link_and_gets_no_new_one(office: Office) -> None:
    office.add("alice", Role.ADMIN)
    link = office.people.add("bob", Role.REVIEWER, actor="user:alice")
    office.people.disable("bob", actor="user:alice")

    with pytest.raises(NotAllowed):
        office.people.use_link(link.token, PASSWORD, source="here")
    with pytest.raises(Refused, match="enable"):
        office.people.link("bob", actor="user:alice")


def test_the_right_password_signs_in(office: Office) -> None:
    office.add("alice", Role.ADMIN)

    user = office.people.sign_in("alice", PASSWORD, source="here")

    assert user.login == "alice"
    assert office.trail()[-1] == ("user:alice", "user:sign_in", "ok")


def _prepare_nobody(office: Office) -> str:
    return "nobody"


def _prepare_wrong_password(office: Office) -> str:
    office.add("alice", Role.ADMIN)
    return "alice"


def _prepare_without_password(office: Office) -> str:
    office.people.add("bob", Role.REVIEWER, actor="cli:root")
    return "bob"


@pytest.mark.parametrize("prepare", [_prepare_nobody, _prepare_wrong_password, _prepare_without_password])
def test_every_failed_sign_in_says_and_costs_the_same(office: Office, prepare) -> None:  # type: ignore[no-untyped-def]
    login = prepare(office)
    office.hasher.work.clear()

    with pytest.raises(NotAllowed) as fault:
        office.people.sign_in(login, "not the password", source="here")

    assert str(fault.value).startswith("The name or the password is wrong")
    assert len(office.hasher.work) == 1
    assert office.trail()[-1][1:] == ("user:sign_in_fail", "refused")


def test_a_disabled_person_cannot_sign_in(office: Office) -> None:
    office.add("alice", Role.ADMIN)
    office.add("bob", Role.REVIEWER)
    office.people.disable("bob", actor="user:alice")

    with pytest.raises(NotAllowed):
        office.people.sign_in("bob", PASSWORD, source="here")

    office.people.enable("bob", actor="user:alice")
    assert office.people.sign_in("bob", PASSWORD, source="here").login == "bob"


def test_what_nobody_is_called_is_not_written_down(office: Office) -> None:
    with pytest.raises(NotAllowed):
        office.people.sign_in("my-password-in-the-wrong-field", "x", source="here")

    assert office.trail() == [("unknown", "user:sign_in_fail", "refused")]


def test_a_password_is_changed_by_who_knows_it(office: Office) -> None:
    office.add("alice", Role.ADMIN)
    alice = office.people.all()[0]

    with pytest.raises(NotAllowed):
        office.people.change_password(alice, "wrong", "a new password")
    changed = office.people.change_password(alice, PASSWORD, "a new password")

    assert changed.password_hash == "hash of a new password"
    assert office.trail()[-1] == ("user:alice", "user:change_password", "ok")


def test_the_last_admin_stays(office: Office) -> None:
    office.add("alice", Role.ADMIN)
    office.add("bob", Role.REVIEWER)

    with pytest.raises(Refused, match="only admin"):
        office.people.disable("alice", actor="user:alice")
    with pytest.raises(Refused, match="only admin"):
        office.people.change_role("alice", Role.AUDITOR, actor="user:alice")
    office.people.change_role("bob", Role.ADMIN, actor="user:alice")
    office.people.disable("alice", actor="user:bob")

    assert [(user.login, user.role, user.is_disabled) for user in office.people.all()] == [
        ("alice", Role.ADMIN, True),
        ("bob", Role.ADMIN, False),
    ]


def test_nothing_happens_twice_on_the_trail(office: Office) -> None:
    office.add("alice", Role.ADMIN)
    before = office.trail()

    office.people.change_role("alice", Role.ADMIN, actor="user:alice")
    office.people.enable("alice", actor="user:alice")

    assert office.trail() == before


def test_nobody_has_no_role(office: Office) -> None:
    with pytest.raises(NotFound):
        office.people.change_role("nobody", Role.ADMIN, actor="user:alice")


def test_argon2_knows_its_own_hashes_and_no_others() -> None:
    hasher = Argon2PasswordHasher()

    stored = hasher.hash(PASSWORD)

    assert stored.startswith("$argon2id$")
    assert hasher.verify(stored, PASSWORD)
    assert not hasher.verify(stored, "another")
    assert not hasher.verify("no hash at all", PASSWORD)
