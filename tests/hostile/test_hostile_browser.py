"""Whatever an agent writes: in Chromium no script of it runs, no request leaves, and no page complains."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import pytest
from playwright.sync_api import Request
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.hostile.corpus import CORPUS
from tests.hostile.hostile_world import HostileWorld
from tests.running.browser import Person, chromium
from tests.web.web_world import PASSWORD

PAGES = ("/holds/demo/1", "/holds/demo/1/log", "/holds/demo/1/recording")


class Quiet(WSGIRequestHandler):
    """Says nothing of requests."""

    def log(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileWorld]:
    world = HostileWorld.at(tmp_path_factory.mktemp("hostile"))
    yield world
    world.store.engine.dispose()


@pytest.fixture(scope="module")
def address(world: HostileWorld) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, world.app(), threaded=True, request_handler=Quiet)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def alice(address: str) -> Iterator[Person]:
    with chromium() as window:
        person = window(address)
        person.sign_in("alice", PASSWORD)
        yield person


@pytest.mark.parametrize("name", CORPUS)
def test_nothing_runs_and_nothing_leaves(world: HostileWorld, alice: Person, name: str) -> None:
    alice.page.goto("about:blank")  # What the last page still fetches is another text's.
    world.say(CORPUS[name])
    left: list[str] = []
    alice.complaints.clear()

    def watch(request: Request) -> None:
        if not request.url.startswith((alice.base, "data:", "blob:")):
            left.append(request.url)

    alice.page.on("request", watch)
    for page in PAGES:
        shown = alice.open(page)
        if page.endswith("/recording"):
            shown.locator(".ap-player").first.wait_for()
            shown.locator(".seek").first.click()
        assert shown.evaluate("window.ran") is None
        assert shown.url == alice.base + page
        assert not alice.is_wider_than_the_window(), page
    alice.page.remove_listener("request", watch)

    assert left == []
    assert alice.complaints == []
