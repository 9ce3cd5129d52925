"""Pushes made of texts, for rules that look at them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import SequenceMatcher

from gate.adapters.path_matcher import GitIgnorePathMatcher
from gate.domain.brief.model import BriefReport
from gate.domain.facts import ChangedFile, Commit, DiffFacts
from gate.domain.hold import ZERO_OID, RefUpdate, UpdateKind
from gate.domain.risk.diff import assess_diff
from gate.domain.risk.model import Finding
from gate.domain.risk.path_class import path_class
from gate.domain.risk.view import ChangedText, Line, PushView

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
OLD, NEW = "a" * 40, "b" * 40
Content = str | bytes | None


@dataclass(frozen=True)
class File:
    """One changed path: its content before and after, None where it is not there."""

    old: Content = None
    new: Content = None
    old_mode: str = "100644"
    new_mode: str = "100644"
    renamed_from: str | None = None
    is_cut: bool = False


@dataclass(frozen=True)
class Pushed:
    """A push as `assess_diff` takes it."""

    view: PushView
    texts: Sequence[ChangedText]

    def findings(self) -> list[Finding]:
        return list(assess_diff(self.view, self.texts, GitIgnorePathMatcher()))


@dataclass
class Blobs:
    """Contents by oid. What is larger than `limit` cannot be read."""

    contents: dict[str, bytes] = field(default_factory=dict)
    limit: int = 1 << 20
    reads: int = 0

    def keep(self, content: Content) -> str:
        if content is None:
            return ZERO_OID
        oid = hashlib.sha1(_bytes(content)).hexdigest()
        self.contents[oid] = _bytes(content)
        return oid

    def __call__(self, oid: str) -> bytes | None:
        self.reads += 1
        content = self.contents.get(oid)
        return content if content is not None and len(content) <= self.limit else None


def push(
    files: Mapping[str, File],
    *,
    kind: UpdateKind = UpdateKind.FAST_FORWARD,
    ref: str = "refs/heads/main",
    commits: Sequence[Commit] = (),
    dropped: Sequence[Commit] = (),
    brief: BriefReport | None = None,
    is_protected: bool = False,
    truncated: bool = False,
    blobs: Blobs | None = None,
) -> Pushed:
    """A push of these files. A rename is a deleted and an added file, as git's facts have it."""
    blobs = blobs if blobs is not None else Blobs()
    texts = tuple(_text(path, file, blobs) for path, file in sorted(files.items()))
    update = RefUpdate(
        ref,
        ZERO_OID if kind in (UpdateKind.CREATE, UpdateKind.TAG) else OLD,
        ZERO_OID if kind is UpdateKind.DELETE else NEW,
    )
    facts = DiffFacts(
        base=OLD,
        commits=tuple(commits),
        dropped=tuple(dropped),
        files=tuple(text.file for text in texts),
        is_ancestor=kind is not UpdateKind.REWRITE,
        truncated=truncated,
    )
    view = PushView(
        repository="demo",
        agent="codex-1",
        update=update,
        kind=kind,
        facts=facts,
        blob=blobs,
        now=NOW,
        brief=brief,
        is_protected=is_protected,
    )
    return Pushed(view, texts)


def commit(message: str = "Change it", *, oid: str = NEW, at: datetime = NOW, **values: object) -> Commit:
    """A commit by codex-1."""
    subject, _, body = message.partition("\n\n")
    fields: dict[str, object] = {
        "oid": oid,
        "parents": (OLD,),
        "author": "codex-1",
        "author_email": "codex-1@example.org",
        "committer": "codex-1",
        "committer_email": "codex-1@example.org",
        "committed_at": at,
        "subject": subject,
        "body": body,
    }
    return Commit(**{**fields, **values})  # type: ignore[arg-type]


def _text(path: str, file: File, blobs: Blobs) -> ChangedText:
    is_binary = any(b"\0" in _bytes(side)[:8000] for side in (file.old, file.new) if side is not None)
    added, removed = ((), ()) if is_binary else _changes(_lines(file.old), _lines(file.new))
    changed = ChangedFile(
        path=path,
        status="A" if file.old is None else "D" if file.new is None else "M",
        old_mode="000000" if file.old is None else file.old_mode,
        new_mode="000000" if file.new is None else file.new_mode,
        old_oid=blobs.keep(file.old),
        new_oid=blobs.keep(file.new),
        additions=None if is_binary else len(added),
        deletions=None if is_binary else len(removed),
    )
    return ChangedText(
        file=changed,
        path_class=path_class(path),
        added=added,
        removed=removed,
        renamed_from=file.renamed_from,
        is_cut=file.is_cut,
    )


def _changes(old: list[str], new: list[str]) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    added: list[Line] = []
    removed: list[Line] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            removed += [Line(number + 1, old[number]) for number in range(i1, i2)]
            added += [Line(number + 1, new[number]) for number in range(j1, j2)]
    return tuple(added), tuple(removed)


def _lines(content: Content) -> list[str]:
    text = _bytes(content or "").decode("utf-8", "surrogateescape")
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _bytes(content: Content) -> bytes:
    return content if isinstance(content, bytes) else (content or "").encode("utf-8", "surrogateescape")
