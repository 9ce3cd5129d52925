"""What a scan for secrets says of a push that was just held, if it can say so at once."""

import time

from pushgate_hook.encode import json_text

# For all of it: git's answer waits.
_SECONDS = 2.0
_LONGEST = 16384


def scan(path: str | None, repository: str, push: str) -> list[str]:
    """The lines for the pusher; none where nothing was found, or nobody answered in time.

    This only tells early: the gate scans again before it publishes anything, and does not publish without.
    """
    if path is None:
        return []
    # `import socket` takes 5 ms, and nothing of it is needed here.
    import _socket

    until = time.monotonic() + _SECONDS
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.settimeout(_SECONDS)
        connection.connect(path)
        connection.sendall(json_text({"repository": repository, "push": push}).encode() + b"\n")
        answer = b""
        while len(answer) < _LONGEST:
            connection.settimeout(max(until - time.monotonic(), 0.001))
            piece = connection.recv(4096)
            if not piece:
                break
            answer += piece
    except OSError:
        return []
    finally:
        connection.close()
    return answer.decode(errors="backslashreplace").split("\n")[:-1]
