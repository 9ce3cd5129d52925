"""Notes on released commits, in upstream's refs/notes/pushgate."""

from __future__ import annotations

from gate.adapters.git.author import AUTHOR
from gate.adapters.git.command import Git
from gate.adapters.git.files import locked
from gate.adapters.git.guard import guarded
from gate.adapters.git.remote_words import unreachable
from gate.domain.hold import ZERO_OID
from gate.domain.release import PushRefused, RefMove
from gate.services.ports.git import Upstream

NOTES_REF = "refs/notes/pushgate"
_PUSH_SECONDS = 60.0


class Notes:
    """Adds notes upstream; `local` works on the gate's repository and `remote` may ask for credentials."""

    def __init__(self, local: Git, remote: Git, address: str, upstream: Upstream) -> None:
        self._local = guarded(local).having(**AUTHOR)
        self._remote = guarded(remote)
        self._address = address
        self._upstream = upstream
        self._lock = local.folder / "pushgate" / "notes.lock"

    def write(self, oid: str, text: str) -> PushRefused | None:
        """Append `text` to an object's note, unless it is in it; once more where upstream's notes moved."""
        with locked(self._lock):
            refused = self._append_and_push(oid, text)
            if refused and refused.is_stale:
                refused = self._append_and_push(oid, text)
            return refused

    def _append_and_push(self, oid: str, text: str) -> PushRefused | None:
        before = self._take_over()
        present = self._local.run("notes", f"--ref={NOTES_REF}", "show", oid).output
        if text.strip().encode() in present:
            return None
        self._local.output("notes", f"--ref={NOTES_REF}", "append", "-F", "-", oid, stdin=text.encode())
        after = self._local.text("rev-parse", "--verify", NOTES_REF).strip()
        return self._upstream.push([RefMove(NOTES_REF, before, after)], timeout=_PUSH_SECONDS)

    def _take_over(self) -> str:
        """Make the gate's copy of the notes what upstream has now, and say what that is."""
        tip = self._upstream.tips([NOTES_REF])[NOTES_REF]
        if tip == ZERO_OID:
            self._local.output("update-ref", "-d", NOTES_REF)
            return tip
        fetched = self._remote.run(
            *("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"),
            *("--", self._address, f"+{NOTES_REF}:{NOTES_REF}"),
        )
        if fetched.status:
            raise unreachable(self._address, fetched.words)
        return self._local.text("rev-parse", "--verify", NOTES_REF).strip()
