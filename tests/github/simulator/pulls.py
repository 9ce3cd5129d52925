"""Pull requests in the REST API, with what GitHub refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, request

from tests.github.simulator import reviews
from tests.github.simulator.answers import answer_json, nothing, paged
from tests.github.simulator.auth import Denied
from tests.github.simulator.call import Call, invalid, refused
from tests.github.simulator.events import show
from tests.github.simulator.merging import merge
from tests.github.simulator.openapi import description
from tests.github.simulator.texts import check_texts
from tests.github.simulator.world import Account, GitFailed, Pull, Repository

if TYPE_CHECKING:
    from tests.github.simulator.rest import Rest

_MOST_COMMITS = 250
_MOST_FILES = 3000
_MOST_ASKED = 15


def route(call: Call) -> Response | None:
    """Everything below `pulls`."""
    if call.words[:1] != ["pulls"]:
        return None
    match call.method, call.words[1:]:
        case "GET", []:
            return _listed(call)
        case "POST", []:
            pull = create(call.rest, call.account, call.repository, call.body)
            return answer_json(call.rest.render.pull(call.repository, pull), 201)
    pull = find(call.repository, call.words[1])
    if call.words[2:3] in (["reviews"], ["comments"]):
        return reviews.route(call, pull)
    if call.words[2:3] == ["requested_reviewers"]:
        return _asked(call, pull)
    return _one(call, pull)


def find(repository: Repository, number: str) -> Pull:
    """Raises Denied with 404."""
    pull = repository.pulls.get(int(number)) if number.isdigit() else None
    if pull is None:
        raise Denied(404, "Not Found")
    return pull


def _one(call: Call, pull: Pull) -> Response | None:
    rest, repository = call.rest, call.repository
    match call.method, call.words[2:]:
        case "GET", []:
            shown = answer_json(rest.render.pull(repository, pull))
            # GitHub works it out once somebody has asked.
            rest.events.find_mergeable(repository, pull)
            return shown
        case "PATCH", []:
            edit(rest, call.account, repository, pull, call.body)
            return answer_json(rest.render.pull(repository, pull))
        case "GET", ["commits"]:
            oids = repository.between(pull.base_sha, pull.head_sha)[:_MOST_COMMITS]
            return paged([rest.render.commit(repository, oid) for oid in oids])
        case "GET", ["files"]:
            return paged(_files(call, pull)[:_MOST_FILES])
        case "GET", ["merge"]:
            if pull.merged_at is None:
                raise Denied(404, "Not Found")
            return nothing()
        case "PUT", ["merge"]:
            return answer_json(merge(rest, call.account, repository, pull, call.body))
    return None


def _asked(call: Call, pull: Pull) -> Response | None:
    rest, repository = call.rest, call.repository
    match call.method:
        case "GET":
            users = [rest.render.account(one) for one in pull.asked]
            teams = [rest.render.team(one) for one in pull.asked_teams]
            return answer_json({"users": users, "teams": teams})
        case "POST":
            ask(rest, call.account, repository, pull, call.body)
            return answer_json(rest.render.pull(repository, pull, "pull-request-simple"), 201)
        case "DELETE":
            ask_no_longer(rest, call.account, repository, pull, call.body)
            return answer_json(rest.render.pull(repository, pull, "pull-request-simple"))
    return None


def create(rest: Rest, by: Account, repository: Repository, body: dict[str, Any]) -> Pull:
    """Open a pull request, if GitHub would."""
    head_repo, head_ref = _head(rest, repository, body["head"])
    head, base = head_repo.tip(head_ref), repository.tip(body["base"])
    if head is None:
        raise invalid("PullRequest", "head")
    if base is None:
        raise invalid("PullRequest", "base")
    for pull in repository.pulls.values():
        is_same = (pull.head_repo, pull.head_ref, pull.base_ref) == (head_repo, head_ref, body["base"])
        if pull.state == "open" and is_same:
            words = f"A pull request already exists for {head_repo.owner.login}:{head_ref}."
            raise refused("PullRequest", words)
    _bring(repository, head_repo, head)
    try:
        repository.git("merge-base", base, head)
    except GitFailed:
        words = f"The {head_ref} branch has no history in common with {body['base']}"
        raise refused("PullRequest", words) from None
    if not repository.between(base, head):
        raise refused("PullRequest", f"No commits between {body['base']} and {head_ref}")
    check_texts(body, "PullRequest")
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
    show(repository, pull)
    rest.events.pull("opened", repository, pull, by)
    return pull


def edit(rest: Rest, by: Account, repository: Repository, pull: Pull, body: dict[str, Any]) -> None:
    """Change title, body, base or state."""
    check_texts(body, "PullRequest")
    changes: dict[str, Any] = {}
    for name in ("title", "body"):
        if name in body and getattr(pull, name) != body[name]:
            changes[name] = {"from": getattr(pull, name)}
            setattr(pull, name, body[name])
    if body.get("base") not in (None, pull.base_ref):
        tip = repository.tip(body["base"])
        if tip is None:
            raise invalid("PullRequest", "base")
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
        raise refused("PullRequest", "state cannot be changed. The branch was deleted or is merged.")
    _bring(repository, pull.head_repo, tip)
    if not pull.can_reopen or not repository.is_ancestor(pull.head_sha, tip):
        words = f"state cannot be changed. The {pull.head_ref} branch was force-pushed or recreated."
        raise refused("PullRequest", words)
    base = repository.tip(pull.base_ref)
    if base is None:
        raise refused("PullRequest", "state cannot be changed. The base branch was deleted.")
    if not repository.between(base, tip):
        raise refused("PullRequest", "state cannot be changed. There are no new commits.")
    pull.state, pull.closed_at, pull.closed_by = "open", None, None
    pull.head_sha, pull.base_sha, pull.updated_at = tip, base, rest.world.now()
    pull.is_mergeable = None
    show(repository, pull)
    rest.events.pull("reopened", repository, pull, by)


def ask(rest: Rest, by: Account, repository: Repository, pull: Pull, body: dict[str, Any]) -> None:
    """Ask people and teams to review; GitHub takes all of them or none."""
    people = [rest.world.account(login) for login in body.get("reviewers", ())]
    for person in people:
        if person is None or rest.world.role(person, repository) == "none":
            words = "Reviews may only be requested from collaborators. One or more of the users or teams you "
            raise Denied(
                422, words + f"specified is not a collaborator of the {repository.full_name} repository."
            )
        if person.id == pull.author.id:
            raise Denied(422, "Review cannot be requested from pull request author.")
    teams = list(body.get("team_reviewers", ()))
    for slug in teams:
        if f"{repository.owner.login}/{slug}".casefold() not in rest.world.teams:
            raise Denied(422, "Could not resolve to a node with the global id of the team.")
    new_people = [one for one in people if one is not None and one not in pull.asked]
    new_teams = [one for one in teams if one not in pull.asked_teams]
    if len(pull.asked) + len(pull.asked_teams) + len(new_people) + len(new_teams) > _MOST_ASKED:
        raise Denied(422, "A maximum of 15 reviewers can be requested.")
    pull.asked += new_people
    pull.asked_teams += new_teams
    _tell_of_asking(rest, by, repository, pull, "review_requested", new_people, new_teams)


def ask_no_longer(rest: Rest, by: Account, repository: Repository, pull: Pull, body: dict[str, Any]) -> None:
    logins = {one.casefold() for one in body.get("reviewers", ())}
    people = [one for one in pull.asked if one.login.casefold() in logins]
    teams = [one for one in pull.asked_teams if one in body.get("team_reviewers", ())]
    pull.asked = [one for one in pull.asked if one not in people]
    pull.asked_teams = [one for one in pull.asked_teams if one not in teams]
    _tell_of_asking(rest, by, repository, pull, "review_request_removed", people, teams)


def _tell_of_asking(
    rest: Rest,
    by: Account,
    repository: Repository,
    pull: Pull,
    action: str,
    people: list[Account],
    teams: list[str],
) -> None:
    for person in people:
        shown = rest.render.account(person)
        rest.events.pull(action, repository, pull, by, requested_reviewer=shown)
    for slug in teams:
        rest.events.pull(action, repository, pull, by, requested_team=rest.render.team(slug))


def _listed(call: Call) -> Response:
    rest, repository, asked = call.rest, call.repository, request.args
    state, head, base = asked.get("state", "open"), asked.get("head"), asked.get("base")
    # A head without an owner is ignored.
    wanted = head.casefold() if head is not None and ":" in head else None
    found = []
    for pull in repository.pulls.values():
        label = f"{pull.head_repo.owner.login}:{pull.head_ref}".casefold()
        if state in ("all", pull.state) and wanted in (None, label) and base in (None, pull.base_ref):
            found.append(pull)
    by_update = asked.get("sort") == "updated"
    newest_first = (
        asked.get("direction", "desc" if asked.get("sort", "created") == "created" else "asc") == "desc"
    )
    found.sort(
        key=lambda one: (one.updated_at if by_update else one.created_at, one.number), reverse=newest_first
    )
    return paged([rest.render.pull(repository, one, "pull-request-simple") for one in found])


def _files(call: Call, pull: Pull) -> list[dict[str, Any]]:
    repository = call.repository
    range_ = f"{pull.base_sha}...{pull.head_sha}"
    lines = repository.git_bytes("diff", "-z", "--no-renames", "--raw", "--no-abbrev", range_)
    words = lines.decode(errors="replace").split("\0")
    kinds = {"A": "added", "D": "removed", "M": "modified", "T": "changed"}
    at = f"{call.rest.render.api}/repos/{repository.full_name}/contents"
    return [
        description().filled(
            "diff-entry",
            {
                "sha": meta.split()[3],
                "filename": name,
                "status": kinds[meta.split()[4]],
                "contents_url": f"{at}/{name}?ref={pull.head_sha}",
            },
        )
        for meta, name in zip(words[::2], words[1::2], strict=False)
        if name
    ]


def _head(rest: Rest, repository: Repository, head: str) -> tuple[Repository, str]:
    owner, colon, ref = head.partition(":")
    if not colon:
        return repository, head
    for one in rest.world.fork_network(repository):
        if one.owner.login.casefold() == owner.casefold():
            return one, ref
    raise invalid("PullRequest", "head")


def _bring(repository: Repository, head_repo: Repository, oid: str) -> None:
    """Have a fork's commit here, as GitHub's shared storage has."""
    if head_repo is not repository and not repository.has(oid):
        repository.git("fetch", "-q", str(head_repo.path), oid)
