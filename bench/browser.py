"""A person at the web pages: one connection that is kept, and cookies."""

from __future__ import annotations

import http.client
import re
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

from gate.domain.review import Role
from tests.running.gate import RunningGate

_PASSWORD = "correct horse battery staple"
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Browser:
    """Signed in as `login`."""

    def __init__(self, gate: RunningGate, login: str, role: Role) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(gate.url).netloc, timeout=60)
        self._cookies: dict[str, str] = {}
        link = f"/link/{gate.here.people.add(login, role, actor='cli:alice').token}"
        self.submit(link, link, password=_PASSWORD)

    def get(self, path: str) -> tuple[int, str]:
        return self._request("GET", path)

    def submit(self, page: str, path: str, **fields: str) -> None:
        """Open the page with the form, and send it."""
        _, text = self.get(page)
        self.post(path, csrf_token=token_in(text), **fields)

    def post(self, path: str, **fields: str) -> None:
        status, text = self._request("POST", path, urlencode(fields))
        if status != 302:
            raise RuntimeError(f"POST {path}: {status}: {text[:2000]}")

    def _request(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        for line in answer.headers.get_all("Set-Cookie", []):
            self._cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return answer.status, answer.read().decode()


def token_in(text: str) -> str:
    """The token against cross-site requests in a page's form."""
    found = _TOKEN.search(text)
    if found is None:
        raise RuntimeError(f"the page has no form: {text[:2000]}")
    return found[1]
