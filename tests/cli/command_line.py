"""`python -m gate …`, run in the test's own process."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from gate.cli import context, main
from tests.running.gate import CLIENT, git, tip


@dataclass(frozen=True)
class Ran:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    def token(self) -> str:
        """The line that is indented by four spaces: a token or a link, shown once."""
        [found] = re.findall(r"^    (\S+)$", self.out, re.MULTILINE)
        return str(found)


@dataclass(frozen=True)
class CommandLine:
    """Each call is a command of its own: nothing is kept in memory between two."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> Ran:
        self.forget()
        self.monkeypatch.setattr(sys, "argv", ["gate", *arguments])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        captured = self.capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    def forget(self) -> None:
        for make in (context.container_as_it_is, context.inline_container):
            if make.cache_info().currsize:
                made = make()
                made.store.engine.dispose()
                made.redis.close()
            make.cache_clear()
        context.settings.cache_clear()

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def upstream(self) -> Path:
        return self.folder / "upstream.git"

    @property
    def repository(self) -> Path:
        return self.home / "repositories" / "demo.git"

    @property
    def work(self) -> Path:
        return self.folder / "work"

    def make_upstream(self) -> None:
        git("init", "-q", "-b", "main", str(self.work), cwd=self.folder)
        (self.work / "README.md").write_text("# Demo\n")
        git("add", "README.md", cwd=self.work)
        git("commit", "-qm", "Begin", cwd=self.work)
        git("clone", "-q", "--bare", str(self.work), str(self.upstream), cwd=self.folder)

    def push(self, text: str) -> str:
        """Push a commit as codex-1, whom the environment names to the hooks as the transport would."""
        (self.work / "README.md").write_text(f"{text}\n")
        git("commit", "-qam", text, cwd=self.work)
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(CLIENT, "PUSHGATE_AGENT", "codex-1")
            patch.setitem(CLIENT, "PUSHGATE_TRANSPORT", "http")
            said = git("push", str(self.repository), "HEAD:main", cwd=self.work, check=False).stderr
        assert "held for review" in said, said
        return tip(self.work, "HEAD")
