"""The README's walk: `make run`, push, review in a browser, upstream, audit trail, Ctrl-C, once more."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.running.browser import PHONE, Person, chromium
from tests.running.gate import CLIENT, git, short_folder, tip
from tests.running.make_run import Started, free_port, make_run
from tests.running.waiting import eventually

PASSWORD = "correct horse battery"


@pytest.fixture
def folder() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[[], Started]]:
    port, running = free_port(), []

    def once_more() -> Started:
        running.append(make_run(folder / "home", port, folder / f"output-{len(running)}"))
        return running[-1]

    yield once_more
    for started in running:
        started.process.kill()


@pytest.fixture
def window() -> Iterator[Callable[..., Person]]:
    with chromium() as window:
        yield window


def test_the_readmes_walk(folder: Path, start: Callable[[], Started], window: Callable[..., Person]) -> None:
    gate = start()
    upstream = folder / "home/demo/upstream.git"
    before = tip(upstream)

    # The agent pushes.
    pushed = _paste(folder, gate.lines_to_paste())

    clone = folder / "pushgate-demo"
    head = tip(clone, "HEAD")
    assert pushed.returncode == 1
    assert "[remote rejected] main -> main (held for review as 1 (revision 1))" in pushed.stderr
    where = re.search(rf"{gate.url}(/pushes/\w+)", pushed.stderr)
    assert where is not None, pushed.stderr
    assert tip(upstream) == before

    # A person signs in with the one-time link, reads, and approves.
    alice = window(gate.url)
    alice.open(gate.sign_in_path())
    alice.page.fill("input[name=password]", PASSWORD)
    alice.page.get_by_role("button", name="Set it and sign in").click()
    eventually(lambda: "demo/1" in alice.open(where[1]).inner_text("main"))
    _approve(alice, "demo/1", head, shows=("Say hello", "Hello from codex-1."))

    assert eventually(lambda: tip(upstream) == head, seconds=10)
    # The gate's own copy follows a moment after upstream.
    assert eventually(lambda: _fetched(clone) == head, seconds=10)
    eventually(lambda: "released" in alice.open("/holds/demo/1").inner_text("#standing"))
    assert _story(alice, "demo/1") == STORY

    # Ctrl-C ends all of it, and a second start goes on where it was.
    assert gate.interrupt() == []
    assert "Traceback" not in gate.output
    gate = start()
    assert f"{gate.url}/sign-in as admin, with your password" in gate.output
    (clone / "README.md").write_text("# Demo\n\nOnce more.\n")
    git("commit", "-qam", "Once more", cwd=clone)
    git("push", cwd=clone, check=False)

    # The same on a phone that runs no scripts.
    bob = window(gate.url, javascript=False, size=PHONE)
    bob.sign_in("admin", PASSWORD)
    again = tip(clone, "HEAD")
    _approve(bob, "demo/2", again, shows=("Once more",))
    assert eventually(lambda: tip(upstream) == again, seconds=10)
    eventually(lambda: "released" in bob.open("/holds/demo/2").inner_text("#standing"))
    assert _story(bob, "demo/2") == STORY

    # Every kind of page, on a phone, with and without scripts.
    (clone / "README.md").write_text("# Demo\n\nA third time.\n")
    git("commit", "-qam", "A third time", cwd=clone)
    git("push", cwd=clone, check=False)
    git("commit", "-q", "--amend", "-m", "A third time, better said", cwd=clone)
    git("push", cwd=clone, check=False)
    _read(bob, "demo/3", tip(clone, "HEAD"))
    carol = window(gate.url, size=PHONE)
    carol.sign_in("admin", PASSWORD)
    kinds = {tuple(person.walk("/", f"/audit{where[1]}")) for person in (bob, carol)}
    assert len(kinds) == 1
    assert set(kinds.pop()) >= PAGES
    assert [person.complaints for person in (alice, bob, carol)] == [[], [], []]
    assert gate.interrupt() == []
    assert "Traceback" not in gate.output


STORY = [
    "hold:register",
    "hold:collect",
    "evidence:collect",
    "hold:publish",
    "review:submit",
    "hold:approve",
    "hold:release_begin",
    "hold:release",
]
PAGES = {
    "/",
    "/?state",
    "/holds/demo/N",
    "/holds/demo/N?revision",
    "/repositories",
    "/audit",
    "/audit?hold",
    "/audit/events/N",
    "/audit/holds/demo/N",
    "/audit/pushes/N",
    "/admin",
    "/account",
}


def _fetched(clone: Path) -> str:
    git("fetch", "--quiet", cwd=clone)
    return tip(clone, "refs/remotes/origin/main")


def _paste(folder: Path, lines: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in CLIENT.items() if not key.startswith(("GIT_AUT", "GIT_COM"))}
    return subprocess.run(
        ("bash", "-c", lines), cwd=folder, env=environment, capture_output=True, text=True, timeout=60
    )


def _approve(person: Person, hold: str, head: str, *, shows: tuple[str, ...]) -> None:
    """Find the hold on the list, read it, and press the button."""
    eventually(lambda: hold in person.open("/").inner_text("main"))
    text = _read(person, hold, head)
    assert [words for words in shows if words not in text] == []
    person.page.get_by_role("button", name=f"Approve {head[:7]}").click()
    assert "Your approval is recorded." in person.text()


def _read(person: Person, hold: str, head: str) -> str:
    """Open the hold once this commit is ready for a review."""
    return eventually(lambda: _if_ready(person.open(f"/holds/{hold}").inner_text("main"), head))


def _if_ready(text: str, head: str) -> str:
    return text if f"Approve {head[:7]}" in text and "changed file" in text else ""


def _story(person: Person, hold: str) -> list[str]:
    return person.open(f"/audit/holds/{hold}").locator("tbody td.main").all_inner_texts()
