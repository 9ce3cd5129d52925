"""What an audit event is: who did what to which thing, when, and how it ended."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeAlias

from gate.domain.errors import Invalid

Detail: TypeAlias = str | bool | int | Sequence["Detail"] | Mapping[str, "Detail"] | None

# What every JSON reader can hold exactly (RFC 7493, section 2.2).
_INT_LIMIT = 2**53
_DEEPEST = 20
_ACTION = re.compile(r"[a-z][a-z_]*:[a-z][a-z_]*")
_UNWRITABLE = re.compile("[\\0\ud800-\udfff\ufffd]")


class Action(StrEnum):
    """Every action on the trail, `subject:verb`, each with what it means in one line."""

    _value_: str
    meaning: str

    def __new__(cls, value: str, meaning: str) -> Action:
        action = str.__new__(cls, value)
        action._value_ = value
        action.meaning = meaning
        return action

    PUSH_HOLD = "push:hold", "A push was taken and held; nothing has reached upstream."
    PUSH_REFUSE = "push:refuse", "A push was refused outright, with every reason."
    PUSH_INCOMPLETE = "push:incomplete", "A push left nothing: held already, refused by git, or broken off."

    HOLD_REGISTER = "hold:register", "A held ref update became a hold with its first revision."
    HOLD_REVISE = "hold:revise", "A new revision replaced the last one and voided its approvals."
    HOLD_COLLECT = "hold:collect", "What git says of a revision was collected."
    HOLD_PUBLISH = "hold:publish", "A revision was put up for review."
    HOLD_APPROVE = "hold:approve", "The policy is satisfied; the hold may be released."
    HOLD_UNAPPROVE = "hold:unapprove", "The policy is no longer satisfied; the approval is gone."
    HOLD_REQUEST_CHANGES = "hold:request_changes", "A reviewer asked for changes."
    HOLD_REJECT = "hold:reject", "A hold was rejected for good."
    HOLD_WITHDRAW = "hold:withdraw", "A hold was withdrawn by its own side."
    HOLD_EXPIRE = "hold:expire", "A hold waited longer than the policy allows."
    HOLD_BLOCK = "hold:block", "A hold cannot go on until a person acts; the reason is given."
    HOLD_UNBLOCK = "hold:unblock", "What blocked a hold is gone."
    HOLD_RELEASE_BEGIN = "hold:release_begin", "A release is about to be sent upstream."
    HOLD_RELEASE = "hold:release", "Upstream was read back and has exactly the approved commit."
    HOLD_RELEASE_FAIL = "hold:release_fail", "Upstream did not take a release; its words are given."
    HOLD_RELEASE_EXTERNALLY = (
        "hold:release_externally",
        "A person merged it upstream, with the policy satisfied.",
    )
    HOLD_RELEASE_REWRITE = (
        "hold:release_rewrite",
        "A merge at the forge brought it upstream as other commits.",
    )
    HOLD_BYPASS = "hold:bypass", "It reached upstream without the policy satisfied."
    HOLD_REOPEN = "hold:reopen", "A rejection was taken back: the review begins anew, with no approval."

    REVIEW_SUBMIT = "review:submit", "A person reviewed a revision."
    REVIEW_REFUSE = "review:refuse", "A review was not taken; the reason is given."
    REVIEW_DISMISS = "review:dismiss", "A review's opinion was taken away; who did it is given."
    REVIEW_LATE_OBJECTION = "review:late_objection", "A reviewer objected after the release."

    EVIDENCE_COLLECT = "evidence:collect", "The evidence of a revision was gathered, files by their SHA-256."
    EVIDENCE_READ = "evidence:read", "An admin read a file of the evidence as it was on the agent host."
    EVIDENCE_EXPIRE = "evidence:expire", "Contents of evidence were let go, as their time was over."
    SECRET_ALLOW = "secret:allow", "An admin allowed what the scan took for a secret, and said why."

    PULL_REQUEST_OPEN = "pull_request:open", "A pull request was opened, or found, for a hold."
    PULL_REQUEST_RESTORE = "pull_request:restore", "The gate's own words in a pull request were put back."
    BRANCH_DELETE = "branch:delete", "Somebody deleted a review branch."
    COMMENT_TAMPER = "comment:tamper", "Somebody changed or deleted another person's comment."
    STATUS_FORGE = "status:forge", "Somebody else reported a status under the gate's name."

    WEBHOOK_REFUSE = "webhook:refuse", "A delivery was not taken: its signature or size is wrong."
    WEBHOOK_MISMATCH = "webhook:mismatch", "A delivery came again under its id with another body."
    WEBHOOK_REDELIVER = "webhook:redeliver", "GitHub was asked to send failed deliveries again."
    FORGE_PAUSE = "forge:pause", "The forge no longer lets the gate in; holds stay as they are."
    FORGE_RESUME = "forge:resume", "The forge lets the gate in again."
    NOTIFICATION_SEND = "notification:send", "People were told that holds wait for a review."

    REPOSITORY_ADD = "repository:add", "A repository was put behind the gate."
    REPOSITORY_REMOVE = "repository:remove", "A repository was taken from behind the gate."
    REPOSITORY_SYNC = "repository:sync", "The mirror of upstream was refreshed by hand, or that failed."
    REPOSITORY_CHANGE = "repository:change", "A repository's settings were changed."

    AGENT_ADD = "agent:add", "An agent was given an account and a token."
    AGENT_ROTATE = "agent:rotate", "An agent's token was replaced."
    AGENT_DISABLE = "agent:disable", "An agent may no longer push."
    AGENT_ENABLE = "agent:enable", "A disabled agent may push again."
    AGENT_CHANGE_OPERATOR = "agent:change_operator", "An agent is run by another person than before."
    AGENT_MAP = "agent:map", "An agent was matched with a GitHub account, or no longer is."
    AGENT_SET_UP = "agent:set_up", "An agent's host was set up: a new token, and where its work is read from."
    AGENT_GRANT = "agent:grant", "An agent was allowed other repositories or refs."
    AGENT_AUTHENTICATE_FAIL = "agent:authenticate_fail", "Someone came with a wrong or disabled agent token."

    USER_ADD = "user:add", "A person was given an account."
    USER_DISABLE = "user:disable", "A person may no longer sign in."
    USER_ENABLE = "user:enable", "A disabled person may sign in again."
    USER_CHANGE_ROLE = "user:change_role", "A person was given another role."
    USER_MAP = "user:map", "A person was matched with a GitHub account, or no longer is."
    USER_CHANGE_PASSWORD = "user:change_password", "A person's password was changed."
    USER_SIGN_IN = "user:sign_in", "A person signed in."
    USER_SIGN_IN_FAIL = "user:sign_in_fail", "A sign-in failed."
    USER_SIGN_OUT = "user:sign_out", "A person signed out."
    USER_LINK_CREATE = "user:link_create", "A one-time sign-in link was made."
    USER_LINK_USE = "user:link_use", "A one-time sign-in link was used, or tried."

    POLICY_CHANGE = "policy:change", "A repository's policy is another than before."
    LOGIN_FORGET = "login:forget", "It was forgotten which GitHub account a login in a policy stands for."
    POLICY_OVERRIDE = "policy:override", "An admin released a hold past its policy, and said why."

    BRIEF_SET = "brief:set", "The operator gave an agent a brief, for one repository or for all."
    BRIEF_CLEAR = "brief:clear", "The operator's brief for an agent was taken away."

    LOCKDOWN_ON = "lockdown:on", "All pushes and releases were stopped."
    LOCKDOWN_OFF = "lockdown:off", "Pushes and releases are allowed again."

    AUDIT_READ = "audit:read", "The audit trail was read."
    AUDIT_EXPORT = "audit:export", "The audit trail was exported."
    AUDIT_VERIFY = "audit:verify", "The audit trail was verified, with the result."
    TREE_HEAD_SIGN = "tree_head:sign", "A tree head was signed for the witnesses."

    STORE_MIGRATE = "store:migrate", "The database was brought to another schema."
    SWEEP_RECOVER = "sweep:recover", "The sweep found and finished something that was left undone."


class Outcome(StrEnum):
    """How an action ended: done, refused by a rule, or failed on the outside."""

    OK = "ok"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One entry of the trail. Raises Invalid for what could not be written the same way twice.

    `actor` is `user:alice`, `agent:codex-1`, `cli:alice` or `gate`; `hold` is `repository/number`. Details
    are JSON without floats, with ASCII keys and whole numbers below 2**53: ids and hashes go in as strings.
    """

    at: datetime
    actor: str
    action: str
    repository: str | None = None
    ref: str | None = None
    hold: str | None = None
    push: str | None = None
    details: Mapping[str, Detail] = field(default_factory=dict)
    outcome: str = Outcome.OK

    def __post_init__(self) -> None:
        faults = [*_field_faults(self), *_detail_faults("details", self.details, 0)]
        if faults:
            raise Invalid("audit event", faults)

    def mapping(self) -> dict[str, Any]:
        """What gets written: plain JSON values, every string in a form that any database can hold."""
        return {
            "v": 1,
            "at": time_text(self.at),
            "actor": writable(self.actor),
            "action": str(self.action),
            "outcome": str(self.outcome),
            "repository": _writable_or_none(self.repository),
            "ref": _writable_or_none(self.ref),
            "hold": _writable_or_none(self.hold),
            "push": _writable_or_none(self.push),
            "details": _plain(self.details),
        }


def event_from(mapping: Mapping[str, Any]) -> AuditEvent:
    """The event as it was written: strings stay in their written form. Raises Invalid where it is none."""
    try:
        values = {**mapping, "at": datetime.fromisoformat(mapping["at"])}
        version = values.pop("v")
        event = AuditEvent(**values)
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid("audit event", [f"its stored text does not describe an event ({error})"]) from error
    if version != 1:
        raise Invalid("audit event", [f"it is of version {version}, which is newer than this program"])
    return event


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which events a page or an export shows; None means no restriction.

    `action` is one action, or a subject with a star, `hold:*`. `since` is included, `until` is not.
    """

    actor: str | None = None
    action: str | None = None
    repository: str | None = None
    ref: str | None = None
    hold: str | None = None
    push: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def time_text(at: datetime) -> str:
    """`2026-11-22T18:36:00.123456Z`: always 27 characters, so that text order is time order."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def writable(text: str) -> str:
    """The text with what no database or UTF-8 can hold made visible, never the same for two texts.

    A lone surrogate (a byte of a file name that is no UTF-8) becomes U+FFFD and its number, `�{dc80}`; NUL,
    which PostgreSQL refuses, and U+FFFD itself are written the same way, so that none can pass as another.
    """
    return _UNWRITABLE.sub(lambda match: f"\ufffd{{{ord(match[0]):04x}}}", text)


def _writable_or_none(text: str | None) -> str | None:
    return None if text is None else writable(text)


def _plain(value: Detail) -> Any:
    if isinstance(value, str):
        return writable(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, Sequence):
        return [_plain(each) for each in value]
    return value


def _field_faults(event: AuditEvent) -> list[str]:
    faults = []
    if event.at.tzinfo is None:
        faults.append("at has no time zone: times here are UTC")
    if not event.actor:
        faults.append("actor is empty")
    if not _ACTION.fullmatch(event.action):
        faults.append(f"action {event.action!r} is not of the form subject:verb")
    if event.outcome not in tuple(Outcome):
        faults.append(f"outcome {event.outcome!r} is not one of {', '.join(Outcome)}")
    return faults


def _detail_faults(path: str, value: object, depth: int) -> list[str]:
    if depth > _DEEPEST:
        return [f"{path} is nested deeper than {_DEEPEST}"]
    if value is None or isinstance(value, (str, bool)):
        return []
    if isinstance(value, int):
        return [] if abs(value) < _INT_LIMIT else [f"{path} is too large a number: write it as a string"]
    if isinstance(value, Mapping):
        return _mapping_faults(path, value, depth)
    if isinstance(value, (list, tuple)):
        return [
            fault for n, each in enumerate(value) for fault in _detail_faults(f"{path}[{n}]", each, depth + 1)
        ]
    return [f"{path} is a {type(value).__name__}, which the trail does not take"]


def _mapping_faults(path: str, value: Mapping[Any, Any], depth: int) -> list[str]:
    faults = []
    for key, each in value.items():
        if isinstance(key, str) and key.isascii():
            faults += _detail_faults(f"{path}.{key}", each, depth + 1)
        else:
            faults.append(f"{path} has the key {key!r}, which is not ASCII text")
    return faults
