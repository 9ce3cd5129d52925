"""The environment of git and of the hooks: made anew for each request, nothing inherited."""

from __future__ import annotations

import re

_PROTOCOL = re.compile(r"[A-Za-z0-9=:._-]{1,256}")

# PUSHGATE_GUARD is the gate's own key to its refs. A push never has it: the hook reads it where it needs it.


def is_protocol(text: str) -> bool:
    """Whether a `Git-Protocol` header may become GIT_PROTOCOL: `version=2`, or such keys joined by colons."""
    return _PROTOCOL.fullmatch(text) is not None


def git_environment(*, path: str, protocol: str = "") -> dict[str, str]:
    """What git needs to know, and no configuration but the repository's own."""
    environment = {
        "PATH": path,
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
    }
    return {**environment, "GIT_PROTOCOL": protocol} if protocol else environment


def push_environment(
    *, agent: str, push_id: str, transport: str, address: str, claim: str, claim_by: str = "credential"
) -> dict[str, str]:
    """Who pushes, for the hooks: docs/receipt-format.md. Address and claim are only ever shown to people."""
    environment = {"PUSHGATE_AGENT": agent, "PUSHGATE_PUSH": push_id, "PUSHGATE_TRANSPORT": transport}
    if address:
        environment["PUSHGATE_ADDRESS"] = address
    if claim:
        environment["PUSHGATE_CLAIM"] = claim
    if claim and claim_by != "credential":
        environment["PUSHGATE_CLAIM_BY"] = claim_by
    return environment
