"""Paths of files in addresses: a path is bytes, and what is between rewrites `..`, `//` and `%2F`."""

from __future__ import annotations

import re

_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./")
_ESCAPED = re.compile(rb"~([0-9A-F]{2})")


def address_of(path: str) -> str:
    """The path with every byte that an address might not carry written as `~XX`."""
    return "/".join(_segment(part) for part in path.split("/"))


def path_of(address: str) -> str:
    """The path behind an address; what was never made by `address_of` names no file."""
    raw = address.encode("utf-8", "surrogateescape")
    return _ESCAPED.sub(lambda match: bytes([int(match[1], 16)]), raw).decode("utf-8", "surrogateescape")


def _segment(name: str) -> str:
    raw = name.encode("utf-8", "surrogateescape")
    if raw in (b".", b"..", b""):
        return "".join(f"~{byte:02X}" for byte in raw)
    return "".join(chr(byte) if byte in _PLAIN else f"~{byte:02X}" for byte in raw)
