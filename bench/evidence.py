"""What evidence costs: gathering it for a push, reading a session's record, and its log a page at a time.

Each measurement has a process of its own, so that its memory is no other's.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import TypeVar

from bench import secrets
from bench.secrets import log_text, source_text, token
from bench.table import duration, machine, show, spread
from bench.world import scratch
from gate.adapters.agent_hosts.local import LocalAgentHost
from gate.adapters.codex import read_rollout
from gate.adapters.evidence_store.store import FsspecEvidenceStore
from gate.adapters.inline_queue import InlineQueue
from gate.adapters.secrets.engine import engine
from gate.adapters.secrets.redactor import KingfisherRedactor
from gate.domain.agent_place import AgentPlace
from gate.domain.evidence import Evidence, FileKind
from gate.domain.session.model import FoundBy
from gate.domain.session.transcript import Entry, EntryKind
from gate.services.find_session import FoundSession
from gate.services.ports.evidence import Root
from gate.services.queries.log_page import ReadLog
from gate.services.read_session import ReadSession
from gate.services.snapshot import Snapshot
from tests.codex.records import THREAD, call, exited, item, opening, output
from tests.gate_in_a_box import MAIN, Box
from tests.object_store import ENVIRONMENT, git
from tests.rule_cache import RULE_CACHE

T = TypeVar("T")

PARTS = ("push", "record", "log", "session", "secrets")
_MIB = 1 << 20
_FILE = 2_000
_PLANTED = 20
_WHO = b"codex-1 <codex-1@example.org> 1790000000 +0000"
_SAMPLE = Path(__file__).parents[1] / "tests" / "codex" / "data" / "01-fix-and-push"
_SAMPLE_WORK = b"/srv/agent/work/billing"


@dataclass(frozen=True)
class Sizes:
    """How much is measured; the lists are measured from the first to the last."""

    files: Sequence[int] = (5, 200, 20_000)
    record_mib: Sequence[int] = (30, 300)
    log_mib: int = 500
    text_mib: int = 8
    pushes: int = 10
    known: Sequence[int] = (0, 20, 200)


_QUICK = Sizes((5, 50), (2, 6), 10, 1, 2, (0, 20))


def main(*, quick: bool) -> None:
    measure(_QUICK if quick else Sizes(), PARTS)


def measure(sizes: Sizes, parts: Sequence[str]) -> None:
    show_part = {
        "push": lambda: _show_pushes(sizes),
        "record": lambda: _show_records(sizes),
        "log": lambda: _show_log(sizes),
        "session": lambda: _show_sessions(sizes),
        "secrets": lambda: secrets.measure(sizes.text_mib, sizes.known),
    }
    for part in parts:
        show_part[part]()


# A push of many files


@dataclass
class Jobs:
    """How long each job of a gate took, and the most memory that the process had meanwhile."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    before: int = 0
    grown: dict[str, int] = field(default_factory=dict)

    def watched(self, name: str, job: Callable[..., object]) -> Callable[..., object]:
        def run(*arguments: object) -> None:
            _forget_peak()
            start = time.perf_counter()
            job(*arguments)
            self.seconds.setdefault(name, []).append(time.perf_counter() - start)
            self.grown[name] = max(self.grown.get(name, 0), _peak() - self.before)

        return run


def _show_pushes(sizes: Sizes) -> None:
    rows = []
    for files in sizes.files:
        rounds = 1 if files > 1_000 else max(2, sizes.pushes // 2)
        jobs = _alone(_push_files, files, rounds)
        collect, assess = (jobs.seconds[name] for name in ("collect", "assess"))
        together = median(map(sum, zip(collect, assess, strict=True)))
        rows.append(
            (
                f"{files:,}",
                str(rounds),
                spread(collect),
                spread(assess),
                f"{together / median(collect):.1f}",
                f"{jobs.before / _MIB:.0f} MiB",
                *(f"+{jobs.grown[name] / _MIB:.0f} MiB" for name in ("collect", "assess")),
            )
        )
    heads = (
        "files",
        "pushes",
        "collect: min / median / max",
        "assess: min / median / max",
        "both ÷ collect",
        "memory before",
        "in collect",
        "in assess",
    )
    show("Collect and assess a push without a session", heads, rows)


def _push_files(files: int, rounds: int) -> Jobs:
    """Half of the files are changed and half are new, a push each on top of upstream's."""
    jobs = Jobs()
    with scratch() as folder:
        box = Box(folder)
        box.gate.scanner.warm_up()
        base, *tips = _alone(_make_commits, box.store.folder, box.first, files, rounds)
        box.by_hand(MAIN, base)
        box.sync()
        _watch(box, jobs)
        for n, tip in enumerate(tips):
            box.push(f"{tip}:refs/heads/topic-{n}")
        states = {str(state) for state in box.states().values()}
        if states != {"in_review"}:
            raise RuntimeError(f"the pushes ended as {sorted(states)}")
    return jobs


def _watch(box: Box, jobs: Jobs) -> None:
    queue = box.gate.queue
    assert isinstance(queue, InlineQueue), "a box does its jobs at once"
    queue.jobs = {name: jobs.watched(name, job) for name, job in queue.jobs.items()}
    jobs.before = _memory()


def _path(n: int) -> str:
    ends = ("py", "py", "py", "js", "md", "yml")
    return f"src/part_{n // 100:03}/module_{n:05}.{ends[n // 2 % len(ends)]}"


def _changed(there: dict[str, str], files: int, chance: random.Random) -> dict[str, str]:
    """Two lines of each file that is there become others; the other half is new."""
    changed = {}
    for path, text in there.items():
        lines = text.splitlines(keepends=True)
        for _ in range(2):
            lines[chance.randrange(len(lines))] = f"    total = {chance.random()}\n"
        changed[path] = "".join(lines)
    return changed | {_path(n): source_text(_FILE, chance) for n in range(1, files, 2)}


def _make_commits(repository: Path, first: str, files: int, count: int) -> list[str]:
    """One on top of the first commit, and the others on top of that one."""
    chance = random.Random(files)
    there = {_path(n): source_text(_FILE, chance) for n in range(0, files, 2)}
    base = _commit(repository, first, there)
    return [base, *(_commit(repository, base, _changed(there, files, chance)) for _ in range(count))]


def _commit(repository: Path, parent: str, files: dict[str, str]) -> str:
    """A commit with files in folders; git itself writes it, as one stream."""
    stream = [b"commit refs/heads/made\ncommitter %s\ndata 7\nchange\n\nfrom %s\n" % (_WHO, parent.encode())]
    for path, text in files.items():
        stream.append(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(text), text.encode()))
    command = ("git", f"--git-dir={repository}", "fast-import", "--quiet", "--force")
    subprocess.run(command, input=b"".join(stream), env=ENVIRONMENT, check=True)
    return git(repository, "rev-parse", "refs/heads/made")


# A long record


@dataclass(frozen=True)
class Reading:
    """How a record was read: seconds, bytes of memory, and what it had in it."""

    size: int
    seconds: float
    learn: float
    before: int
    grown: int
    commands: int
    entries: int
    redactions: int


def _show_records(sizes: Sizes) -> None:
    readings = [_alone(_read_record, mib) for mib in sizes.record_mib]
    rows = [
        (
            f"{one.size / _MIB:.0f} MiB",
            duration(one.seconds),
            f"{one.size / _MIB / one.seconds:.1f} MiB/s",
            duration(one.learn),
            f"{one.before / _MIB:.0f} MiB",
            f"+{one.grown / _MIB:.0f} MiB",
            f"{one.commands:,} of {one.entries:,}",
            f"{one.redactions:,}",
        )
        for one in readings
    ]
    heads = (
        "record",
        "read",
        "",
        "of it learn",
        "memory before",
        "at the most",
        "commands of entries",
        "redactions",
    )
    show("Snapshot, read, redact and keep a session's record", heads, rows)


def _read_record(mib: int) -> Reading:
    with scratch() as folder:
        home = folder / "codex"
        home.mkdir()
        path = home / f"rollout-2026-11-22T17-14-15-{THREAD}.jsonl"
        _alone(_write_record, path, mib * _MIB)
        host = LocalAgentHost({Root.CODEX_HOME: [home]})
        file = next(iter(host.list(Root.CODEX_HOME)))
        store = FsspecEvidenceStore(str(folder / "evidence"))
        read = ReadSession(store, Snapshot(store), {FileKind.ROLLOUT: read_rollout})
        engine(RULE_CACHE)
        redactor = _Clocked(RULE_CACHE)
        before = _memory()
        _forget_peak()
        start = time.perf_counter()
        reading = read(host, FoundSession(THREAD, THREAD, FoundBy.CREDENTIAL, (file,)), redactor)
        seconds = time.perf_counter() - start
        grown = _peak() - before
    session = reading.session
    if session is None or reading.faults:
        raise RuntimeError(f"the record was not read: {reading.faults}")
    return Reading(
        file.size,
        seconds,
        redactor.learning,
        before,
        grown,
        len(session.commands),
        sum(thread.entries for thread in session.threads),
        sum(one.redactions for one in reading.files),
    )


class _Clocked(KingfisherRedactor):
    """Knows how long it learned, the reading of what it learns from included."""

    learning = 0.0

    def learn(self, content: Iterable[bytes]) -> None:
        start = time.perf_counter()
        super().learn(content)
        type(self).learning += time.perf_counter() - start


def _write_record(path: Path, size: int) -> None:
    """A session of commands, each told twice as Codex does, with secrets in a few outputs."""
    chance = random.Random(size)
    outputs = _outputs(chance, 1_000)
    with path.open("wb") as file:
        file.write(opening())
        for n in itertools.count():
            if file.tell() >= size:
                return
            call_id, command, text = f"call_{n}", _command(n), outputs[n % len(outputs)]
            file.write(call(call_id, cmd=command))
            file.write(item(call_id, command, 0, aggregated_output=text))
            file.write(output(call_id, exited(0, text)))


def _outputs(chance: random.Random, count: int) -> list[str]:
    """From some hundred bytes to 40 KiB, 8 KiB on average, of logs and sources; some name a secret."""
    made = []
    for n in range(count):
        size = min(40_000, int(chance.lognormvariate(8.2, 1.3)) + 100)
        text = (log_text if n % 5 else source_text)(size, chance)
        made.append(f"{text}\ntoken: {token(n)}\n" if n < _PLANTED else text)
    chance.shuffle(made)
    return made


def _command(n: int) -> str:
    commands = ("python3 -m pytest -q tests/test_{}.py", "rg -n total src/part_{}", "cat src/part_{}/tax.py")
    return commands[n % len(commands)].format(n % 500)


# The log's pages


def _show_log(sizes: Sizes) -> None:
    rows = _alone(_read_log, sizes.log_mib)
    show(f"The log of {sizes.log_mib} MiB", ("what", "first", "min / median / max", "what it saw"), rows)


def _read_log(mib: int) -> list[tuple[str, str, str, str]]:
    with scratch() as folder:
        store = FsspecEvidenceStore(str(folder))
        sha256 = store.keep(_transcript(mib * _MIB)).sha256
        total = store.count_lines(sha256)
        asked: dict[str, Callable[[ReadLog], str]] = {
            "first page": lambda log: _page(log, sha256, 0),
            "a page in the middle": lambda log: _page(log, sha256, total // 2),
            "last page": lambda log: _page(log, sha256, total - 1),
            "one entry in the middle": lambda log: f"entry {log.entry(sha256, total // 2).n:,}",
            "search: a common word": lambda log: _search(log, sha256, "invoice", total),
            "search: what is not there": lambda log: _search(log, sha256, "no such words", total),
        }
        return [_repeated(name, ask, store, folder) for name, ask in asked.items()]


def _repeated(
    name: str, ask: Callable[[ReadLog], str], store: FsspecEvidenceStore, folder: Path
) -> tuple[str, str, str, str]:
    """The first one without the log's index at hand, and those after it: five searches, twenty pages."""
    first = _timed(lambda: ask(ReadLog(FsspecEvidenceStore(str(folder)))))[0]
    log = ReadLog(store)
    found = [_timed(lambda: ask(log)) for _ in range(5 if name.startswith("search") else 20)]
    return name, duration(first), spread([seconds for seconds, _ in found]), found[-1][1]


def _page(log: ReadLog, sha256: str, first: int) -> str:
    page = log.page(sha256, first)
    return f"{len(page.entries)} entries from {page.first:,} of {page.total:,}"


def _search(log: ReadLog, sha256: str, words: str, total: int) -> str:
    found = log.search(sha256, words, 0)
    return f"{len(found.hits)} hits, and looked at {found.looked_at:,} of {total:,} entries"


def _transcript(size: int) -> Iterator[bytes]:
    chance = random.Random(size)
    outputs = _outputs(chance, 1_000)
    at, written = datetime(2026, 11, 22, 17, tzinfo=UTC), 0
    for n in itertools.count():
        if written >= size:
            return
        entry = Entry(
            n,
            EntryKind.COMMAND,
            n + 1,
            _command(n),
            THREAD,
            at,
            at,
            f"call_{n}",
            outputs[n % len(outputs)],
            "completed",
            0,
        )
        line = entry.line_text().encode() + b"\n"
        written += len(line)
        yield line


# From the push to its evidence


def _show_sessions(sizes: Sizes) -> None:
    ways = {
        "no session: nobody said where the agent works": _alone(_push_sessions, sizes.pushes, "none"),
        "session claimed by the push": _alone(_push_sessions, sizes.pushes, "claimed"),
        "session found by its record": _alone(_push_sessions, sizes.pushes, "found"),
    }
    rows = [
        (
            name,
            *(spread(one.seconds[job]) for job in ("intake", "collect", "assess")),
            spread(one.seconds["all"]),
        )
        for name, one in ways.items()
    ]
    heads = ("push", "intake", "collect", "assess", "all of it: min / median / max")
    show(f"`git push` answered → evidence stored, {sizes.pushes} pushes, one process", heads, rows)


class _Timed(Box):
    """Knows when evidence was stored last."""

    stored_at = 0.0

    def step(self, name: str) -> None:
        super().step(name)
        if name == "assess:stored":
            self.stored_at = time.perf_counter()


def _push_sessions(pushes: int, way: str) -> Jobs:
    jobs = Jobs()
    with scratch() as folder:
        box = _Timed(folder)
        box.gate.scanner.warm_up()
        if way != "none":
            _settle_in(box)
        _watch(box, jobs)
        files = {"PLAN.md": "# Plan\n\n1. Fix it.\n", "STATUS.md": "# Status\n\n- tests: 3 passed\n"}
        for n in range(pushes):
            tip = box.commit(**files, invoice=f"total = {n}\n")
            push_id = _push(box, tip, n, claim=f"{THREAD}..call_1" if way == "claimed" else "")
            answered = time.perf_counter()
            box.gate.queue.intake("demo", push_id)
            jobs.seconds.setdefault("all", []).append(box.stored_at - answered)
            _check(_evidence(box, n + 1), way)
    return jobs


def _settle_in(box: Box) -> None:
    """The sample as if codex-1 had just written it, with the work tree that it names."""
    home, work = box.folder / "codex", box.folder / "work"
    (work / "artifacts").mkdir(parents=True)
    for name in ("PLAN.md", "STATUS.md"):
        (work / name).write_text(f"# {name}\n\nThe agent's own words.\n")
    (work / "artifacts" / "tests.xml").write_text('<testsuite tests="1"><testcase name="a"/></testsuite>')
    day = home / "sessions" / "2026" / "11" / "22"
    day.mkdir(parents=True)
    for record in _SAMPLE.glob("rollout-*"):
        content = record.read_bytes().replace(_SAMPLE_WORK, json.dumps(str(work))[1:-1].encode())
        (day / record.name).write_bytes(content)
    with box.gate.store.transaction() as tx:
        tx.places.put(AgentPlace("codex-1", str(home), (str(work),)))


def _push(box: Box, tip: str, n: int, *, claim: str) -> str:
    """`git push`, with the claim that the transport takes from the agent's credentials."""
    push_id = f"02{n:024d}"
    identity = {"PUSHGATE_AGENT": "codex-1", "PUSHGATE_PUSH": push_id, "PUSHGATE_TRANSPORT": "http"}
    claimed = {"PUSHGATE_CLAIM": claim} if claim else {}
    command = ("git", f"--git-dir={box.store.folder}", "push", str(box.bare), f"{tip}:refs/heads/topic-{n}")
    subprocess.run(command, env={**ENVIRONMENT, **identity, **claimed}, capture_output=True, check=False)
    return push_id


def _evidence(box: Box, number: int) -> Evidence:
    with box.gate.store.snapshot() as tx:
        found = tx.evidence.get(box.hold(number).id, 1)
    if found is None:
        raise RuntimeError(f"hold {number} has no evidence")
    return found


def _check(evidence: Evidence, way: str) -> None:
    wanted = {"none": None, "claimed": FoundBy.CREDENTIAL, "found": FoundBy.ROLLOUT}[way]
    found = None if evidence.session is None else evidence.session.found_by
    if found is not wanted:
        raise RuntimeError(f"the session was found by {found}, and not {wanted}: {evidence.faults}")


# Processes and their memory


def _alone(act: Callable[..., T], *arguments: object) -> T:
    """Run in a new process: peaks of memory are a process's, and freed memory stays with it."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(act, *arguments).result()


def _timed(act: Callable[[], T]) -> tuple[float, T]:
    start = time.perf_counter()
    answer = act()
    return time.perf_counter() - start, answer


def _forget_peak() -> None:
    """Have Linux count the peak of resident memory from now on (proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5")


def _memory() -> int:
    return _status("VmRSS")


def _peak() -> int:
    return _status("VmHWM")


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    (kib,) = (line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return int(kib) * 1024


def _sizes(arguments: argparse.Namespace) -> Sizes:
    return Sizes(
        arguments.files,
        arguments.record_mib,
        arguments.log_mib,
        arguments.text_mib,
        arguments.pushes,
        arguments.known,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.evidence", description="What evidence costs.")
    default = Sizes()
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--files", type=int, nargs="+", default=default.files)
    parser.add_argument("--record-mib", type=int, nargs="+", default=default.record_mib)
    parser.add_argument("--log-mib", type=int, default=default.log_mib)
    parser.add_argument("--text-mib", type=int, default=default.text_mib)
    parser.add_argument("--pushes", type=int, default=default.pushes)
    parser.add_argument("--known", type=int, nargs="+", default=default.known, help="known secrets")
    chosen = parser.parse_args()
    if unknown := set(chosen.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    print(machine(), flush=True)
    measure(_sizes(chosen), chosen.parts or PARTS)
