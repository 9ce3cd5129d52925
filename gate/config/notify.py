"""The settings for notifications of waiting reviews, off until there is a way to send them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from gate.config.readers import Option, path_or_none, seconds, smtp_url, text_or_none, words
from gate.config.secrets import secret_fault, secret_lines, slack_fault

OPTIONS: dict[str, Option] = {
    "smtp_url": Option(
        "PUSHGATE_SMTP_URL",
        "",
        smtp_url,
        "The mail server for notifications, as smtp://USER@HOST:587 or smtps://USER@HOST, without password.",
    ),
    "smtp_password_file": Option(
        "PUSHGATE_SMTP_PASSWORD_FILE", "", path_or_none, "The file with the mail server's password."
    ),
    "notify_from": Option("PUSHGATE_NOTIFY_FROM", "", text_or_none, "The sender of notifications by e-mail."),
    "notify_to": Option(
        "PUSHGATE_NOTIFY_TO", "", words, "Who gets notifications by e-mail, with commas between."
    ),
    "notify_slack_url_file": Option(
        "PUSHGATE_NOTIFY_SLACK_URL_FILE",
        "",
        path_or_none,
        "The file with the address of a Slack-compatible incoming webhook.",
    ),
    "notify_every": Option(
        "PUSHGATE_NOTIFY_SECONDS", "300", seconds, "The least time between two notifications."
    ),
}


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """How people are told that reviews wait: by e-mail, by a Slack-compatible webhook, or both.

    `sender` and `recipients` are set where `smtp_url` is.
    """

    smtp_url: str | None
    smtp_password: str | None = field(repr=False)
    sender: str | None
    recipients: tuple[str, ...]
    slack_url: str | None = field(repr=False)
    every: timedelta


def notify_settings(values: Mapping[str, Any], faults: list[str]) -> NotifySettings | None:
    """The group out of values that could be read; None where nothing is sent, or has faults."""
    if values.get("smtp_url") is None and values.get("notify_slack_url_file") is None:
        return None
    if any(name not in values for name in OPTIONS):
        return None  # What is wrong with the missing one is told already.
    found = list(_faults(values))
    faults += found
    if found:
        return None
    return NotifySettings(
        values["smtp_url"],
        _first_line(values["smtp_password_file"]),
        values["notify_from"],
        values["notify_to"],
        _first_line(values["notify_slack_url_file"]),
        values["notify_every"],
    )


def _faults(values: Mapping[str, Any]) -> Iterator[str]:
    if values.get("smtp_url") is not None:
        if not values.get("notify_from"):
            yield "PUSHGATE_NOTIFY_FROM is not set: e-mails need a sender"
        if not values.get("notify_to"):
            yield "PUSHGATE_NOTIFY_TO is not set: e-mails need somebody to go to"
    password, slack = values.get("smtp_password_file"), values.get("notify_slack_url_file")
    if password is not None and (fault := secret_fault(password)):
        yield f"PUSHGATE_SMTP_PASSWORD_FILE: {fault}"
    if slack is not None and (fault := slack_fault(slack)):
        yield f"PUSHGATE_NOTIFY_SLACK_URL_FILE: {fault}"


def _first_line(path: Path | None) -> str | None:
    return None if path is None else secret_lines(path)[0]
