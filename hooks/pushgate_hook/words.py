"""What the pusher, most often a language model, reads in the terminal: short, and with the next step."""

from pushgate_hook.descriptors import write_all
from pushgate_hook.hold import Held
from pushgate_hook.reason import Reason

MOST_LINES = 10
_LONGEST_TEXT = 400

_STATE_WORDS = {
    "changes_requested": "reviewers asked for changes",
    "approved": "approved, on its way upstream",
    "releasing": "approved, on its way upstream",
    "blocked": "blocked",
}


def say(lines: list[str]) -> None:
    """Write lines to standard error, which git shows to the pusher as `remote:` lines."""
    try:  # noqa: SIM105 - contextlib costs 1 ms at every push
        write_all(2, "".join(f"{line}\n" for line in lines).encode(errors="backslashreplace"))
    except OSError:
        pass  # the pusher is gone and reads nothing; what the hook does must not depend on that


def legible(text: str) -> str:
    """`text` as Unicode that can be stored anywhere: bytes that are no UTF-8 are written as \\xff."""
    return text.encode(errors="surrogateescape").decode(errors="backslashreplace")


def shown(text: str) -> str:
    """`text` on one line, with control, bidi and invisible characters escaped, and cut when it is long."""
    letters = [
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in legible(text)[:_LONGEST_TEXT]
    ]
    return "".join(letters) + (" [cut]" if len(text) > _LONGEST_TEXT else "")


def refusal(reasons: list[Reason]) -> list[str]:
    """What the pusher reads when a push is refused."""
    lines = ["Pushgate refused this push. Nothing of it was kept, and upstream has not moved."]
    for number, reason in enumerate(reasons, start=1):
        if number > 2 * MOST_LINES:
            lines.append(f"and {len(reasons) - 2 * MOST_LINES} more reasons.")
            break
        about = "" if reason.ref is None else f"{shown(reason.ref)}: "
        lines += [f"{number}. {about}{reason.what} [{reason.rule}]", f"   Fix: {reason.fix}"]
    lines.append("The same push gets the same answer: mend every point above before you push again,")
    lines.append("and do not look for a way around the gate.")
    return lines


def moved(refs: list[str]) -> list[str]:
    """What the pusher reads when upstream moved between its look and its push."""
    names = ", ".join(shown(ref) for ref in refs[:MOST_LINES])
    return [
        f"Pushgate held nothing of this push: upstream moved {names} while you were pushing.",
        "Run `git fetch`, rebase onto what is there now, and push again.",
    ]


def answer(held: Held) -> str:
    """The few words behind one ref in git's own report."""
    if held.is_new:
        return f"held for review as {held.number} (revision {held.revision})"
    return f"already held as {held.number}, {_waits_for(held)}"


def report(outcome: list[Held], *, push: str, url: str, accepts: bool) -> list[str]:
    """What the pusher reads when a push is held."""
    is_new = any(held.is_new for held in outcome)
    lines = [
        "Pushgate holds this push for review. This is expected and not an error."
        if is_new
        else "Pushgate already holds this push. This is expected and not an error; nothing new was written."
    ]
    lines += [f"  {_line(held)}" for held in outcome[:MOST_LINES]]
    if len(outcome) > MOST_LINES:
        lines.append(f"  and {len(outcome) - MOST_LINES} more refs, held in the same way")
    lines += _earlier_words(outcome)
    if is_new or not outcome[0].before:
        lines.append(f"Review: {url}/pushes/{push}")
    else:
        lines.append(f"Review: {url}/pushes/{outcome[0].before.push}")
    return lines + _what_now(accepts=accepts)


def _what_now(*, accepts: bool) -> list[str]:
    facts = (
        "Upstream has not moved yet, although git reports success."
        if accepts
        else "Upstream has not moved yet, so git says `remote rejected` and exits with status 1."
    )
    return [
        facts,
        "Now go on with other work, or finish. An approved push goes upstream by itself.",
        "Do not push it again, do not force, and do not look for another way.",
        "To change it, add a commit on the same branch and push: the same hold takes it in.",
    ]


def _line(held: Held) -> str:
    update = held.update
    if held.is_new:
        return f"hold {held.number}, revision {held.revision}: {_kind(held)} {shown(update.ref)}"
    return f"already held as {held.number}, {_waits_for(held)}: {_kind(held)} {shown(update.ref)}"


def _kind(held: Held) -> str:
    update = held.update
    noun = "tag" if update.is_tag else "branch" if update.ref.startswith("refs/heads/") else "ref"
    if update.is_delete:
        return f"delete {noun}"
    return f"new {noun}" if update.is_create else f"change {noun}"


def _waits_for(held: Held) -> str:
    state = held.before.state if held.before else "received"
    return _STATE_WORDS.get(state, "waiting for a review")


def _earlier_words(outcome: list[Held]) -> list[str]:
    """What people, or the release, said about these refs before this push."""
    lines = []
    for held in outcome:
        before = held.before
        if before is not None and before.state == "released_rewritten":
            lines += _rewritten(before.hold, held.update.ref)
        if before is None or not (before.is_live or before.state == "rejected"):
            continue
        lines += [f"Asked for on hold {before.hold} by {shown(ask)}" for ask in before.asks]
        if before.state == "blocked":
            lines.append(f"Hold {before.hold} was blocked: {shown(before.reason) or 'see the review page'}")
            lines.append(
                "  If upstream moved: `git fetch`, rebase, and push the same branch; it needs no force."
            )
        elif before.state == "rejected" and before.reason:
            lines.append(f"Hold {before.hold} on this ref was rejected: {shown(before.reason)}")
    if len(lines) > MOST_LINES // 2:
        lines[MOST_LINES // 2 :] = [f"and {len(lines) - MOST_LINES // 2} more: read them on the review page"]
    return lines


def _rewritten(hold: int, ref: str) -> list[str]:
    """For a hold that was squashed or rebased on its way upstream, which leaves the agent's copy behind."""
    line = f"Hold {hold} on this ref went upstream as other commits, squashed or rebased."
    if not ref.startswith("refs/heads/"):
        return [line]
    upstream = f"origin/{shown(ref.removeprefix('refs/heads/'))}"
    return [
        line,
        f"  If this push still has the old ones: `git fetch && git reset --hard {upstream}`,",
        "  bring over only what is new since then (git cherry-pick), and push that.",
    ]
