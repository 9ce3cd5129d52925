"""The gate's real processes in front of the simulated GitHub, which runs in the test's own process."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.github.github_box import POLICY, SECRET
from tests.github.simulator import App, Person, Pull, Repository, Simulator
from tests.running.gate import RunningGate, git, running_gate, tip


@dataclass(kw_only=True)
class GitHubGate(RunningGate):
    """`demo` is acme/shop at GitHub, where alice and bob may write; the gate is the App `pushgate` there.

    Put behind the gate by the command line, as an admin does it. codex-1 pushes from `clone`. `settings` are
    what differs from the tests' own.
    """

    simulator: Simulator
    app: App
    shop: Repository
    people: dict[str, Person]
    settings: dict[str, str]

    def environment(self, **more: str) -> dict[str, str]:
        github = {
            "PUSHGATE_GITHUB_URL": self.simulator.url,
            "PUSHGATE_GITHUB_APP_ID": str(self.app.id),
            "PUSHGATE_GITHUB_PRIVATE_KEY_FILE": str(self.folder / "app.pem"),
            "PUSHGATE_GITHUB_WEBHOOK_SECRET_FILE": str(self.folder / "webhook-secret"),
        }
        return super().environment(**github | self.settings | more)

    @property
    def clone(self) -> Path:
        return self.folder / "clone"

    def write_secrets(self) -> None:
        for name, text in (("app.pem", self.app.private_key_pem), ("webhook-secret", SECRET)):
            path = self.folder / name
            path.write_text(text)
            path.chmod(0o600)

    def put_shop_behind(self, policy: str = POLICY) -> None:
        """By the commands of the README; returns once codex-1 has its clone. The web process must run."""
        policies = self.home / "policies"
        policies.mkdir(mode=0o700, exist_ok=True)
        (policies / "demo.toml").write_text(policy)
        self.told("repo", "add", "demo", "--upstream", self.simulator.git_url(self.shop), "--forge", "github")
        token = re.findall(r"pgt_\S+", self.told("agent", "add", "codex-1", "--repo", "demo"))[0]
        netloc = self.url.removeprefix("http://")
        url = f"http://codex-1:{token.partition('@')[0]}@{netloc}/git/demo.git"
        git("clone", "-q", url, str(self.clone), cwd=self.folder)

    def tell_webhooks(self) -> None:
        """From now on GitHub posts what happens there to the gate's own address."""
        self.simulator.webhook(f"{self.url}/webhooks/github", SECRET)

    def told(self, *words: str) -> str:
        """What a command printed; it has to succeed."""
        done = self.command(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def push(self, text: str, branch: str = "main") -> tuple[str, str]:
        """Commit one line and push it: the commit, and everything that the terminal showed."""
        (self.clone / "README.md").write_text(f"{text}\n")
        git("commit", "-qam", text, cwd=self.clone)
        done = git("push", "origin", f"HEAD:{branch}", cwd=self.clone, check=False)
        return tip(self.clone, "HEAD"), done.stdout + done.stderr

    def pull_of(self, oid: str) -> Pull | None:
        """The pull request that shows this commit."""
        with self.simulator.world.lock:
            return next((one for one in self.shop.pulls.values() if one.head_sha == oid), None)


@contextmanager
def running_github_gate(**settings: str) -> Iterator[GitHubGate]:
    """An installation with its server for jobs and its web process; webhooks are not told yet."""
    with running_gate() as plain:
        simulator = Simulator(plain.folder / "github")
        with simulator.running():
            gate = _at(simulator, plain, settings)
            gate.write_secrets()
            gate.start_web()
            try:
                yield gate
            finally:
                gate.end()


def _at(simulator: Simulator, plain: RunningGate, settings: dict[str, str]) -> GitHubGate:
    shop = simulator.repository("acme/shop")
    people = {login: simulator.person(login) for login in ("alice", "bob")}
    for person in people.values():
        simulator.collaborator(shop, person, "write")
    simulator.commit(shop, "main", by=people["bob"], **{"README.md": "# Shop\n"})
    return GitHubGate(
        plain.folder,
        plain.listener,
        plain.running,
        simulator=simulator,
        app=simulator.app("pushgate", [shop]),
        shop=shop,
        people=people,
        settings=settings,
    )
