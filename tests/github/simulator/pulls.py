"""Pull requests in the REST API, with what GitHub refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, request

from tests.github.simulator.auth import Asker, Denied
from tests.github.simulator.merging import merge
from tests.github.simulator.world import Account, Comment, GitFailed, Pull, Repository, Review

if TYPE_CHECKING:
    from tests.github.simulator.rest import Rest

LONGEST = 65536
_LONGEST_TITLE = 256


def route(  # noqa: C901 - a table of routes
    rest: Rest, asker: Asker, method: str, repository: Repository, words: list[str], body: dict[str, Any]
) -> Response:
    """Everything below `pulls` and `issues` of a repository."""
    json_of = _json
    match method, words:
        case "GET", ["pulls"]:
            return _listed(rest, repository)
        case "POST", ["pulls"]:
            return json_of(rest.render.pull(repository, create(rest, asker.account, repository, body)), 201)
        case _, ["issues", "comments", number]:
            return _comment(rest, asker, method, repository, int(number), body)
    pull = repository.pulls.get(int(words[1])) if words[1].isdigit() else None
    if pull is None:
        raise Denied(404, "Not Found")
    match method, words[0], words[2:]:
        case "GET", "pulls", []:
            return json_of(rest.render.pull(repository, pull))
        case "PATCH", "pulls", []:
            edit(rest, asker.account, repository, pull, body)
            return json_of(rest.render.pull(repository, pull))
        case "GET", "issues", []:
            return json_of(rest.render.issue(repository, pull))
        case "GET", "pulls", ["reviews"]:
            return _paged([rest.render.review(repository, pull, one) for one in pull.reviews])
        case "GET", "pulls", ["commits"]:
            oids = repository.between(pull.base_sha, pull.head_sha)[:250]
            return _paged([rest.render.commit(repository, oid) for oid in oids])
        case "PUT", "pulls", ["merge"]:
            return json_of(merge(rest, asker.account, repository, pull, body))
        case "POST", "pulls", ["requested_reviewers"]:
            _ask(rest, asker.account, repository, pull, body)
            return json_of(rest.render.pull(repository, pull, "pull-request-simple"), 201)
        case "GET", "issues", ["comments"]:
            return _paged([rest.render.comment(repository, pull, one) for one in pull.comments])
        case "POST", "issues", ["comments"]:
            said = comment(rest, asker.account, repository, pull, body["body"])
            return json_of(rest.render.comment(repository, pull, said), 201)
        case "POST", "issues", ["labels"]:
            add_labels(rest, asker.account, repository, pull, body["labels"])
            return json_of([rest.render.label(name) for name in pull.labels])
        case "DELETE", "issues", ["labels", name]:
            remove_label(rest, asker.account, repository, pull, name)
            return json_of([rest.render.label(one) for one in pull.labels])
        case "PUT", "issues", ["labels"]:
            pull.labels = []
            add_labels(rest, asker.account, repository, pull, body.get("labels", []))
            return json_of([rest.render.label(name) for name in pull.labels])
    rest.violations.append(f"{method} {'/'.join(words)}: the simulator does not do this yet")
    raise Denied(404, "Not Found")


def create(rest: Rest, by: Account, repository: Repository, body: dict[str, Any]) -> Pull:
    """Open a pull request, if GitHub would."""
    head_repo, head_ref = _head(rest, repository, body["head"])
    head, base = head_repo.tip(head_ref), repository.tip(body["base"])
    if head is None:
        raise _invalid("PullRequest", "head", code="invalid")
    if base is None:
        raise _invalid("PullRequest", "base", code="invalid")
    for pull in repository.pulls.values():
        is_same = (pull.head_repo, pull.head_ref, pull.base_ref) == (head_repo, head_ref, body["base"])
        if pull.state == "open" and is_same:
            words = f"A pull request already exists for {head_repo.owner.login}:{head_ref}."
            raise _refused("PullRequest", words)
    _bring(repository, head_repo, head)
    try:
        repository.git("merge-base", base, head)
    except GitFailed:
        words = f"The {head_ref} branch has no history in common with {body['base']}"
        raise _refused("PullRequest", words) from None
    if not repository.between(base, head):
        raise _refused("PullRequest", f"No commits between {body['base']} and {head_ref}")
    _check_texts(body)
    now = rest.world.now()
    number = max(repository.pulls, default=0) + 1
    pull = Pull(
        id=next(rest.world.ids),
        number=number,
        author=by,
        head_repo=head_repo,
        head_ref=head_ref,
        head_sha=head,
        base_ref=body["base"],
        base_sha=base,
        title=body["title"],
        body=body.get("body") or "",
        draft=bool(body.get("draft")),
        created_at=now,
        updated_at=now,
    )
    repository.pulls[number] = pull
    rest.events.pull("opened", repository, pull, by)
    return pull


def edit(rest: Rest, by: Account, repository: Repository, pull: Pull, body: dict[str, Any]) -> None:
    """Change title, body, base or state."""
    _check_texts(body)
    changes: dict[str, Any] = {}
    for name in ("title", "body"):
        if name in body and getattr(pull, name) != body[name]:
            changes[name] = {"from": getattr(pull, name)}
            setattr(pull, name, body[name])
    if body.get("base") not in (None, pull.base_ref):
        tip = repository.tip(body["base"])
        if tip is None:
            raise _invalid("PullRequest", "base", code="invalid")
        changes["base"] = {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha}}
        pull.base_ref, pull.base_sha = body["base"], tip
    if changes:
        pull.updated_at = rest.world.now()
        rest.events.pull("edited", repository, pull, by, changes=changes)
    if body.get("state") == "closed" and pull.state == "open":
        rest.events.close(repository, pull, by)
    elif body.get("state") == "open" and pull.state == "closed":
        reopen(rest, by, repository, pull)


def reopen(rest: Rest, by: Account, repository: Repository, pull: Pull) -> None:
    tip = pull.head_repo.tip(pull.head_ref)
    if pull.merged_at is not None or tip is None:
        raise _refused("PullRequest", "state cannot be changed. The branch was deleted or is merged.")
    _bring(repository, pull.head_repo, tip)
    if tip != pull.head_sha and not (pull.can_reopen and repository.is_ancestor(pull.head_sha, tip)):
        words = f"state cannot be changed. The {pull.head_ref} branch was force-pushed or recreated."
        raise _refused("PullRequest", words)
    base = repository.tip(pull.base_ref)
    if base is None:
        raise _refused("PullRequest", "state cannot be changed. The base branch was deleted.")
    if not repository.between(base, tip):
        raise _refused("PullRequest", "state cannot be changed. There are no new commits.")
    pull.state, pull.closed_at, pull.closed_by = "open", None, None
    pull.head_sha, pull.base_sha, pull.updated_at = tip, base, rest.world.now()
    rest.events.pull("reopened", repository, pull, by)


def comment(rest: Rest, by: Account, repository: Repository, pull: Pull, text: str) -> Comment:
    _check_texts({"body": text})
    now = rest.world.now()
    said = Comment(next(rest.world.ids), by, text, now, now)
    pull.comments.append(said)
    rest.events.comment("created", repository, pull, said, by)
    return said


def review(
    rest: Rest, by: Account, repository: Repository, pull: Pull, state: str, body: str, oid: str | None
) -> Review:
    """A review as the button or the API makes it."""
    if by.id == pull.author.id and state != "COMMENTED":
        verb = "approve" if state == "APPROVED" else "request changes on"
        raise Denied(422, "Unprocessable Entity", [f"Can not {verb} your own pull request"])
    given = Review(next(rest.world.ids), by, state, body, oid or pull.head_sha, rest.world.now())
    pull.reviews.append(given)
    rest.events.review("submitted", repository, pull, given, by)
    return given


def add_labels(rest: Rest, by: Account, repository: Repository, pull: Pull, names: list[Any]) -> None:
    for one in names:
        name = one if isinstance(one, str) else one["name"]
        repository.labels.add(name)
        if name not in pull.labels:
            pull.labels.append(name)
            rest.events.pull("labeled", repository, pull, by, label=rest.render.label(name))


def remove_label(rest: Rest, by: Account, repository: Repository, pull: Pull, name: str) -> None:
    if name not in pull.labels:
        raise Denied(404, "Label does not exist")
    pull.labels.remove(name)
    rest.events.pull("unlabeled", repository, pull, by, label=rest.render.label(name))


def _listed(rest: Rest, repository: Repository) -> Response:
    state, head, base = (request.args.get(name) for name in ("state", "head", "base"))
    found = []
    for pull in sorted(repository.pulls.values(), key=lambda one: -one.number):
        label = f"{pull.head_repo.owner.login}:{pull.head_ref}"
        if state not in (None, "all", pull.state) or head not in (None, label):
            continue
        if base in (None, pull.base_ref):
            found.append(rest.render.pull(repository, pull, "pull-request-simple"))
    return _paged(found)


def _comment(
    rest: Rest, asker: Asker, method: str, repository: Repository, number: int, body: dict[str, Any]
) -> Response:
    for pull in repository.pulls.values():
        for said in pull.comments:
            if said.id == number:
                return _one_comment(rest, asker, method, repository, pull, said, body)
    raise Denied(404, "Not Found")


def _one_comment(
    rest: Rest,
    asker: Asker,
    method: str,
    repository: Repository,
    pull: Pull,
    said: Comment,
    body: dict[str, Any],
) -> Response:
    if method == "GET":
        return _json(rest.render.comment(repository, pull, said))
    if method == "DELETE":
        pull.comments.remove(said)
        rest.events.comment("deleted", repository, pull, said, asker.account)
        return Response(status=204)
    _check_texts(body)
    before, said.body, said.updated_at = said.body, body["body"], rest.world.now()
    changes = {"body": {"from": before}}
    rest.events.comment("edited", repository, pull, said, asker.account, changes=changes)
    return _json(rest.render.comment(repository, pull, said))


def _ask(rest: Rest, by: Account, repository: Repository, pull: Pull, body: dict[str, Any]) -> None:
    people = [rest.world.account(login) for login in body.get("reviewers", ())]
    for person in people:
        if person is None or rest.world.role(person, repository) == "none":
            words = "Reviews may only be requested from collaborators. One or more of the users or teams you "
            raise Denied(422, words + "specified is not a collaborator of the repository.")
        if person.id == pull.author.id:
            raise Denied(422, "Review cannot be requested from pull request author.")
    for slug in body.get("team_reviewers", ()):
        if f"{repository.owner.login}/{slug}".casefold() not in rest.world.teams:
            raise Denied(422, "Could not resolve to a node with the global id of the team.")
    pull.asked += [one for one in people if one is not None and one not in pull.asked]
    pull.asked_teams += [one for one in body.get("team_reviewers", ()) if one not in pull.asked_teams]
    for person in people:
        rest.events.pull(
            "review_requested", repository, pull, by, requested_reviewer=rest.render.account(person)
        )


def _head(rest: Rest, repository: Repository, head: str) -> tuple[Repository, str]:
    owner, colon, ref = head.partition(":")
    if not colon:
        return repository, head
    for one in rest.world.fork_network(repository):
        if one.owner.login.casefold() == owner.casefold():
            return one, ref
    raise _invalid("PullRequest", "head", code="invalid")


def _bring(repository: Repository, head_repo: Repository, oid: str) -> None:
    """Have a fork's commit here, as GitHub's shared storage has."""
    if head_repo is not repository and not repository.has(oid):
        repository.git("fetch", "-q", str(head_repo.path), oid)


def _check_texts(body: dict[str, Any]) -> None:
    # GitHub counts characters; text beyond the basic plane counts double there, as in UTF-16.
    if len((body.get("body") or "").encode("utf-16-le")) // 2 > LONGEST:
        raise _refused("Issue", "body is too long (maximum is 65536 characters)")
    if len(body.get("title") or "") > _LONGEST_TITLE:
        raise _refused("Issue", "title is too long (maximum is 256 characters)")


def _refused(resource: str, words: str) -> Denied:
    return Denied(422, "Validation Failed", [{"resource": resource, "code": "custom", "message": words}])


def _invalid(resource: str, field: str, *, code: str) -> Denied:
    return Denied(422, "Validation Failed", [{"resource": resource, "field": field, "code": code}])


def _json(value: Any, status: int = 200) -> Response:
    from tests.github.simulator.rest import answer_json

    return answer_json(value, status)


def _paged(items: list[Any]) -> Response:
    from tests.github.simulator.rest import paged

    return paged(items)
