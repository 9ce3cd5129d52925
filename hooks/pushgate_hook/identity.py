"""Who pushes, as the transport says, and the id of the push."""

import posix
import time

_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"
_PUSH_ID_LENGTH = 26
_LONGEST_CLAIM = 200


class Identity:
    """The agent, the push id and the transport of one push. `agent` is empty when nobody said who pushes.

    `claim` is what the pusher says of its session, and `claim_by` how it was said: nothing rests on it.
    """

    __slots__ = ("agent", "claim", "claim_by", "push", "transport")

    def __init__(self, agent: str, push: str, transport: str, *, claim: str = "", claim_by: str = "") -> None:
        self.agent = agent
        self.push = push
        self.transport = transport
        self.claim = claim
        self.claim_by = claim_by


def read_identity() -> Identity:
    """Read what the transport put into the environment; raise ValueError for what it never would."""
    agent = _variable(b"PUSHGATE_AGENT")
    push = _variable(b"PUSHGATE_PUSH") or new_push_id()
    transport = _variable(b"PUSHGATE_TRANSPORT")
    if agent and not (_NAME.issuperset(agent) and agent[0] not in "._-" and len(agent) <= 64):
        raise ValueError("PUSHGATE_AGENT is no agent name")
    if len(push) != _PUSH_ID_LENGTH or not set(_BASE32).issuperset(push):
        raise ValueError("PUSHGATE_PUSH is no push id")
    if transport not in ("http", "ssh", ""):
        raise ValueError("PUSHGATE_TRANSPORT is neither http nor ssh")
    claim, claim_by = _claim()
    return Identity(agent, push, transport, claim=claim, claim_by=claim_by)


def new_push_id() -> str:
    """A name that sorts by time: 48 bits of milliseconds and 80 random bits, in lower-case base 32."""
    number = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(posix.urandom(10), "big")
    return "".join(_BASE32[number >> shift & 31] for shift in range(125, -1, -5))


def utc_now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _claim() -> tuple[str, str]:
    """What the transport passes on, or else what Codex itself put into the environment of its `git push`.

    It proves nothing, so a strange one is dropped and refuses no push.
    """
    claim, claim_by = _variable(b"PUSHGATE_CLAIM"), _variable(b"PUSHGATE_CLAIM_BY") or "credential"
    if not claim:
        parts = [_variable(name) for name in (b"CODEX_THREAD_ID", b"CODEX_SESSION_ID", b"CODEX_TOOL_CALL_ID")]
        claim = ".".join(parts).rstrip(".") if parts[0] else ""
        claim_by = "environment"
    is_known = claim_by in ("credential", "environment") and len(claim) <= _LONGEST_CLAIM
    is_sound = bool(claim) and is_known and _NAME.issuperset(claim) and claim[0] not in "._-"
    return (claim, claim_by) if is_sound else ("", "")


def _variable(name: bytes) -> str:
    return posix.environ.get(name, b"").decode(errors="surrogateescape")
