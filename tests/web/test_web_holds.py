"""The list of holds, the page of one, and the decision."""

from __future__ import annotations

import re

import pytest

from gate.domain.hold import ZERO_OID, BlockReason, Hold, HoldState
from gate.domain.review import ReviewState
from tests.web.conftest import SignedIn
from tests.web.web_world import World, csrf_token

PAGE = "/holds/demo/1"


def _decide(client, decision: str, oid: str, comment: str = "Because.", revision: int = 1):  # type: ignore[no-untyped-def]
    form = {"decision": decision, "oid": oid, "revision": revision, "comment": comment}
    form["csrf_token"] = csrf_token(client, PAGE)
    return client.post(f"{PAGE}/reviews", data=form)


def _reviews(gate: World, hold: Hold) -> list[tuple[str, ReviewState, str, str]]:
    with gate.store.snapshot() as tx:
        return [(each.reviewer.login, each.state, each.oid, each.body) for each in tx.reviews.of(hold.id)]


def _words(text: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())


@pytest.fixture
def held(gate: World) -> Hold:
    gate.commit("demo", {"hello.py": b"def hello():\n    return 'hello'\n"}, "Say hello\n\nIt is polite.")
    return gate.push()


def test_an_empty_list_says_what_to_do(world: World, gate: World, signed_in: SignedIn) -> None:
    assert "Nothing waits for a review." in signed_in("alice").get("/").text


def test_the_list_shows_what_waits_and_for_what(held: Hold, signed_in: SignedIn) -> None:
    words = _words(signed_in("alice").get("/").text)

    assert "demo/1 new commits · main codex-1 waiting for review" in words
    assert "one approval by a person with write permission is missing" in words


def test_the_list_filters_by_what_its_address_says(gate: World, held: Hold, signed_in: SignedIn) -> None:
    gate.push("refs/heads/topic")
    alice = signed_in("alice")

    def shown(query: str) -> list[str]:
        return re.findall(r"<strong>(demo/\d+)</strong>", alice.get(f"/?{query}").text)

    assert shown("") == ["demo/2", "demo/1"]
    assert shown("ref=topic") == ["demo/2"]
    assert shown("ref=refs/heads/main") == ["demo/1"]
    assert shown("state=in_review&repository=demo&agent=codex-1") == ["demo/2", "demo/1"]
    assert shown("state=released") == []
    assert shown("agent=nobody") == []
    assert alice.get("/?state=nonsense").status_code == 400


def test_closed_holds_are_not_in_the_way(gate: World, held: Hold, signed_in: SignedIn) -> None:
    gate.move(held, HoldState.REJECTED)
    alice = signed_in("alice")

    assert "demo/1" not in alice.get("/").text
    assert "demo/1" in alice.get("/?state=all").text


def test_the_list_goes_on_on_another_page(gate: World, signed_in: SignedIn) -> None:
    for n in range(27):
        gate.push(f"refs/heads/topic-{n}", collect=False)
    alice = signed_in("alice")

    first = alice.get("/?agent=codex-1").text
    older = re.search(r'href="([^"]*)">Older ones', first)
    assert older is not None
    second = alice.get(older[1].replace("&amp;", "&")).text

    numbers = [int(n) for n in re.findall(r"<strong>demo/(\d+)</strong>", first + second)]
    assert numbers == list(range(27, 0, -1))
    assert "Older ones" not in second


def test_a_hold_says_who_wants_what_and_what_is_missing(held: Hold, signed_in: SignedIn) -> None:
    words = _words(signed_in("alice").get(PAGE).text)

    assert "codex-1 wants to add 1 commit to main" in words
    assert "waiting for review" in words
    assert "one person has approved : one approval by a person with write permission" in words
    assert "codex-1 , run by bob" in words
    assert "Say hello" in words
    assert "1 changed file +2 −0" in words


def test_a_diff_is_coloured(held: Hold, signed_in: SignedIn) -> None:
    page = signed_in("alice").get(PAGE).text

    assert (
        '<tr class="add" id="f1L1"><td class="no"></td><td class="no">1</td><td class="mk">+</td>'
        '<td class="tx">'
        '<span class="k">def</span> <span class="nf">hello</span><span class="p">():</span></td></tr>'
    ) in page


def test_an_approval_names_the_commit_that_was_shown(gate: World, held: Hold, signed_in: SignedIn) -> None:
    answer = _decide(signed_in("alice"), "approve", held.revision.head, "")

    assert (answer.status_code, answer.location) == (302, PAGE)
    assert _reviews(gate, held) == [("alice", ReviewState.APPROVED, held.revision.head, "")]
    assert gate.queue.jobs == [("reconcile", held.id)]


@pytest.mark.parametrize(
    ("decision", "state"),
    [("request_changes", ReviewState.CHANGES_REQUESTED), ("comment", ReviewState.COMMENTED)],
)
def test_other_reviews_are_recorded(
    gate: World, held: Hold, signed_in: SignedIn, decision: str, state: ReviewState
) -> None:
    alice = signed_in("alice")

    _decide(alice, decision, held.revision.head, "Please test it.")

    assert _reviews(gate, held) == [("alice", state, held.revision.head, "Please test it.")]
    assert "Please test it." in alice.get(PAGE).text


def test_a_rejection_closes_the_hold(gate: World, held: Hold, signed_in: SignedIn) -> None:
    alice = signed_in("alice")

    _decide(alice, "reject", held.revision.head, "Not wanted.")

    page = alice.get(PAGE).text
    assert "This hold is closed." in page
    assert "alice: Not wanted." in page
    assert 'name="decision"' not in page


def test_an_operator_withdraws_what_their_agent_pushed(gate: World, held: Hold, signed_in: SignedIn) -> None:
    bob = signed_in("bob")

    assert 'value="withdraw"' in bob.get(PAGE).text
    _decide(bob, "withdraw", held.revision.head)

    assert "bob: Because." in bob.get(PAGE).text
    with gate.store.snapshot() as tx:
        assert tx.holds.get(held.id).state is HoldState.WITHDRAWN


def test_what_upstream_refused_can_be_tried_again(gate: World, held: Hold, signed_in: SignedIn) -> None:
    gate.move(held, HoldState.BLOCKED, reason=BlockReason.UPSTREAM_REFUSED, note="remote: protected branch")
    alice = signed_in("alice")

    page = alice.get(PAGE).text
    _decide(alice, "try_again", held.revision.head)

    assert "remote: protected branch" in page
    assert 'value="try_again"' in page
    with gate.store.snapshot() as tx:
        assert tx.holds.get(held.id).state is HoldState.IN_REVIEW


def test_an_override_is_offered_only_where_the_policy_knows_it(
    gate: World, held: Hold, signed_in: SignedIn
) -> None:
    alice = signed_in("alice")
    without = alice.get(PAGE).text
    policy = gate.policies.path("demo")
    policy.write_text(
        policy.read_text() + '\n[policy.override]\nrequires = { count = 1, users = ["alice"] }\n'
    )

    page = alice.get(PAGE).text
    _decide(alice, "override", held.revision.head, "The site is down, and this mends it.")

    assert 'value="override"' not in without
    assert 'value="override"' in page
    assert "The site is down, and this mends it." in alice.get(PAGE).text


def test_an_outdated_page_is_refused_with_a_way_on(gate: World, held: Hold, signed_in: SignedIn) -> None:
    alice = signed_in("alice")
    gate.commit("demo", {"hello.py": b"other\n"}, "Other")
    gate.push()

    answer = _decide(alice, "approve", held.revision.head)

    assert answer.status_code == 409
    assert f'<a class="button" href="{PAGE}">See the current revision</a>' in answer.text
    assert _reviews(gate, held) == []


@pytest.mark.parametrize(
    "form",
    [
        {"decision": "approve", "oid": "main", "revision": "1"},
        {"decision": "wave", "oid": "0" * 40, "revision": "1"},
        {"decision": "approve", "oid": "0" * 40},
        {},
    ],
)
def test_a_form_that_says_too_little_is_refused(
    gate: World, held: Hold, signed_in: SignedIn, form: dict[str, str]
) -> None:
    alice = signed_in("alice")

    answer = alice.post(f"{PAGE}/reviews", data={**form, "csrf_token": csrf_token(alice, PAGE)})

    assert answer.status_code == 400
    assert _reviews(gate, held) == []


def test_the_operator_sees_why_they_cannot_approve(gate: World, held: Hold, signed_in: SignedIn) -> None:
    bob = signed_in("bob")

    page = bob.get(PAGE).text
    answer = _decide(bob, "approve", held.revision.head)

    assert "You run codex-1, so another reviewer has to approve." in page
    assert 'value="approve"' not in page
    assert 'value="request_changes"' in page
    assert answer.status_code == 403
    assert _reviews(gate, held) == []


def test_an_auditor_sees_why_they_cannot_review(held: Hold, signed_in: SignedIn) -> None:
    page = signed_in("carol").get(PAGE).text

    assert "auditors read, reviewers and admins decide" in page
    assert 'name="decision"' not in page


def test_an_earlier_revision_can_be_read_but_not_reviewed(
    gate: World, held: Hold, signed_in: SignedIn
) -> None:
    gate.commit("demo", {"hello.py": b"def hello():\n    return 'hi'\n"}, "Say it shorter")
    gate.push()
    alice = signed_in("alice")

    page = alice.get(f"{PAGE}?revision=1").text

    assert "This is revision 1, which is no longer the current one." in page
    assert "return" in page
    assert 'name="decision"' not in page
    assert "Say it shorter" not in page
    assert alice.get(f"{PAGE}?revision=9").status_code == 404


def test_a_revision_is_compared_with_the_one_before(gate: World, held: Hold, signed_in: SignedIn) -> None:
    gate.commit("demo", {"bye.py": b"pass\n"}, "Say goodbye")
    gate.push()
    alice = signed_in("alice")

    words = _words(alice.get(f"{PAGE}/changes/2").text)

    assert re.search(r"1: \w{7} = 1: \w{7} Say hello -: ------- &gt; 2: \w{7} Say goodbye", words)
    assert alice.get(f"{PAGE}/changes/1").status_code == 404


def test_a_commit_has_a_page(held: Hold, signed_in: SignedIn) -> None:
    alice = signed_in("alice")

    page = alice.get(f"{PAGE}/commits/{held.revision.head}").text

    assert "It is polite." in page
    assert "<code><bdi>hello.py</bdi></code>" in page


def test_only_commits_of_the_hold_have_a_page(gate: World, held: Hold, signed_in: SignedIn) -> None:
    base = gate.git("rev-parse", "HEAD~1", cwd=gate.work())

    assert signed_in("alice").get(f"{PAGE}/commits/{base}").status_code == 404


def test_long_pages_fold_files_and_open_them_one_by_one(gate: World, signed_in: SignedIn) -> None:
    gate.commit("demo", {f"file-{n:03}.txt": f"text {n}\n".encode() for n in range(53)}, "Many files")
    gate.push()
    alice = signed_in("alice")

    page = alice.get(PAGE).text
    one = alice.get(f"{PAGE}/files/52").text

    assert page.count("Show this diff") == 3
    assert 'hx-get="/holds/demo/1/files/52"' in page
    assert "text 52" not in page
    assert "text 52" in one
    assert alice.get(f"{PAGE}/files/53").status_code == 404


def test_a_large_diff_is_folded_and_a_huge_one_is_for_a_clone(gate: World, signed_in: SignedIn) -> None:
    gate.commit("demo", {"a.txt": b"line\n" * 100_000, "b.txt": b"line\n" * 1_000_000}, "Large files")
    gate.push()
    alice = signed_in("alice")

    page = alice.get(PAGE).text

    assert page.count("Show this diff") == 2
    assert "line" in alice.get(f"{PAGE}/files/0").text
    assert "too large for a page" in alice.get(f"{PAGE}/files/1").text


def test_binary_files_modes_and_links_are_described(gate: World, signed_in: SignedIn) -> None:
    gate.commit("demo", {"image.bin": bytes(range(256)), "run.sh": b"#!/bin/sh\n", "empty": b""}, "Files")
    gate.work().joinpath("run.sh").chmod(0o755)
    gate.work().joinpath("link").symlink_to("README.md")
    gate.commit("demo", {}, "A link")
    gate.push()

    words = _words(signed_in("alice").get(PAGE).text)

    assert "image.bin added binary A binary file" in words
    assert "run.sh added, new executable +1 −0" in words
    assert "link added, new symbolic link" in words
    assert "empty added +0 −0 No line differs: the file is empty." in words


def test_the_tree_can_be_walked_to_any_file(gate: World, signed_in: SignedIn) -> None:
    odd = "ü ?#%~ .txt"
    raw = b"caf\xe9".decode("utf-8", "surrogateescape")
    gate.commit("demo", {f"docs/{odd}": b"odd\n", f"docs/{raw}": b"raw\n", "docs/b.bin": b"\0"}, "Odd names")
    gate.push()
    alice = signed_in("alice")

    def follow(page: str, name: str) -> str:
        found = re.search(rf'href="([^"]*)"><bdi>{name}', alice.get(page).text)
        assert found is not None, alice.get(page).text
        return found[1]

    docs = follow(f"{PAGE}/tree/", "docs")
    assert "odd" in alice.get(follow(docs, r"ü \?#%~ \.txt")).text
    assert "raw" in alice.get(follow(docs, "caf")).text
    assert "binary or too large" in alice.get(follow(docs, "b.bin")).text
    assert alice.get(f"{PAGE}/tree/docs/none").status_code == 404
    assert alice.get(f"{PAGE}/tree/../../etc/passwd").status_code == 404


def test_a_delete_says_so_and_is_approved_by_the_tip_that_goes(gate: World, signed_in: SignedIn) -> None:
    hold = gate.push("refs/heads/main", ZERO_OID)
    alice = signed_in("alice")

    words = _words(alice.get(PAGE).text)
    answer = _decide(alice, "approve", hold.revision.old)

    assert "codex-1 wants to delete the branch main" in words
    assert answer.status_code == 302
    assert _reviews(gate, hold) == [("alice", ReviewState.APPROVED, hold.revision.old, "Because.")]


def test_a_rewrite_lists_what_upstream_would_lose(gate: World, signed_in: SignedIn) -> None:
    gate.git("checkout", "-q", "--orphan", "other", cwd=gate.work())
    gate.commit("demo", {"README.md": b"# Other\n"}, "Begin again")
    gate.push()

    words = _words(signed_in("alice").get(PAGE).text)

    assert "codex-1 wants to rewrite main : 1 commit come, 1 commit go" in words
    assert re.search(r"Commits that upstream would lose \w{9} Begin ", words)


def test_a_tag_is_a_hold_like_any_other(gate: World, signed_in: SignedIn) -> None:
    gate.push("refs/tags/v1")

    assert "codex-1 wants to create the tag v1" in _words(signed_in("alice").get(PAGE).text)


def test_a_moved_base_comes_with_the_commands_quoted_for_a_shell(gate: World, signed_in: SignedIn) -> None:
    hold = gate.push("refs/heads/a;$(touch${IFS}x)")
    gate.move(hold, HoldState.BLOCKED, reason=BlockReason.BASE_MOVED, note="Upstream moved.")

    page = signed_in("alice").get(PAGE).text

    assert "git rebase &#39;origin/a;$(touch${IFS}x)&#39;\n" in page


def test_the_page_looks_again_only_while_the_gate_is_at_work(gate: World, signed_in: SignedIn) -> None:
    hold = gate.push(collect=False)
    alice = signed_in("alice")

    moving = alice.get(PAGE).text
    gate.move(hold, HoldState.REJECTED)
    still = alice.get(PAGE).text
    again = alice.get(f"{PAGE}/standing")

    assert 'hx-trigger="every 1s"' in moving
    assert "The gate is collecting commits and files." in moving
    assert 'hx-trigger="every 1s"' not in still
    assert again.headers["HX-Refresh"] == "true"


def test_after_a_decision_the_page_waits_for_the_state_to_follow(
    gate: World, held: Hold, signed_in: SignedIn
) -> None:
    alice = signed_in("alice")
    before = alice.get(PAGE).text

    _decide(alice, "approve", held.revision.head)

    assert 'hx-trigger="every 1s"' not in before
    assert 'hx-trigger="every 1s"' in alice.get(PAGE).text
    assert "HX-Refresh" not in alice.get(f"{PAGE}/standing").headers


def test_a_hold_without_a_policy_says_so(gate: World, held: Hold, signed_in: SignedIn) -> None:
    gate.policies.path("demo").unlink()
    alice = signed_in("alice")

    assert "demo has no policy, so nothing of it can be released." in alice.get(PAGE).text
    assert "demo has no policy" in alice.get("/").text
    assert "there is no policy, so nothing can be released" in alice.get("/repositories").text


@pytest.mark.parametrize("address", ["/holds/demo/99", "/holds/none/1", "/holds/demo/x"])
def test_what_is_not_there_is_a_404(held: Hold, signed_in: SignedIn, address: str) -> None:
    assert signed_in("alice").get(address).status_code == 404


def test_a_push_leads_to_its_hold(held: Hold, signed_in: SignedIn) -> None:
    answer = signed_in("alice").get(f"/pushes/{held.revision.push_id}")

    assert (answer.status_code, answer.location) == (302, PAGE)


def test_a_push_that_is_not_registered_yet_is_waited_for_but_not_for_ever(signed_in: SignedIn) -> None:
    alice = signed_in("alice")

    first = alice.get("/pushes/01hfzzzzzzzzzzzzzzzzzzzzzz")
    last = alice.get("/pushes/01hfzzzzzzzzzzzzzzzzzzzzzz?look=61")

    assert first.status_code == 202
    assert 'content="1; url=/pushes/01hfzzzzzzzzzzzzzzzzzzzzzz?look=2"' in first.text
    assert last.status_code == 404


def test_repositories_show_where_to_clone_and_who_pushes(gate: World, signed_in: SignedIn) -> None:
    words = _words(signed_in("carol").get("/repositories").text)

    assert "http://localhost/git/demo.git" in words
    assert "codex-1 on every branch and tag" in words
    assert "Policy valid" in words


def test_a_lock_down_is_on_every_page(gate: World, held: Hold, signed_in: SignedIn) -> None:
    alice = signed_in("alice")
    form = {"reason": "codex-1 lost <b>its</b> token", "csrf_token": csrf_token(alice, "/admin")}

    alice.post("/admin/lockdown", data=form)
    pages = [alice.get(page).text for page in ("/", PAGE, "/audit", "/admin")]
    alice.post("/admin/lockdown/end", data=form)

    assert all("codex-1 lost &lt;b&gt;its&lt;/b&gt; token" in page for page in pages)
    assert "Lock-down.</strong>" not in alice.get("/").text
