"""Branches, refs, commits and files in the REST API."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from flask import Response, request

from tests.github.simulator.answers import answer_json, nothing, paged
from tests.github.simulator.auth import Denied
from tests.github.simulator.call import Call, refused
from tests.github.simulator.openapi import description
from tests.github.simulator.world import ZERO, Account, GitFailed, Repository

if TYPE_CHECKING:
    from tests.github.simulator.rest import Rest


def route(call: Call) -> Response | None:  # noqa: C901 - a table of routes
    rest, repository, body = call.rest, call.repository, call.body
    match call.method, call.words:
        case "GET", ["commits", *ref]:
            return answer_json(rest.render.commit(repository, resolved(repository, "/".join(ref))))
        case "GET", ["git", "commits", oid]:
            return answer_json(_git_commit(rest, repository, oid))
        case "GET", ["git", "ref", *ref]:
            return answer_json(_ref(rest, repository, "/".join(ref)))
        case "POST", ["git", "refs"]:
            create_ref(rest, call.account, repository, body["ref"], body["sha"])
            return answer_json(_ref(rest, repository, body["ref"].removeprefix("refs/")), 201)
        case "PATCH", ["git", "refs", *ref]:
            name = "/".join(ref)
            update_ref(rest, call.account, repository, f"refs/{name}", body["sha"], force=body.get("force"))
            return answer_json(_ref(rest, repository, name))
        case "DELETE", ["git", "refs", *ref]:
            delete_ref(rest, call.account, repository, f"refs/{'/'.join(ref)}")
            return nothing()
        case "GET", ["branches"]:
            return _branches(rest, repository)
        case "GET", ["branches", *name, "protection"]:
            return _protection(repository, "/".join(name))
        case "GET", ["branches", *name]:
            return _branch(rest, repository, "/".join(name))
        case "GET", ["rules", "branches", *name]:
            return paged(list(repository.rules.get("/".join(name), [])))
        case "GET", ["contents", *path]:
            return _contents(rest, repository, "/".join(path), request.args.get("ref"))
        case "GET", ["compare", *basehead]:
            return answer_json(_comparison(rest, repository, "/".join(basehead)))
    return None


def resolved(repository: Repository, ref: str) -> str:
    """The commit of a branch, tag or oid. Raises Denied."""
    for name in (f"refs/heads/{ref}", f"refs/tags/{ref}", f"refs/{ref}", ref):
        try:
            return repository.git("rev-parse", "--verify", "-q", f"{name}^{{commit}}")
        except GitFailed:
            continue
    raise Denied(422, f"No commit found for SHA: {ref}")


def create_ref(rest: Rest, by: Account, repository: Repository, ref: str, oid: str) -> None:
    if not ref.startswith("refs/") or ref.count("/") < 2:
        raise refused("Reference", "Reference name must start with 'refs' and have at least two slashes.")
    if ref in repository.refs():
        raise Denied(422, "Reference already exists")
    _need(repository, oid)
    _move(rest, by, repository, ref, ZERO, oid)


def update_ref(
    rest: Rest, by: Account, repository: Repository, ref: str, oid: str, *, force: bool | None
) -> None:
    """What PATCH git/refs does, with the refusals for what is no fast forward, and for protected branches."""
    old = repository.refs().get(ref)
    if old is None:
        raise Denied(422, "Reference does not exist")
    _need(repository, oid)
    if not repository.is_ancestor(old, oid) and not force:
        raise Denied(422, "Update is not a fast forward")
    branch = ref.removeprefix("refs/heads/")
    protection = repository.protected.get(branch) if branch != ref else None
    if protection is not None:
        if not repository.is_ancestor(old, oid):
            raise Denied(422, "Cannot force-push to this branch")
        if protection.needs_pull_request:
            raise Denied(422, "Changes must be made through a pull request.")
        for context in protection.required:
            if not repository.has_succeeded(oid, context):
                raise Denied(422, f'Required status check "{context}" is expected.')
    _move(rest, by, repository, ref, old, oid)


def delete_ref(rest: Rest, by: Account, repository: Repository, ref: str) -> None:
    old = repository.refs().get(ref)
    if old is None:
        raise Denied(422, "Reference does not exist")
    branch = ref.removeprefix("refs/heads/")
    if branch in repository.protected and branch != ref:
        raise Denied(422, "Cannot delete this protected ref.")
    if ref == f"refs/heads/{repository.default_branch}":
        raise Denied(422, "Cannot delete the default branch")
    _move(rest, by, repository, ref, old, ZERO)


def _move(rest: Rest, by: Account, repository: Repository, ref: str, old: str, new: str) -> None:
    if new == ZERO:
        repository.git("update-ref", "-d", ref, old)
    else:
        repository.git("update-ref", ref, new, old)
    rest.events.ref_moved(repository, ref, old, new, by)


def _need(repository: Repository, oid: str) -> None:
    if not repository.has(oid):
        raise Denied(422, "Object does not exist")


def _ref(rest: Rest, repository: Repository, name: str) -> dict[str, Any]:
    oid = repository.refs().get(f"refs/{name}")
    if oid is None:
        raise Denied(404, "Not Found")
    at = f"{rest.render.api}/repos/{repository.full_name}/git/refs/{name}"
    kind = repository.git("cat-file", "-t", oid)
    given = {"ref": f"refs/{name}", "url": at, "object": {"type": kind, "sha": oid, "url": at}}
    filled: dict[str, Any] = description().filled("git-ref", given)
    return filled


def _git_commit(rest: Rest, repository: Repository, oid: str) -> dict[str, Any]:
    if not repository.has(oid):
        raise Denied(404, "Not Found")
    commit = rest.render.commit(repository, oid)
    inner = commit["commit"]
    given = {
        **{name: commit[name] for name in ("sha", "node_id", "url", "html_url", "parents")},
        **{name: inner[name] for name in ("author", "committer", "tree", "message", "verification")},
    }
    filled: dict[str, Any] = description().filled("git-commit", given)
    return filled


def _branches(rest: Rest, repository: Repository) -> Response:
    wanted = request.args.get("protected")
    names = [ref.removeprefix("refs/heads/") for ref in repository.refs() if ref.startswith("refs/heads/")]
    kept = [one for one in names if wanted is None or (wanted == "true") == (one in repository.protected)]
    return paged([_short_branch(rest, repository, one) for one in kept])


def _short_branch(rest: Rest, repository: Repository, name: str) -> dict[str, Any]:
    oid = repository.tip(name)
    at = f"{rest.render.api}/repos/{repository.full_name}/commits/{oid}"
    return {"name": name, "commit": {"sha": oid, "url": at}, "protected": name in repository.protected}


def _branch(rest: Rest, repository: Repository, name: str) -> Response:
    oid = repository.tip(name)
    if oid is None:
        raise Denied(404, "Branch not found")
    given = {**_short_branch(rest, repository, name), "commit": rest.render.commit(repository, oid)}
    return answer_json(description().filled("branch-with-protection", given))


def _protection(repository: Repository, name: str) -> Response:
    protection = repository.protected.get(name)
    if protection is None:
        raise Denied(404, "Branch not protected")
    given: dict[str, Any] = {}
    if protection.required:
        given["required_status_checks"] = {"contexts": list(protection.required), "checks": []}
    if protection.needs_pull_request:
        given["required_pull_request_reviews"] = {
            "dismiss_stale_reviews": False,
            "require_code_owner_reviews": False,
            "required_approving_review_count": 1,
        }
    return answer_json(description().filled("branch-protection", given))


def _contents(rest: Rest, repository: Repository, path: str, ref: str | None) -> Response:
    try:
        oid = resolved(repository, ref or repository.default_branch)
    except Denied:
        raise Denied(404, f"No commit found for the ref {ref}") from None
    at = f"{rest.render.api}/repos/{repository.full_name}/contents/"
    exact = _listing(repository, oid, path) if path else []
    if exact and exact[0][0] == "blob":
        return answer_json(_file(repository, path, exact[0][1], at))
    entries = _listing(repository, oid, f"{path}/" if path else "")
    if not entries:
        raise Denied(404, "Not Found")
    return answer_json([_entry(kind, blob, name, at) for kind, blob, name in entries])


def _listing(repository: Repository, oid: str, path: str) -> list[tuple[str, str, str]]:
    lines = repository.git("ls-tree", "-z", oid, "--", *([path] if path else ())).split("\0")
    parts = [line.partition("\t") for line in lines if line]
    return [(meta.split()[1], meta.split()[2], name) for meta, _, name in parts]


def _file(repository: Repository, path: str, blob: str, at: str) -> dict[str, Any]:
    content = repository.git_bytes("cat-file", "blob", blob)
    given = {
        **_entry("blob", blob, path, at),
        "size": len(content),
        "encoding": "base64",
        # In lines, as GitHub has it.
        "content": base64.encodebytes(content).decode(),
    }
    filled: dict[str, Any] = description().filled("content-file", given)
    return filled


def _entry(kind: str, blob: str, path: str, at: str) -> dict[str, Any]:
    address = at + path
    return {
        "type": {"blob": "file", "tree": "dir", "commit": "submodule"}[kind],
        "size": 0,
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": blob,
        "url": address,
        "git_url": address,
        "html_url": address,
        "download_url": address,
        "_links": {"self": address, "git": address, "html": address},
    }


def _comparison(rest: Rest, repository: Repository, basehead: str) -> dict[str, Any]:
    names = basehead.split("...")
    if len(names) != 2:
        raise Denied(404, "Not Found")
    base, head = (resolved(repository, one) for one in names)
    ahead, behind = repository.between(base, head), repository.between(head, base)
    status = {(False, False): "identical", (True, False): "ahead", (False, True): "behind"}
    at = f"{rest.render.api}/repos/{repository.full_name}/compare/{basehead}"
    given = {
        "url": at,
        "html_url": at,
        "permalink_url": at,
        "diff_url": at,
        "patch_url": at,
        "base_commit": rest.render.commit(repository, base),
        "merge_base_commit": rest.render.commit(repository, repository.git("merge-base", base, head)),
        "status": status.get((bool(ahead), bool(behind)), "diverged"),
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [rest.render.commit(repository, oid) for oid in ahead[:250]],
    }
    filled: dict[str, Any] = description().filled("commit-comparison", given)
    return filled
