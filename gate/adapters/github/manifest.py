"""How to register the gate as a GitHub App: a link that fills GitHub's form, and the same as a manifest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from gate.adapters.github.permissions import EVENTS, PERMISSIONS, WORKFLOWS, Permission

WEBHOOK_PATH = "/webhooks/github"


@dataclass(frozen=True, slots=True)
class Registration:
    """An App to be registered at the GitHub at `github_url`, for the gate at `gate_url`.

    `organization` is None for an App of one's own account.
    """

    github_url: str
    gate_url: str
    name: str = "pushgate"
    organization: str | None = None
    has_workflows: bool = False

    @property
    def permissions(self) -> tuple[Permission, ...]:
        return (*PERMISSIONS, WORKFLOWS) if self.has_workflows else PERMISSIONS

    @property
    def webhook_url(self) -> str:
        return f"{self.gate_url.rstrip('/')}{WEBHOOK_PATH}"

    def manifest(self) -> dict[str, Any]:
        """As https://docs.github.com/en/apps/sharing-github-apps describes it."""
        return {
            "name": self.name,
            "url": self.gate_url,
            "description": "Holds what coding agents push, and releases what people approve.",
            "public": False,
            "hook_attributes": {"url": self.webhook_url, "active": True},
            "default_permissions": {one.name: one.level for one in self.permissions},
            "default_events": [event.name for event in EVENTS],
        }

    def link(self) -> str:
        """A page at GitHub with its form filled in; only the webhook's secret is left to be typed."""
        fields = [
            ("name", self.name),
            ("url", self.gate_url),
            ("public", "false"),
            ("webhook_active", "true"),
            ("webhook_url", self.webhook_url),
            *((one.name, one.level) for one in self.permissions),
            *(("events[]", event.name) for event in EVENTS),
        ]
        account = f"organizations/{self.organization}/" if self.organization else ""
        return f"{self.github_url}/{account}settings/apps/new?{urlencode(fields)}"
