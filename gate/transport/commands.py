"""The git commands behind each request."""

from __future__ import annotations

from pathlib import Path

UPLOAD_PACK = "upload-pack"
RECEIVE_PACK = "receive-pack"
SERVICES = (UPLOAD_PACK, RECEIVE_PACK)

WARNING = "PUSHGATE_WARNING"
"""The environment variable with the text that a fetch prints as `remote: …`."""

# The repository's configuration hides these as well. A fetch must not show them even where that was lost.
_HIDDEN = ("-c", "transfer.hideRefs=refs/quarantine", "-c", "transfer.hideRefs=refs/pushgate")
# Git gives this to a shell and appends `"$@"`, the real pack-objects; no repository can set it.
# What the shell prints to standard error is the only text of ours that can reach a fetching client.
_WARN = ("-c", f"uploadpack.packObjectsHook=printf '%s\\n' \"${WARNING}\" >&2; exec")


def advertise(service: str, folder: Path) -> tuple[str, ...]:
    """List the refs, or in protocol version 2 what can be asked for."""
    return (
        "git",
        *_HIDDEN,
        service,
        *_strict(service),
        "--stateless-rpc",
        "--http-backend-info-refs",
        str(folder),
    )


def answer(service: str, folder: Path, *, warns: bool = False) -> tuple[str, ...]:
    """Answer one request; `warns` prints WARNING on the client's terminal as soon as objects are sent."""
    warning = _WARN if warns else ()
    return ("git", *_HIDDEN, *warning, service, *_strict(service), "--stateless-rpc", str(folder))


def serve(service: str, folder: Path) -> tuple[str, ...]:
    """Answer a whole connection, as over SSH."""
    return ("git", *_HIDDEN, service, *_strict(service), str(folder))


def _strict(service: str) -> tuple[str, ...]:
    # This folder and no other: without it upload-pack goes on to look for `<folder>/.git`.
    return ("--strict",) if service == UPLOAD_PACK else ()
