"""The small files below `pushgate/` in the repository; their formats are in docs/receipt-format.md."""

import fcntl
import posix

from pushgate_hook.descriptors import read_all, write_all
from pushgate_hook.encode import json_text

LIVE_STATES = frozenset(
    ("received", "collecting", "in_review", "changes_requested", "approved", "releasing", "blocked")
)


class Standing:
    """What the gate last wrote about one agent's hold on one ref."""

    __slots__ = ("asks", "hold", "old", "push", "reason", "revision", "state", "tip")

    def __init__(self, hold: int, revision: int, state: str, old: str, tip: str, push: str) -> None:
        self.hold = hold
        self.revision = revision
        self.state = state
        self.old = old
        self.tip = tip
        self.push = push
        self.asks: list[str] = []
        self.reason = ""

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_STATES

    def is_about(self, old: str, new: str) -> bool:
        return self.old == old and self.tip == new


class Records:
    """Reads and writes the files of one repository, by its absolute path."""

    def __init__(self, directory: bytes) -> None:
        self.directory = directory + b"/pushgate"

    def standing(self, agent: str, ref: str) -> Standing | None:
        content = _read(self._standing_path(agent, ref))
        return None if content is None else parse_standing(content)

    def write_standing(self, agent: str, ref: str, standing: Standing) -> None:
        """Write what a hold stands at now; only under `lock`."""
        pairs = {
            "format": 1,
            "hold": standing.hold,
            "revision": standing.revision,
            "state": standing.state,
            "old": standing.old,
            "tip": standing.tip,
            "push": standing.push,
        }
        content = "".join(f"{key} {value}\n" for key, value in pairs.items())
        self._write(self._standing_path(agent, ref), content.encode())

    def standings(self) -> list[Standing]:
        """Every standing of the repository, at the cost of walking all of them."""
        import os  # only when the numbers are lost: 1 ms

        found = []
        for folder, _, names in os.walk(self.directory + b"/standing"):
            for name in names:
                content = _read(folder + b"/" + name)
                if name.endswith(b"~") and content is not None:
                    found.append(parse_standing(content))
        return found

    def rejection(self, oid: str) -> dict[str, str] | None:
        """The `hold`, `by` and `reason` of a tip that a reviewer rejected, or None."""
        content = _read(self.directory + b"/rejected/" + oid.encode())
        return None if content is None else dict(_pairs(content))

    def check_guard(self) -> None:
        """Raise ValueError where the token is missing that everybody else needs to move a ref."""
        if not (_read(self.directory + b"/guard") or b"").strip():
            raise ValueError("the file pushgate/guard is missing or empty")

    def lock(self) -> int:
        """Wait for the lock on numbers and standings. It ends with this process and the git it starts.

        git inherits it: when the hook is killed, the next push waits until a transaction that is under way
        has come to its end.
        """
        descriptor = posix.open(self.directory + b"/lock", posix.O_RDWR | posix.O_CREAT, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        posix.set_inheritable(descriptor, True)
        return descriptor

    def last_number(self) -> int | None:
        content = _read(self.directory + b"/numbers")
        return None if content is None else int(content)

    def write_last_number(self, number: int) -> None:
        self._write(self.directory + b"/numbers", f"{number}\n".encode())

    def pending(self) -> str | None:
        """The push whose standings may not have been written, because its hook was stopped."""
        content = _read(self.directory + b"/pending")
        return None if content is None else content.decode().strip()

    def write_pending(self, push: str) -> None:
        self._write(self.directory + b"/pending", push.encode() + b"\n")

    def clear_pending(self) -> None:
        posix.unlink(self.directory + b"/pending")

    def write_refusal(self, push: str, refusal: dict[str, object]) -> None:
        self._write(self.directory + b"/refusals/" + push.encode(), json_text(refusal).encode() + b"\n")

    def _standing_path(self, agent: str, ref: str) -> bytes:
        # `~` cannot be in a ref name: a file `a~` leaves room for a folder `a`.
        return self.directory + f"/standing/{agent}/{ref}~".encode()

    def _write(self, path: bytes, content: bytes) -> None:
        temporary = b"%s/new.%d" % (self.directory, posix.getpid())
        descriptor = posix.open(temporary, posix.O_WRONLY | posix.O_CREAT | posix.O_TRUNC, 0o600)
        write_all(descriptor, content)
        posix.close(descriptor)
        try:
            posix.replace(temporary, path)
        except FileNotFoundError:
            _make_folder(path.rpartition(b"/")[0])
            posix.replace(temporary, path)


def parse_standing(content: bytes) -> Standing:
    """Read a standing file; raise KeyError or ValueError for one that the gate cannot have written."""
    pairs = _pairs(content)
    values = dict(pairs)
    if values["format"] != "1":
        raise ValueError(f"a standing has format {values['format']}, and this hook reads format 1")
    standing = Standing(
        int(values["hold"]),
        int(values["revision"]),
        values["state"],
        values["old"],
        values["tip"],
        values["push"],
    )
    standing.asks = [text for key, text in pairs if key == "ask"]
    standing.reason = values.get("reason", "")
    return standing


def _pairs(content: bytes) -> list[tuple[str, str]]:
    lines = content.decode(errors="backslashreplace").split("\n")
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines if line]


def _read(path: bytes) -> bytes | None:
    try:
        descriptor = posix.open(path, posix.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    content = read_all(descriptor)
    posix.close(descriptor)
    return content


def _make_folder(path: bytes) -> None:
    try:
        posix.mkdir(path, 0o700)
    except FileNotFoundError:
        _make_folder(path.rpartition(b"/")[0])
        _make_folder(path)
    except FileExistsError:
        pass
