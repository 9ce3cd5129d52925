"""Folds what a record tells, piece by piece, into a thread and the entries of its transcript.

Whatever reads a record says where it stands (`move_to`) and then what it read there. Nothing is kept but what
the thread holds, which is bounded; an entry goes out as soon as what it tells of has ended.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from gate.domain.session.marks import marks_of
from gate.domain.session.model import Command, CommandOutcome, FileEdit, Thread, Tokens, Turn, TurnStatus
from gate.domain.session.running import End, Running, RunningCommands
from gate.domain.session.test_runs import find_test_runs
from gate.domain.session.texts import FirstAndLast, first_part, last_part, middle_cut
from gate.domain.session.transcript import Entry, EntryKind, Mark

# A session of a day has some thousand commands. What is left out here still has its transcript entry.
MOST_COMMANDS = 10_000
MOST_EDITS = 10_000
MOST_TURNS = 2_000
MOST_PROMPTS = 200
_MOST_COMMAND_CHARACTERS = 16 << 20
_MOST_EDIT_CHARACTERS = 2 << 20
_MOST_PROMPT_CHARACTERS = 2 << 20
_MOST_TEXT = 1 << 16
_MOST_COMMAND = 1 << 17
_MOST_PROMPT = 1 << 18
_MOST_OUTPUT = 2_000
_MOST_SAID_TWICE = 64


class ThreadFold:
    """Takes what a record tells in its order. `line` counts from 1."""

    def __init__(self, take: Callable[[Entry], None], first_entry: int = 0) -> None:
        self.thread = Thread("", "")
        self.line = 0
        self.at: datetime | None = None
        self.running = RunningCommands()
        self._take = take
        self._first_entry = self._next_entry = first_entry
        self._last_at: datetime | None = None
        self._turns: dict[str, Turn] = {}
        self._turns_left_out = 0
        self._turn_id = ""
        self._unopened = ""
        self._aborted: dict[str, Running] = {}
        self._commands: FirstAndLast[Command] = FirstAndLast(MOST_COMMANDS, _MOST_COMMAND_CHARACTERS)
        self._edits: FirstAndLast[FileEdit] = FirstAndLast(MOST_EDITS, _MOST_EDIT_CHARACTERS)
        self._prompts: FirstAndLast[str] = FirstAndLast(MOST_PROMPTS, _MOST_PROMPT_CHARACTERS)
        self._long_commands = 0
        self._last_message = ""
        self._tokens = Tokens()
        self._said: deque[tuple[str, str, int]] = deque(maxlen=_MOST_SAID_TWICE)

    def move_to(self, line: int, at: datetime | None) -> None:
        """Say where the record stands; a line without a time keeps that of the one before for the thread."""
        self.line, self.at = line, at
        self._last_at = at or self._last_at

    def begin(self, thread: Thread) -> None:
        """What the record says of its thread. The first says it: a fork repeats those before it."""
        if not self.thread.thread_id:
            self.thread = thread

    def set_roots(self, roots: tuple[str, ...]) -> None:
        """The roots of the thread, where only its turns tell them."""
        if self.thread.thread_id and not self.thread.roots:
            self.thread = replace(self.thread, roots=roots)

    @property
    def turn_id(self) -> str:
        return self._turn_id

    @property
    def has_open_turn(self) -> bool:
        turn = self._turns.get(self._turn_id)
        return turn is not None and turn.status is TurnStatus.UNFINISHED

    def start_turn(self, turn_id: str = "") -> None:
        """A turn begins; one that was not ended stays unfinished."""
        self._end_aborted()
        self._said.clear()
        turn_id = turn_id or f"turn_{len(self._turns) + self._turns_left_out + 1}"
        self._turn_id = turn_id
        if turn_id in self._turns:
            return
        if len(self._turns) >= MOST_TURNS:
            self._turns_left_out += 1
            return
        self._turns[turn_id] = Turn(turn_id, TurnStatus.UNFINISHED, self.line, self.at)
        self.open_turn()
        self._unopened = turn_id

    def set_turn(self, turn_id: str, model: str, approval_policy: str, sandbox: str) -> None:
        """Under what a turn runs. The first of its settings is told; the last one is kept."""
        if turn_id and turn_id not in self._turns:
            self.start_turn(turn_id)
        turn = self._turns.get(turn_id or self._turn_id)
        if turn is not None:
            self._turns[turn.id] = replace(
                turn,
                model=model or turn.model,
                approval_policy=approval_policy or turn.approval_policy,
                sandbox=sandbox or turn.sandbox,
            )
        self.open_turn()

    def end_turn(self, turn_id: str, status: TurnStatus, words: str = "") -> None:
        """A turn has ended; the first end counts."""
        turn = self._turns.get(turn_id or self._turn_id)
        if turn is None or turn.status is not TurnStatus.UNFINISHED:
            return
        error = first_part(words, _MOST_OUTPUT) if status is TurnStatus.FAILED else ""
        self._turns[turn.id] = replace(turn, status=status, ended_at=self.at, error=error)
        marks = (Mark.FAILURE,) if status is TurnStatus.FAILED else ()
        self._emit(EntryKind.TURN, _turn_words(status, words), marks=marks)

    def prompt(self, text: str, source: str) -> None:
        """What a person asked. `source` names the kind of record: many are told twice, by two kinds."""
        if text.strip() and not self._is_told("prompt", text, source):
            kept = first_part(text, _MOST_PROMPT)
            self._prompts.add(kept, len(kept))
            self._emit(EntryKind.PROMPT, text)

    def message(self, text: str, source: str) -> None:
        """What the agent said; `source` as above."""
        if text.strip() and not self._is_told("message", text, source):
            self._last_message = middle_cut(text, _MOST_TEXT)
            self._emit(EntryKind.MESSAGE, text)

    def reasoning(self, text: str, source: str) -> None:
        """A summary of the agent's reasoning; `source` as above."""
        if text.strip() and not self._is_told("reasoning", text, source):
            self._emit(EntryKind.REASONING, text)

    def last_words(self, text: str) -> None:
        """What the record itself calls the agent's last message."""
        if text.strip():
            self._last_message = middle_cut(text, _MOST_TEXT)

    def plan(self, text: str) -> None:
        self._emit(EntryKind.PLAN, text)

    def note(self, text: str, detail: str = "", marks: tuple[Mark, ...] = ()) -> None:
        """What the agent's program itself put in or did: context, compaction, errors, other tools."""
        self._emit(EntryKind.NOTE, text, detail=detail, marks=marks)

    def tokens(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def _is_told(self, kind: str, text: str, source: str) -> bool:
        """Whether another kind of record told the same, which is then used up: people repeat themselves."""
        words = hash(text)
        same = next((each for each in self._said if each[0] == kind and each[2] == words), None)
        if same is not None and same[1] != source:
            self._said.remove(same)
            return True
        self._said.append((kind, source, words))
        return False

    def ask(self, running: Running) -> None:
        """The agent asks for a command."""
        self._long_commands += len(running.text) > _MOST_COMMAND
        running.text = first_part(running.text, _MOST_COMMAND)
        self._end_aborted(running.call_id)
        former = self.running.ask(running)
        if former is not None:
            self._told(former, End(CommandOutcome.UNFINISHED))

    def adopt(self, call_id: str, text: str, process: str) -> bool:
        """A command that a script asked for turns out to have a call id of its own."""
        return self.running.adopt(call_id, first_part(text, _MOST_COMMAND), process)

    def end(self, call_id: str, end: End) -> None:
        """A command has ended; nothing happens where it was not asked for, or has ended already."""
        running = self._aborted.pop(call_id, None) or self.running.get(call_id)
        if running is None:
            return
        self.running.end(call_id)
        if running.is_aborted:
            end = replace(end, outcome=CommandOutcome.ABORTED)
        self._told(running, end)

    def abort(self, call_id: str) -> None:
        """A command was interrupted. What it printed until then may still follow, or not."""
        running = self.running.end(call_id)
        if running is not None:
            running.is_aborted, running.aborted_at = True, self.at
            self._aborted[call_id] = running

    def is_pending(self, call_id: str) -> bool:
        return call_id in self._aborted or self.running.get(call_id) is not None

    def _end_aborted(self, *call_ids: str) -> None:
        for call_id in call_ids or tuple(self._aborted):
            running = self._aborted.pop(call_id, None)
            if running is not None:
                self._told(running, End(CommandOutcome.ABORTED, at=running.aborted_at))

    def _told(self, running: Running, end: End) -> None:
        """A command is over, for all that the record says: it goes into the thread and the transcript."""
        output = running.output if end.output is None else end.output
        at = end.at if end.at is None or running.at is None or end.at >= running.at else None
        ran = end.outcome is not CommandOutcome.REJECTED
        self.open_turn()
        command = Command(
            call_id=running.call_id,
            thread_id=self.thread.thread_id,
            turn_id=running.turn_id,
            text=running.text,
            cwd=end.cwd or running.cwd,
            outcome=end.outcome,
            line=running.line,
            exit_code=end.exit_code,
            started_at=running.at,
            ended_at=at,
            output=last_part(output, _MOST_OUTPUT),
            escalation=running.escalation,
            tests=find_test_runs(running.text, output) if ran else (),
            entry=self._next_entry,
        )
        self._commands.add(command, len(command.text) + len(command.output))
        self._emit_command(command, output)

    def _emit_command(self, command: Command, output: str) -> None:
        self._emit(
            EntryKind.COMMAND,
            command.text,
            line=command.line,
            at=command.started_at,
            ended_at=command.ended_at,
            call_id=command.call_id,
            detail=output,
            outcome=command.outcome.value,
            exit_code=command.exit_code,
            marks=marks_of(command),
        )

    def edit(self, call_id: str, kind: str, paths: Iterable[tuple[str, str]], diff: str = "") -> None:
        """The editing tool changed a file; `paths` has a path and its kind of change, two for a move."""
        self.open_turn()
        changed = list(paths)
        for path, path_kind in changed:
            self._edits.add(FileEdit(path, path_kind, self.line, self.at, self._next_entry), len(path))
        words = " → ".join(path for path, _ in changed)
        self._emit(EntryKind.EDIT, f"{kind} {words}", call_id=call_id, detail=diff)

    def failed_edit(self, call_id: str, words: str, detail: str, *, is_rejected: bool) -> None:
        """An edit that did not come about."""
        outcome = CommandOutcome.REJECTED if is_rejected else CommandOutcome.FAILED
        marks = (Mark.REJECTED if is_rejected else Mark.FAILURE,)
        self._emit(EntryKind.EDIT, words, call_id=call_id, detail=detail, outcome=outcome.value, marks=marks)

    def finish(self, lines: int, faults: Iterable[str] = ()) -> Thread:
        """The record has ended: what still runs is unfinished."""
        self.open_turn()
        self._end_aborted()
        for running in self.running:
            self._told(running, End(CommandOutcome.UNFINISHED))
        return replace(
            self.thread,
            last_at=self._last_at,
            turns=tuple(self._turns.values()),
            commands=tuple(sorted(self._commands.all(), key=lambda command: command.line)),
            edits=tuple(self._edits.all()),
            prompts=tuple(self._prompts.all()),
            last_message=self._last_message,
            tokens=self._tokens,
            lines=lines,
            entries=self._next_entry - self._first_entry,
            left_out=self._commands.left_out + self._long_commands,
            faults=(*faults, *self._left_out()),
        )

    def _left_out(self) -> Iterable[str]:
        for count, words in (
            (self._commands.left_out, "commands"),
            (self._edits.left_out, "edits"),
            (self._prompts.left_out, "prompts"),
        ):
            if count:
                yield f"{count} {words} from the middle of the record are in its transcript alone"
        if self._turns_left_out:
            yield f"{self._turns_left_out} turns after the first {MOST_TURNS} are left out"
        if self._long_commands:
            yield f"{self._long_commands} commands are cut after {_MOST_COMMAND} characters"

    def open_turn(self) -> None:
        """Tell that a turn began, once its settings are known or something happens in it."""
        turn = self._turns.get(self._unopened)
        self._unopened = ""
        if turn is not None:
            self._emit(EntryKind.TURN, _opening_words(turn), line=turn.line, at=turn.started_at)

    def _emit(
        self,
        kind: EntryKind,
        text: str,
        *,
        line: int | None = None,
        at: datetime | None = None,
        ended_at: datetime | None = None,
        call_id: str = "",
        detail: str = "",
        outcome: str = "",
        exit_code: int | None = None,
        marks: tuple[Mark, ...] = (),
    ) -> None:
        if line is None:
            line, at = self.line, self.at
        if kind is not EntryKind.NOTE:
            self.open_turn()
        n = self._next_entry
        self._next_entry += 1
        self._take(
            Entry(
                n=n,
                kind=kind,
                line=line,
                text=middle_cut(text, _MOST_TEXT),
                thread_id=self.thread.thread_id,
                at=at,
                ended_at=ended_at,
                call_id=call_id,
                detail=middle_cut(detail, _MOST_TEXT),
                outcome=outcome,
                exit_code=exit_code,
                marks=marks,
            )
        )


def _opening_words(turn: Turn) -> str:
    told = [turn.model, turn.approval_policy and f"approvals: {turn.approval_policy}", turn.sandbox]
    return ", ".join(["Turn started", *filter(None, told)])


def _turn_words(status: TurnStatus, words: str) -> str:
    return f"Turn {status.value}: {words}" if words else f"Turn {status.value}"
