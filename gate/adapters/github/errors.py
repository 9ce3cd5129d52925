"""GitHub's refusals and silences, as the gate's own errors, without anything secret in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import github
import requests

from gate.domain.errors import Failed, GateError, NotFound, Paused, RateLimited, Unavailable

# "If your request fails … wait for at least one minute": GitHub's advice where it names no time.
_USUAL_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=2)
_LONGEST_WORDS = 500
_SECRET = re.compile(r"gh[a-z]_[A-Za-z0-9_]+|github_pat_[A-Za-z0-9_]+|eyJ[\w-]+\.[\w.-]+|(?<=://)[^/@\s]+@")


class GitHubRefused(Failed):
    """GitHub understood and will not do it. `errors` are its codes and messages, such as `invalid`."""

    def __init__(self, message: str, *, status: int, words: str, errors: tuple[str, ...] = ()) -> None:
        self.status = status
        self.words = words
        self.errors = errors
        super().__init__(message)


class GitHubDenied(GitHubRefused):
    """GitHub does not let the gate do this: a permission is missing, or the repository is blocked."""


@contextmanager
def told(what: str) -> Iterator[None]:
    """Tell in our own errors what went wrong while trying to do `what`, such as "open a pull request".

    Raises NotFound, GitHubDenied, GitHubRefused, Paused, RateLimited, Unavailable or Failed. After
    Unavailable itself GitHub may have done it all the same: look before doing it again.
    """
    try:
        yield
    except GateError:
        raise
    except github.GithubException as fault:
        raise _meaning(what, fault) from fault
    except (requests.RequestException, json.JSONDecodeError) as fault:
        raise Unavailable(f"could not {what}: {_silence(fault)}. It is tried again later.") from fault
    except github.BadAttributeException as fault:
        raise Failed(f"could not {what}: GitHub's answer is not of the documented form.") from fault
    except RuntimeError as fault:
        # PyGithub has no class of its own for a redirect to another host.
        if "redirected" not in str(fault):
            raise
        raise Failed(f"could not {what}: {clean(str(fault))}. Check PUSHGATE_GITHUB_URL.") from fault


def clean(words: str) -> str:
    """What GitHub said, without anything that looks like a token, and of bounded length."""
    return _SECRET.sub("***", words)[:_LONGEST_WORDS].strip()


def _meaning(what: str, fault: github.GithubException) -> GateError:
    words, errors = _words(fault)
    headers = {name.lower(): value for name, value in (fault.headers or {}).items()}
    if wait := _wait(fault.status, words, headers):
        seconds = wait.total_seconds()
        return RateLimited(f"could not {what}: GitHub asks to wait {seconds:.0f} s: {words}", wait)
    if fault.status >= 500 or fault.status < 400:
        return Unavailable(f"could not {what}: GitHub answered {fault.status}. It is tried again later.")
    message = f"could not {what}: {'; '.join((words, *errors))} (HTTP {fault.status})."
    if fault.status == 404:
        return NotFound(f"{message} It does not exist, or the gate may not see it.")
    if step := _way_in(fault.status, words):
        return Paused(f"{message} {step}")
    if fault.status in (403, 451):
        step = "Run `python -m gate github setup --repository` for what is missing and how to mend it."
        return GitHubDenied(f"{message} {step}", status=fault.status, words=words, errors=errors)
    return GitHubRefused(message, status=fault.status, words=words, errors=errors)


def _words(fault: github.GithubException) -> tuple[str, tuple[str, ...]]:
    """GitHub's message, and what it says of each fault in the request."""
    answer = fault.data if isinstance(fault.data, dict) else {}
    listed = answer.get("errors")
    errors = tuple(_fault_words(one) for one in listed) if isinstance(listed, list) else ()
    words = answer.get("message") or fault.message
    return clean(str(words)) if words else "no words", errors


def _fault_words(one: Any) -> str:
    if not isinstance(one, dict):
        return clean(str(one))
    names = " ".join(str(one[key]) for key in ("resource", "field", "code") if one.get(key))
    return clean(": ".join(str(part) for part in (names, one.get("message")) if part))


def _wait(status: int, words: str, headers: Mapping[str, str]) -> timedelta | None:
    """How long GitHub wants to be left alone; None where the answer is about something else."""
    if status not in (403, 429):
        return None
    if (after := headers.get("retry-after", "")).isdigit():
        return _bounded(timedelta(seconds=int(after)))
    if headers.get("x-ratelimit-remaining") == "0":
        return _until_reset(headers)
    if status == 429 or github.Requester.Requester.isRateLimitError(words) or "rate limit" in words.lower():
        return _USUAL_WAIT
    return None


def _until_reset(headers: Mapping[str, str]) -> timedelta:
    """From GitHub's clock to the time it names, whatever the clock says here."""
    try:
        reset = datetime.fromtimestamp(int(headers["x-ratelimit-reset"]), UTC)
        return _bounded(reset - parsedate_to_datetime(headers["date"]) + timedelta(seconds=1))
    except (KeyError, ValueError, TypeError, OverflowError, OSError):
        return _USUAL_WAIT


def _bounded(wait: timedelta) -> timedelta:
    return min(max(wait, timedelta(seconds=1)), _LONGEST_WAIT)


def _way_in(status: int, words: str) -> str | None:
    """What an admin does where GitHub lets the gate do nothing at all; None where it does."""
    if status == 401:
        return "Check the App's id and private key, or the token: docs/github.md."
    if status == 403 and "suspended" in words.lower():
        return "Ask an owner of the account at GitHub to unsuspend the App."
    return None


def _silence(fault: Exception) -> str:
    """What happened, without the request itself, which carries the token."""
    if isinstance(fault, requests.exceptions.SSLError):
        return "GitHub's certificate is not trusted here"
    if isinstance(fault, requests.Timeout):
        return "GitHub did not answer in time"
    if isinstance(fault, json.JSONDecodeError):
        return "GitHub's answer was cut off"
    return f"GitHub cannot be reached ({type(fault).__name__})"
