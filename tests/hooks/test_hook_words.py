"""What the agent reads, to the letter."""

from __future__ import annotations

from hook_repository import Clone, Gate

PUSH = "01kdwz4m2q0000000000000001"


def terminal(gate: Gate, text: str) -> str:
    return text.replace(str(gate.path), "https://gate.example/git/app.git")


def test_a_push_that_is_held(gate: Gate, clone: Clone) -> None:
    clone.commit()

    result = clone.push("HEAD:refs/heads/codex/fix", PUSHGATE_PUSH=PUSH)

    assert (
        terminal(gate, result.text)
        == """\
remote: Pushgate holds this push for review. This is expected and not an error.
remote:   hold 1, revision 1: new branch refs/heads/codex/fix
remote: Review: https://gate.example/pushes/01kdwz4m2q0000000000000001
remote: Upstream has not moved yet, so git says `remote rejected` and exits with status 1.
remote: Now go on with other work, or finish. An approved push goes upstream by itself.
remote: Do not push it again, do not force, and do not look for another way.
remote: To change it, add a commit on the same branch and push: the same hold takes it in.
To https://gate.example/git/app.git
 ! [remote rejected] HEAD -> codex/fix (held for review as 1 (revision 1))
error: failed to push some refs to 'https://gate.example/git/app.git'
"""
    )


def test_a_push_that_is_accepted_to_be_held(gate: Gate, clone: Clone) -> None:
    gate.configure("pushgate.reply", "accept")
    clone.commit()

    result = clone.push("HEAD:refs/heads/codex/fix", PUSHGATE_PUSH=PUSH)

    assert (
        terminal(gate, result.text)
        == """\
remote: Pushgate holds this push for review. This is expected and not an error.
remote:   hold 1, revision 1: new branch refs/heads/codex/fix
remote: Review: https://gate.example/pushes/01kdwz4m2q0000000000000001
remote: Upstream has not moved yet, although git reports success.
remote: Now go on with other work, or finish. An approved push goes upstream by itself.
remote: Do not push it again, do not force, and do not look for another way.
remote: To change it, add a commit on the same branch and push: the same hold takes it in.
To https://gate.example/git/app.git
 * [new reference]   HEAD -> refs/held/1
"""
    )


def test_a_push_that_is_already_held_points_to_the_push_that_holds_it(gate: Gate, clone: Clone) -> None:
    clone.commit()
    clone.push("HEAD:main", PUSHGATE_PUSH=PUSH)
    gate.move("refs/heads/main", "blocked", "reason upstream's main moved to 3f9c2a1")

    result = clone.push("HEAD:main")

    assert (
        terminal(gate, result.text)
        == """\
remote: Pushgate already holds this push. This is expected and not an error; nothing new was written.
remote:   already held as 1, blocked: change branch refs/heads/main
remote: Hold 1 was blocked: upstream's main moved to 3f9c2a1
remote:   If upstream moved: `git fetch`, rebase, and push the same branch; it needs no force.
remote: Review: https://gate.example/pushes/01kdwz4m2q0000000000000001
remote: Upstream has not moved yet, so git says `remote rejected` and exits with status 1.
remote: Now go on with other work, or finish. An approved push goes upstream by itself.
remote: Do not push it again, do not force, and do not look for another way.
remote: To change it, add a commit on the same branch and push: the same hold takes it in.
To https://gate.example/git/app.git
 ! [remote rejected] HEAD -> main (already held as 1, blocked)
error: failed to push some refs to 'https://gate.example/git/app.git'
"""
    )


def test_a_push_after_a_hold_that_was_squashed_upstream(gate: Gate, clone: Clone) -> None:
    clone.commit()
    clone.push("HEAD:main")
    gate.move("refs/heads/main", "released_rewritten")
    clone.commit("Go on")

    result = clone.push("HEAD:main", PUSHGATE_PUSH=PUSH)

    assert (
        terminal(gate, result.text)
        == """\
remote: Pushgate holds this push for review. This is expected and not an error.
remote:   hold 2, revision 1: change branch refs/heads/main
remote: Hold 1 on this ref went upstream as other commits, squashed or rebased.
remote:   If this push still has the old ones: `git fetch && git reset --hard origin/main`,
remote:   bring over only what is new since then (git cherry-pick), and push that.
remote: Review: https://gate.example/pushes/01kdwz4m2q0000000000000001
remote: Upstream has not moved yet, so git says `remote rejected` and exits with status 1.
remote: Now go on with other work, or finish. An approved push goes upstream by itself.
remote: Do not push it again, do not force, and do not look for another way.
remote: To change it, add a commit on the same branch and push: the same hold takes it in.
To https://gate.example/git/app.git
 ! [remote rejected] HEAD -> main (held for review as 2 (revision 1))
error: failed to push some refs to 'https://gate.example/git/app.git'
"""
    )


def test_a_push_that_is_refused(gate: Gate, clone: Clone) -> None:
    gate.configure("pushgateAgent.codex-1.allowRef", "refs/heads/codex/**")
    clone.commit()

    result = clone.push("HEAD:main", "HEAD:refs/heads/codex/fix")

    assert (
        terminal(gate, result.text)
        == """\
remote: Pushgate refused this push. Nothing of it was kept, and upstream has not moved.
remote: 1. refs/heads/main: the agent codex-1 may push only to refs/heads/codex/**. [ref-not-allowed]
remote:    Fix: push to a ref of that kind, or ask an admin to allow this one.
remote: The same push gets the same answer: mend every point above before you push again,
remote: and do not look for a way around the gate.
To https://gate.example/git/app.git
 ! [remote rejected] HEAD -> main (pre-receive hook declined)
 ! [remote rejected] HEAD -> codex/fix (pre-receive hook declined)
error: failed to push some refs to 'https://gate.example/git/app.git'
"""
    )


def test_what_reviewers_wrote_cannot_steer_the_terminal(gate: Gate, clone: Clone) -> None:
    clone.commit()
    clone.push("HEAD:main")
    gate.move("refs/heads/main", "changes_requested", "ask bob: a\x1b[31m\u202eb\u200b\x9b" + "c" * 400)

    result = clone.push("HEAD:main")

    [line] = [line for line in result.text.split("\n") if "bob" in line]
    assert line.startswith("remote: Asked for on hold 1 by bob: a\\x1b[31m\\u202eb\\u200b\\x9bccc")
    assert line.endswith("ccc [cut]")


def test_many_refs_and_asks_stay_readable(gate: Gate, clone: Clone) -> None:
    clone.commit()
    refs = [f"HEAD:refs/heads/{number}" for number in range(25)]
    clone.push(*refs)
    gate.move("refs/heads/3", "changes_requested", *(f"ask bob: point {number}" for number in range(20)))

    result = clone.push(*refs)

    lines = [line for line in result.text.split("\n") if line.startswith("remote: ")]
    assert len(lines) == 23
    assert "remote:   and 15 more refs, held in the same way" in lines
    assert "remote: and 15 more: read them on the review page" in lines
