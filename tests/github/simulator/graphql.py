"""The one GraphQL query that the gate asks: which threads of a pull request are resolved."""

from __future__ import annotations

from typing import Any

from tests.github.simulator.auth import Asker
from tests.github.simulator.world import World

_PAGE = 100


def answer(world: World, asker: Asker, body: dict[str, Any]) -> dict[str, Any]:
    """The threads, a page at a time; an error in GitHub's form for anything else."""
    asked = body.get("variables", {})
    if "reviewThreads" not in body.get("query", ""):
        return {"errors": [{"message": "the simulator knows reviewThreads alone"}]}
    repository = world.repository(f"{asked.get('owner')}/{asked.get('name') or asked.get('repo')}")
    pull = None if repository is None else repository.pulls.get(int(asked.get("number", 0)))
    if repository is None or pull is None or not asker.sees(repository):
        return {"data": {"repository": None}, "errors": [{"type": "NOT_FOUND", "message": "not found"}]}
    if not asker.may("pull_requests", "read", repository):
        return {
            "data": {"repository": None},
            "errors": [{"type": "FORBIDDEN", "message": asker.words_of_refusal()}],
        }
    states = [pull.threads[number] for number in sorted(pull.threads)]
    size = min(int(asked.get("first") or _PAGE), _PAGE)
    begin = int(asked.get("after") or asked.get("cursor") or 0)
    page = states[begin : begin + size]
    threads = {
        "nodes": [{"isResolved": state} for state in page],
        "pageInfo": {"hasNextPage": begin + size < len(states), "endCursor": str(begin + len(page))},
        "totalCount": len(states),
    }
    return {"data": {"repository": {"pullRequest": {"reviewThreads": threads}}}}
