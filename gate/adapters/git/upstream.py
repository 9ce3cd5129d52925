"""The repository that the gate protects, and the gate's mirror of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gate.adapters.git.address import check_address
from gate.adapters.git.command import Git
from gate.adapters.git.guard import guarded
from gate.adapters.git.notes import Notes
from gate.adapters.git.objects import full
from gate.adapters.git.push_report import push_outcome
from gate.adapters.git.remote_words import unreachable
from gate.adapters.git.turns import Turns
from gate.domain.errors import Failed, Invalid, Unavailable
from gate.domain.hold import ZERO_OID
from gate.domain.pull_request.model import REVIEW_BRANCHES
from gate.domain.release import PushRefused, RefMove

_MIRROR_FOLDERS = ("refs/heads/", "refs/tags/")
_MIRRORED = tuple(f"{folder}*" for folder in _MIRROR_FOLDERS)
# What is held is nobody's to fetch, and these branches come and go with every hold.
_REVIEW_FOLDER = f"refs/heads/{REVIEW_BRANCHES}"
_FETCH = (
    *("fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance"),
    *("--no-recurse-submodules", "--no-show-forced-updates"),
)
_PUSH = ("push", "--porcelain", "--no-verify", "--no-signed", "--no-recurse-submodules", "--no-follow-tags")
_GIVE_UP_ON_SILENCE = ["http.lowSpeedLimit=1", "http.lowSpeedTime=60"]
_LOOK_SECONDS = 30.0
_FETCH_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class Access:
    """How git reaches an upstream: its address, and the program that knows the credentials for it.

    `credential_helper` is what git-config(1) takes as `credential.helper`: an absolute path, or
    `store --file=…`. `helper_for` tells a better one for an address, or None; it may take its time to get
    fresh credentials. The secret itself is never in arguments, in configuration or in logs.
    """

    address: str
    credential_helper: str | None = None
    ssh_command: str = "ssh"
    helper_for: Callable[[str], str | None] | None = None

    def git(self, git: Git) -> Git:
        """Git that may ask for the credentials of this upstream now, and never a person.

        Raises Unavailable where there are no credentials to be had.
        """
        helper = self._helper()
        helpers = ["", *([helper] if helper else [])]
        options = [f"credential.helper={helper}" for helper in helpers] + _GIVE_UP_ON_SILENCE
        return git.having(
            *(word for option in options for word in ("-c", option)),
            GIT_SSH_COMMAND=f"{self.ssh_command} -o BatchMode=yes -o ConnectTimeout=20",
            # Any other program name would be run once more to see what it is.
            GIT_SSH_VARIANT="ssh",
        )

    def _helper(self) -> str | None:
        try:
            better = self.helper_for(self.address) if self.helper_for else None
        except Unavailable:
            raise
        except (Failed, Invalid) as fault:
            raise Unavailable(f"{self.address} cannot be reached: {fault}") from fault
        return better or self.credential_helper


class GitUpstream:
    """Talks to one upstream over any git URL or path."""

    def __init__(self, git: Git, access: Access) -> None:
        self._local = git
        self._access = access
        self._turns = Turns(git.folder / "pushgate" / "sync")

    def tips(self, refs: Sequence[str]) -> dict[str, str]:
        if not refs:
            return {}
        # git takes each name as a pattern for the end of a ref's name.
        found, _ = self._look(*refs)
        return {ref: found.get(ref, ZERO_OID) for ref in refs}

    def sync(self) -> None:
        """Fetch every branch and tag, and drop those that are gone; returns at once where all is the same.

        Syncs take turns. One that waited while a whole sync began and ended does nothing.
        """
        with self._turns.taken() as is_needed:
            if is_needed:
                self._sync()

    def push(self, moves: Sequence[RefMove], *, timeout: float) -> PushRefused | None:
        check_address(self._access.address)
        leases = [f"--force-with-lease={move.ref}:{_or_nothing(move.expected)}" for move in moves]
        specs = [f"{_or_nothing(move.new)}:{move.ref}" for move in moves]
        # Servers that know no atomic pushes still take a single move.
        group = ["--atomic"] if len(moves) > 1 else []
        git = self._remote().having("-c", "core.hooksPath=/dev/null")
        pushed = git.run(*_PUSH, *group, *leases, "--", self._access.address, *specs, timeout=timeout)
        return push_outcome(self._access.address, pushed)

    def mirror(self, move: RefMove) -> None:
        if move.new == ZERO_OID:
            command = f"delete {move.ref} {_expected(move)}\n"
        else:
            command = f"update {move.ref} {full(move.new)} {_expected(move)}\n"
        arguments = ("update-ref", "--stdin")
        completed = guarded(self._local).run(*arguments, stdin=command.encode(errors="surrogateescape"))
        if completed.status and not self._has_moved_on(move):
            raise self._local.failure(arguments, completed.status, completed.words)

    def write_note(self, oid: str, text: str) -> PushRefused | None:
        return Notes(self._local, self._remote(), self._access.address, self).write(full(oid), text)

    def _sync(self) -> None:
        found, head = self._look("HEAD", *_MIRRORED)
        # git takes each name as a pattern for the end of a ref's name.
        wanted = {ref: oid for ref, oid in found.items() if _is_mirrored(ref)}
        mirrored = self._mirrored()
        if wanted != mirrored:
            self._drop_review_branches(mirrored)
            self._fetch()
        if head is not None:
            self._set_head(head)

    def _fetch(self) -> None:
        specs = [*(f"+{pattern}:{pattern}" for pattern in _MIRRORED), f"^{_REVIEW_FOLDER}*"]
        git = guarded(self._remote())
        fetched = git.run(*_FETCH, "--", self._access.address, *specs, timeout=_FETCH_SECONDS)
        if fetched.status:
            raise unreachable(self._access.address, fetched.words)

    def _mirrored(self) -> dict[str, str]:
        # Not `*`, which stops at a slash here.
        lines = self._local.text("for-each-ref", "--format=%(objectname) %(refname)", *_MIRROR_FOLDERS)
        return {ref: oid for oid, _, ref in (line.partition(" ") for line in lines.split("\n") if line)}

    def _drop_review_branches(self, mirrored: dict[str, str]) -> None:
        """Delete those that were mirrored before this rule: git prunes nothing that a fetch leaves out."""
        gone = [f"delete {ref} {oid}\n" for ref, oid in mirrored.items() if not _is_mirrored(ref)]
        if gone:
            stdin = "".join(gone).encode(errors="surrogateescape")
            guarded(self._local).output("update-ref", "--stdin", stdin=stdin)

    def _set_head(self, branch: str) -> None:
        head = self._local.folder / "HEAD"
        if head.read_text(errors="surrogateescape") != f"ref: {branch}\n":
            guarded(self._local).output("symbolic-ref", "HEAD", branch)

    def _look(self, *patterns: str) -> tuple[dict[str, str], str | None]:
        """Upstream's refs as they are now, and the branch that its HEAD is on, if that was asked for."""
        check_address(self._access.address)
        arguments = ("ls-remote", "--quiet", "--symref", "--", self._access.address, *patterns)
        looked = self._remote().run(*arguments, timeout=_LOOK_SECONDS)
        if looked.status:
            raise unreachable(self._access.address, looked.words)
        return _refs(looked.output.decode(errors="surrogateescape"))

    def _remote(self) -> Git:
        """Git with credentials that are fresh now: a token may last for less than this process."""
        return self._access.git(self._local)

    def _has_moved_on(self, move: RefMove) -> bool:
        """Whether the mirror is not at what the move expected: it is done, or a sync saw something newer."""
        return self._mirrored().get(move.ref, ZERO_OID) != move.expected


def _is_mirrored(ref: str) -> bool:
    return ref.startswith(_MIRROR_FOLDERS) and not ref.startswith(_REVIEW_FOLDER)


def _refs(listing: str) -> tuple[dict[str, str], str | None]:
    refs: dict[str, str] = {}
    head = None
    for line in listing.split("\n"):
        value, _, name = line.partition("\t")
        if value.startswith("ref: "):
            head = value.removeprefix("ref: ") if name == "HEAD" else head
        elif name and not name.endswith("^{}"):
            refs[name] = value
    return refs, head


def _or_nothing(oid: str) -> str:
    return "" if oid == ZERO_OID else full(oid)


def _expected(move: RefMove) -> str:
    return full(move.expected)
