"""Notifications by an incoming webhook, as Slack has them and Mattermost and others understand them."""

from __future__ import annotations

from dataclasses import dataclass, field

import requests

from gate.domain.errors import Failed, Unavailable
from gate.domain.pull_request.visible import visible

_SECONDS = 10
_LONGEST_ANSWER = 200
# https://api.slack.com/reference/surfaces/formatting#escaping: nothing else acts where these cannot.
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@dataclass(frozen=True, slots=True)
class SlackNotifier:
    """Implements `ports.notify.Notifier`. Who knows the webhook's `url` can post there: it is a secret."""

    url: str = field(repr=False)
    name: str = "slack"

    def send(self, subject: str, text: str) -> None:
        message = {"text": f"{subject}\n\n{text}".translate(_ESCAPED)}
        try:
            # A redirect would bring the message to an address that no admin chose.
            with requests.post(
                self.url, json=message, timeout=_SECONDS, allow_redirects=False, stream=True
            ) as answer:
                status, words = answer.status_code, _beginning(answer)
        except (requests.RequestException, UnicodeError) as fault:
            # Its own words have the secret address in them.
            raise Unavailable(
                f"notification: the chat's webhook could not be reached ({type(fault).__name__})"
            ) from None
        _check(status, words)


def _beginning(answer: requests.Response) -> str:
    content: bytes = next(answer.iter_content(_LONGEST_ANSWER), b"")
    return visible(content.decode(errors="backslashreplace").strip())


def _check(status: int, words: str) -> None:
    message = f"notification: the chat's webhook answered {status}: {words}"
    if status == requests.codes.too_many_requests or status >= 500:
        raise Unavailable(message)
    if not 200 <= status < 300:
        raise Failed(f"{message}. Check the address in PUSHGATE_NOTIFY_SLACK_URL_FILE")
