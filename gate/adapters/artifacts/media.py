"""What kind of content some bytes are. No name and no claim of theirs decides, and few kinds are shown."""

from __future__ import annotations

import struct

import puremagic

TEXT = "text/plain"
BINARY = "application/octet-stream"
_LARGEST_IMAGE = 10_000_000
# What a browser needs four bytes each for: a few kilobytes of PNG can say that they are gigabytes.
_MOST_PIXELS = 40_000_000
_JPEG_SIZES = frozenset({*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)})


def media_type(content: bytes) -> tuple[str, str]:
    """The media type by content, and a fault in words where a picture is not to be shown.

    Only PNG, JPEG, GIF and WebP are pictures; SVG, like HTML, is text, as it can run scripts.
    """
    if found := _image(content):
        kind, size = found
        fault = _too_large(content, size)
        return (BINARY, fault) if fault else (kind, "")
    if _is_text(content):
        return TEXT, ""
    return _other(content), ""


def _image(content: bytes) -> tuple[str, tuple[int, int] | None] | None:
    """The picture's media type, and its width and height where they can be read."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png", _unpack(">II", content, 16) if content[12:16] == b"IHDR" else None
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif", _unpack("<HH", content, 6)
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg", _jpeg_size(content)
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp", _webp_size(content)
    return None


def _too_large(content: bytes, size: tuple[int, int] | None) -> str:
    if size is None:
        return "it begins like a picture and is none"
    if len(content) > _LARGEST_IMAGE or size[0] * size[1] > _MOST_PIXELS:
        return "the picture is too large to be shown"
    return ""


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    """From the frame header: each segment before it says how long it is."""
    at = 2
    while content[at : at + 1] == b"\xff":
        marker = content[at + 1 : at + 2]
        if marker == b"\xff":
            at += 1
            continue
        if not marker or not (length := _unpack(">HB", content, at + 2)):
            return None
        if marker[0] in _JPEG_SIZES:
            sides = _unpack(">HH", content, at + 5)
            return None if sides is None else (sides[1], sides[0])
        at += 2 + max(2, length[0])
    return None


def _webp_size(content: bytes) -> tuple[int, int] | None:
    match content[12:16]:
        case b"VP8 ":
            sides = _unpack("<HH", content, 26)
            return None if sides is None else (sides[0] & 0x3FFF, sides[1] & 0x3FFF)
        case b"VP8L":
            bits = int.from_bytes(content[21:25], "little")
            return ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1) if len(content) > 24 else None
        case b"VP8X":
            width, height = (int.from_bytes(content[at : at + 3], "little") + 1 for at in (24, 27))
            return (width, height) if len(content) > 29 else None
    return None


def _unpack(form: str, content: bytes, at: int) -> tuple[int, int] | None:
    if len(content) < at + struct.calcsize(form):
        return None
    first, second = struct.unpack_from(form, content, at)
    return int(first), int(second)


def _is_text(content: bytes) -> bool:
    if b"\0" in content:
        return False
    try:
        content.decode()
    except UnicodeDecodeError as fault:
        # A file that was cut may end in half a character.
        return fault.end == len(content) and fault.start > len(content) - 4
    return True


def _other(content: bytes) -> str:
    """By puremagic's table. Its answer is a label: what is a picture or a page for it stays plain bytes."""
    try:
        kind = puremagic.from_string(content, mime=True)
    except (puremagic.PureError, ValueError):
        return BINARY
    return kind if kind.startswith(("application/", "audio/", "video/", "font/")) else BINARY
