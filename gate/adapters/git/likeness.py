"""What changed between two revisions of a hold."""

from __future__ import annotations

from dataclasses import dataclass

from gate.adapters.git.changed_files import DIFF_TREE
from gate.adapters.git.command import Git
from gate.adapters.git.facts import contains
from gate.adapters.git.objects import full, look_up
from gate.domain.hold import ZERO_OID, Likeness

# What is larger than this is looked at again by a person.
_MAX_COMMITS = 500
_MAX_PATCH_BYTES = 64 << 20

_FIELDS = ("%H", "%P", "%T", "%B")
_LOG = (
    *("log", "-z", "--topo-order", "--reverse", "--no-patch", "--no-color", "--no-notes", "--no-mailmap"),
    *("--no-show-signature", "--no-decorate", "--encoding=UTF-8", "--format=" + "%x00".join(_FIELDS)),
)
# With the id of each commit before its patch.
_PATCHES = (*(word for word in DIFF_TREE if word != "--no-commit-id"), "--stdin", "-p")


@dataclass(frozen=True, slots=True)
class _Commit:
    """A commit of a series. `parents` are places in the series, or oids of commits before it."""

    oid: str
    parents: tuple[int | str, ...]
    tree: str
    message: str


def likeness(git: Git, old_base: str, old: str, new_base: str, new: str) -> Likeness:
    """The closest likeness that surely holds; `REWORK` where the series are too long to be compared."""
    before, after = _series(git, old_base, old), _series(git, new_base, new)
    if before is None or after is None:
        return Likeness.REWORK
    if _shape(before) == _shape(after) and (before or old == new):
        return Likeness.NO_CHANGE
    if old_base == new_base and _tree(git, old) == _tree(git, new):
        return Likeness.NO_CODE_CHANGE
    if _is_trivial_rebase(git, (old_base, before), (new_base, after)):
        return Likeness.TRIVIAL_REBASE
    return Likeness.REWORK


def _series(git: Git, base: str, tip: str) -> tuple[_Commit, ...] | None:
    """The commits behind `base` up to `tip`, oldest first; None where they are too many."""
    commit = _commit_of(git, base)
    without = () if commit is None else (f"^{commit}",)
    output = git.output(*_LOG, f"--max-count={_MAX_COMMITS + 1}", full(tip), *without, "--")
    fields = [field.decode(errors="backslashreplace") for field in output.split(b"\0")]
    size = len(_FIELDS)
    rows = [fields[at : at + size] for at in range(0, len(fields) - size + 1, size)]
    if len(rows) > _MAX_COMMITS:
        return None
    places: dict[str, int | str] = {row[0]: place for place, row in enumerate(rows)}
    return tuple(
        _Commit(oid, tuple(places.get(parent, parent) for parent in parents.split()), tree, message)
        for oid, parents, tree, message in rows
    )


def _commit_of(git: Git, base: str) -> str | None:
    """The commit that a series builds on; None for the empty tree or `ZERO_OID`, and so from nothing."""
    if base == ZERO_OID:
        return None
    (found,) = look_up(git, [f"{full(base)}^{{commit}}"])
    return None if found is None else found.oid


def _shape(series: tuple[_Commit, ...]) -> list[tuple[tuple[int | str, ...], str, str]]:
    return [(commit.parents, commit.tree, commit.message) for commit in series]


def _tree(git: Git, tip: str) -> str:
    return git.text("rev-parse", "--verify", f"{full(tip)}^{{tree}}").strip()


def _is_trivial_rebase(
    git: Git, before: tuple[str, tuple[_Commit, ...]], after: tuple[str, tuple[_Commit, ...]]
) -> bool:
    """Whether the same patches were brought to a base that contains the old one.

    A base that lost commits is no such base: upstream would lose them as well.
    """
    (old_base, old), (new_base, new) = before, after
    bases = _commit_of(git, old_base), _commit_of(git, new_base)
    if None in bases or not contains(git, str(bases[1]), str(bases[0])):
        return False
    if any(len(commit.parents) != 1 for commit in (*old, *new)):
        return False
    patches = _patches(git, old)
    return bool(patches) and patches == _patches(git, new)


def _patches(git: Git, series: tuple[_Commit, ...]) -> list[str] | None:
    """git's id of each patch, which leaves out line numbers and nothing else; None for too many bytes."""
    stdin = "".join(f"{commit.oid}\n" for commit in series).encode()
    chunks = git.chunks(*_PATCHES, stdin=stdin)
    pieces: list[bytes] = []
    size = 0
    for chunk in chunks:
        pieces.append(chunk)
        size += len(chunk)
        if size > _MAX_PATCH_BYTES:
            chunks.close()
            return None
    # Without `--verbatim` it leaves out white space, which means something in many languages.
    listing = git.text("patch-id", "--verbatim", stdin=b"".join(pieces))
    return [line.split(" ")[0] for line in listing.splitlines()]
