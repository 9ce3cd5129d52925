"""Bytes that come in pieces, looked at before they are taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_PIECE = 1 << 16


class Source:
    """Pieces of bytes as one stream. It holds no more than what was peeked at, and one piece."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._buffer = bytearray()
        self.has_ended = False

    def fill(self, length: int) -> int:
        """Have `length` bytes in hand where there are as many; how many are."""
        while len(self._buffer) < length and not self.has_ended:
            piece = next(self._pieces, None)
            if piece is None:
                self.has_ended = True
            else:
                self._buffer += piece
        return len(self._buffer)

    def peek(self, length: int) -> bytes:
        self.fill(length)
        return bytes(self._buffer[:length])

    def tail(self, length: int) -> bytes:
        """The last bytes of those in hand."""
        return bytes(self._buffer[-length:])

    def drop_tail(self, length: int) -> None:
        del self._buffer[len(self._buffer) - length :]

    def read(self, length: int) -> bytes:
        """At most `length` bytes; none at the end alone."""
        self.fill(length)
        taken = bytes(self._buffer[:length])
        del self._buffer[:length]
        return taken

    def lines(self, longest: int) -> Iterator[tuple[bytes, bool]]:
        """Each line without its end, and whether it is whole: one that is longer than `longest` is cut
        there, and the last one may lack its end.
        """
        while line := self._line(longest):
            yield line.removesuffix(b"\n"), line.endswith(b"\n") or self._skip_line()

    def _line(self, longest: int) -> bytes:
        length = seen = 0
        while not length:
            have = self.fill(min(longest + 1, seen + _PIECE))
            found = self._buffer.find(b"\n", seen, longest + 1)
            if found >= 0:
                length = found + 1
            elif have > longest or self.has_ended:
                length = min(have, longest)
                break
            seen = have
        return self.read(length)

    def _skip_line(self) -> bool:
        """Pass over what is left of a line that is too long; never whole."""
        while self.fill(_PIECE):
            found = self._buffer.find(b"\n")
            del self._buffer[: found + 1 if found >= 0 else len(self._buffer)]
            if found >= 0:
                break
        return False
