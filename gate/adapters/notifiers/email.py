"""Notifications by e-mail."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.errors import InvalidHeaderDefect
from email.message import EmailMessage
from email.policy import default
from email.utils import format_datetime, make_msgid, parseaddr
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from gate.domain.errors import Failed, Invalid, Unavailable
from gate.domain.pull_request.visible import visible
from gate.services.ports.outside import Clock, ReportFault

_SECONDS = 10
_LONGEST_WORDS = 300


class Encryption(StrEnum):
    """How a connection to a mail server is encrypted: from its start, by STARTTLS, or not at all."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server and the account there, if it wants one. `tls` is how certificates are checked."""

    host: str
    port: int
    encryption: Encryption
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)

    @classmethod
    def at(cls, url: str, password: str | None) -> MailServer:
        """Of `smtps://USER@HOST:465`, or `smtp://USER@HOST:587`, which means STARTTLS.

        Only on this very machine, where mail servers often have no certificate, does `smtp` go without.
        Raises Invalid for a user without password, and the other way round.
        """
        parts = urlsplit(url)
        host, user = parts.hostname or "", unquote(parts.username) if parts.username else None
        if (user is None) is not (password is None):
            raise Invalid("mail server", ["it needs both a user in its URL and a password, or neither"])
        if parts.scheme == "smtps":
            return cls(host, parts.port or smtplib.SMTP_SSL_PORT, Encryption.TLS, user, password)
        encryption = Encryption.NONE if _is_this_machine(host) else Encryption.STARTTLS
        return cls(host, parts.port or 587, encryption, user, password)


@dataclass(frozen=True, slots=True)
class EmailNotifier:
    """Implements `ports.notify.Notifier`: one plain text to all recipients.

    Raises Invalid at once for a sender or recipient that is no address.
    """

    server: MailServer
    sender: str
    recipients: tuple[str, ...]
    clock: Clock
    report_fault: ReportFault
    name: str = "email"

    def __post_init__(self) -> None:
        faults = [
            f"{one!r} is no e-mail address" for one in (self.sender, *self.recipients) if not _fits(one)
        ]
        if not self.recipients:
            faults.append("nobody is named to whom it goes")
        if faults:
            raise Invalid("notifications by e-mail", faults)

    def send(self, subject: str, text: str) -> None:
        message = self._message(subject, text)
        try:
            with self._connection() as connection:
                refused = connection.send_message(
                    message, to_addrs=[parseaddr(one)[1] for one in self.recipients]
                )
        except smtplib.SMTPRecipientsRefused as fault:
            raise Failed(self._told(f"refuses every recipient: {_refusals(fault.recipients)}")) from None
        except UnicodeError:
            # Its own words have a piece of what could not be sent, which may be the password.
            raise Failed(
                self._told("cannot be given its name, the user or the password: not ASCII")
            ) from None
        except (OSError, smtplib.SMTPException) as fault:
            raise Unavailable(self._told(f"did not take the message: {_words(fault)}")) from None
        if refused:
            # The others have it: sending it again would bring it to them twice.
            self.report_fault("notify:recipient_refused", Failed(self._told(f"refused {_refusals(refused)}")))

    def _message(self, subject: str, text: str) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self.sender
        message["To"] = ", ".join(self.recipients)
        # One line, whatever is in it: a line break would begin a header of somebody else's.
        message["Subject"] = visible(subject)
        message["Date"] = format_datetime(self.clock())
        message["Message-ID"] = make_msgid(domain=parseaddr(self.sender)[1].rpartition("@")[2])
        # https://www.rfc-editor.org/rfc/rfc3834: so that no out-of-office assistant answers.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(visible(text, keep="\n"))
        return message

    def _connection(self) -> smtplib.SMTP:
        server = self.server
        if server.encryption is Encryption.TLS:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=_SECONDS, context=server.tls
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=_SECONDS)
        try:
            if server.encryption is Encryption.STARTTLS:
                connection.starttls(context=server.tls)
            if server.user is not None and server.password is not None:
                connection.login(server.user, server.password)
        except BaseException:
            connection.close()
            raise
        return connection

    def _told(self, what: str) -> str:
        said = what if self.server.password is None else what.replace(self.server.password, "***")
        return f"notification: the mail server {self.server.host}:{self.server.port} {said}"


def _fits(address: str) -> bool:
    """Whether it is one address, with or without a name before it, and on one line."""
    local, _, domain = parseaddr(address)[1].rpartition("@")
    if not (local and domain and address.isprintable()) or {",", ";"} & set(address):
        return False
    try:
        # As strict as the header will be: `parseaddr` passes over what it does not understand.
        defects = default.header_factory("To", address).defects
    except ValueError:
        return False
    return not any(isinstance(one, InvalidHeaderDefect) for one in defects)


def _refusals(recipients: dict[str, tuple[int, bytes]]) -> str:
    said = (f"{who} ({code} {_line(words)})" for who, (code, words) in recipients.items())
    return "; ".join(said)[:_LONGEST_WORDS]


def _words(fault: Exception) -> str:
    if isinstance(fault, smtplib.SMTPResponseException):
        return f"{fault.smtp_code} {_line(fault.smtp_error)}"
    return _line(str(fault) or type(fault).__name__)


def _line(words: bytes | str) -> str:
    text = words.decode(errors="backslashreplace") if isinstance(words, bytes) else words
    return visible(" ".join(text.split()))[:_LONGEST_WORDS]


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
