"""Real Chromium, which notes whatever a page complains about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from shutil import which
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, Request, sync_playwright

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
_ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-proxy-server"]
# Set before a page's own scripts; the browser's console says most of it too, in words that change.
_WATCH = """addEventListener("securitypolicyviolation",
    event => console.error(`violation of ${event.violatedDirective}: ${event.blockedURI}`))"""


@dataclass
class Person:
    """A browser window, and every complaint of the pages it has shown."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        answer = self.page.goto(self.base + path)
        if answer is None or answer.status != 200:
            self.complaints.append(f"{path}: answered {answer and answer.status}")
        return self.page

    def text(self) -> str:
        return self.page.inner_text("body")

    def path(self) -> str:
        return urlsplit(self.page.url).path

    def is_wider_than_the_window(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > innerWidth"))

    def sign_in(self, login: str, password: str) -> None:
        self.open("/sign-in")
        self.page.fill("input[name=login]", login)
        self.page.fill("input[name=password]", password)
        self.page.get_by_role("button", name="Sign in").click()

    def walk(self, *starts: str) -> dict[str, str]:
        """Follow every link, to one page of each kind; returns each kind with the path that was opened."""
        waiting, opened = list(starts), {}
        while waiting:
            path = waiting.pop(0)
            if _kind(path) in opened:
                continue
            opened[_kind(path)] = path
            self.open(path)
            if self.is_wider_than_the_window():
                self.complaints.append(f"{path}: scrolls sideways")
            waiting += [self._local(link) for link in self._links()]
        return opened

    def _links(self) -> list[str]:
        links: list[str] = self.page.eval_on_selector_all("a[href]", "found => found.map(one => one.href)")
        return [link for link in links if link.startswith(self.base) and "/export." not in link]

    def _local(self, link: str) -> str:
        return link.removeprefix(self.base).partition("#")[0]


def _kind(path: str) -> str:
    """A path with what differs between two pages of the same template left out."""
    place, _, query = path.partition("?")
    keys = sorted(part.partition("=")[0] for part in query.split("&"))
    return re.sub(r"[0-9a-z]{26}|[0-9a-f]{7,}|\d+", "N", place) + "?" * bool(query) + "&".join(keys)


@contextmanager
def chromium() -> Iterator[Any]:
    """Opens windows: `window(base, javascript=..., size=...)` gives a Person."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=which("chromium"), args=_ARGUMENTS)

        def window(base: str, *, javascript: bool = True, size: dict[str, int] = DESK) -> Person:
            context = browser.new_context(java_script_enabled=javascript, viewport=size)
            context.set_default_timeout(15_000)
            return _watched(context, base)

        yield window
        browser.close()


def _watched(context: BrowserContext, base: str) -> Person:
    context.add_init_script(_WATCH)
    person = Person(context.new_page(), base)
    note = person.complaints.append
    person.page.on("console", lambda said: said.type in ("error", "warning") and note(said.text))
    person.page.on("pageerror", lambda fault: note(str(fault)))
    person.page.on("requestfailed", lambda request: _is_abandoned(request) or note(_failure(request)))
    return person


def _is_abandoned(request: Request) -> bool:
    """Whether the person went on to the next page before this had come."""
    return request.failure == "net::ERR_ABORTED"


def _failure(request: Request) -> str:
    return f"{request.url}: {request.failure}"
