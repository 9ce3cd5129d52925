"""What the pushing side says of its session: an agent's word, never a proof.

`<thread>[.<session>[.<tool call>]]`, each part of letters, digits, `_` and `-`; the session may be empty. The
dot is in none of Codex's ids, and is legal in a user name, in a URL and in git's credential protocol.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

THREAD, SESSION, TOOL_CALL = "CODEX_THREAD_ID", "CODEX_SESSION_ID", "CODEX_TOOL_CALL_ID"
"""What Codex sets for every command that it runs: 0.104 and later the first, 0.156 and 0.169 the others."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class SessionClaim:
    """The thread that pushed, its session (the root thread), and the call that ran `git push`."""

    thread_id: str
    session_id: str | None = None
    tool_call_id: str | None = None

    def __str__(self) -> str:
        parts = (self.thread_id, self.session_id or "", self.tool_call_id or "")
        return ".".join(parts).rstrip(".")


def parse_claim(text: str) -> SessionClaim | None:
    """Read a claim; a part that is no id counts as absent, and without a thread there is no claim."""
    thread, session, call = [*(_id(part) for part in text.split(".")[:3]), None, None, None][:3]
    return None if thread is None else SessionClaim(thread, session, call)


def claim_in(environment: Mapping[str, str]) -> SessionClaim | None:
    """The claim of a command that Codex ran, by the variables that it sets."""
    thread, session, call = (_id(environment.get(name, "")) for name in (THREAD, SESSION, TOOL_CALL))
    return None if thread is None else SessionClaim(thread, session, call)


def _id(text: str) -> str | None:
    return text if _ID.fullmatch(text) else None
