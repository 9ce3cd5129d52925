"""Whom git names for the commits that the gate writes by itself."""

from __future__ import annotations

AUTHOR = {
    "GIT_AUTHOR_NAME": "Pushgate",
    "GIT_AUTHOR_EMAIL": "pushgate@localhost",
    "GIT_COMMITTER_NAME": "Pushgate",
    "GIT_COMMITTER_EMAIL": "pushgate@localhost",
}
