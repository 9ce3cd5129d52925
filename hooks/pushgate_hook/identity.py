"""Who pushes, as the transport says, and the id of the push."""

import posix
import time

_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"
_PUSH_ID_LENGTH = 26


class Identity:
    """The agent, the push id and the transport of one push. `agent` is empty when nobody said who pushes."""

    __slots__ = ("agent", "push", "transport")

    def __init__(self, agent: str, push: str, transport: str) -> None:
        self.agent = agent
        self.push = push
        self.transport = transport


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
    return Identity(agent, push, transport)


def new_push_id() -> str:
    """A name that sorts by time: 48 bits of milliseconds and 80 random bits, in lower-case base 32."""
    number = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(posix.urandom(10), "big")
    return "".join(_BASE32[number >> shift & 31] for shift in range(125, -1, -5))


def utc_now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _variable(name: bytes) -> str:
    return posix.environ.get(name, b"").decode(errors="surrogateescape")
