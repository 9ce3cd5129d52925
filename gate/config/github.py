"""The settings for GitHub, all of them off until there is an App or a token."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gate.config.readers import (
    Option,
    count_or_none,
    forge_url,
    one_of,
    path_or_none,
    text_or_none,
    yes_or_no,
)
from gate.config.secrets import secret_fault, secret_lines, webhook_fault

OPTIONS: dict[str, Option] = {
    "github_url": Option(
        "PUSHGATE_GITHUB_URL",
        "https://github.com",
        forge_url,
        "Where GitHub is; for GitHub Enterprise its own web address.",
    ),
    "github_app_id": Option(
        "PUSHGATE_GITHUB_APP_ID",
        "",
        count_or_none,
        "The number of the GitHub App that the gate works as.",
    ),
    "github_private_key_file": Option(
        "PUSHGATE_GITHUB_PRIVATE_KEY_FILE", "", path_or_none, "The file with the App's private key."
    ),
    "github_token_file": Option(
        "PUSHGATE_GITHUB_TOKEN_FILE",
        "",
        path_or_none,
        "The file with a fine-grained token, where there is no App.",
    ),
    "github_webhook_secret_file": Option(
        "PUSHGATE_GITHUB_WEBHOOK_SECRET_FILE",
        "",
        path_or_none,
        "The file with the webhook's secret; two, one a line, while they are changed.",
    ),
    "github_review_branches": Option(
        "PUSHGATE_GITHUB_REVIEW_BRANCHES",
        "same",
        one_of("same", "fork"),
        "Where review branches are: in the same repository, or in a fork of it.",
    ),
    "github_fork_owner": Option(
        "PUSHGATE_GITHUB_FORK_OWNER", "", text_or_none, "Whose forks the review branches are in."
    ),
    "github_draft": Option(
        "PUSHGATE_GITHUB_DRAFT", "false", yes_or_no, "Whether pull requests are opened as drafts."
    ),
}


@dataclass(frozen=True, slots=True)
class GitHubSettings:
    """How the gate works with GitHub: as an App with its key, or with a token; one of the two is set.

    `fork_owner` is set where `review_branches` is `fork`.
    """

    url: str
    app_id: int | None
    private_key_file: Path | None
    token_file: Path | None
    webhook_secrets: tuple[str, ...] = field(repr=False)
    review_branches: str
    fork_owner: str | None
    is_draft: bool


def github_settings(values: Mapping[str, Any], faults: list[str]) -> GitHubSettings | None:
    """The group out of values that could be read; None where GitHub is not used, or has faults."""
    app_id, key = values.get("github_app_id"), values.get("github_private_key_file")
    token = values.get("github_token_file")
    if app_id is None and key is None and token is None:
        return None
    if any(name not in values for name in OPTIONS):
        return None  # What is wrong with the missing one is told already.
    found = [*_access_faults(app_id, key, token), *_other_faults(values)]
    faults += found
    if found:
        return None
    return GitHubSettings(
        values["github_url"],
        app_id,
        key,
        token,
        secret_lines(values["github_webhook_secret_file"]),
        values["github_review_branches"],
        values["github_fork_owner"],
        values["github_draft"],
    )


def _access_faults(app_id: int | None, key: Path | None, token: Path | None) -> Iterator[str]:
    if app_id is not None and key is None:
        yield "PUSHGATE_GITHUB_PRIVATE_KEY_FILE is not set: the App of PUSHGATE_GITHUB_APP_ID needs its key"
    if app_id is None and key is not None:
        yield "PUSHGATE_GITHUB_APP_ID is not set: the key of PUSHGATE_GITHUB_PRIVATE_KEY_FILE is of an App"
    if token is not None and (app_id is not None or key is not None):
        yield "PUSHGATE_GITHUB_TOKEN_FILE is set beside an App: the gate works as one of the two"
    yield from _file_faults("PUSHGATE_GITHUB_PRIVATE_KEY_FILE", key, secret_fault)
    yield from _file_faults("PUSHGATE_GITHUB_TOKEN_FILE", token, secret_fault)


def _other_faults(values: Mapping[str, Any]) -> Iterator[str]:
    secret = values.get("github_webhook_secret_file")
    if secret is None:
        yield (
            "PUSHGATE_GITHUB_WEBHOOK_SECRET_FILE is not set: the gate refuses to start with GitHub and "
            "without a secret for its webhook. Make one: openssl rand -hex 32"
        )
    yield from _file_faults("PUSHGATE_GITHUB_WEBHOOK_SECRET_FILE", secret, webhook_fault)
    if values.get("github_review_branches") == "fork" and not values.get("github_fork_owner"):
        yield "PUSHGATE_GITHUB_FORK_OWNER is not set: name the account that has the forks"


def _file_faults(variable: str, path: Path | None, fault_of: Callable[[Path], str | None]) -> Iterator[str]:
    if path is not None and (fault := fault_of(path)):
        yield f"{variable}: {fault}"
