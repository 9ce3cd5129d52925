"""The evidence of a revision as pages show it, and the redacted contents that belong to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from gate.domain.errors import NotFound
from gate.domain.evidence import Evidence, EvidenceFile, FileKind
from gate.domain.hold import Hold, Revision
from gate.domain.pull_request.commands_seen import SeenCommand, Why, commands_seen, worth_a_look
from gate.domain.pull_request.tests_seen import TestStanding, tests_seen
from gate.domain.risk.model import Finding, Severity
from gate.services.ports.evidence import EvidenceStore
from gate.services.ports.store import Store

IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What a browser draws and nothing else: an SVG is a program."""

LARGEST_IMAGE = 8_000_000


@dataclass(frozen=True, slots=True)
class Contained:
    """A content of the evidence store, in pieces, and the file that it is of."""

    file: EvidenceFile
    content: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """Evidence in the order in which a reviewer asks."""

    evidence: Evidence
    commands: tuple[SeenCommand, ...]
    tests: TestStanding

    @property
    def findings(self) -> list[tuple[Severity, list[Finding]]]:
        """The findings by the severity that counts, worst first."""
        found = self.evidence.assessment.findings
        groups = ((severity, [one for one in found if one.weight is severity]) for severity in Severity)
        return [group for group in reversed(list(groups)) if group[1]]

    def of_interest(self, which: str) -> tuple[SeenCommand, ...]:
        """The commands of a filter: `all`, `failed`, `tests`, `risky`; else those that are worth a look."""
        match which:
            case "all":
                return self.commands
            case "failed":
                return tuple(one for one in self.commands if set(one.why) - {Why.RISKY, Why.ESCALATED})
            case "tests":
                return tuple(one for one in self.commands if one.command.tests)
            case "risky":
                return tuple(one for one in self.commands if one.findings)
        return worth_a_look(self.commands)

    @property
    def images(self) -> tuple[EvidenceFile, ...]:
        return tuple(filter(_is_image, self.evidence.files))

    @property
    def has_log(self) -> bool:
        return self.text_of(FileKind.TRANSCRIPT) is not None

    @property
    def has_replay(self) -> bool:
        return self.text_of(FileKind.CAST) is not None

    def text_of(self, kind: FileKind) -> str | None:
        """The SHA-256 of the redacted text of the first file of this kind that has one."""
        texts = (file.text_sha256 for file in self.evidence.files if file.kind is kind)
        return next(filter(None, texts), None)

    @property
    def redactions(self) -> int:
        """How often something was taken out of the texts."""
        return sum(file.redactions for file in self.evidence.files)


@dataclass(frozen=True)
class ReadEvidence:
    """Reads evidence. A content is only given out as a part of the revision that it was gathered for."""

    store: Store
    contents: EvidenceStore

    def __call__(self, hold: Hold, revision: Revision) -> EvidenceView | None:
        """None where nothing was gathered, or not yet."""
        evidence = self._evidence(hold, revision)
        if evidence is None:
            return None
        return EvidenceView(evidence, commands_seen(evidence), tests_seen(evidence))

    def text(self, hold: Hold, revision: Revision, sha256: str) -> Contained:
        """A redacted text of this revision. Raises NotFound."""
        return self._contained(hold, revision, lambda file: sha256 if file.text_sha256 == sha256 else None)

    def image(self, hold: Hold, revision: Revision, sha256: str) -> Contained:
        """An image among the artifacts. Raises NotFound."""

        def content_of(file: EvidenceFile) -> str | None:
            return sha256 if file.sha256 == sha256 and _is_image(file) else None

        return self._contained(hold, revision, content_of)

    def cast(self, hold: Hold, revision: Revision) -> Contained:
        """The terminal recording, redacted, as asciicast v3. Raises NotFound."""
        return self._contained(
            hold, revision, lambda file: file.text_sha256 if file.kind is FileKind.CAST else None
        )

    def _evidence(self, hold: Hold, revision: Revision) -> Evidence | None:
        with self.store.snapshot() as tx:
            return tx.evidence.get(hold.id, revision.n)

    def _contained(
        self, hold: Hold, revision: Revision, content_of: Callable[[EvidenceFile], str | None]
    ) -> Contained:
        """The content of the first file that has one to `content_of`."""
        evidence = self._evidence(hold, revision)
        for file in evidence.files if evidence else ():
            sha256 = content_of(file)
            if sha256 is not None:
                content = self.contents.read(sha256)
                # The store answers at the first piece: an answer that has begun can't say that there is none.
                return Contained(file, chain((next(content, b""),), content))
        raise NotFound(f"Revision {revision.n} of hold {hold.name} has no such file.")


def _is_image(file: EvidenceFile) -> bool:
    is_small = file.size is not None and file.size <= LARGEST_IMAGE
    return (
        file.kind is FileKind.ARTIFACT and file.media_type in IMAGES and is_small and file.sha256 is not None
    )
