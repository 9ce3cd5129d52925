"""The small files by which the gate tells the hooks what it decided, in docs/receipt-format.md."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gate.adapters.git.files import read_file, write_file
from gate.adapters.git.objects import full
from gate.domain.errors import Failed
from gate.domain.hold import HoldState
from gate.domain.repository import Standing

# What fits on a terminal: the whole review is on the review page.
_MAX_TEXT = 1_000
_CLOSED = frozenset(state.encode() for state in HoldState if not state.is_live)


class Records:
    """The standings, rejections and the last hold number of one repository; callers hold its lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write_standing(self, standing: Standing) -> None:
        """Write a standing, unless what is there is newer: the hook, or another job, was faster."""
        path = self._standing(standing.agent, standing.ref)
        if not _is_newer(read_file(path), standing):
            write_file(path, _render(standing))

    def write_rejected(self, oid: str, number: int, who: str, reason: str) -> None:
        lines = (f"hold {number}", f"by {_one_line(who)}", f"reason {_one_line(reason)}")
        write_file(self._folder / "rejected" / full(oid), _joined(lines))

    def last_number(self) -> int | None:
        """The last hold number that was given; None where the file is missing."""
        content = read_file(self._folder / "numbers")
        return None if content is None else int(content)

    def forget_rejected(self, oid: str) -> None:
        (self._folder / "rejected" / full(oid)).unlink(missing_ok=True)

    def write_last_number(self, number: int) -> None:
        write_file(self._folder / "numbers", f"{number}\n".encode())

    def highest_standing(self) -> int:
        """The highest hold number in any standing, at the cost of reading all of them."""
        paths = (self._folder / "standing").glob("**/*~")
        return max((_age(read_file(path))[0] for path in paths if path.is_file()), default=0)

    def _standing(self, agent: str, ref: str) -> Path:
        parts = (agent, *ref.split("/"))
        if any(part in {"", ".", ".."} for part in parts) or "/" in agent:
            raise Failed(f"{agent!r} and {ref!r} name no standing.")
        # `~` cannot be in a ref name: a file `a~` leaves room for a folder `a`.
        return self._folder / "standing" / agent / f"{ref}~"


def _render(standing: Standing) -> bytes:
    lines = [
        "format 1",
        f"hold {standing.number}",
        f"revision {standing.revision}",
        f"state {standing.state}",
        f"old {standing.old}",
        f"tip {standing.tip}",
        f"push {standing.push_id}",
        *(f"ask {_one_line(ask.who)}: {_one_line(ask.text)}" for ask in standing.asks),
    ]
    if standing.reason:
        lines.append(f"reason {_one_line(standing.reason)}")
    return _joined(lines)


def _joined(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode(errors="backslashreplace")


def _one_line(text: str) -> str:
    """Text of people, which must not look like another line of the file."""
    return " ".join(text.split())[:_MAX_TEXT]


def _is_newer(content: bytes | None, standing: Standing) -> bool:
    """Whether a file is of a later hold or revision, or of the same one which has been closed since."""
    age = _age(content)
    if age != (standing.number, standing.revision):
        return age > (standing.number, standing.revision)
    return standing.state.is_live and _lines(content).get(b"state") in _CLOSED


def _age(content: bytes | None) -> tuple[int, int]:
    """Hold and revision of a standing file; what does not parse is older than everything."""
    lines = _lines(content)
    try:
        return int(lines[b"hold"]), int(lines[b"revision"])
    except (KeyError, ValueError):
        return 0, 0


def _lines(content: bytes | None) -> dict[bytes, bytes]:
    return dict(line.partition(b" ")[::2] for line in (content or b"").split(b"\n"))
