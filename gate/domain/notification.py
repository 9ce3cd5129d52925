"""The message that says which holds wait for a review: plain text, in which nothing of an agent's acts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gate.domain.hold import Hold, HoldState
from gate.domain.pull_request.inert import plain

_MOST = 20
_LONGEST_REF = 200
# Mail programs and chats make links of what only looks like a host's name.
_LIKE_A_HOST = re.compile(r"\.(?=[^\W\d_])")


@dataclass(frozen=True, slots=True)
class Notification:
    """`subject` is one line."""

    subject: str
    text: str


def waiting_message(holds: Sequence[Hold], url: str, now: datetime) -> Notification:
    """One message about these holds, in their order; `url` is the gate's, and every link goes there."""
    entries = [_entry(hold, url, now) for hold in holds[:_MOST]]
    if len(holds) > _MOST:
        entries.append(f"and {len(holds) - _MOST} more: {url}/?state={HoldState.IN_REVIEW}")
    return Notification(_subject(holds), "\n\n".join(entries) + "\n")


def _subject(holds: Sequence[Hold]) -> str:
    if len(holds) == 1:
        return f"Pushgate: {_inert(holds[0].name)} waits for a review"
    return f"Pushgate: {len(holds)} holds wait for a review"


def _entry(hold: Hold, url: str, now: datetime) -> str:
    since = hold.revision.published_at or hold.revision.received_at
    return (
        f"{_inert(hold.name)}, revision {hold.revision.n}: {_inert(hold.agent)} asks to change "
        f"{_inert(hold.ref)}\n"
        f"  waits for {_words_for(now - since)}\n"
        f"  {url}/holds/{hold.name}"
    )


def _inert(text: str) -> str:
    return _LIKE_A_HOST.sub("[.]", plain(text, limit=_LONGEST_REF))


def _words_for(wait: timedelta) -> str:
    minutes = int(wait.total_seconds()) // 60
    for name, length in (("day", 24 * 60), ("hour", 60), ("minute", 1)):
        if minutes >= length:
            count = minutes // length
            return f"{count} {name}{'' if count == 1 else 's'}"
    return "less than a minute"
