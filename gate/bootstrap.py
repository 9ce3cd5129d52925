"""Wiring: Settings in, Container out. The only file that knows every concrete class."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Flask
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from gate.adapters.agent_home import LocalAgentHomes
from gate.adapters.agent_hosts.local import AgentPlaces
from gate.adapters.artifacts.reader import read_artifact
from gate.adapters.audit.signer import TreeHeadSigner, load_signer
from gate.adapters.audit.witness_file import WitnessFile
from gate.adapters.code_owners import GitHubCodeOwners
from gate.adapters.codex import (
    read_exec_head,
    read_exec_json,
    read_head,
    read_rollout,
    read_thread_index,
)
from gate.adapters.disk import Disk
from gate.adapters.evidence_store.store import FsspecEvidenceStore
from gate.adapters.fail_points import fail_point
from gate.adapters.forges import Forges
from gate.adapters.git.repositories import GitRepositories
from gate.adapters.github.access import GitHubAccess
from gate.adapters.github.admin import GitHubAdmin
from gate.adapters.github.client import GitHub
from gate.adapters.github.credentials import GitHubCredentials
from gate.adapters.github.deliveries import GitHubDeliveries
from gate.adapters.github.forge import GitHubForge, GitHubForgeSettings
from gate.adapters.github.manifest import Registration
from gate.adapters.inline_queue import InlineQueue
from gate.adapters.installation import InstallationOnDisk
from gate.adapters.last_look import LastLook
from gate.adapters.local_forge import LocalForge
from gate.adapters.logs import report_fault
from gate.adapters.notifiers.email import EmailNotifier, MailServer
from gate.adapters.notifiers.slack import SlackNotifier
from gate.adapters.password_hasher import Argon2PasswordHasher
from gate.adapters.path_matcher import GitIgnorePathMatcher
from gate.adapters.policy_files import FolderOfPolicies
from gate.adapters.recordings.reader import read_recording
from gate.adapters.redis_tally import RedisTally
from gate.adapters.rq_probe import RqProbe
from gate.adapters.rq_queue import RqQueue
from gate.adapters.secret_files import secret_in
from gate.adapters.secrets.redactor import KingfisherRedactor
from gate.adapters.secrets.scanner import KingfisherScanner
from gate.adapters.shell.parser import BashParser
from gate.adapters.sql.census import SqlCensus
from gate.adapters.sql.store import SqlStore
from gate.adapters.trail.reader import StoredTrail
from gate.adapters.trail.tree_heads import StoredTreeHeads
from gate.adapters.trail.verifier import TrailVerifier
from gate.adapters.zizmor import Zizmor
from gate.config import GitHubSettings, Settings
from gate.domain.evidence import FileKind
from gate.domain.policy import Method
from gate.domain.repository import GITHUB, Limits
from gate.domain.review import Account
from gate.services.accept_delivery import AcceptDelivery
from gate.services.agents import AgentAccounts
from gate.services.allow_secrets import AllowSecrets
from gate.services.assess import Assess
from gate.services.authenticate_agent import AuthenticateAgent
from gate.services.checkpoints import CollectCheckpoints
from gate.services.code_owners import ReadCodeOwners
from gate.services.collect import Collect
from gate.services.enroll import Enroll
from gate.services.examine import Examine
from gate.services.expire_evidence import ExpireEvidence, Retention
from gate.services.find_brief import FindBrief
from gate.services.find_session import FindSession
from gate.services.forge_health import LookAtForges
from gate.services.forget_login import ForgetLogin
from gate.services.gather import Gather
from gate.services.hook_rules import HookSettings, TellHooks
from gate.services.intake import Intake
from gate.services.judge import Judge
from gate.services.lockdown import Lockdown
from gate.services.maintain import Maintain
from gate.services.notify import Notify
from gate.services.operator_briefs import OperatorBriefs
from gate.services.people import People
from gate.services.ports.notify import Notifier
from gate.services.ports.outside import Clock, FailPoint, Queue, ReportFault
from gate.services.ports.store import Store
from gate.services.publish import Publish
from gate.services.queries.deliveries import ListDeliveries
from gate.services.queries.evidence_page import ReadEvidence
from gate.services.queries.health import CheckReady, ReadHealth
from gate.services.queries.hold_list import ListHolds
from gate.services.queries.hold_page import ShowHold
from gate.services.queries.log_page import ReadLog
from gate.services.queries.push_page import ShowPush
from gate.services.queries.repository_list import ListAgents, ListRepositories
from gate.services.queries.revision_files import ReadRevision
from gate.services.queries.trail import ReadTrail
from gate.services.read_raw import ReadRaw
from gate.services.read_session import ReadSession
from gate.services.reconcile import Reconcile
from gate.services.redeliver import Redeliver
from gate.services.refresh import Refresh
from gate.services.release import Release
from gate.services.reopen import Reopen
from gate.services.replay import MakeReplay
from gate.services.review import ReviewHold
from gate.services.review_request import WriteRequest
from gate.services.scan_now import ScanNow
from gate.services.scan_push import ScanPush
from gate.services.set_up_agent import SetUpAgent
from gate.services.settle import Settle
from gate.services.show import Show
from gate.services.snapshot import Snapshot
from gate.services.standing import TellAgent
from gate.services.sweep import Sweep
from gate.services.take_delivery import TakeDelivery
from gate.services.valid_policy import valid_policy
from gate.services.weigh import Weigh
from gate.transport.smart_http import create_git_blueprint
from gate.transport.wiring import TransportServices, TransportSettings
from gate.web import WebhookServices, WebServices, WebSettings, create_app

# A page and a push go on without Redis: the sweep enqueues what was lost.
_REDIS_SECONDS = 1.0
# Every request counts itself: figures are not worth waiting for.
_TALLY_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Container:
    """Every use case, wired. Building it connects to nothing; the first use does."""

    settings: Settings
    store: SqlStore
    repositories: GitRepositories
    policies: FolderOfPolicies
    queue: Queue
    redis: Redis
    report_fault: ReportFault
    signer: TreeHeadSigner
    tree_heads: StoredTreeHeads
    trail: StoredTrail
    verify_trail: TrailVerifier
    judge: Judge
    tell_hooks: TellHooks
    intake: Intake
    collect: Collect
    assess: Assess
    evidence_store: FsspecEvidenceStore
    scanner: KingfisherScanner
    scan_now: ScanNow
    operator_briefs: OperatorBriefs
    set_up_agent: SetUpAgent
    expire_evidence: ExpireEvidence
    publish: Publish
    reconcile: Reconcile
    release: Release
    settle: Settle
    show: Show
    reopen: Reopen
    take_delivery: TakeDelivery | None
    redeliver: Redeliver | None
    look_at_forges: LookAtForges
    judge_last_look: Judge
    github: GitHubAdmin | None
    forget_login: ForgetLogin
    sweep: Sweep
    maintain: Maintain
    refresh: Refresh
    review: ReviewHold
    allow_secrets: AllowSecrets
    lockdown: Lockdown
    enroll: Enroll
    agents: AgentAccounts
    people: People
    notify: Notify
    examine: Examine


def now() -> datetime:
    """The clock of a running gate; everything that needs the time is given it."""
    return datetime.now(UTC)


def new_secret() -> str:
    """256 random bits, as URL-safe text."""
    return secrets.token_urlsafe(32)


def build(settings: Settings) -> Container:
    """The gate as its processes run it: jobs go to RQ."""
    redis = Redis.from_url(
        settings.redis_url, socket_connect_timeout=_REDIS_SECONDS, retry=Retry(NoBackoff(), retries=1)
    )
    return _wire(settings, redis, RqQueue(redis, report_fault))


def build_inline(settings: Settings, *, clock: Clock = now, step: FailPoint | None = None) -> Container:
    """The gate in one process: jobs run at once, and Redis is not needed.

    A test brings its own clock, and a step that raises where it wants a crash.
    """
    queue = InlineQueue(report_fault)
    container = _wire(settings, Redis.from_url(settings.redis_url), queue, clock, step)
    names = ("intake", "collect", "assess", "publish", "reconcile", "release", "settle", "show", "reopen")
    queue.jobs = {name: getattr(container, name) for name in (*names, "take_delivery")}
    return container


def _wire(
    settings: Settings, redis: Redis, queue: Queue, clock: Clock = now, step: FailPoint | None = None
) -> Container:
    store = SqlStore(settings.database_url)
    policies = FolderOfPolicies(settings.policies)
    github = None if settings.github is None else _github(settings, settings.github, store, policies, clock)
    repositories = GitRepositories(
        settings.repositories,
        credential_helper=settings.credential_helper,
        ssh_command=settings.ssh_command,
        helper_for=None if github is None else GitHubCredentials(github.github).helper_for,
    )
    step = step or fail_point(settings.fail_point)
    local = LocalForge(store, clock)
    there = None
    if github is not None and settings.github is not None:
        choices = _forge_settings(settings.github)
        there = GitHubForge(store, repositories, github.github, local, choices, clock, step)
    forge = Forges(store, local, there)
    signer = load_signer(settings.secrets / "audit-key.pem", settings.origin)
    witness_file = WitnessFile(settings.witness_file)
    tree_heads = StoredTreeHeads(store, signer, witness_file, clock)
    code_owners = ReadCodeOwners(store, repositories, GitHubCodeOwners())
    judge = Judge(store, forge, policies, code_owners, clock)
    judge_last_look = Judge(store, LastLook(store, local), policies, code_owners, clock)
    tell_agent = TellAgent(store, repositories)
    tell_hooks = TellHooks(store, repositories, policies, _hook_settings(settings))
    evidence_store = FsspecEvidenceStore(settings.evidence_url)
    # The key of identities: who has them cannot try out what a secret was.
    scanner = KingfisherScanner(secret_in(settings.secrets / "evidence-key").encode(), settings.rule_cache)
    gather = _gather(settings, store, repositories, evidence_store, scanner, clock)
    write_request = WriteRequest(store, repositories, judge_last_look, tree_heads, settings.url)
    return Container(
        settings=settings,
        store=store,
        repositories=repositories,
        policies=policies,
        queue=queue,
        redis=redis,
        report_fault=report_fault,
        signer=signer,
        tree_heads=tree_heads,
        trail=StoredTrail(store),
        verify_trail=TrailVerifier(store, signer, witness_file, clock),
        judge=judge,
        tell_hooks=tell_hooks,
        intake=Intake(store, repositories, policies, queue, tell_agent, clock, step),
        collect=Collect(store, repositories, queue, clock, step),
        assess=Assess(store, gather, queue, tell_agent, clock, step, report_fault),
        evidence_store=evidence_store,
        scanner=scanner,
        scan_now=ScanNow(store, repositories, ScanPush(scanner)),
        operator_briefs=OperatorBriefs(store, clock, GitIgnorePathMatcher(), tell_hooks),
        set_up_agent=SetUpAgent(store, LocalAgentHomes(), clock, new_secret, settings.url),
        expire_evidence=ExpireEvidence(store, evidence_store, clock, _retention(settings)),
        publish=Publish(store, forge, write_request, queue, tell_agent, clock, step),
        reconcile=Reconcile(store, repositories, judge, queue, tell_agent, clock, step),
        release=Release(store, repositories, judge, forge, queue, clock, step, report_fault, settings.url),
        settle=Settle(
            store, repositories, forge, policies, tree_heads, tell_agent, clock, report_fault, settings.url
        ),
        show=Show(store, judge_last_look, forge, write_request, settings.url),
        reopen=Reopen(store, repositories, forge, queue, tell_agent, clock),
        take_delivery=None if github is None else _take_delivery(store, repositories, github, queue, clock),
        redeliver=None if github is None else Redeliver(store, github, queue, clock),
        look_at_forges=LookAtForges(store, github, clock),
        judge_last_look=judge_last_look,
        github=github,
        forget_login=ForgetLogin(store, clock),
        sweep=Sweep(store, repositories, policies, queue, tell_hooks, tree_heads, clock, report_fault),
        maintain=Maintain(store, repositories, report_fault),
        refresh=Refresh(store, repositories, clock, settings.refresh_after),
        review=ReviewHold(store, policies, forge, queue, clock),
        allow_secrets=AllowSecrets(store, queue, clock),
        lockdown=Lockdown(store, tell_hooks, queue, clock),
        enroll=Enroll(store, repositories, policies, tell_hooks, clock, github),
        agents=AgentAccounts(store, clock, new_secret, tell_hooks, github),
        people=People(store, Argon2PasswordHasher(), clock, new_secret, forge_admin=github),
        notify=_notify(settings, store, clock),
        examine=Examine(_installation(settings, store), store, repositories, policies, RqProbe(redis), clock),
    )


def _gather(
    settings: Settings,
    store: Store,
    repositories: GitRepositories,
    evidence_store: FsspecEvidenceStore,
    scanner: KingfisherScanner,
    clock: Clock,
) -> Gather:
    snapshot, match, parse_shell = Snapshot(evidence_store), GitIgnorePathMatcher(), BashParser()
    return Gather(
        store=store,
        repositories=repositories,
        hosts=AgentPlaces(store),
        make_redactor=lambda: KingfisherRedactor(settings.rule_cache),
        find_session=FindSession(read_head, read_thread_index),
        read_exec_head=read_exec_head,
        read_session=ReadSession(
            evidence_store,
            snapshot,
            {FileKind.ROLLOUT: read_rollout, FileKind.EXEC_LOG: read_exec_json},
        ),
        make_replay=MakeReplay(evidence_store, snapshot, read_recording),
        collect_checkpoints=CollectCheckpoints(evidence_store, read_artifact),
        find_brief=FindBrief(store),
        scan_push=ScanPush(scanner),
        weigh=Weigh(match, parse_shell, Zizmor()),
        match=match,
        parse_shell=parse_shell,
        clock=clock,
        url=settings.url,
        report_fault=report_fault,
        own_paths=(str(settings.home),),
    )


def _retention(settings: Settings) -> Retention:
    return Retention(timedelta(days=settings.evidence_days), timedelta(days=settings.raw_evidence_days))


def _notify(settings: Settings, store: Store, clock: Clock) -> Notify:
    """Without settings for it nobody is told."""
    chosen = settings.notify
    if chosen is None:
        return Notify(store, (), timedelta(), settings.url, clock, report_fault)
    notifiers: list[Notifier] = []
    if chosen.smtp_url is not None and chosen.sender is not None:
        server = MailServer.at(chosen.smtp_url, chosen.smtp_password)
        notifiers.append(EmailNotifier(server, chosen.sender, chosen.recipients, clock, report_fault))
    if chosen.slack_url is not None:
        notifiers.append(SlackNotifier(chosen.slack_url))
    return Notify(store, notifiers, chosen.every, settings.url, clock, report_fault)


def _github(
    settings: Settings, chosen: GitHubSettings, store: Store, policies: FolderOfPolicies, clock: Clock
) -> GitHubAdmin:
    """GitHub as admins see it; its client is what everything else uses."""

    def upstreams() -> list[str]:
        with store.snapshot() as tx:
            return [one.upstream for one in tx.repositories.all() if one.forge == GITHUB]

    def is_merged(repository: str) -> bool:
        policy = valid_policy(policies, repository)
        return policy is not None and policy.release.method is not Method.FAST_FORWARD

    client = GitHub(GitHubAccess.of(chosen, settings.secrets / "github"), clock)
    sent = GitHubDeliveries(client, upstreams, Registration(chosen.url, settings.url).webhook_url)
    return GitHubAdmin(client, sent, is_fork_mode=chosen.review_branches == "fork", is_merged=is_merged)


def _forge_settings(chosen: GitHubSettings) -> GitHubForgeSettings:
    return GitHubForgeSettings(chosen.review_branches, chosen.fork_owner, chosen.is_draft)


def _take_delivery(
    store: Store, repositories: GitRepositories, github: GitHubAdmin, queue: Queue, clock: Clock
) -> TakeDelivery:
    def own_account(upstream: str) -> Account:
        return github.github.account(github.full_name(upstream))

    return TakeDelivery(store, repositories, github, own_account, queue, clock)


def _installation(settings: Settings, store: SqlStore) -> InstallationOnDisk:
    private = (settings.repositories, settings.policies, settings.secrets)
    return InstallationOnDisk(settings.home, private, store)


def _hook_settings(settings: Settings) -> HookSettings:
    limits = Limits(settings.max_pack_size, settings.max_file_size, settings.max_changed_files)
    return HookSettings(settings.url, settings.reply, limits, str(settings.scan_socket), settings.fail_point)


def build_app(container: Container) -> Flask:
    """The web process: pages for people, and git over HTTP for agents."""
    settings = container.settings
    app = create_app(_web_services(container), _web_settings(settings))
    git = create_git_blueprint(
        TransportServices(
            authenticate=AuthenticateAgent(container.store, now),
            refresh=container.refresh,
            noticed=container.queue.intake,
        ),
        TransportSettings(settings.repositories),
    )
    app.extensions["csrf"].exempt(git)
    app.register_blueprint(git)
    return app


def _web_services(container: Container) -> WebServices:
    store, probe = container.store, RqProbe(container.redis)
    return WebServices(
        clock=now,
        people=container.people,
        list_holds=ListHolds(store, container.judge_last_look),
        show_hold=ShowHold(store, container.judge_last_look),
        read_revision=ReadRevision(store, container.repositories),
        show_push=ShowPush(store),
        list_repositories=ListRepositories(store, container.policies),
        list_agents=ListAgents(store),
        read_trail=ReadTrail(store, container.trail, now),
        read_health=ReadHealth(store, probe, Disk(container.settings.home)),
        check_ready=CheckReady(store, probe),
        read_evidence=ReadEvidence(store, container.evidence_store),
        read_log=ReadLog(container.evidence_store),
        read_raw=ReadRaw(store, container.evidence_store, now),
        allow_secrets=container.allow_secrets,
        review=container.review,
        lockdown=container.lockdown,
        take_census=SqlCensus(store),
        tally=RedisTally(
            Redis.from_url(
                container.settings.redis_url,
                socket_timeout=_TALLY_SECONDS,
                retry=Retry(NoBackoff(), retries=0),
            )
        ),
        webhooks=_webhook_services(container),
    )


def _webhook_services(container: Container) -> WebhookServices | None:
    chosen, store = container.settings.github, container.store
    if chosen is None or container.redeliver is None:
        return None
    accept = AcceptDelivery(store, container.queue, now, chosen.webhook_secrets)
    return WebhookServices(accept, ListDeliveries(store), container.redeliver)


def _web_settings(settings: Settings) -> WebSettings:
    return WebSettings(
        secret_key=secret_in(settings.secrets / "session-key"),
        base_url=settings.url,
        cookie_secure=settings.url.startswith("https://"),
        session_lifetime=settings.session_lifetime,
        limiter_storage=_limiter_storage(settings.redis_url),
        metrics_token=secret_in(settings.secrets / "metrics-token"),
        proxies=settings.trusted_proxies,
    )


def _limiter_storage(redis_url: str) -> str:
    """The same Redis, in Flask-Limiter's spelling of a socket's URL."""
    return redis_url.replace("unix://", "redis+unix://", 1)
