"""Findings on the lines of a diff: a check run, which only an App can make."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from github.CheckRun import CheckRun
from github.PaginatedList import PaginatedList

from gate.adapters.github.errors import told
from gate.adapters.github.names import FINDINGS_CHECK
from gate.adapters.github.place import Place
from gate.domain.pull_request.annotations import FindingsCheck
from gate.domain.pull_request.model import ReviewRequest
from gate.domain.pull_request.wish import is_only_carried


def blob_url(request: ReviewRequest, place: Place, root: str) -> str | None:
    """Where GitHub shows the held commits' files; None where the review branch does not have them."""
    return None if is_only_carried(request) else f"{root.rstrip('/')}/{place.head_name}/blob"


def annotate(place: Place, head: str, check: FindingsCheck, page: str) -> None:
    """Make the check run of a commit, unless the same is there: GitHub only ever adds annotations to one.

    It is always neutral. The verdict is the commit status, and nothing rests on this one.
    """
    output = _output(check)
    name = sha256(json.dumps(output, sort_keys=True).encode()).hexdigest()
    if any(run.external_id == name for run in _there(place, head)):
        return
    with told(f"annotate {head[:7]} in {place.name}"):
        place.api.create_check_run(
            FINDINGS_CHECK,
            head,
            details_url=page,
            external_id=name,
            status="completed",
            conclusion="neutral",
            output=output,
        )


def _there(place: Place, head: str) -> list[CheckRun]:
    url = f"{place.api.url}/commits/{head}/check-runs"
    with told(f"read the check runs of {head[:7]}"):
        wanted = {"check_name": FINDINGS_CHECK}
        return list(PaginatedList(CheckRun, place.api.requester, url, wanted, list_item="check_runs"))


def _output(check: FindingsCheck) -> dict[str, Any]:
    annotations = [
        {
            "path": one.path,
            "start_line": one.line,
            "end_line": one.line,
            "annotation_level": one.level,
            "title": one.title,
            "message": one.message,
        }
        for one in check.annotations
    ]
    return {"title": check.title, "summary": check.summary, "annotations": annotations}
