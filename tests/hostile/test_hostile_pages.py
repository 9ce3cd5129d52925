"""Whatever an agent writes, in whatever field: on the gate's pages it is text, and all of it is seen."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient

from gate.domain.evidence import FileKind
from tests.hostile.corpus import CORPUS
from tests.hostile.hostile_world import HostileWorld
from tests.web.web_world import sign_in

HOLD = "/holds/demo/1"
PAGES = ("", "?commands=all", "/log", "/log?q=e", "/log/3", "/recording", "/evidence/{text}/text")
HIDDEN = set("\x00\x07\x08\x0b\x0c\x1b\x7f\x85\x9b\u202e\u2066\u200b\u2028\ufeff\u3164\U000e0041")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileWorld]:
    world = HostileWorld.at(tmp_path_factory.mktemp("hostile"))
    yield world
    world.store.engine.dispose()


@pytest.fixture(scope="module")
def alice(world: HostileWorld) -> FlaskClient:
    return sign_in(world.app().test_client(), "alice")


class Tags(HTMLParser):
    """Every element with its attributes, as a browser would make them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("name", CORPUS)
def test_nothing_in_it_becomes_an_element_or_stays_unseen(
    world: HostileWorld, alice: FlaskClient, name: str
) -> None:
    evidence = world.say(CORPUS[name])
    text = next(file.text_sha256 for file in evidence.files if file.kind is FileKind.PLAIN_LOG)

    for page in PAGES:
        answer = alice.get(HOLD + page.format(text=text))
        assert answer.status_code == 200, page
        tags = Tags(answer.text).found
        assert not {"iframe", "object", "style", "base", "svg", "img", "b"} & {tag for tag, _ in tags}, page
        assert all("src" in attributes for tag, attributes in tags if tag == "script")
        assert not [key for _, attributes in tags for key in attributes if key.startswith(("on", "hx-on"))]
        assert all((attributes.get("action") or "/").startswith("/") for _, attributes in tags)
        assert all(_is_own(value) for _, attributes in tags for value in _addresses(attributes)), page
        assert not HIDDEN & set(answer.text), page
        assert len(answer.data) < 6_000_000


def _addresses(attributes: dict[str, str | None]) -> list[str]:
    return [attributes[key] or "" for key in ("href", "src", "hx-get", "data-cast") if key in attributes]


def _is_own(address: str) -> bool:
    return address.startswith(("/", "#")) and not address.startswith("//")
