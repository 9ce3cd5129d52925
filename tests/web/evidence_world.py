"""A hold with the evidence of a recorded session, and files of every kind that a page can ask for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gate.domain.evidence import Evidence, EvidenceFile, FileKind
from gate.domain.hold import BlockReason, Hold, HoldState
from gate.domain.secret import FoundSecret
from tests.pull_request.sampled import RISKY, sampled
from tests.web.web_world import World

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32
LOG_RAW, LOG_TEXT = b"token=hunter2-hunter2\n", b"token=[redacted: generic]\n"
SECRET = FoundSecret("K01", "GitHub token", "c" * 64, True, "config.py", 3, 9, "d" * 40)


@dataclass(frozen=True)
class Evident:
    """A hold with evidence, and the SHA-256 of each content by what it is."""

    hold: Hold
    evidence: Evidence
    sha256: dict[str, str]


def evident(world: World, *, secrets: tuple[FoundSecret, ...] = ()) -> Evident:
    """The session with risky commands pushed to demo; with `secrets` they block it."""
    world.commit("demo", {"ci.yml": b"on: push\npermissions: write-all\n"}, "Change the workflow")
    hold = world.push()
    found = sampled(RISKY, world.contents)
    kept = {name: world.contents.keep([content]).sha256 for name, content in _CONTENTS.items()}
    files = (
        *found.evidence.files,
        EvidenceFile(FileKind.PLAIN_LOG, "/srv/agent/run.log", kept["raw"], 22, kept["text"], 25),
        EvidenceFile(FileKind.ARTIFACT, "artifacts/chart.png", kept["png"], 40, media_type="image/png"),
        EvidenceFile(FileKind.ARTIFACT, "artifacts/page.svg", kept["svg"], 40, media_type="image/svg+xml"),
    )
    evidence = replace(found.evidence, files=files, secrets=secrets)
    with world.store.transaction() as tx:
        tx.evidence.put(hold.id, 1, evidence)
    if secrets:
        hold = world.move(hold, HoldState.BLOCKED, reason=BlockReason.SECRET_FOUND)
    rollout, cast = evidence.file(FileKind.ROLLOUT), evidence.file(FileKind.CAST)
    assert rollout is not None
    assert cast is not None
    named = {"rollout": str(rollout.sha256), "cast": str(cast.text_sha256)}
    return Evident(hold, evidence, {**kept, **named})


_CONTENTS = {"raw": LOG_RAW, "text": LOG_TEXT, "png": PNG, "svg": b"<svg onload='alert(1)'/>"}
