"""Find the briefs of a revision: the operator's, those pushed along, the committed one, and the prompt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from gate.domain.brief.model import Brief, BriefSource
from gate.domain.brief.parse import MOST_BYTES, is_brief, parse_brief
from gate.domain.errors import GateError, NotFound
from gate.domain.hold import ZERO_OID, Hold, Push
from gate.domain.session.model import Session
from gate.services.operator_briefs import brief_in
from gate.services.ports.git import GateRepository, History, TreeEntry
from gate.services.ports.store import Store

PLACES = (".pushgate/brief.md", "BRIEF.md", "TASK.md")
"""Where a brief is looked for in a repository; the first that is there is taken."""

_FILE, _TEXT = "brief=", "brief-text="
_MOST_PUSHED = 5
_SYMBOLIC_LINK = "120000"


@dataclass(frozen=True, slots=True)
class FindBrief:
    """Every brief that stands for a revision, the operator's first.

    `redact` takes secrets out of what an agent wrote, before it is parsed. What cannot be read is a fault of
    its brief: it is never taken for no brief.
    """

    store: Store

    def __call__(
        self,
        repository: GateRepository,
        hold: Hold,
        push: Push,
        session: Session | None,
        redact: Callable[[str], str],
    ) -> tuple[Brief, ...]:
        with self.store.snapshot() as tx:
            operator = brief_in(tx, hold.agent, hold.repository)
        history = repository.history
        new = None if hold.revision.new == ZERO_OID else history.peeled(hold.revision.new)
        found = [] if operator is None else [operator]
        found += _pushed(push, history, new, redact)
        found += _committed(history, hold.revision.base, new, redact)
        prompts = session.root.prompts if session is not None else ()
        if prompts and is_brief(prompts[0]):
            found.append(parse_brief(redact(prompts[0]), BriefSource.PROMPT, ""))
        return tuple(found)


def _pushed(push: Push, history: History, new: str | None, redact: Callable[[str], str]) -> Iterator[Brief]:
    """`-o brief=PATH` names a file of the pushed commit; `-o brief-text=…`, once a line, is the brief."""
    source = BriefSource.PUSH_OPTION
    lines = [one.removeprefix(_TEXT) for one in push.options if one.startswith(_TEXT)]
    if lines:
        # git takes no line break in an option, so that people write it as `\n`, or give one option a line.
        pushed = "\n".join(lines).replace("\\n", "\n")
        yield parse_brief(redact(pushed), source, "the push option brief-text")
    paths = dict.fromkeys(one.removeprefix(_FILE) for one in push.options if one.startswith(_FILE))
    for path in list(paths)[:_MOST_PUSHED]:
        try:
            text = None if new is None else _text_at(history, new, path)
        except GateError as fault:
            yield Brief(source, redact(path), "", faults=(redact(f"it could not be read: {fault}"),))
            continue
        if text is None:
            yield Brief(
                source, redact(path), "", faults=("the push option names a file that is not in the commit",)
            )
        else:
            yield parse_brief(redact(text), source, f"{redact(path)}, by a push option")


def _committed(
    history: History, base: str | None, new: str | None, redact: Callable[[str], str]
) -> Iterator[Brief]:
    """The repository's own brief as it was before this push: people have seen that one.

    One that the push brings along counts only where there was none, and says so.
    """
    for path in PLACES:
        try:
            before = _text_at(history, base, path) if base is not None else None
            after = _text_at(history, new, path) if new is not None else None
        except GateError as fault:
            yield Brief(BriefSource.COMMITTED, path, "", faults=(f"it could not be read: {fault}",))
            return
        text = after if before is None else before
        if text is None:
            continue
        where = f"{path}, which this push adds" if before is None else path
        brief = parse_brief(redact(text), BriefSource.COMMITTED, where)
        brief = replace(brief, is_reviewed=before is not None)
        yield brief if before is None or before == after else _changed(brief)
        return


def _changed(brief: Brief) -> Brief:
    words = "this push changes it; what is shown is the brief as it was before"
    return replace(brief, faults=(*brief.faults, words))


def _text_at(history: History, commit: str, path: str) -> str | None:
    """The text of a file in a commit; None where it is no plain file there."""
    folder, _, name = path.rpartition("/")
    if name in ("", ".", "..") or any(part in ("", ".", "..") for part in folder.split("/") if folder):
        return None
    entry = next((one for one in _entries(history, commit, folder) if one.name == name), None)
    if entry is None or entry.type != "blob" or entry.mode == _SYMBOLIC_LINK:
        return None
    content, _ = history.blob(entry.oid, max_bytes=MOST_BYTES + 1)
    return content.decode(errors="surrogateescape")


def _entries(history: History, commit: str, folder: str) -> tuple[TreeEntry, ...]:
    try:
        return history.tree(commit, folder)
    except NotFound:
        return ()
