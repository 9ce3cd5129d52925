"""The address of an upstream repository: any git URL, or the path of a folder."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from gate.domain.errors import Refused

_SCHEMES = ("https", "http", "ssh", "git", "file")
_SSH_SHORT = re.compile(r"([A-Za-z0-9_][A-Za-z0-9_.-]*@)?[A-Za-z0-9_][A-Za-z0-9_.-]*:[^:].*")


def check_address(upstream: str) -> None:
    """Raise Refused for an address that git must not see."""
    if not upstream.isprintable() or upstream.startswith("-") or not upstream:
        raise Refused(f"{upstream!r} is no address of a repository. Give a git URL or an absolute path.")
    if "://" in upstream:
        _check_url(upstream)


def check_folder(upstream: str, root: Path) -> None:
    """Raise Refused for a local address that is no folder, or that leads into the gate's folder `root`."""
    path = local_path(upstream)
    if path is None:
        return
    if not path.is_absolute():
        raise Refused(f"{upstream} is a relative path. Give it from the root, as {path.absolute()}.")
    if not path.is_dir():
        raise Refused(f"{upstream} does not exist. Make the upstream repository first.")
    if path.resolve().is_relative_to(root.resolve()):
        raise Refused(f"{upstream} is in the gate's own folder. Name the repository that the gate protects.")


def local_path(upstream: str) -> Path | None:
    """The folder that an address names on this machine; None for one on another machine."""
    if upstream.startswith("file://"):
        return Path(unquote(urlsplit(upstream).path))
    if "://" in upstream or _SSH_SHORT.fullmatch(upstream):
        return None
    return Path(upstream)


def _check_url(upstream: str) -> None:
    url = urlsplit(upstream)
    if url.scheme not in _SCHEMES:
        raise Refused(
            f"{url.scheme}:// is no protocol that the gate speaks. Use one of {', '.join(_SCHEMES)}."
        )
    # A user name in a web address is as often a token.
    if url.password is not None or (url.scheme in ("https", "http") and url.username is not None):
        clean = url._replace(netloc=url.netloc.rpartition("@")[2]).geturl()
        raise Refused(
            f"The address of {url.hostname} has credentials in it, which show in logs and process lists. "
            f"Use {clean} and give user name and token to the credential helper (docs/configuration.md)."
        )
