"""The one way this package runs git."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import git

from gate.domain.errors import Failed, Unavailable

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

# git, ssh, credential programs and the hooks of a local upstream see these variables and no others: not the
# gate's own secrets, and no GIT_DIR that a parent process happened to set.
_PASSED_ON = frozenset(
    {"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR"}
    | {"http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"}
)
_FIXED = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    # `ext::` and the like run programs that the URL names.
    "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
    "LC_ALL": "C",
}
# An attribute can hide a text file from diffs. git before 2.43 reads none in a bare repository, newer ones
# read those of `attr.tree`, which is the agent's own file where it is not set.
_OPTIONS = ("-c", "core.attributesFile=/dev/null", "-c", f"attr.tree={EMPTY_TREE}", "--literal-pathspecs")

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")
_GRACE_SECONDS = 2.0
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Completed:
    """A git command that came to its end; `words` is its standard error, fit to be shown."""

    status: int
    output: bytes
    words: str


@dataclass(frozen=True, slots=True)
class Git:
    """Runs git commands on one repository, through GitPython and without its object model.

    `variables` are added to the environment and `options` go before the command's name.
    """

    folder: Path
    options: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)

    def having(self, *options: str, **variables: str) -> Git:
        """The same with more options and variables."""
        return replace(self, options=self.options + options, variables={**self.variables, **variables})

    def run(self, *arguments: str, stdin: bytes = b"", timeout: float = 120.0) -> Completed:
        """Run a command to its end, whatever its status. Raises Unavailable when `timeout` seconds pass."""
        process = self._start(arguments)
        try:
            output, words = process.communicate(stdin, timeout=timeout)
        except subprocess.TimeoutExpired:
            _end(process)
            _popen(process).communicate()
            raise self._overdue(arguments, timeout) from None
        return Completed(process.returncode, output, masked(words))

    def output(self, *arguments: str, stdin: bytes = b"", timeout: float = 120.0) -> bytes:
        """The standard output of a command that must succeed. Raises Failed with git's words."""
        completed = self.run(*arguments, stdin=stdin, timeout=timeout)
        if completed.status:
            raise self.failure(arguments, completed.status, completed.words)
        return completed.output

    def text(self, *arguments: str, stdin: bytes = b"", timeout: float = 120.0) -> str:
        """`output` of a command that prints names and numbers."""
        return os.fsdecode(self.output(*arguments, stdin=stdin, timeout=timeout))

    def chunks(
        self, *arguments: str, stdin: bytes = b"", timeout: float = 120.0
    ) -> Generator[bytes, None, None]:
        """The standard output of a command that must succeed, piece by piece as it comes.

        Closing the iterator early ends git. `stdin` must fit into a pipe (64 KiB).
        """
        process = self._start(arguments)
        # Read beside the output: a pipe of warnings that nobody reads would stop git.
        words: list[bytes] = []
        drain = threading.Thread(target=lambda: words.append(process.stderr.read()), daemon=True)
        overdue = threading.Event()
        clock = threading.Timer(timeout, _end, (process, overdue))
        drain.start()
        clock.start()
        try:
            # A git that ended at once says why on its standard error.
            with suppress(BrokenPipeError):
                process.stdin.write(stdin)
                process.stdin.close()
            while piece := process.stdout.read1(_CHUNK):
                yield piece
            status = _popen(process).wait()
        finally:
            clock.cancel()
            _end(process)
            drain.join()
            process.stdout.close()
            process.stderr.close()
        if overdue.is_set():
            raise self._overdue(arguments, timeout)
        if status:
            raise self.failure(arguments, status, masked(b"".join(words)))

    def failure(self, arguments: tuple[str, ...], status: int, words: str) -> Failed:
        """The error for a command that ended with `status`."""
        return Failed(f"{self._title(arguments)} ended with status {status}: {words or 'git gave no reason'}")

    def _start(self, arguments: tuple[str, ...]) -> git.Git.AutoInterrupt:
        variables = {**_FIXED, **self.variables}
        # GitPython gives a child the whole environment of this process, and no way to take a name out of it.
        # `env` does, and then becomes git; it is told names only, as anybody can read arguments.
        unset = [name for name in os.environ if name not in _PASSED_ON and name not in variables]
        command = ("env", *(word for name in unset for word in ("-u", name)), "git")
        command += (f"--git-dir={self.folder}", *_OPTIONS, *self.options, *arguments)
        return git.Git(self.folder.parent).execute(
            command,
            istream=subprocess.PIPE,
            as_process=True,
            env=variables,
            start_new_session=True,
            umask=0o077,
        )

    def _title(self, arguments: tuple[str, ...]) -> str:
        return f"git {arguments[0]} in {self.folder.name}"

    def _overdue(self, arguments: tuple[str, ...], timeout: float) -> Unavailable:
        return Unavailable(f"{self._title(arguments)} did not end within {timeout:g} s.")


def masked(words: bytes | str) -> str:
    """What git said, with the credentials in URLs left out and bytes that are no UTF-8 made visible."""
    text = words if isinstance(words, str) else words.decode(errors="backslashreplace")
    return _CREDENTIALS.sub("***@", text).strip()


def _popen(process: git.Git.AutoInterrupt) -> subprocess.Popen[bytes]:
    assert process.proc is not None
    return process.proc


def _end(process: git.Git.AutoInterrupt, was_running: threading.Event | None = None) -> None:
    """Stop git and everything it started: first in a way that lets it remove its lock files."""
    popen = _popen(process)
    if popen.poll() is not None:
        return
    if was_running:
        was_running.set()
    _signal(popen, signal.SIGTERM)
    try:
        popen.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        _signal(popen, signal.SIGKILL)
        popen.wait()


def _signal(popen: subprocess.Popen[bytes], number: signal.Signals) -> None:
    # git leads its own process group, with ssh and the like in it.
    with suppress(ProcessLookupError):
        os.killpg(popen.pid, number)
