"""A repository behind the gate, the agents that push to it, and what the hook leaves in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gate.domain.brief.enforce import PushLimits
from gate.domain.hold import HoldState, RefUpdate
from gate.domain.review import Account

LOCAL, GITHUB = "local", "github"
"""Where people review: on the gate's own page, or in GitHub's pull requests."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A bare gate repository that mirrors the branches and tags of `upstream`, a path or any git URL.

    `forge_id` is the forge's own number for upstream, which stays when the repository is renamed.
    """

    id: int
    name: str
    upstream: str
    forge: str
    created_at: datetime
    synced_at: datetime | None = None
    sync_fault: str | None = None
    forge_id: int | None = None


@dataclass(frozen=True, slots=True)
class Agent:
    """A coding agent's account. `operator_id` is the user who runs it and so can't approve its work.

    `github` is the GitHub account that the agent itself works with, if it has one.
    """

    id: int
    name: str
    operator_id: int | None
    is_disabled: bool
    created_at: datetime
    github: Account | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """What one agent may push to one repository: ref patterns, empty for every branch and tag."""

    agent: str
    repository: str
    allow_refs: tuple[str, ...] = ()
    is_disabled: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds of one push, in bytes and files; 0 means no bound."""

    max_pack_size: int
    max_file_size: int
    max_changed_files: int


@dataclass(frozen=True, slots=True)
class RepositoryRules:
    """Everything the hooks are told, by the repository's configuration (docs/receipt-format.md)."""

    repository: str
    url: str
    reply: str
    limits: Limits
    refs: tuple[str, ...]
    grants: tuple[Grant, ...]
    on_push: str = "append"
    briefs: tuple[PushLimits, ...] = ()
    scan_socket: str | None = None
    lockdown: str | None = None
    fail_point: str | None = None


@dataclass(frozen=True, slots=True)
class HeldUpdate:
    """One ref update in a receipt; `number` and `revision` are what the terminal told the agent."""

    update: RefUpdate
    held_ref: str | None
    number: int
    revision: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the hook wrote beside the held commits, in the same ref transaction.

    `claim` is what the pushing side said of its session (gate.domain.session.claim), and `claim_by` how:
    `credential`, `environment`, or nothing.
    """

    push_id: str
    agent: str
    transport: str
    received_at: datetime
    atomic: bool
    options: tuple[str, ...]
    updates: tuple[HeldUpdate, ...]
    claim: str = ""
    claim_by: str = ""


@dataclass(frozen=True, slots=True)
class RefusalReason:
    """One reason of a refusal, with its fix; `ref` is None where it is about the whole push."""

    rule: str
    ref: str | None
    what: str
    fix: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A push that the hook turned away, as it wrote it down."""

    push_id: str
    agent: str
    transport: str
    refused_at: datetime
    updates: tuple[RefUpdate, ...]
    reasons: tuple[RefusalReason, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """What a reviewer asks of the agent."""

    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a hold stands, told to the hook so that the agent's next push can say so."""

    agent: str
    ref: str
    number: int
    revision: int
    state: HoldState
    old: str
    tip: str
    push_id: str
    asks: tuple[Ask, ...] = ()
    reason: str = ""
