"""H01, H02, H05, H07: the push itself, its commits and what they say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from gate.domain.facts import Commit
from gate.domain.hold import UpdateKind
from gate.domain.risk.diff.look import Hit, PushLook, PushRule
from gate.domain.risk.diff.patterns import any_of
from gate.domain.risk.model import Rule, Severity
from gate.domain.risk.view import Line

H01 = Rule(
    id="H01",
    name="history-rewrite",
    severity=Severity.HIGH,
    why="Commits that others have seen, or built on, are not there any more.",
    check="See whose commits go, and that the work in them is elsewhere.",
)
H02 = Rule(
    id="H02",
    name="identity",
    severity=Severity.INFO,
    why="Anybody can write any name into a commit: the gate knows who pushed, and not who wrote.",
    check="See whether the other one knows of it.",
)
H05 = Rule(
    id="H05",
    name="odd-ref",
    severity=Severity.HIGH,
    why="It is no branch and no tag of this history, and changes what git shows, or where it came from.",
    check="Ask what it is for.",
)
H07 = Rule(
    id="H07",
    name="message",
    severity=Severity.LOW,
    why="People and programs act on what a message says, and the agent wrote it.",
    check="Take nothing in it for a review, and see that CI runs.",
)

_OWN = "refs/heads/codex/"
_ORDINARY = ("refs/heads/", "refs/tags/")
_SOON = timedelta(hours=1)
_SKIP_CI = any_of(
    r"\[(?:skip[ -]ci|ci[ -]skip|no[ -]ci|skip actions|actions skip|skip travis|skip netlify)\]",
    r"\*\*\*NO_CI\*\*\*",
    r"^skip-checks:[ \t]*true",
    flags=re.IGNORECASE,
)
_TRAILER = re.compile(
    r"[ \t]*(?:(?:reviewed|approved|acked|merged)(?:-and-[\w-]+)?[- ]by|pushgate-[\w-]+)[ \t]*:",
    re.IGNORECASE,
)
_CLAIM = any_of(
    r"\b(?:approved|reviewed|verified|tested|signed off|lgtm)\b[^\n]{0,40}\bby\b(?!-)",
    r"\balready (?:been )?(?:approved|reviewed)\b",
    r"^[ \t]*(?:approved|lgtm)[ \t]*:",
    flags=re.IGNORECASE,
)
_MOST_LINES = 2_000


def rewrite(look: PushLook) -> Iterator[Hit]:
    view, update = look.view, look.view.update
    kind, dropped = view.kind, view.facts.dropped
    if kind not in (UpdateKind.REWRITE, UpdateKind.DELETE):
        return
    own = update.ref.startswith((_OWN, f"refs/heads/{view.agent}/"))
    severity = Severity.CRITICAL if view.is_protected else Severity.MEDIUM if own else Severity.HIGH
    is_tag = update.ref.startswith("refs/tags/")
    what = (
        "is deleted" if kind is UpdateKind.DELETE else "moves to another commit" if is_tag else "is rewritten"
    )
    name = "A tag" if is_tag else "A branch"
    lost = f", and upstream loses {len(dropped)} commits" if dropped else ", and no commit is lost"
    yield Hit(
        f"{name} {what}{lost}",
        severity=severity,
        ref=update.ref,
        oid=update.old,
        seen="\n".join(f"{commit.oid[:12]} {commit.subject}" for commit in dropped[:5]),
        key=update.old,
    )


def identity(look: PushLook) -> Iterator[Hit]:
    """Names beside the one that most commits carry. Who that should be is not known here."""
    commits = look.view.facts.commits
    names = Counter(_committer(commit) for commit in commits)
    usual = names.most_common(1)[0][0] if names else None
    told = {usual}
    for commit in commits:
        for role, who in (("author", _author(commit)), ("committer", _committer(commit))):
            if who not in told:
                told.add(who)
                name, email = who
                words = f"A commit names another {role} than most of this push"
                yield Hit(words, oid=commit.oid, seen=f"{name} <{email}>", key=f"{name} {email}")


def from_the_future(look: PushLook) -> Iterator[Hit]:
    late = [one for one in look.view.facts.commits if one.committed_at > look.view.now + _SOON]
    if late:
        words = f"{len(late)} commits are dated after they were pushed"
        yield Hit(
            words,
            severity=Severity.LOW,
            oid=late[0].oid,
            seen=f"{late[0].committed_at:%Y-%m-%d %H:%M} UTC",
            key="date",
        )


def unrelated(look: PushLook) -> Iterator[Hit]:
    """A history of its own. For a new branch that is no rarity: a first push has nothing else."""
    roots = [commit for commit in look.view.facts.commits if not commit.parents]
    if not roots:
        return
    is_new = look.view.kind in (UpdateKind.CREATE, UpdateKind.TAG)
    if len(roots) == 1 and is_new:
        words, severity = "A new ref with a history of its own, or the first push of all", Severity.LOW
    else:
        words, severity = f"{len(roots)} commits begin a history that upstream does not have", H05.severity
    yield Hit(words, severity=severity, oid=roots[0].oid, ref=look.view.update.ref, key=roots[0].oid)


def odd_ref(look: PushLook) -> Iterator[Hit]:
    ref = look.view.update.ref
    if not ref.startswith(_ORDINARY):
        yield Hit("The ref is neither a branch nor a tag", ref=ref, seen=ref, key=ref)


def messages(look: PushLook) -> Iterator[Hit]:
    for commit in look.view.facts.commits:
        text = f"{commit.subject}\n\n{commit.body}"
        if not text.strip():
            yield Hit("A commit has no message", oid=commit.oid, key=commit.oid)
            continue
        for number, words in enumerate(text.split("\n")[:_MOST_LINES], 1):
            found = _said(words[:1_000], is_subject=number == 1)
            if found is not None:
                what, severity = found
                yield Hit(what, Line(number, words), severity, oid=commit.oid, key=f"{commit.oid} {words}")


def _said(line: str, *, is_subject: bool) -> tuple[str, Severity] | None:
    if _TRAILER.match(line) and not is_subject:
        return (
            "A message says that somebody reviewed or approved, which cannot be before it is pushed",
            Severity.HIGH,
        )
    if _SKIP_CI.search(line):
        return "A message tells CI not to run", Severity.LOW
    if _CLAIM.search(line):
        return "A message says that it was reviewed or approved", Severity.LOW
    return None


def _author(commit: Commit) -> tuple[str, str]:
    return commit.author, commit.author_email


def _committer(commit: Commit) -> tuple[str, str]:
    return commit.committer, commit.committer_email


PUSH_RULES = (
    PushRule(H01, rewrite),
    PushRule(H02, identity),
    PushRule(H02, from_the_future),
    PushRule(H05, unrelated),
    PushRule(H05, odd_ref),
    PushRule(H07, messages),
)
