"""What the words of a failed git command mean when it talked to another repository."""

from __future__ import annotations

import re

from gate.domain.errors import Unavailable

# Words of git, curl and ssh, in English because the environment says so. What is in none of these lists may
# pass by itself.
_NO_RIGHT = re.compile(
    r"returned error: 40[13]|Authentication failed|terminal prompts disabled|[Pp]ermission .*denied"
    r"|Permission denied|access denied|Host key verification failed|dubious ownership",
    re.DOTALL,
)
_NO_REPOSITORY = re.compile(r"[Rr]epository .*not found|returned error: 404")
_NO_ADDRESS = re.compile(
    r"does not appear to be a git repository|not a git repository|Could not resolve host"
    r"|transport '.*' not allowed|does not exist"
)


def is_final(words: str) -> bool:
    """Whether the same command can't succeed before a person changes something."""
    return bool(_NO_RIGHT.search(words) or _NO_REPOSITORY.search(words))


def is_wrong_address(words: str) -> bool:
    """Whether somebody who just typed the address should look at it again."""
    return is_final(words) or bool(_NO_ADDRESS.search(words))


def unreachable(upstream: str, words: str) -> Unavailable:
    """The error for an upstream that the gate knows and does not reach."""
    step = "Check the gate's credentials for it." if is_final(words) else "It is tried again later."
    return Unavailable(f"{upstream} cannot be reached: {words or 'git gave no reason'}. {step}")
