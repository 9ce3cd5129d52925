"""Notifications to a chat, by a webhook over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from gate.adapters.notifiers.slack import SlackNotifier
from gate.domain.errors import Failed, Unavailable

SECRET = "/services/T0/B0/s3cr3t"


@dataclass
class Chat:
    url: str = ""
    status: int = 200
    answer: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    posted: list[tuple[str, str, Any]] = field(default_factory=list)


@pytest.fixture
def chat() -> Iterator[Chat]:
    chat = Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            chat.posted.append((self.path, self.headers["Content-Type"], json.loads(body)))
            self.send_response(chat.status)
            for name, value in chat.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(chat.answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    chat.url = f"http://127.0.0.1:{server.server_port}{SECRET}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield chat
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_message_is_one_text(chat: Chat) -> None:
    SlackNotifier(chat.url).send("2 holds wait", "demo/1\n  https://gate.example.org/holds/demo/1\n")

    text = "2 holds wait\n\ndemo/1\n  https://gate.example.org/holds/demo/1\n"
    assert chat.posted == [(SECRET, "application/json", {"text": text})]


def test_nothing_in_it_calls_people_or_links_elsewhere(chat: Chat) -> None:
    SlackNotifier(chat.url).send("<!channel> & <@U1>", "<https://evil.example|gate> &lt;!here&gt;")

    assert chat.posted[0][2]["text"] == (
        "&lt;!channel&gt; &amp; &lt;@U1&gt;\n\n&lt;https://evil.example|gate&gt; &amp;lt;!here&amp;gt;"
    )


@pytest.mark.parametrize(
    ("status", "kind"), [(404, Failed), (410, Failed), (400, Failed), (429, Unavailable), (503, Unavailable)]
)
def test_a_refusal_says_why_and_keeps_the_address_to_itself(
    chat: Chat, status: int, kind: type[Exception]
) -> None:
    chat.status, chat.answer = status, b"no_service \x1b[1m" + b"x" * 100_000

    with pytest.raises(kind, match=f"answered {status}: no_service <U\\+001B>") as told:
        SlackNotifier(chat.url).send("one", "two")

    assert type(told.value) is kind
    assert (len(str(told.value)) < 500, "s3cr3t" in str(told.value)) == (True, False)


def test_a_redirect_is_not_followed(chat: Chat) -> None:
    chat.status, chat.headers = 307, {"Location": chat.url.replace("T0", "elsewhere")}

    with pytest.raises(Failed, match="answered 307"):
        SlackNotifier(chat.url).send("one", "two")

    assert len(chat.posted) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/s3cr3t", "http://[/s3cr3t", "http://\udc80/s3cr3t"])
def test_a_chat_that_is_away_may_be_there_later(url: str) -> None:
    with pytest.raises(Unavailable, match="could not be reached") as told:
        SlackNotifier(url).send("one", "two")

    assert ("s3cr3t" in str(told.value), told.value.__suppress_context__) == (False, True)
    assert "s3cr3t" not in repr(SlackNotifier(url))
