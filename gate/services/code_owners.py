"""The owners of a hold's changed files, by the CODEOWNERS file of the branch that it wants to change."""

from __future__ import annotations

from dataclasses import dataclass

from gate.domain.errors import Invalid, NotFound
from gate.domain.hold import ZERO_OID, Hold
from gate.domain.policy import OwnedPaths
from gate.services.ports.git import GateRepositories, History
from gate.services.ports.outside import CodeOwners
from gate.services.ports.store import Store

# Where GitHub looks, in its order: the first that exists counts. Larger files than this it does not read
# (docs.github.com, "About code owners").
_PLACES = (".github", "", "docs")
_NAME = "CODEOWNERS"
_LARGEST = 3 * 2**20


@dataclass(frozen=True, slots=True)
class ReadCodeOwners:
    """Reads upstream's own file, never the one in the push: nobody names the owners of their own change."""

    store: Store
    repositories: GateRepositories
    code_owners: CodeOwners

    def __call__(self, hold: Hold) -> tuple[OwnedPaths, ...]:
        """Raises Invalid where the file has faults, is too large, or the list of changed files was cut."""
        with self.store.snapshot() as tx:
            upstream = tx.repositories.get(hold.repository).upstream
            facts = tx.holds.facts(hold.id, hold.revision.n)
        assert facts is not None, "only collected holds are judged"
        if facts.truncated:
            raise Invalid(
                "CODEOWNERS", ["the list of changed files was cut, so nobody can tell their owners"]
            )
        text = _text(self.repositories.open(hold.repository, upstream).history, hold)
        return self.code_owners.owned(text, [file.path for file in facts.files]) if text else ()


def _text(history: History, hold: Hold) -> str:
    tip = history.tip(hold.ref)
    if tip == ZERO_OID or not hold.ref.startswith("refs/heads/"):
        branch = history.default_branch()
        tip = ZERO_OID if branch is None else history.tip(branch)
    return "" if tip == ZERO_OID else _first(history, tip)


def _first(history: History, tip: str) -> str:
    for folder in _PLACES:
        try:
            entries = history.tree(tip, folder)
        except NotFound:
            continue
        found = next((one for one in entries if one.name == _NAME and one.type == "blob"), None)
        if found is not None:
            return _read(history, found.oid)
    return ""


def _read(history: History, oid: str) -> str:
    content, size = history.blob(oid, max_bytes=_LARGEST)
    if size > len(content):
        raise Invalid(_NAME, [f"it has {size} bytes, and GitHub reads no more than {_LARGEST}"])
    return content.decode("utf-8", "surrogateescape")
