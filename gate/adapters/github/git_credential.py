"""git's credential helper for GitHub: tells a token to git, for one host and no other.

It is a program of its own, `python -IS git_credential.py TOKEN-FILE https://HOST get`, with the standard
library alone: git starts it once for each fetch and push. The file has a token as it is, or as JSON one
that the gate renews by itself; such a one is deleted where GitHub did not take it.
"""

import json
import os
import sys

_USUAL_PORTS = {"https": ":443", "http": ":80"}


def main(arguments: list[str]) -> None:
    """Answer one request of gitcredentials(7)."""
    path, allowed, operation = arguments
    asked = dict(line.rstrip("\n").split("=", 1) for line in sys.stdin if "=" in line)
    if _address(asked.get("protocol", ""), asked.get("host", "")) != _address(*allowed.split("://", 1)):
        return
    token, is_ours = _read(path)
    if operation == "get" and token:
        sys.stdout.write(f"username=x-access-token\npassword={token}\n")
    elif operation == "erase" and is_ours and asked.get("password") == token:
        os.unlink(path)  # noqa: PTH108 - pathlib takes longer to import than all of this to run


def _address(protocol: str, host: str) -> tuple[str, str]:
    return protocol.lower(), host.lower().rstrip("/").removesuffix(_USUAL_PORTS.get(protocol.lower(), ""))


def _read(path: str) -> tuple[str, bool]:
    """The token, and whether the gate made the file; no token where others can read it, or it is none."""
    with open(path, encoding="ascii") as file:  # noqa: PTH123 - as above
        if os.fstat(file.fileno()).st_mode & 0o077:
            return "", False
        text = file.read().strip()
    is_ours = text.startswith("{")
    token = str(json.loads(text).get("token", "")) if is_ours else text
    return (token if token.isprintable() and " " not in token else ""), is_ours


if __name__ == "__main__":
    main(sys.argv[1:])
