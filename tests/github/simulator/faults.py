"""What goes wrong at the simulated GitHub because a test wants it to."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.github.simulator.auth import Denied


@dataclass
class Fault:
    """An answer that goes wrong; with `after_work` what was asked is done all the same."""

    method: str
    path: str
    status: int
    times: int
    after_work: bool
    words: str = "Server Error"
    headers: dict[str, str] = field(default_factory=dict)

    def meets(self, method: str, path: str) -> bool:
        return self.times > 0 and method == self.method and self.path in path

    def denied(self) -> Denied:
        return Denied(self.status, self.words, None, **self.headers)
