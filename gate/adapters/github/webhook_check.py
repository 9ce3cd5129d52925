"""Whether GitHub's deliveries reach the gate. Releases work without them, only later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from gate.adapters.github.errors import GitHubRefused
from gate.adapters.github.look import Look
from gate.domain.errors import NotFound
from gate.services.ports.git import Finding

_WORDS = {
    0: "nothing answered: let the gate's address be reached from GitHub",
    401: "the gate did not know the signature: the secret at GitHub and the one in the gate's file differ",
    404: "the address is wrong: it ends with /webhooks/github",
}


def webhook_findings(look: Look, webhook_url: str) -> Iterator[Finding]:
    """What is wrong with deliveries: the App's own webhook, or the repository's where there is a token."""
    host = urlsplit(webhook_url).hostname or ""
    if host in ("localhost", "127.0.0.1", "::1"):
        yield _note(f"GitHub cannot reach {webhook_url}; the sweep sees reviews instead", "set PUSHGATE_URL")
    try:
        if look.github.app() is not None:
            yield from config_findings(look.as_app("/app/hook/config"), webhook_url)
            yield from delivery_findings(look.as_app("/app/hook/deliveries", per_page=30), webhook_url)
        else:
            yield from hook_findings(look.repository("/hooks"), webhook_url)
    except (NotFound, GitHubRefused) as fault:
        yield _note(f"its deliveries cannot be looked at: {fault}", f"see whether it sends to {webhook_url}")


def config_findings(config: Mapping[str, Any], webhook_url: str) -> Iterator[Finding]:
    """What is wrong with where a webhook sends to, and how."""
    # PyGithub puts the path of the request there, where an answer has no address.
    sends_to = str(config.get("url") or "/")
    if sends_to != webhook_url:
        shown = "nowhere" if sends_to.startswith("/") else sends_to
        yield _note(f"it sends to {shown}", f"set its address: {webhook_url}")
    if str(config.get("insecure_ssl", "0")) != "0":
        yield _note("it does not check the gate's certificate", 'choose "Enable SSL verification"')
    if not config.get("secret"):
        yield _note("it has no secret, so the gate takes nothing from it", "type the webhook's secret there")


def delivery_findings(deliveries: Sequence[Mapping[str, Any]], webhook_url: str) -> Iterator[Finding]:
    """What GitHub's latest deliveries say, newest first."""
    if not deliveries:
        yield _note(
            "GitHub has sent nothing in the last days; the sweep sees reviews instead",
            f"in the App's settings tick Active, with the address {webhook_url} and the webhook's secret",
        )
        return
    failed = [one for one in deliveries if not 200 <= one["status_code"] < 300]
    if failed and failed[0] is deliveries[0]:
        code = failed[0]["status_code"]
        yield _note(
            f"the latest delivery failed with {code} ({failed[0].get('status', '')}), "
            f"as did {len(failed)} of the last {len(deliveries)}",
            _WORDS.get(code, f"see the gate's log, and whether {webhook_url} leads to it"),
        )


def hook_findings(hooks: Sequence[Mapping[str, Any]], webhook_url: str) -> Iterator[Finding]:
    """What is wrong with a repository's own webhook to the gate."""
    mine = [hook for hook in hooks if hook["config"].get("url") == webhook_url]
    if not mine:
        yield _note(
            "the repository has none to the gate; the sweep sees reviews instead",
            f"add one in its settings: {webhook_url}, application/json, the webhook's secret, every event",
        )
        return
    hook = mine[0]
    if not hook.get("active"):
        yield _note("it is switched off", "tick Active in the repository's settings")
    yield from config_findings(hook["config"], webhook_url)
    code = (hook.get("last_response") or {}).get("code")
    if code is not None and not 200 <= code < 300:
        yield _note(f"the latest delivery failed with {code}", _WORDS.get(code, "see the gate's log"))


def _note(what: str, mend: str) -> Finding:
    return Finding("webhook", what, mend, is_fatal=False)
