"""Read an artifact of any kind; its content alone tells which."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from gate.adapters.artifacts import coverage, junit, tap
from gate.adapters.artifacts.media import TEXT, media_type
from gate.adapters.artifacts.xml import BadXml, root_of
from gate.domain.evidence import Coverage
from gate.services.ports.evidence import ArtifactReading

# A report of tens of thousands of tests is smaller; JSON takes some twenty times its size in memory.
_LARGEST_REPORT = 8 << 20
_HEAD = 1 << 16
_TOO_LARGE = "it is too large to be read as a report"


def read_artifact(name: str, content: bytes) -> ArtifactReading:
    """What a file says, where it is a report (the port ReadArtifact). Its name decides nothing."""
    kind, fault = media_type(content)
    if kind != TEXT and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ArtifactReading(kind, fault=fault)
    start = content[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<") or kind != TEXT:
        return _xml(name, content, kind)
    if len(content) > _LARGEST_REPORT:
        # Whether it is a report is not known, only that it is text.
        return ArtifactReading(TEXT)
    text = content.decode("utf-8-sig", errors="replace")
    if start.startswith(b"{"):
        return _json(name, text)
    return _lines(name, text)


def _xml(name: str, content: bytes, kind: str) -> ArtifactReading:
    try:
        root = root_of(content[:_HEAD])
        if root not in junit.ROOTS and root != coverage.ROOT:
            return ArtifactReading(kind)
        if len(content) > _LARGEST_REPORT:
            return ArtifactReading(kind, fault=_TOO_LARGE)
        if root in junit.ROOTS:
            return ArtifactReading(kind, report=junit.read_junit(name, content))
        return _covered(coverage.read_cobertura(name, content), kind)
    except BadXml as fault:
        return ArtifactReading(kind, fault=f"it cannot be read as a report: {fault}")


def _json(name: str, text: str) -> ArtifactReading:
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return ArtifactReading(TEXT)
    is_report, covered = coverage.read_json_coverage(name, value)
    return _covered(covered) if is_report else ArtifactReading(TEXT)


def _lines(name: str, text: str) -> ArtifactReading:
    readers: tuple[tuple[Callable[[str], bool], Callable[[str, str], Coverage | None]], ...] = (
        (coverage.is_lcov, coverage.read_lcov),
        (coverage.is_go_profile, coverage.read_go_profile),
    )
    for is_report, read in readers:
        if is_report(text):
            return _covered(read(name, text))
    if tap.is_tap(text):
        report, fault = tap.read_tap(name, text)
        return ArtifactReading(TEXT, report=report, fault=fault)
    return ArtifactReading(TEXT)


def _covered(covered: Coverage | None, kind: str = TEXT) -> ArtifactReading:
    fault = "it is a coverage report that tells no sum" if covered is None else ""
    return ArtifactReading(kind, coverage=covered, fault=fault)
