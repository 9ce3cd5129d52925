"""Notifications by e-mail, to a real mail server."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.adapters.notifiers.email import EmailNotifier, Encryption, MailServer
from gate.domain.errors import Failed, Invalid, Unavailable
from tests.notify.mail_server import MailServer as Loopback
from tests.notify.mail_server import certificate, mail_server

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TEXT = "demo/1\n  https://gate.example.org/holds/demo/1\n"


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    with mail_server() as server:
        yield server


class Writer:
    """An e-mail notifier and the faults that it reports."""

    def __init__(self, server: MailServer, *recipients: str, sender: str = "gate@example.org") -> None:
        self.faults: list[str] = []
        names = recipients or ("alice@example.org", "Bób <bob@example.org>")
        self.notifier = EmailNotifier(
            server, sender, names, lambda: NOON, lambda event, fault: self.faults.append(f"{event} {fault}")
        )

    def send(self, subject: str = "2 holds wait", text: str = TEXT) -> None:
        self.notifier.send(subject, text)


def plain(server: Loopback) -> MailServer:
    return MailServer("127.0.0.1", server.port, Encryption.NONE)


def test_everybody_gets_one_plain_text(loopback: Loopback) -> None:
    Writer(plain(loopback)).send(text="grüße\n" + "long " * 300 + "\n")

    [got] = loopback.received
    headers = {
        name: value
        for name, value in got.message.items()
        if name not in ("Message-ID", "Content-Transfer-Encoding", "X-Peer")
    }
    assert (got.sender, got.recipients) == ("gate@example.org", ["alice@example.org", "bob@example.org"])
    assert headers == {
        "From": "gate@example.org",
        "To": "alice@example.org, Bób <bob@example.org>",
        "Subject": "2 holds wait",
        "Date": "Sun, 22 Nov 2026 12:00:00 +0000",
        "Auto-Submitted": "auto-generated",
        "Content-Type": 'text/plain; charset="utf-8"',
        "MIME-Version": "1.0",
    }
    assert got.message["Message-ID"].endswith("@example.org>")
    assert got.text == "grüße\n" + "long " * 300 + "\n"
    assert got.raw.isascii()


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\u2028", "\x0b", "\x85", "\0"])
def test_no_text_begins_a_header(loopback: Loopback, break_: str) -> None:
    Writer(plain(loopback)).send(f"one{break_}Bcc: carol@example.org{break_}{break_}body", TEXT)

    [got] = loopback.received
    code_point = f"<U+{ord(break_[0]):04X}>"
    assert (got.message["Bcc"], got.recipients) == (None, ["alice@example.org", "bob@example.org"])
    assert got.message["Subject"].strip().startswith(f"one{code_point}")
    assert got.text == TEXT


def test_a_dot_alone_on_a_line_does_not_end_the_message(loopback: Loopback) -> None:
    Writer(plain(loopback)).send(text="a\n.\nQUIT\n")

    assert loopback.received[0].text == "a\n.\nQUIT\n"


def test_starttls_with_a_password(tmp_path: Path) -> None:
    ours, theirs = certificate(tmp_path)
    with mail_server(ours, needs_login=True) as loopback:
        Writer(MailServer("127.0.0.1", loopback.port, Encryption.STARTTLS, "gate", "right", theirs)).send()

    assert [one.was_encrypted for one in loopback.received] == [True]
    assert loopback.logins == [(b"gate", b"right")]


def test_a_certificate_that_nobody_vouches_for_gets_no_password(tmp_path: Path) -> None:
    ours, _ = certificate(tmp_path)
    with mail_server(ours, needs_login=True) as loopback:
        server = MailServer("127.0.0.1", loopback.port, Encryption.STARTTLS, "gate", "right")
        with pytest.raises(Unavailable, match=r"(?i)certificate verify failed"):
            Writer(server).send()

    assert (loopback.received, loopback.logins) == ([], [])


def test_a_server_without_starttls_gets_no_password(loopback: Loopback) -> None:
    server = MailServer("127.0.0.1", loopback.port, Encryption.STARTTLS, "gate", "right")

    with pytest.raises(Unavailable, match="STARTTLS extension not supported"):
        Writer(server).send()

    assert loopback.logins == []


def test_a_wrong_password_is_told_without_it(tmp_path: Path) -> None:
    ours, theirs = certificate(tmp_path)
    with mail_server(ours, needs_login=True) as loopback:
        server = MailServer("127.0.0.1", loopback.port, Encryption.STARTTLS, "gate", "wr0ng-secret", theirs)
        with pytest.raises(Unavailable, match=r"535 .*credentials invalid") as told:
            Writer(server).send()

    assert "wr0ng-secret" not in str(told.value) + repr(server)


def test_a_password_that_cannot_be_sent_is_told_without_it(tmp_path: Path) -> None:
    ours, theirs = certificate(tmp_path)
    with mail_server(ours, needs_login=True) as loopback:
        server = MailServer("127.0.0.1", loopback.port, Encryption.STARTTLS, "gate", "päss", theirs)
        with pytest.raises(Failed, match="not ASCII") as told:
            Writer(server).send()

    assert ("ä" in str(told.value), told.value.__suppress_context__) == (False, True)


def test_a_host_that_can_be_none_is_told() -> None:
    with pytest.raises(Failed, match=r"mail\.\.example:25 cannot be given its name"):
        Writer(MailServer("mail..example", 25, Encryption.NONE)).send()


def test_a_recipient_who_is_refused_keeps_it_from_nobody_else(loopback: Loopback) -> None:
    loopback.refusals["bob@example.org"] = "550 no such user"
    writer = Writer(plain(loopback))

    writer.send()

    assert [one.recipients for one in loopback.received] == [["alice@example.org"]]
    assert writer.faults == [
        f"notify:recipient_refused notification: the mail server 127.0.0.1:{loopback.port} refused "
        "bob@example.org (550 no such user)"
    ]


def test_nobody_was_told_where_every_recipient_is_refused(loopback: Loopback) -> None:
    loopback.refusals["bob@example.org"] = "550 no such user"

    with pytest.raises(Failed, match=r"refuses every recipient: bob@example.org \(550 no such user\)"):
        Writer(plain(loopback), "bob@example.org").send()


def test_a_server_that_takes_nothing_may_take_it_later(loopback: Loopback) -> None:
    loopback.answer = "452 disk full"

    with pytest.raises(Unavailable, match="did not take the message: 452 disk full"):
        Writer(plain(loopback)).send()


def test_a_server_that_is_away_may_be_there_later(loopback: Loopback) -> None:
    with mail_server() as gone:
        pass

    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:\d+ did not take the message: .*refused"):
        Writer(plain(gone)).send()


@pytest.mark.parametrize(
    "address",
    [
        *("", "alice", "alice@", "@example.org", "a@example.org\nBcc: b@example.org", "a@b.org, c@d.org"),
        *("a@b.org;c@d.org", "group: a@b.org;", "a b@c.org", "a@b c.org", "Bob <a@b.org> x"),
        "=?utf-8?q?a=0A?=@b.org",
    ],
)
def test_what_is_no_address_is_said_at_once(address: str) -> None:
    server = MailServer("127.0.0.1", 25, Encryption.NONE)

    with pytest.raises(Invalid, match="is no e-mail address"):
        Writer(server, "alice@example.org", address)
    with pytest.raises(Invalid, match="is no e-mail address"):
        Writer(server, sender=address)


@pytest.mark.parametrize(
    ("url", "password", "expected"),
    [
        ("smtps://gate@mail.example.org", "pw", ("mail.example.org", 465, Encryption.TLS, "gate", "pw")),
        (
            "smtp://gate%40example.org@mail.example.org:2525",
            "pw",
            ("mail.example.org", 2525, Encryption.STARTTLS, "gate@example.org", "pw"),
        ),
        ("smtp://mail.example.org", None, ("mail.example.org", 587, Encryption.STARTTLS, None, None)),
        ("smtp://localhost:25", None, ("localhost", 25, Encryption.NONE, None, None)),
        ("smtp://[::1]:25", None, ("::1", 25, Encryption.NONE, None, None)),
    ],
)
def test_a_mail_server_by_its_url(url: str, password: str | None, expected: tuple[object, ...]) -> None:
    found = MailServer.at(url, password)

    assert (found.host, found.port, found.encryption, found.user, found.password) == expected
    assert (found.tls.verify_mode, found.tls.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.parametrize(("url", "password"), [("smtp://gate@mail", None), ("smtp://mail", "pw")])
def test_a_user_and_a_password_come_together(url: str, password: str | None) -> None:
    with pytest.raises(Invalid, match="or neither"):
        MailServer.at(url, password)
