"""The commands of a record that were asked for and whose end has not been read yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from gate.domain.session.model import CommandOutcome
from gate.domain.session.texts import middle_cut

# An agent has a handful of commands running; whoever writes more is not to fill the memory.
_MOST_RUNNING = 200
_MOST_ENDED = 2_000
_MOST_OUTPUT = 1 << 16


@dataclass(slots=True)
class Running:
    """One command between its call and its end.

    `script` is the call id of the script that asks for it, empty where the agent called it directly.
    `process` is Codex's number of the running process; `output` what was heard of it so far.
    """

    call_id: str
    text: str
    line: int
    turn_id: str = ""
    cwd: str = ""
    at: datetime | None = None
    escalation: str | None = None
    script: str = ""
    process: str = ""
    output: str = ""
    aborted_at: datetime | None = None
    is_aborted: bool = False

    def hear(self, output: str) -> None:
        self.output = middle_cut(self.output + output, _MOST_OUTPUT)


@dataclass(frozen=True, slots=True)
class End:
    """How a command ended; without `output` and `cwd` what was known before holds."""

    outcome: CommandOutcome
    exit_code: int | None = None
    output: str | None = None
    at: datetime | None = None
    cwd: str = ""


class RunningCommands:
    """Running commands by call id, and the ids of those that ended, so that no end is told twice."""

    def __init__(self) -> None:
        self._running: dict[str, Running] = {}
        self._ended: dict[str, None] = {}

    def ask(self, running: Running) -> Running | None:
        """Take a command; returns the one that has to make room for it."""
        self._ended.pop(running.call_id, None)
        former = self._running.pop(running.call_id, None)
        self._running[running.call_id] = running
        if former is None and len(self._running) > _MOST_RUNNING:
            return self._running.pop(next(iter(self._running)))
        return former

    def get(self, call_id: str) -> Running | None:
        return self._running.get(call_id)

    def of_process(self, process: str) -> Running | None:
        if not process:
            return None
        return next((each for each in self._running.values() if each.process == process), None)

    def of_script(self, script: str) -> list[Running]:
        return [each for each in self._running.values() if each.script == script]

    def adopt(self, call_id: str, text: str, process: str) -> bool:
        """Whether a script asked for this command: from now on it runs under the call id that it has."""
        found = self._of_scripts(text, process)
        if found is None:
            return False
        del self._running[found.call_id]
        found.call_id, found.script = call_id, ""
        self._running[call_id] = found
        return True

    def _of_scripts(self, text: str, process: str) -> Running | None:
        same = [each for each in self._running.values() if each.script and each.text == text]
        by_process = (each for each in same if process and each.process == process)
        return next(by_process, None) or next((each for each in same if not each.process), None)

    def end(self, call_id: str) -> Running | None:
        found = self._running.pop(call_id, None)
        self._ended[call_id] = None
        if len(self._ended) > _MOST_ENDED:
            del self._ended[next(iter(self._ended))]
        return found

    def has_ended(self, call_id: str) -> bool:
        return call_id in self._ended

    def forget(self) -> None:
        """Begin anew: the ids that follow are counted from the start again."""
        self._ended.clear()

    def __iter__(self) -> Iterator[Running]:
        return iter(tuple(self._running.values()))
