"""Text that agents choose is inert on every page: it opens no tag, hides nothing, reorders nothing."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from gate.domain.audit import AuditEvent
from gate.domain.hold import HoldState, Push, Revision
from tests.web.conftest import SignedIn
from tests.web.web_world import World

BIDI, ZERO_WIDTH, BELL = "\u202e", "\u200b", "\x07"
MARKUP = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&lt;"
HOSTILE = f"{MARKUP}{BIDI}{ZERO_WIDTH}"
REF = f"refs/heads/a;$(id)<b>&\"'{BIDI}"
FILE = f"<img src=x onerror=a>&\"'{BIDI}{BELL}\n.py"

PAGES = [
    "/",
    "/?state=all&ref=%3Cscript%3E&before=x",
    "/holds/demo/1",
    "/holds/demo/1?revision=1",
    "/holds/demo/1/standing",
    "/holds/demo/1/files/0",
    "/holds/demo/1/tree/",
    "/holds/demo/1/commits/{head}",
    "/holds/demo/1/commits/{head}/files/0",
    "/holds/demo/1/changes/2",
    "/pushes/01push00000000000000000001",
    "/pushes/{two}",
    "/pushes/%3Cscript%3E",
    "/repositories",
    "/audit",
    "/audit?actor=%3Cscript%3Ealert(1)%3C/script%3E&hold=%22%3E%3Cscript%3E",
    "/audit/holds/demo/1",
    "/audit/pushes/%3Cscript%3E",
    "/admin",
    "/admin/users",
    "/admin/agents",
]


class Tags(HTMLParser):
    """What a browser would make of a page: its tags, their attributes, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def hostile(gate: World) -> dict[str, str]:
    """A repository, holds and a trail in which an agent chose every text it can."""
    person = {"GIT_AUTHOR_NAME": "<b>" + BIDI, "GIT_AUTHOR_EMAIL": "x\"onerror='y@example.org"}
    gate.commit("demo", {FILE: f"x = '{HOSTILE}'\r\n".encode()}, f"{HOSTILE}\n\n{HOSTILE}", **person)
    gate.push(REF, options=(HOSTILE,))
    head = gate.commit("demo", {FILE: f"{HOSTILE}\n".encode()}, HOSTILE, **person)
    hold = gate.push(REF)
    with gate.store.transaction() as tx:
        repository, agent = tx.repositories.get("demo"), tx.agents.get("codex-1")
        two = "01push9999"
        tx.holds.add_push(Push(two, repository.id, agent.id, gate.now, "http"))
        for number in (8, 9):
            revision = Revision(0, 1, two, hold.revision.old, head, None, gate.now)
            tx.holds.add("demo", "codex-1", f"{REF}{number}", number, revision, "group")
        tx.repositories.set_synced("demo", gate.now, HOSTILE)
        tx.agents.grant("codex-1", "demo", (HOSTILE,))
    blocked = gate.move(hold, HoldState.BLOCKED, note=HOSTILE)
    _put_on_trail(gate, blocked.name)
    return {"head": head, "two": two}


def _put_on_trail(gate: World, hold: str) -> None:
    about = {"ref": REF, "hold": hold, "push": HOSTILE, "repository": HOSTILE}
    event = AuditEvent(
        at=gate.now,
        actor=f"agent:{HOSTILE}",
        action="push:hold",
        details={"user": HOSTILE, "x": HOSTILE},
        **about,
    )
    with gate.store.transaction() as tx:
        for _ in range(2):
            tx.audit.append(event)


@pytest.mark.parametrize("page", PAGES)
def test_hostile_text_is_inert(gate: World, hostile: dict[str, str], signed_in: SignedIn, page: str) -> None:
    alice = signed_in("alice")

    text = alice.get(page.format(**hostile)).text

    found = Tags(text)
    scripts = [attributes for tag, attributes in found.tags if tag == "script"]
    assert [list(attributes) for attributes in scripts] in ([["src", "defer"]], [])
    assert not [tag for tag, _ in found.tags if tag in {"img", "b", "iframe", "object", "style"}]
    assert not [
        name
        for _, attributes in found.tags
        for name in attributes
        if name.startswith("on") or name == "style"
    ]
    assert not {BIDI, ZERO_WIDTH, BELL} & set(text)


def test_the_event_page_shows_the_stored_text_inert(
    gate: World, hostile: dict[str, str], signed_in: SignedIn
) -> None:
    with gate.store.snapshot() as tx:
        newest = tx.audit.tree_head().size

    text = signed_in("alice").get(f"/audit/events/{newest}").text

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert BIDI not in text
    assert not [tag for tag, _ in Tags(text).tags if tag in {"img", "b"}]


def test_what_hides_is_spelled_out(gate: World, hostile: dict[str, str], signed_in: SignedIn) -> None:
    text = signed_in("alice").get("/holds/demo/1").text

    assert '<span class="ctl" title="U+202E RIGHT-TO-LEFT OVERRIDE">[U+202E]</span>' in text
    assert '<span class="ctl" title="U+200B ZERO WIDTH SPACE">[U+200B]</span>' in text
    assert '<span class="ctl" title="U+0007 control character">[U+0007]</span>' in text


def test_a_hostile_file_can_be_opened_in_the_tree(
    gate: World, hostile: dict[str, str], signed_in: SignedIn
) -> None:
    alice = signed_in("alice")
    links = [
        dict(attributes).get("href") or ""
        for _, attributes in Tags(alice.get("/holds/demo/1/tree/").text).tags
    ]

    page = alice.get(next(link for link in links if "/tree/~3C" in link))

    found = Tags(page.text)
    assert "alert(1)" in found.text
    assert [tag for tag, _ in found.tags if tag in {"script", "img"}] == ["script"]
