"""The record that a refusal leaves for the audit trail."""

from pushgate_hook import words
from pushgate_hook.identity import Identity, utc_now
from pushgate_hook.reason import Reason
from pushgate_hook.records import Records
from pushgate_hook.refs import Update

# A record is for people, and is kept for good.
_MOST_KEPT = 200


def refuse(records: Records, identity: Identity, updates: list[Update], reasons: list[Reason]) -> None:
    """Record a refusal and tell the pusher. A record that cannot be written changes no verdict."""
    try:
        records.write_refusal(identity.push, _refusal(identity, updates, reasons))
    except OSError as error:
        words.say([f"Pushgate: this refusal could not be recorded ({type(error).__name__})."])
    words.say(words.refusal(reasons))


def _refusal(identity: Identity, updates: list[Update], reasons: list[Reason]) -> dict[str, object]:
    return {
        "format": 1,
        "push": identity.push,
        "agent": identity.agent or None,
        "at": utc_now(),
        "transport": identity.transport or None,
        "updates": [
            {"ref": words.legible(update.ref), "old": update.old, "new": update.new}
            for update in updates[:_MOST_KEPT]
        ],
        "reasons": [
            {
                "rule": reason.rule,
                "ref": None if reason.ref is None else words.legible(reason.ref),
                "what": reason.what + reason.detail,
                "fix": reason.fix,
            }
            for reason in reasons[:_MOST_KEPT]
        ],
    }
