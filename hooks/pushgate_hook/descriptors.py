"""Whole reads and writes on file descriptors."""

import posix


def write_all(descriptor: int, content: bytes) -> None:
    while content:
        content = content[posix.write(descriptor, content) :]


def read_all(descriptor: int) -> bytes:
    pieces = []
    while piece := posix.read(descriptor, 65536):
        pieces.append(piece)
    return b"".join(pieces)
