"""How git gets the credentials for repositories at GitHub."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from gate.adapters.github.address import Address
from gate.adapters.github.client import GitHub
from gate.domain.errors import Invalid

_PROGRAM = Path(__file__).with_name("git_credential.py")


class GitHubCredentials:
    """What git-config(1) takes as `credential.helper`, for addresses at this GitHub."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def helper_for(self, upstream: str) -> str | None:
        """The helper with a fresh token behind it; None for what is not at this GitHub.

        Raises Paused, RateLimited or Unavailable where there is no token to be had.
        """
        try:
            address = Address.of(upstream)
        except Invalid:
            return None
        if not address.belongs_to(self._github.access.url):
            return None
        # The path of a file is in the arguments, as everybody can read those; the token is in the file.
        file = self._github.token_file(address.full_name)
        return "!" + shlex.join((sys.executable, "-IS", str(_PROGRAM), str(file), address.root))
