"""The REST API, strict where GitHub is: every request and every answer is held against its description."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, redirect, request

from tests.github.simulator import (
    accounts,
    apps,
    branches,
    graphql,
    hooks,
    issues,
    pulls,
    repositories,
    statuses,
)
from tests.github.simulator.answers import answer_json
from tests.github.simulator.auth import Asker, Denied, asker_of
from tests.github.simulator.call import Call
from tests.github.simulator.events import Events
from tests.github.simulator.faults import Fault
from tests.github.simulator.limits import Limits
from tests.github.simulator.openapi import description, is_also_allowed
from tests.github.simulator.outbox import Outbox
from tests.github.simulator.permissions import check_permission
from tests.github.simulator.render import Renderer
from tests.github.simulator.world import Repository, World

PREFIX = "/api/v3"
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
# `statuses` comes before `branches`, which has a commit's ref for everything below `commits`.
_ROUTES = (statuses.route, branches.route, pulls.route, issues.route, hooks.route, repositories.route)


@dataclass(frozen=True)
class Asked:
    """A request as the simulator saw it."""

    method: str
    path: str
    body: Any
    account: str
    parameters: dict[str, str] = field(default_factory=dict)


class Rest:
    """Answers one request at a time, under the world's lock."""

    def __init__(self, world: World, render: Renderer, events: Events, outbox: Outbox) -> None:
        self.world = world
        self.render = render
        self.events = events
        self.outbox = outbox
        self.limits = Limits()
        self.requests: list[Asked] = []
        self.violations: list[str] = []
        self.faults: list[Fault] = []

    def register(self, app: Flask) -> None:
        app.add_url_rule(f"{PREFIX}/<path:path>", "rest", self._answer, methods=_METHODS)
        app.add_url_rule("/api/graphql", "graphql", self._graphql, methods=["POST"])

    def _answer(self, path: str) -> Response:
        path, method = f"/{path}", request.method
        body = request.get_json(silent=True) if request.get_data() else None
        with self.world.lock:
            try:
                answer = self._with_fault(method, path, body)
            except Denied as denied:
                answer = _denial(denied)
            except Exception as fault:
                # An answer of 500 alone would look like one of GitHub's bad days to the gate.
                self.violations.append(f"{method} {path}: the simulator failed: {fault!r}")
                raise
            self._check_answer(method, path, answer)
            answer.headers["Date"] = self.world.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
            self.limits.tell(answer)
        return answer

    def _with_fault(self, method: str, path: str, body: Any) -> Response:
        fault = next((one for one in self.faults if one.meets(method, path)), None)
        if fault is None:
            return self._do(method, path, body)
        fault.times -= 1
        if fault.after_work:
            self._do(method, path, body)
        else:
            self._note(method, path, body, "")
        raise fault.denied()

    def _do(self, method: str, path: str, body: Any) -> Response:
        try:
            asker = asker_of(self.world, request.headers.get("Authorization", ""))
        except Denied:
            self._note(method, path, body, "")
            raise
        self._note(method, path, body, asker.account.login)
        self.limits.check(method, path)
        self._check_request(method, path, body)
        words = path.strip("/").split("/")
        if words[0] == "repos" and len(words) > 2:
            return self._of_name(asker, method, words, body)
        if words[0] == "repositories":
            repository = self.world.repositories.get(int(words[1]))
            return self._in_repository(asker, method, repository, words[2:], body)
        route = apps.route if words[0] == "app" else accounts.route
        return self._known(method, path, route(self, asker, method, words, body or {}))

    def _of_name(self, asker: Asker, method: str, words: list[str], body: Any) -> Response:
        full_name = f"{words[1]}/{words[2]}"
        repository = self.world.repository(full_name)
        moved_to = self.world.old_names.get(full_name.casefold())
        if repository is None and moved_to is not None:
            return self._moved("/".join((str(moved_to), *words[3:])))
        return self._in_repository(asker, method, repository, words[3:], body)

    def _moved(self, rest: str) -> Response:
        query = f"?{request.query_string.decode()}" if request.query_string else ""
        address = f"{self.render.api}/repositories/{rest}{query}"
        # Only a GET may be followed by asking differently; GitHub answers the others with 307.
        moved: Any = redirect(address, 301 if request.method == "GET" else 307)
        answer = answer_json({"message": "Moved Permanently", "url": address}, moved.status_code)
        answer.headers["Location"] = address
        return answer

    def _in_repository(
        self, asker: Asker, method: str, repository: Repository | None, words: list[str], body: Any
    ) -> Response:
        if method == "GET" and words == ["installation"]:
            return apps.installation_of(self, asker, repository)
        if repository is None or not asker.sees(repository):
            raise Denied(404, "Not Found")
        check_permission(asker, method, repository, words)
        if method != "GET" and repository.is_archived:
            raise Denied(403, "Repository was archived so is read-only.")
        call = Call(self, asker, method, repository, words, body or {})
        answers = (route(call) for route in _ROUTES)
        answer = next((one for one in answers if one is not None), None)
        return self._known(method, "/".join(words), answer)

    def _known(self, method: str, path: str, answer: Response | None) -> Response:
        if answer is None:
            self.violations.append(f"{method} {path}: the simulator does not do this")
            raise Denied(404, "Not Found")
        return answer

    def _graphql(self) -> Response:
        body = request.get_json()
        with self.world.lock:
            try:
                asker = asker_of(self.world, request.headers.get("Authorization", ""))
                self._note("POST", "/graphql", body, asker.account.login)
                self.limits.check("GET", "/graphql")
            except Denied as denied:
                return _denial(denied)
            return answer_json(graphql.answer(self.world, asker, body))

    def _note(self, method: str, path: str, body: Any, account: str) -> None:
        self.requests.append(Asked(method, path, body, account, dict(request.args)))

    def _check_request(self, method: str, path: str, body: Any) -> None:
        operation = description().operation(method, path)
        if operation is None:
            if not is_also_allowed(method, path):
                self.violations.append(f"{method} {path}: not in GitHub's description")
                raise Denied(404, "Not Found")
            return
        faults = description().faults_of_request(operation, body, dict(request.args))
        if faults:
            self.violations.append(f"{method} {path}: the request has {faults}")
            raise Denied(422, "Invalid request.", [{"code": "custom", "message": one} for one in faults])

    def _check_answer(self, method: str, path: str, answer: Response) -> None:
        operation = description().operation(method, path)
        if operation is None or answer.status_code in (301, 307):
            return
        body = json.loads(answer.get_data()) if answer.get_data() else None
        faults = description().faults_of_answer(operation, answer.status_code, body)
        if faults:
            self.violations.append(f"{method} {path}: the answer {answer.status_code} has {faults[:5]}")


def _denial(denied: Denied) -> Response:
    body: dict[str, Any] = {
        "message": denied.message,
        "documentation_url": "https://docs.github.com/rest",
        "status": str(denied.status),
    }
    if denied.errors is not None:
        body["errors"] = denied.errors
    answer = answer_json(body, denied.status)
    answer.headers.update(denied.headers)
    return answer
