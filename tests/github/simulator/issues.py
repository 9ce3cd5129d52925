"""What pull requests have in common with issues in the REST API: comments and labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response

from tests.github.simulator.answers import answer_json, nothing, paged
from tests.github.simulator.auth import Denied
from tests.github.simulator.call import Call, invalid, refused
from tests.github.simulator.pulls import edit, find
from tests.github.simulator.texts import check_texts
from tests.github.simulator.world import Account, Comment, Pull, Repository

if TYPE_CHECKING:
    from tests.github.simulator.rest import Rest

_LONGEST_LABEL = 50


def route(call: Call) -> Response | None:
    """Everything below `issues` and `labels`."""
    rest, repository = call.rest, call.repository
    match call.method, call.words:
        case "GET", ["labels"]:
            return paged([rest.render.label(name) for name in sorted(repository.labels)])
        case "POST", ["labels"]:
            return answer_json(_create_label(call), 201)
        case "GET", ["labels", name]:
            if name not in repository.labels:
                raise Denied(404, "Not Found")
            return answer_json(rest.render.label(name))
        case _, ["issues", "comments", number]:
            return _comment(call, int(number))
        case "GET", ["issues", number]:
            return answer_json(rest.render.issue(repository, find(repository, number)))
        case "PATCH", ["issues", number]:
            pull = find(repository, number)
            edit(rest, call.account, repository, pull, call.body)
            return answer_json(rest.render.issue(repository, pull))
        case _, ["issues", number, "labels", *name]:
            return _labels(call, find(repository, number), "/".join(name))
        case _, ["issues", number, "comments"]:
            return _comments(call, find(repository, number))
    return None


def comment(rest: Rest, by: Account, repository: Repository, pull: Pull, text: str) -> Comment:
    if not text.strip():
        raise refused("IssueComment", "Body can't be blank", "body")
    check_texts({"body": text}, "IssueComment")
    now = rest.world.now()
    said = Comment(next(rest.world.ids), by, text, now, now)
    pull.comments.append(said)
    rest.events.comment("created", repository, pull, said, by)
    return said


def add_labels(rest: Rest, by: Account, repository: Repository, pull: Pull, names: list[Any]) -> None:
    """Labels that the repository does not have yet are made."""
    for one in names:
        name = one if isinstance(one, str) else one["name"]
        if len(name) > _LONGEST_LABEL:
            raise refused("Label", "name is too long (maximum is 50 characters)", "name")
        repository.labels.add(name)
        if name not in pull.labels:
            pull.labels.append(name)
            rest.events.pull("labeled", repository, pull, by, label=rest.render.label(name))


def remove_label(rest: Rest, by: Account, repository: Repository, pull: Pull, name: str) -> None:
    if name not in pull.labels:
        raise Denied(404, "Label does not exist")
    pull.labels.remove(name)
    rest.events.pull("unlabeled", repository, pull, by, label=rest.render.label(name))


def _labels(call: Call, pull: Pull, name: str) -> Response | None:
    rest, repository, given = call.rest, call.repository, call.body.get("labels", [])
    match call.method, name:
        case "GET", "":
            pass
        case "POST", "":
            add_labels(rest, call.account, repository, pull, given)
        case "PUT", "":
            names = {one if isinstance(one, str) else one["name"] for one in given}
            for gone in [one for one in pull.labels if one not in names]:
                remove_label(rest, call.account, repository, pull, gone)
            add_labels(rest, call.account, repository, pull, given)
        case "DELETE", _ if name:
            remove_label(rest, call.account, repository, pull, name)
        case _:
            return None
    return paged([rest.render.label(one) for one in pull.labels])


def _create_label(call: Call) -> dict[str, Any]:
    name = call.body["name"]
    if name in call.repository.labels:
        raise invalid("Label", "name", "already_exists")
    call.repository.labels.add(name)
    return call.rest.render.label(name)


def _comments(call: Call, pull: Pull) -> Response | None:
    rest, repository = call.rest, call.repository
    match call.method:
        case "GET":
            return paged([rest.render.comment(repository, pull, one) for one in pull.comments])
        case "POST":
            said = comment(rest, call.account, repository, pull, call.body["body"])
            return answer_json(rest.render.comment(repository, pull, said), 201)
    return None


def _comment(call: Call, number: int) -> Response | None:
    for pull in call.repository.pulls.values():
        for said in pull.comments:
            if said.id == number:
                return _one_comment(call, pull, said)
    raise Denied(404, "Not Found")


def _one_comment(call: Call, pull: Pull, said: Comment) -> Response | None:
    rest, repository = call.rest, call.repository
    match call.method:
        case "GET":
            return answer_json(rest.render.comment(repository, pull, said))
        case "DELETE":
            delete_comment(rest, call.account, repository, pull, said)
            return nothing()
        case "PATCH":
            edit_comment(rest, call.account, repository, pull, said, call.body["body"])
            return answer_json(rest.render.comment(repository, pull, said))
    return None


def edit_comment(
    rest: Rest, by: Account, repository: Repository, pull: Pull, said: Comment, text: str
) -> None:
    check_texts({"body": text}, "IssueComment")
    before, said.body, said.updated_at = said.body, text, rest.world.now()
    rest.events.comment("edited", repository, pull, said, by, changes={"body": {"from": before}})


def delete_comment(rest: Rest, by: Account, repository: Repository, pull: Pull, said: Comment) -> None:
    pull.comments.remove(said)
    rest.events.comment("deleted", repository, pull, said, by)
