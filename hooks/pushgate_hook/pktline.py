"""git's pkt-line framing: four hexadecimal digits of length, then the content; `0000` is a flush."""

from pushgate_hook.descriptors import write_all

_LONGEST = 65516


class PacketReader:
    """Reads packets from a file descriptor up to the next flush."""

    def __init__(self, descriptor: int) -> None:
        self._file = open(descriptor, "rb", closefd=False)  # noqa: SIM115 - standard input stays open

    def until_flush(self) -> list[bytes]:
        """The packets up to a flush, without their final newlines; raise EOFError when git stops early."""
        packets = []
        while (packet := self._next()) is not None:
            packets.append(packet.removesuffix(b"\n"))
        return packets

    def _next(self) -> bytes | None:
        length = int(self._exactly(4), 16)
        if length == 0:
            return None
        if length < 4:
            raise ValueError("git sent a packet that is no data and no flush")
        return self._exactly(length - 4)

    def _exactly(self, size: int) -> bytes:
        content = self._file.read(size)
        if len(content) < size:
            raise EOFError("git ended the conversation early")
        return content


def write_packets(descriptor: int, packets: list[bytes]) -> None:
    """Write the packets and a flush."""
    if any(len(packet) > _LONGEST for packet in packets):
        raise ValueError("a packet is too long for git")
    write_all(descriptor, b"".join(b"%04x%s" % (len(packet) + 4, packet) for packet in packets) + b"0000")
