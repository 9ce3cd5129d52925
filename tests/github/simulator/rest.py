"""The REST API, strict where GitHub is: every request and every answer is held against its description."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask, Response, redirect, request

from tests.github.simulator import graphql, pulls
from tests.github.simulator.auth import Asker, Denied, asker_of
from tests.github.simulator.events import Events
from tests.github.simulator.limits import Limits
from tests.github.simulator.openapi import description, is_also_allowed
from tests.github.simulator.outbox import Outbox
from tests.github.simulator.render import Renderer, time_text
from tests.github.simulator.world import (
    CheckRun,
    Pull,
    Repository,
    Status,
    Token,
    World,
)

PREFIX = "/api/v3"
_ROLE_NAMES = {"maintain": "write", "triage": "read"}
_LONGEST_DESCRIPTION = 140


@dataclass(frozen=True)
class Asked:
    """A request as the simulator saw it."""

    method: str
    path: str
    body: Any
    account: str


@dataclass
class Fault:
    """An answer that goes wrong; with `after_work` what was asked is done all the same."""

    method: str
    path: str
    status: int
    times: int
    after_work: bool

    def meets(self, method: str, path: str) -> bool:
        return self.times > 0 and method == self.method and self.path in path


class Rest:
    """Routes to one method each, all under one lock."""

    def __init__(self, world: World, render: Renderer, events: Events, outbox: Outbox) -> None:
        self.world = world
        self.render = render
        self.events = events
        self.outbox = outbox
        self.limits = Limits()
        self.requests: list[Asked] = []
        self.violations: list[str] = []
        self.faults: list[Fault] = []
        self.app_hook: dict[str, Any] | None = None

    def register(self, app: Flask) -> None:
        app.add_url_rule(f"{PREFIX}/<path:path>", "rest", self._answer, methods=_METHODS)
        app.add_url_rule("/api/graphql", "graphql", self._graphql, methods=["POST"])

    def _answer(self, path: str) -> Response:
        path = f"/{path}"
        method = request.method
        body = request.get_json(silent=True) if request.get_data() else None
        asked = Asked(method, path, body, "")
        try:
            with self.world.lock:
                fault = next((one for one in self.faults if one.meets(method, path)), None)
                if fault is not None:
                    fault.times -= 1
                if fault is not None and not fault.after_work:
                    raise Denied(fault.status, "Server Error")
                asker = asker_of(self.world, request.headers.get("Authorization", ""))
                asked = Asked(method, path, body, asker.account.login)
                self.requests.append(asked)
                self.limits.check(method)
                answer = self._do(asker, method, path, body)
                if fault is not None:
                    raise Denied(fault.status, "Server Error")
        except Denied as denied:
            if not asked.account:
                self.requests.append(asked)
            return self._denied(method, path, denied)
        return self._checked(method, path, answer)

    def _graphql(self) -> Response:
        with self.world.lock:
            try:
                asker = asker_of(self.world, request.headers.get("Authorization", ""))
            except Denied as denied:
                return _json({"message": denied.message}, denied.status)
            self.requests.append(Asked("POST", "/graphql", request.get_json(), asker.account.login))
            return _json(graphql.answer(self.world, asker, request.get_json()), 200)

    def _do(self, asker: Asker, method: str, path: str, body: Any) -> Response:
        operation = description().operation(method, path)
        if operation is None and not is_also_allowed(method, path):
            self.violations.append(f"{method} {path}: not in GitHub's description")
            raise Denied(404, "Not Found")
        if operation is not None and operation.body is not None and body is not None:
            faults = description().faults(operation.body, body)
            if faults:
                self.violations.append(f"{method} {path}: the request has {faults}")
                raise Denied(422, "Validation Failed", list(faults))
        words = path.strip("/").split("/")
        if words[0] == "repos":
            return self._in_repository(asker, method, words, body)
        return self._elsewhere(asker, method, words, body)

    def _elsewhere(self, asker: Asker, method: str, words: list[str], body: Any) -> Response:  # noqa: C901 - a table of routes
        match method, words:
            case "GET", ["user"]:
                if asker.token is None or asker.token.installation is not None:
                    raise Denied(403, "Resource not accessible by integration")
                return _json(description().filled("private-user", self.render.account(asker.account)))
            case "GET", ["users", login]:
                account = self.world.account(login)
                if account is None:
                    raise Denied(404, "Not Found")
                return _json(description().filled("public-user", self.render.account(account)))
            case "GET", ["app"]:
                if asker.app is None:
                    raise Denied(401, "A JSON web token could not be decoded")
                return _json(self.render.integration(asker.app.slug))
            case "POST", ["app", "installations", number, "access_tokens"]:
                return self._mint(asker, int(number), body or {})
            case "GET", ["app", "hook", "config"]:
                return _json({"url": self.outbox.url or "", "content_type": "json", "insecure_ssl": "0"})
            case "GET", ["app", "hook", "deliveries"]:
                _as_app(asker)
                return self._paged([self._delivery(one) for one in reversed(self.outbox.deliveries)])
            case "POST", ["app", "hook", "deliveries", number, "attempts"]:
                _as_app(asker)
                self.outbox.redeliver(int(number))
                return _json({}, 202)
            case "GET", ["rate_limit"]:
                return _json(description().filled("rate-limit-overview", {}))
            case "GET", ["orgs", org, "teams", slug, "memberships", login]:
                return self._membership(asker, org, slug, login)
            case "GET", ["orgs", org, "teams", slug, "members"]:
                team = self.world.teams.get(f"{org}/{slug}".casefold())
                if team is None:
                    raise Denied(404, "Not Found")
                members = [self.render.account(self.world.accounts[one]) for one in sorted(team.members)]
                return self._paged(members)
            case _, ["repositories", number, *rest]:
                repository = self.world.repositories.get(int(number))
                if repository is None:
                    raise Denied(404, "Not Found")
                owner, name = repository.full_name.split("/")
                return self._in_repository(asker, method, ["repos", owner, name, *rest], body)
        raise Denied(404, "Not Found")

    def _in_repository(self, asker: Asker, method: str, words: list[str], body: Any) -> Response:
        full_name = f"{words[1]}/{words[2]}"
        repository = self.world.repository(full_name)
        if repository is None and full_name.casefold() in self.world.old_names:
            number = self.world.old_names[full_name.casefold()]
            return redirect(f"{self.render.api}/repositories/{number}/{'/'.join(words[3:])}".rstrip("/"), 301)  # type: ignore[return-value]
        if method == "GET" and words[3:] == ["installation"]:
            return self._installation(asker, repository)
        if repository is None or not asker.sees(repository):
            raise Denied(404, "Not Found")
        if method != "GET" and repository.is_archived:
            raise Denied(403, "Repository was archived so is read-only.")
        _check_permission(asker, method, words[3:])
        return self._route(asker, method, repository, words[3:], body or {})

    def _route(  # noqa: C901 - a table of routes
        self, asker: Asker, method: str, repository: Repository, rest: list[str], body: dict[str, Any]
    ) -> Response:
        match method, rest:
            case "GET", []:
                return _json(self.render.repository(repository, "full-repository"))
            case "GET", ["collaborators", login, "permission"]:
                return self._permission(repository, login)
            case "GET", ["commits", oid, "status"]:
                return _json(self.render.combined(repository, oid))
            case "GET", ["commits", oid, "check-runs"]:
                runs = [self.render.check(repository, oid, one) for one in repository.checks.get(oid, [])]
                return _json({"total_count": len(runs), "check_runs": runs})
            case "GET", ["commits", *ref]:
                return _json(self.render.commit(repository, _resolved(repository, "/".join(ref))))
            case "POST", ["statuses", oid]:
                return self._status(asker, repository, oid, body)
            case "GET", ["git", "ref", *ref]:
                return _json(self._ref(repository, "/".join(ref)))
            case "GET", ["branches"]:
                names = [ref for ref in repository.refs() if ref.startswith("refs/heads/")]
                return self._paged([self._short_branch(repository, name[11:]) for name in names])
            case "GET", ["branches", *name, "protection"]:
                return self._protection(repository, "/".join(name))
            case "GET", ["branches", *name]:
                return self._branch(repository, "/".join(name))
            case "GET", ["contents", *path]:
                return self._contents(repository, "/".join(path), request.args.get("ref"))
            case "POST", ["forks"]:
                return self._fork(asker, repository, body)
            case "GET", ["hooks"]:
                return self._paged(list(repository.hooks))
            case "GET", ["hooks", _, "deliveries"]:
                return self._paged([self._delivery(one) for one in reversed(self.outbox.deliveries)])
            case "POST", ["hooks", _, "deliveries", number, "attempts"]:
                self.outbox.redeliver(int(number))
                return _json({}, 202)
            case "GET", ["rules", *_] | ["rulesets", *_]:
                raise Denied(404, "Not Found")
            case "GET", ["labels"]:
                return self._paged([self.render.label(name) for name in sorted(repository.labels)])
            case "POST", ["labels"]:
                repository.labels.add(body["name"])
                return _json(self.render.label(body["name"]), 201)
        if rest[0] in ("pulls", "issues"):
            return pulls.route(self, asker, method, repository, rest, body)
        self.violations.append(f"{method} {'/'.join(rest)}: the simulator does not do this yet")
        raise Denied(404, "Not Found")

    def _mint(self, asker: Asker, number: int, body: dict[str, Any]) -> Response:
        app = _as_app(asker)
        installation = self.world.installations.get(number)
        if installation is None or installation.app is not app or installation.is_deleted:
            raise Denied(404, "Not Found")
        if installation.is_suspended:
            raise Denied(403, "This installation has been suspended")
        names = {
            one.name: one.id
            for one in self.world.repositories.values()
            if one.id in installation.repositories
        }
        wanted = set(body.get("repository_ids", ())) | {
            names.get(one, 0) for one in body.get("repositories", ())
        }
        if not wanted <= installation.repositories:
            raise Denied(422, "There is at least one repository that does not exist or is not accessible.")
        permissions = {**app.permissions, **body.get("permissions", {})}
        expires_at = self.world.now() + timedelta(hours=1)
        token = Token(
            f"ghs_{secrets.token_hex(18)}",
            app.bot,
            permissions,
            wanted or set(installation.repositories),
            expires_at,
            installation,
        )
        self.world.tokens[token.text] = token
        answer = {"token": token.text, "expires_at": time_text(expires_at), "permissions": {}}
        return _json(description().filled("installation-token", answer), 201)

    def _installation(self, asker: Asker, repository: Repository | None) -> Response:
        app = _as_app(asker)
        for one in self.world.installations.values():
            if (
                repository is not None
                and one.app is app
                and not one.is_deleted
                and repository.id in one.repositories
            ):
                given = {
                    "id": one.id,
                    "app_id": app.id,
                    "app_slug": app.slug,
                    "target_id": one.account.id,
                    "target_type": one.account.type,
                    "account": self.render.account(one.account),
                    "permissions": dict(app.permissions),
                    "suspended_at": time_text(self.world.now()) if one.is_suspended else None,
                    "events": [],
                    "repository_selection": "selected",
                }
                return _json(description().filled("installation", given))
        raise Denied(404, "Not Found")

    def _membership(self, asker: Asker, org: str, slug: str, login: str) -> Response:
        if not asker.may("members", "read"):
            raise Denied(403, "Resource not accessible by integration")
        team = self.world.teams.get(f"{org}/{slug}".casefold())
        account = self.world.account(login)
        if team is None or account is None or account.id not in team.members:
            raise Denied(404, "Not Found")
        return _json({"url": f"{self.render.api}/teams/1", "role": "member", "state": "active"})

    def _permission(self, repository: Repository, login: str) -> Response:
        account = self.world.account(login)
        if account is None:
            raise Denied(404, "Not Found")
        role = self.world.role(account, repository)
        user = description().filled(
            "nullable-collaborator", {**(self.render.account(account) or {}), "role_name": role}
        )
        return _json({"permission": _ROLE_NAMES.get(role, role), "role_name": role, "user": user})

    def _status(self, asker: Asker, repository: Repository, oid: str, body: dict[str, Any]) -> Response:
        if not repository.has(oid):
            raise Denied(422, f"No commit found for SHA: {oid}")
        words = body.get("description")
        if words is not None and len(words) > _LONGEST_DESCRIPTION:
            error = {"resource": "Status", "code": "custom", "field": "description"}
            raise Denied(
                422,
                "Validation Failed",
                [{**error, "message": "description is too long (maximum is 140 characters)"}],
            )
        status = Status(
            next(self.world.ids),
            asker.account,
            body["state"],
            body.get("context", "default"),
            words,
            body.get("target_url"),
            self.world.now(),
        )
        repository.statuses.setdefault(oid, []).append(status)
        self.events.status(repository, oid, status, asker.account)
        return _json(self.render.status(oid, status), 201)

    def add_check(
        self, repository: Repository, oid: str, name: str, app_slug: str, conclusion: str | None
    ) -> None:
        run = CheckRun(next(self.world.ids), name, app_slug, conclusion, self.world.now())
        runs = repository.checks.setdefault(oid, [])
        runs[:] = [one for one in runs if (one.name, one.app_slug) != (name, app_slug)] + [run]

    def _ref(self, repository: Repository, ref: str) -> dict[str, Any]:
        oid = repository.refs().get(f"refs/{ref}")
        if oid is None:
            raise Denied(404, "Not Found")
        at = f"{self.render.api}/repos/{repository.full_name}/git/refs/{ref}"
        filled: dict[str, Any] = description().filled(
            "git-ref",
            {
                "ref": f"refs/{ref}",
                "url": at,
                "object": {"type": "commit", "sha": oid, "url": at},
            },
        )
        return filled

    def _short_branch(self, repository: Repository, name: str) -> dict[str, Any]:
        oid = repository.tip(name)
        return {
            "name": name,
            "commit": {"sha": oid, "url": self.render.api},
            "protected": name in repository.protected,
        }

    def _branch(self, repository: Repository, name: str) -> Response:
        oid = repository.tip(name)
        if oid is None:
            raise Denied(404, "Branch not found")
        given = {**self._short_branch(repository, name), "commit": self.render.commit(repository, oid)}
        return _json(description().filled("branch-with-protection", given))

    def _protection(self, repository: Repository, name: str) -> Response:
        protection = repository.protected.get(name)
        if protection is None:
            raise Denied(404, "Branch not protected")
        given: dict[str, Any] = {}
        if protection.required:
            given["required_status_checks"] = {"contexts": list(protection.required), "checks": []}
        if not protection.allows_pushes:
            given["required_pull_request_reviews"] = {
                "dismiss_stale_reviews": False,
                "require_code_owner_reviews": False,
                "required_approving_review_count": 1,
            }
        return _json(description().filled("branch-protection", given))

    def _contents(self, repository: Repository, path: str, ref: str | None) -> Response:
        oid = _resolved(repository, ref or repository.default_branch)
        listing = repository.git("ls-tree", oid, f"{path}/" if path else "").splitlines()
        exact = repository.git("ls-tree", oid, path).splitlines() if path else []
        at = f"{self.render.api}/repos/{repository.full_name}/contents/"
        if exact and " blob " in exact[0]:
            blob = exact[0].split()[2]
            text = repository.git("cat-file", "blob", blob)
            given = {
                "type": "file",
                "name": path.rpartition("/")[2],
                "path": path,
                "sha": blob,
                "size": len(text),
                "encoding": "base64",
                "content": base64.b64encode(text.encode()).decode(),
                "url": at + path,
            }
            return _json(description().filled("content-file", given))
        if not listing:
            raise Denied(404, "Not Found")
        entries = []
        for line in listing:
            meta, _, name = line.partition("\t")
            kind = "file" if meta.split()[1] == "blob" else "dir"
            entries.append(
                {
                    "type": kind,
                    "size": 0,
                    "name": name.rpartition("/")[2],
                    "path": name,
                    "sha": meta.split()[2],
                    "url": at + name,
                    "git_url": at + name,
                    "html_url": at + name,
                    "download_url": at + name,
                    "_links": {"self": at + name, "git": at + name, "html": at + name},
                }
            )
        return _json(entries)

    def _fork(self, asker: Asker, repository: Repository, body: dict[str, Any]) -> Response:
        owner = self.world.account(body["organization"]) if body.get("organization") else asker.account
        if owner is None:
            raise Denied(422, "Organization not found")
        name = body.get("name") or repository.name
        there = self.world.repository(f"{owner.login}/{name}")
        if there is None:
            there = self.world.add_repository(owner, name, repository.default_branch, fork_of=repository)
            for installation in self.world.installations.values():
                if installation.account.id in (owner.id, repository.owner.id):
                    installation.repositories.add(there.id)
            if asker.token is not None and asker.token.repositories is not None:
                asker.token.repositories.add(there.id)
        return _json(self.render.repository(there, "full-repository"), 202)

    def _delivery(self, delivery: Any) -> dict[str, Any]:
        filled: dict[str, Any] = description().filled(
            "hook-delivery-item",
            {
                "id": delivery.number,
                "guid": delivery.guid,
                "delivered_at": time_text(delivery.delivered_at),
                "redelivery": delivery.is_redelivery,
                "duration": 0.1,
                "status": "OK" if 200 <= delivery.status < 300 else "failed to connect",
                "status_code": delivery.status,
                "event": delivery.event,
                "action": delivery.action or None,
                "installation_id": None,
                "repository_id": None,
            },
        )
        return filled

    def _paged(self, items: list[Any]) -> Response:
        return paged(items)

    def _checked(self, method: str, path: str, answer: Response) -> Response:
        operation = description().operation(method, path)
        if operation is not None and answer.status_code not in (301,):
            schema = operation.answers.get(str(answer.status_code), "none")
            if schema == "none":
                self.violations.append(
                    f"{method} {path}: {answer.status_code} is no answer that GitHub gives"
                )
            elif schema is not None and answer.get_data():
                faults = description().faults(schema, json.loads(answer.get_data()))
                if faults:
                    self.violations.append(f"{method} {path}: the answer has {faults[:5]}")
        answer.headers["Date"] = self.world.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
        answer.headers["X-RateLimit-Remaining"] = "4999"
        answer.headers["X-RateLimit-Limit"] = "5000"
        answer.headers["X-RateLimit-Reset"] = str(int(time.time()) + 3600)
        return answer

    def _denied(self, method: str, path: str, denied: Denied) -> Response:
        body: dict[str, Any] = {
            "message": denied.message,
            "documentation_url": "https://docs.github.com/rest",
        }
        if denied.errors is not None:
            body["errors"] = denied.errors
        answer = _json(body, denied.status)
        answer.headers["Date"] = self.world.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
        answer.headers.update(denied.headers)
        return answer


_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
# The permission that a path needs, by its beginning; reading needs `read`, everything else `write`.
_NEEDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("pulls",), "pull_requests"),
    (("issues",), "pull_requests"),
    (("statuses",), "statuses"),
    (("commits", "*", "status"), "statuses"),
    (("commits", "*", "check-runs"), "checks"),
    (("commits",), "contents"),
    (("git",), "contents"),
    (("contents",), "contents"),
    (("branches", "*", "protection"), "administration"),
    (("branches",), "contents"),
    (("collaborators",), "metadata"),
    (("hooks",), "repository_hooks"),
    (("labels",), "issues"),
    (("forks",), "administration"),
)


def _check_permission(asker: Asker, method: str, rest: list[str]) -> None:
    for form, permission in _NEEDS:
        beginning = rest[: len(form)]
        if len(beginning) == len(form) and all(a in ("*", b) for a, b in zip(form, beginning, strict=True)):
            # A merge writes contents as well.
            needed = "contents" if rest[0] == "pulls" and rest[-1] == "merge" else permission
            if not asker.may(needed, "read" if method == "GET" else "write"):
                raise Denied(403, "Resource not accessible by integration")
            return


def _as_app(asker: Asker) -> Any:
    if asker.app is None:
        raise Denied(401, "A JSON web token could not be decoded")
    return asker.app


def _resolved(repository: Repository, ref: str) -> str:
    refs = repository.refs()
    for name in (f"refs/heads/{ref}", f"refs/tags/{ref}", f"refs/{ref}"):
        if name in refs:
            return refs[name]
    if repository.has(ref):
        return ref
    raise Denied(422, f"No commit found for SHA: {ref}")


def paged(items: list[Any]) -> Response:
    """One page of a list, with GitHub's Link header to the next."""
    size = min(int(request.args.get("per_page", 30)), 100)
    page = max(int(request.args.get("page", 1)), 1)
    answer = _json(items[(page - 1) * size : page * size])
    if page * size < len(items):
        address = request.base_url
        answer.headers["Link"] = (
            f'<{address}?per_page={size}&page={page + 1}>; rel="next", '
            f'<{address}?per_page={size}&page={-(-len(items) // size)}>; rel="last"'
        )
    return answer


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json; charset=utf-8")


answer_json: Callable[..., Response] = _json
"""A JSON answer, for the parts of the API that are in files of their own."""

__all__ = ["PREFIX", "Asked", "Fault", "Pull", "Rest", "answer_json", "paged"]
