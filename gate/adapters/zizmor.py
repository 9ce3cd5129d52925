"""zizmor, the auditor of GitHub's workflows, run offline on one file at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from gate.domain.errors import Failed
from gate.domain.risk.model import Confidence, Severity
from gate.services.ports.evidence import WorkflowFinding

# 0: nothing found; 11 to 14: the worst of what was found. Anything else is a failure, 3 is "no input".
_STATUSES = frozenset({0, 11, 12, 13, 14})
_OPTIONS = (
    "--offline",
    "--no-config",
    "--no-ignores",
    "--strict-collection",
    "--no-progress",
    "--color=never",
    "--persona=auditor",
    "--format=json-v1",
)
# Most of what is only for auditors is noise here. Not so rights that a workflow with one job gives to all of
# it, and runners that are not GitHub's.
_FOR_AUDITORS = frozenset({"excessive-permissions", "self-hosted-runner"})
_SEVERITIES = {
    "Informational": Severity.INFO,
    "Low": Severity.LOW,
    "Medium": Severity.MEDIUM,
    "High": Severity.HIGH,
}
_CONFIDENCES = {"Low": Confidence.POSSIBLE, "Medium": Confidence.LIKELY, "High": Confidence.CERTAIN}
_LARGEST = 1 << 20
_LARGEST_ANSWER = 32 << 20
_MOST_FINDINGS = 1000
_ACTIONS = frozenset({"action.yml", "action.yaml"})
_DEPENDABOT = frozenset({"dependabot.yml", "dependabot.yaml"})


@dataclass(frozen=True, slots=True)
class Zizmor:
    """Implements `ports.evidence.WorkflowAuditor`. `seconds` is how long one file may take."""

    program: str = str(Path(sys.executable).with_name("zizmor"))
    seconds: float = 30.0

    def __call__(self, path: str, content: bytes) -> tuple[WorkflowFinding, ...]:
        """What zizmor says of a workflow, an action or Dependabot's settings, as the path has it."""
        if len(content) > _LARGEST:
            raise Failed(f"A workflow of {len(content)} bytes is too large to audit. Split it.")
        with tempfile.TemporaryDirectory(prefix="pushgate-workflow-") as folder:
            place = Path(folder, _place(path))
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            answer = self._run(folder, place)
        try:
            return tuple(islice(_findings(json.loads(answer)), _MOST_FINDINGS))
        except (ValueError, KeyError, TypeError, IndexError, StopIteration, RecursionError) as fault:
            raise Failed(f"zizmor gave an answer that is not understood: {type(fault).__name__}.") from fault

    def _run(self, folder: str, place: Path) -> bytes:
        try:
            done = subprocess.run(
                (self.program, *_OPTIONS, "--", str(place)),
                cwd=folder,
                env={"PATH": os.defpath, "HOME": folder, "TMPDIR": folder},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # Holds the workflow's own text where it cannot be parsed.
                timeout=self.seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as fault:
            raise Failed(f"zizmor did not end within {self.seconds:g} s.") from fault
        except OSError as fault:
            raise Failed(f"zizmor cannot be run: {fault.strerror}. Install the package zizmor.") from fault
        if done.returncode not in _STATUSES:
            raise Failed(f"zizmor could not audit the workflow, exit status {done.returncode}.")
        if len(done.stdout) > _LARGEST_ANSWER:
            raise Failed("zizmor found more than what can be shown.")
        return done.stdout


def _place(path: str) -> str:
    """Where zizmor takes the file for what it is. Nothing of the agent's path but its kind is used."""
    name = path.rpartition("/")[2]
    if name in _ACTIONS:
        return "action.yml"
    return ".github/dependabot.yml" if name in _DEPENDABOT else ".github/workflows/workflow.yml"


def _findings(answer: object) -> Iterator[WorkflowFinding]:
    if not isinstance(answer, list):
        raise TypeError(answer)
    for found in answer:
        if found["determinations"]["persona"] == "Regular" or found["ident"] in _FOR_AUDITORS:
            yield _finding(found)


def _finding(found: dict[str, Any]) -> WorkflowFinding:
    primary = next(one for one in found["locations"] if one["symbolic"]["kind"] == "Primary")
    start = primary["concrete"]["location"]["start_point"]
    said = found["determinations"]
    return WorkflowFinding(
        ident=str(found["ident"]),
        words=str(found["desc"]),
        severity=_SEVERITIES[said["severity"]],
        confidence=_CONFIDENCES[said["confidence"]],
        line=int(start["row"]) + 1,
        column=int(start["column"]) + 1,
    )
