"""Hold a push: number its updates, and write held refs and receipt in one ref transaction."""

import posix

from pushgate_hook.encode import json_text
from pushgate_hook.fail_point import stop_at
from pushgate_hook.git import Git, GitFailed
from pushgate_hook.identity import Identity, utc_now
from pushgate_hook.records import Records, Standing
from pushgate_hook.refs import Update
from pushgate_hook.settings import Settings


class Push:
    """One push as git hands it over."""

    __slots__ = ("identity", "is_atomic", "options", "updates")

    def __init__(
        self, identity: Identity, updates: list[Update], options: list[str], *, is_atomic: bool
    ) -> None:
        self.identity = identity
        self.updates = updates
        self.options = options
        self.is_atomic = is_atomic


class Held:
    """What became of one update. `before` is how its ref stood; `is_new` says that it was held just now."""

    __slots__ = ("before", "held_ref", "is_new", "number", "revision", "update")

    def __init__(
        self, update: Update, number: int, revision: int, *, before: Standing | None, is_new: bool
    ) -> None:
        self.update = update
        self.number = number
        self.revision = revision
        self.before = before
        self.is_new = is_new
        self.held_ref: str | None = None


class Moved(Exception):
    """Refs that are no longer where the client said they were."""

    def __init__(self, refs: list[str]) -> None:
        self.refs = refs
        super().__init__(f"moved: {', '.join(refs)}")


def hold(push: Push, *, records: Records, git: Git, settings: Settings) -> list[Held]:
    """Hold every update of the push, or none: raise Moved or GitFailed when nothing was held."""
    lock = records.lock()
    try:
        _finish_pending(records, git)
        last = records.last_number()
        first_free = 1 + (_highest_number(records, git) if last is None else last)
        outcome = _plan(push, records, first_free, supersedes=settings.on_push == "supersede")
        if any(held.is_new for held in outcome):
            _write(push, [held for held in outcome if held.is_new], records, git, settings)
        return outcome
    finally:
        posix.close(lock)


def _plan(push: Push, records: Records, first_free: int, *, supersedes: bool) -> list[Held]:
    befores = [records.standing(push.identity.agent, update.ref) for update in push.updates]
    known = [_is_held(update, before) for update, before in zip(push.updates, befores, strict=True)]
    # What is asked for together is reviewed and released together, so it is in one receipt.
    is_anew = push.is_atomic and not all(known)
    outcome = []
    for update, before, is_known in zip(push.updates, befores, known, strict=True):
        if before is None or not before.is_live or (supersedes and not is_known):
            outcome.append(Held(update, first_free, 1, before=before, is_new=True))
            first_free += 1
        elif is_known and not is_anew:
            outcome.append(Held(update, before.hold, before.revision, before=before, is_new=False))
        else:
            outcome.append(Held(update, before.hold, before.revision + 1, before=before, is_new=True))
    return outcome


def _is_held(update: Update, before: Standing | None) -> bool:
    return before is not None and before.is_live and before.is_about(update.old, update.new)


def _write(push: Push, new: list[Held], records: Records, git: Git, settings: Settings) -> None:
    records.check_guard()
    # The number is spent before the transaction: a crash between them leaves a gap, never a number twice.
    # What comes after the transaction is done again by the next push, from the receipt of the pending one.
    identity = push.identity
    if any(held.revision == 1 for held in new):
        records.write_last_number(max(held.number for held in new if held.revision == 1))
    records.write_pending(identity.push)
    _name_held_refs(identity.push, new)
    receipt = json_text(_receipt(push, new, settings)).encode()
    stop_at("proc-receive:before-hold", settings.fail_point)
    oid = git.run("hash-object", "-w", "--stdin", stdin=receipt).decode().strip()
    _commit(git, new, f"refs/quarantine/{identity.push}/receipt", oid)
    stop_at("proc-receive:held", settings.fail_point)
    for held in new:
        update = held.update
        standing = Standing(held.number, held.revision, "received", update.old, update.new, identity.push)
        records.write_standing(identity.agent, update.ref, standing)
    records.clear_pending()


def _name_held_refs(push: str, new: list[Held]) -> None:
    kept = [held for held in new if not held.update.is_delete]
    for index, held in enumerate(kept, start=1):
        held.held_ref = f"refs/quarantine/{push}/{index}"


def _receipt(push: Push, new: list[Held], settings: Settings) -> dict[str, object]:
    return {
        "format": 1,
        "push": push.identity.push,
        "agent": push.identity.agent,
        "transport": push.identity.transport or None,
        **_claim(push.identity),
        "received_at": utc_now(),
        "atomic": push.is_atomic,
        "options": push.options,
        "reply": "accept" if settings.accepts else "hold",
        "updates": [
            {
                "ref": held.update.ref,
                "old": held.update.old,
                "new": held.update.new,
                "held_ref": held.held_ref,
                "hold": held.number,
                "revision": held.revision,
            }
            for held in new
        ],
    }


def _claim(identity: Identity) -> dict[str, object]:
    return {"claim": identity.claim, "claim_by": identity.claim_by} if identity.claim else {}


def _commit(git: Git, new: list[Held], receipt_ref: str, receipt: str) -> None:
    # git writes the refs in this order. The receipt comes last: where it is, everything is.
    commands = [f"verify {held.update.ref}\0{held.update.old}\0" for held in new]
    commands += [f"create {held.held_ref}\0{held.update.new}\0" for held in new if held.held_ref]
    commands.append(f"create {receipt_ref}\0{receipt}\0")
    try:
        # The hook reference-transaction guards the refs against everybody else, and would start two shells.
        quietly = ("-c", "core.hooksPath=/dev/null")
        git.run(*quietly, "update-ref", "--stdin", "-z", stdin="".join(commands).encode())
    except GitFailed:
        moved = _moved(git, [held.update for held in new])
        if moved:
            raise Moved(moved) from None
        raise


def _moved(git: Git, updates: list[Update]) -> list[str]:
    names = [update.ref for update in updates]
    listing = git.run("for-each-ref", "--format=%(refname) %(objectname)", *(name.encode() for name in names))
    now = dict(line.split(" ") for line in listing.decode().splitlines())
    return [
        update.ref
        for update in updates
        if now.get(update.ref, "") != ("" if update.is_create else update.old)
    ]


def _finish_pending(records: Records, git: Git) -> None:
    """Write the standings of a push whose hook was stopped after its transaction."""
    pending = records.pending()
    if pending is None:
        return
    # cat-file ends with status 128 both for a ref that is not there and for a damaged repository.
    found = git.run("for-each-ref", "--format=%(objectname)", f"refs/quarantine/{pending}/receipt")
    if found:
        _write_standings_of(records, git.run("cat-file", "blob", found.strip()))
    records.clear_pending()


def _write_standings_of(records: Records, content: bytes) -> None:
    import json  # only after a crash: 6 ms

    receipt = json.loads(content)
    for update in receipt["updates"]:
        known = records.standing(receipt["agent"], update["ref"])
        if known and (known.hold, known.revision) >= (update["hold"], update["revision"]):
            continue  # the gate took it in meanwhile, and knows more than the receipt
        standing = Standing(
            update["hold"], update["revision"], "received", update["old"], update["new"], receipt["push"]
        )
        records.write_standing(receipt["agent"], update["ref"], standing)


def _highest_number(records: Records, git: Git) -> int:
    """The highest number given so far, when the file that says so is lost."""
    import json  # only when the file is lost: 6 ms

    numbers = [standing.hold for standing in records.standings()]
    oids = git.run("for-each-ref", "--format=%(objectname)", "refs/quarantine/*/receipt").split()
    for oid in oids:
        receipt = json.loads(git.run("cat-file", "blob", oid))
        numbers += [update["hold"] for update in receipt["updates"]]
    return max(numbers, default=0)
