"""pre-receive refuses what may not be taken: every reason at once, and nothing stays behind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hook_repository import URL, ZERO, Clone, Gate, raw_push

PUSH = "01kdwz4m2q0000000000000001"


def rules(gate: Gate) -> list[tuple[str, str | None]]:
    """The rules of the only refusal, each with its ref."""
    [refusal] = gate.refusals()
    return [(reason["rule"], reason["ref"]) for reason in refusal["reasons"]]


def test_a_refusal_names_every_reason_and_leaves_nothing_but_its_record(gate: Gate, clone: Clone) -> None:
    gate.configure("pushgateAgent.codex-1.allowRef", "refs/heads/codex/*")
    gate.configure("pushgateAgent.codex-1.disabled", "true")
    gate.configure("pushgate.lockdown", "a token leaked")
    gate.configure("pushgate.maxFileSize", "10")
    gate.configure("pushgate.maxPackSize", "20")
    gate.configure("pushgate.maxChangedFiles", "1")
    new = clone.commit("Too much", large="more than ten bytes", small="few")
    gate.reject(new, hold=3, by="bob", reason="no tests")
    before = gate.objects(), gate.refs()

    result = clone.push(
        "HEAD:main",
        "HEAD:refs/notes/x",
        "HEAD:refs/heads/codex/a/b",
        PUSHGATE_PUSH=PUSH,
        PUSHGATE_TRANSPORT="ssh",
    )

    assert result.status == 1
    assert "Traceback" not in result.text
    assert (gate.objects(), gate.refs()) == before
    main, note, deep = "refs/heads/main", "refs/notes/x", "refs/heads/codex/a/b"
    [refusal] = gate.refusals()
    assert rules(gate) == [
        ("agent-disabled", None),
        ("lockdown", None),
        ("ref-not-allowed", main),
        ("ref-not-taken", note),
        ("ref-not-allowed", deep),
        ("rejected-before", main),
        ("rejected-before", note),
        ("rejected-before", deep),
        ("pack-size", None),
        ("file-size", None),
        ("changed-files", main),
        ("changed-files", note),
        ("changed-files", deep),
    ]
    for reason in refusal["reasons"]:
        assert reason["what"] in result.text
        assert f"Fix: {reason['fix']}" in result.text
    at = refusal.pop("at")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", at)
    del refusal["reasons"]
    assert refusal == {
        "format": 1,
        "push": PUSH,
        "agent": "codex-1",
        "transport": "ssh",
        "updates": [
            {"ref": main, "old": gate.refs()[main], "new": new},
            {"ref": note, "old": ZERO, "new": new},
            {"ref": deep, "old": ZERO, "new": new},
        ],
    }


def test_a_push_that_nobody_is_named_for_is_sent_to_the_gate(gate: Gate, clone: Clone) -> None:
    clone.commit()

    result = clone.push("HEAD:main", PUSHGATE_AGENT="")

    assert rules(gate) == [("identity", None)]
    assert f"push to {URL}/git/app.git with the agent's token." in result.text


@pytest.mark.parametrize("agent", ["codex-2", "codex", "codex-1.x"])
def test_an_agent_without_a_section_is_refused(gate: Gate, clone: Clone, agent: str) -> None:
    gate.configure("pushgateAgent.codex-1.x.y.allowRef", "refs/**")
    clone.commit()

    clone.push("HEAD:main", PUSHGATE_AGENT=agent)

    assert rules(gate) == [("agent-unknown", None)]


@pytest.mark.parametrize(
    "environment",
    [
        {"PUSHGATE_AGENT": "../../x"},
        {"PUSHGATE_AGENT": ".hidden"},
        {"PUSHGATE_PUSH": "../../x"},
        {"PUSHGATE_TRANSPORT": "carrier pigeon"},
    ],
)
def test_an_environment_that_no_transport_would_set_is_refused(
    gate: Gate, clone: Clone, environment: dict[str, str]
) -> None:
    clone.commit()

    result = clone.push("HEAD:main", **environment)

    assert rules(gate) == [("failure", None)]
    assert "the gate could not deal with this push (ValueError), so it refuses it." in result.text


def test_an_agent_with_no_allowed_ref_may_push_none(gate: Gate, clone: Clone) -> None:
    gate.configure("pushgateAgent.codex-1.allowRef")
    gate.configure("pushgateAgent.codex-1.disabled", "false")
    clone.commit()

    clone.push("HEAD:main")

    assert rules(gate) == [("ref-not-allowed", "refs/heads/main")]


def test_refs_that_the_repository_takes_can_be_set(gate: Gate, clone: Clone) -> None:
    gate.configure("pushgate.refs", "refs/notes/**", "refs/heads/codex/*")
    clone.commit()

    result = clone.push("HEAD:refs/notes/review", "HEAD:refs/heads/codex/fix")

    assert "(held for review as 2 (revision 1))" in result.text
    assert gate.refusals() == []


def test_held_refs_cannot_be_pushed_even_where_every_ref_may_be(gate: Gate, clone: Clone) -> None:
    gate.configure("pushgate.refs", "refs/**")
    gate.configure("transfer.hideRefs", "refs/nothing")
    clone.commit()

    clone.push("HEAD:refs/quarantine/x/1")

    assert rules(gate) == [("ref-not-taken", "refs/quarantine/x/1")]


@pytest.mark.parametrize("name", ["pushgate/1", "pushgate/a/b", "pushgate"])
def test_review_branches_belong_to_the_gate(gate: Gate, clone: Clone, name: str) -> None:
    clone.commit()

    result = clone.push(f"HEAD:refs/heads/{name}", "HEAD:refs/heads/pushgate-notes")

    assert rules(gate) == [("review-branch", f"refs/heads/{name}")]
    assert (
        "Fix: push to the branch that you want to change; its review branch comes by itself." in result.text
    )


@pytest.mark.parametrize(
    ("name", "recorded"),
    [
        (b"refs/heads/caf\xe9", "refs/heads/caf\\xe9"),
        (b"refs/heads/" + b"a" * 251, "refs/heads/" + "a" * 251),
        (b"refs/heads" + b"/a" * 500, "refs/heads" + "/a" * 500),
    ],
)
def test_a_ref_that_cannot_be_stored_is_refused(gate: Gate, clone: Clone, name: bytes, recorded: str) -> None:
    clone.commit()

    clone.push(b"HEAD:" + name)

    assert rules(gate) == [("ref-name", recorded)]


@pytest.mark.parametrize(
    "name",
    [
        b"refs/heads/../../hooks/x",
        b"refs/heads/a b",
        b"refs/heads/a..b",
        b"refs/heads/.a",
        b"refs/heads/a.lock",
        b"refs/heads/a~",
        b"refs/heads//a",
        b"refs/heads/\x1b[31m",
        b"refs/heads/",
        b"HEAD",
    ],
)
def test_a_name_that_git_would_not_create_is_refused(gate: Gate, clone: Clone, name: bytes) -> None:
    before = gate.refs()
    tip = clone.oid("HEAD")

    raw_push(gate, f"{tip} {ZERO} ".encode() + name)

    assert gate.refs() == before
    assert rules(gate) == [("ref-name", name.decode())]


def test_a_ref_twice_in_one_push_is_refused(gate: Gate, clone: Clone) -> None:
    tip = clone.oid("HEAD")
    command = f"{tip} {ZERO} refs/heads/topic".encode()

    raw_push(gate, command, command)

    assert rules(gate) == [("ref-twice", "refs/heads/topic")]


def test_an_update_that_changes_nothing_is_refused(gate: Gate, clone: Clone) -> None:
    raw_push(gate, f"{ZERO} {ZERO} refs/heads/none".encode())

    assert rules(gate) == [("no-change", "refs/heads/none")]


def test_a_rejected_tip_is_refused_on_any_ref_until_a_commit_answers_it(gate: Gate, clone: Clone) -> None:
    tip = clone.commit("One")
    gate.reject(tip, hold=3, by="bob", reason="no tests")

    refused = clone.push("HEAD:refs/tags/v2")
    clone.commit("Two")
    held = clone.push("HEAD:main")

    assert f"{tip[:12]} was rejected by bob (hold 3): no tests" in refused.text
    assert "(held for review as 1 (revision 1))" in held.text


def test_a_rejected_delete_is_refused_while_the_ref_is_what_it_was(gate: Gate, clone: Clone) -> None:
    clone.push(":refs/heads/topic")
    gate.move("refs/heads/topic", "rejected", "reason still in use")

    clone.push(":refs/heads/topic")

    assert rules(gate) == [("rejected-before", "refs/heads/topic")]


def test_where_a_live_hold_takes_no_revision_a_new_tip_is_refused(gate: Gate, clone: Clone) -> None:
    gate.configure("pushgate.onPush", "refuse")
    clone.commit()
    clone.push("HEAD:main")
    again = clone.push("HEAD:main")
    clone.commit("Another way")

    result = clone.push("HEAD:main")

    assert "already held as 1" in again.text
    assert result.status == 1
    assert rules(gate) == [("hold-waits", "refs/heads/main")]
    gate.move("refs/heads/main", "rejected")
    assert "held for review as 2" in clone.push("HEAD:main").text


def test_a_file_over_the_limit_is_found_in_any_commit_of_the_push(gate: Gate, clone: Clone) -> None:
    gate.configure("pushgate.maxFileSize", "10")
    clone.commit("Add it", **{"big file": "0123456789a"})
    clone.git("rm", "-q", "big file")
    clone.commit("Take it away", small="0123456789")

    result = clone.push("HEAD:main")

    assert rules(gate) == [("file-size", None)]
    assert "the file big file has 11 bytes, and the limit is 10." in result.text


def test_a_file_of_exactly_the_limit_is_taken(gate: Gate, clone: Clone) -> None:
    gate.configure("pushgate.maxFileSize", "10")
    clone.commit("Add it", small="0123456789")

    clone.push("HEAD:main")

    assert gate.refusals() == []


def test_thousands_of_files_over_the_limit_are_refused_like_one(gate: Gate, clone: Clone) -> None:
    gate.configure("pushgate.maxFileSize", "3")
    clone.commit("Many", **{f"file-{number}": str(number) for number in range(1000, 6000)})

    result = clone.push("HEAD:main")

    assert rules(gate) == [("file-size", None)] * 10
    assert "(pre-receive hook declined)" in result.text


@pytest.mark.parametrize("tag", ["light", "annotated"])
def test_a_tag_of_a_file_over_the_limit_is_refused(gate: Gate, clone: Clone, tag: str) -> None:
    gate.configure("pushgate.maxFileSize", "10")
    (clone.path / "big").write_text("0123456789a")
    blob = clone.git("hash-object", "-w", "big").output.strip()
    clone.git("tag", *(("-a", "-m", "Big") if tag == "annotated" else ()), "big", blob)

    clone.push("refs/tags/big")

    assert rules(gate) == [("file-size", None)]


def test_a_file_that_only_a_held_push_has_still_counts(gate: Gate, clone: Clone) -> None:
    clone.commit("Big", big="0123456789a")
    clone.push("HEAD:refs/heads/a")
    gate.configure("pushgate.maxFileSize", "10")

    clone.push("HEAD:refs/heads/b")

    assert rules(gate) == [("file-size", None)]


def test_changed_files_are_counted_from_where_the_branch_left(gate: Gate, clone: Clone) -> None:
    gate.configure("pushgate.maxChangedFiles", "1")
    clone.commit("One", a="1")

    clone.push("HEAD:refs/heads/codex/one")
    clone.commit("Two", b="2")
    refused = clone.push("HEAD:refs/heads/codex/two")

    assert rules(gate) == [("changed-files", "refs/heads/codex/two")]
    assert "it changes 2 files, and the limit is 1." in refused.text


@pytest.mark.parametrize("kind", ["blob", "tree"])
def test_a_tag_of_something_else_than_a_commit_is_counted_too(gate: Gate, clone: Clone, kind: str) -> None:
    gate.configure("pushgate.maxChangedFiles", "1")
    clone.git("tag", "odd", "HEAD:readme" if kind == "blob" else "HEAD^{tree}")

    result = clone.push("refs/tags/odd")

    assert "(held for review as 1 (revision 1))" in result.text


def test_broken_objects_are_refused_by_git_before_anything_is_held(gate: Gate, clone: Clone) -> None:
    before = gate.objects(), gate.refs()
    blob = clone.oid("HEAD:readme")
    tree = clone.path / "tree"
    tree.write_bytes(b"100644 .git\0" + bytes.fromhex(blob))
    name = clone.git("hash-object", "-w", "-t", "tree", "--literally", "tree").output.strip()
    commit = clone.git("commit-tree", "-m", "Bad", name).output.strip()

    result = clone.push(f"{commit}:refs/heads/bad")

    assert "(unpacker error)" in result.text
    assert (gate.objects(), gate.refs()) == before


@pytest.mark.parametrize(("key", "value"), [("pushgate.maxFileSize", "10m"), ("pushgate.reply", "maybe")])
def test_a_setting_that_cannot_be_read_refuses_every_push(
    gate: Gate, clone: Clone, key: str, value: str
) -> None:
    gate.configure(key, value)
    before = gate.objects(), gate.refs()
    clone.commit()

    result = clone.push("HEAD:main")

    assert rules(gate) == [("failure", None)]
    assert "Traceback" not in result.text
    assert (gate.objects(), gate.refs()) == before


def test_the_configuration_of_the_user_is_not_read(gate: Gate, clone: Clone, tmp_path: Path) -> None:
    configuration = tmp_path / "gitconfig"
    configuration.write_text('[pushgateAgent "codex-9"]\n\tallowRef = refs/**\n')
    clone.commit()

    clone.push("HEAD:main", GIT_CONFIG_GLOBAL=str(configuration), PUSHGATE_AGENT="codex-9")

    assert rules(gate) == [("agent-unknown", None)]


def test_a_refusal_that_cannot_be_recorded_is_still_a_refusal(gate: Gate, clone: Clone) -> None:
    gate.configure("pushgate.lockdown", "on")
    (gate.path / "pushgate/refusals").write_text("in the way")
    clone.commit()

    result = clone.push("HEAD:main")

    assert result.status == 1
    assert "(pre-receive hook declined)" in result.text
    assert "this refusal could not be recorded (NotADirectoryError)" in result.text


def test_a_push_of_very_many_refs_is_refused_whole_and_recorded_in_short(gate: Gate, clone: Clone) -> None:
    new = clone.commit()

    result = clone.push(*(f"{new}:refs/heads/codex/{n}" for n in range(201)))

    assert result.status == 1
    assert rules(gate) == [("too-many-refs", None)]
    assert len(gate.refusals()[0]["updates"]) == 200
    assert gate.held() == {}


@pytest.mark.parametrize("name", ["refs/heads/refs/heads/main", "refs/heads/HEAD", "refs/tags/refs/x"])
def test_a_name_that_git_takes_for_another_is_refused(gate: Gate, clone: Clone, name: str) -> None:
    result = clone.push(f"{clone.commit()}:{name}")

    assert result.status == 1
    assert rules(gate) == [("ref-name", name)]
