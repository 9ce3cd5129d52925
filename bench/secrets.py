"""How fast secrets are looked for: the scan of a push and the redactor, beside the bare engine in one run."""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from typing import TypeVar

import kingfisher_sdk

from bench.table import duration, machine, ratio, show, spread
from gate.adapters.secrets.engine import CHUNK, RULES
from gate.adapters.secrets.redactor import KingfisherRedactor
from gate.adapters.secrets.scanner import KingfisherScanner
from tests.rule_cache import RULE_CACHE
from tests.secrets.corpus import letters

Text = TypeVar("Text", str, bytes)

_MIB = 1 << 20
_TEXT = 8 << 10
_ROUNDS = 7
_KNOWN = (0, 20, 200)
_WORDS = "invoice order total tax rate customer payment ledger account refund batch report period".split()
_PATHS = "billing/invoice.py billing/tax.py shop/cart.py shop/views.py tests/test_tax.py".split()


def main(*, quick: bool) -> None:
    measure(1 if quick else 8, _KNOWN)


def measure(mib: int, known: Sequence[int]) -> None:
    """`mib` of each kind of text, and one with so many secrets known from elsewhere."""
    scan_bare = _bare()
    scanner = KingfisherScanner(b"key", RULE_CACHE)
    scanner.warm_up()
    for name, make in (("log", log_text), ("source", source_text)):
        content = make(mib * _MIB, random.Random(name)).encode()
        _show_rates(f"Secrets in {mib} MiB like a {name}, {_ROUNDS} rounds", content, scan_bare, scanner)
    _show_known(known)


def _show_rates(
    title: str, content: bytes, scan_bare: Callable[[bytes], None], scanner: KingfisherScanner
) -> None:
    text = content.decode()
    ways: dict[str, Callable[[], object]] = {
        "bare engine, chunks of 1 MiB": lambda: scan_bare(content),
        "scan, one blob": lambda: scanner.scan(content),
        "scan, blobs of 8 KiB": lambda: _each(scanner.scan, _pieces(content)),
        "learn": lambda: KingfisherRedactor(RULE_CACHE).learn([content]),
        "redact, one text": lambda: KingfisherRedactor(RULE_CACHE).redact(text),
        "redact, texts of 8 KiB": lambda: _each(KingfisherRedactor(RULE_CACHE).redact, _pieces(text)),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(_ROUNDS):
        for name in random.sample(list(ways), len(ways)):
            times[name].append(_seconds(ways[name]))
    bare = next(iter(times.values()))
    rows = [
        (
            name,
            f"{len(content) / _MIB / median(seconds):.0f} MiB/s",
            spread(seconds),
            "1" if seconds is bare else ratio(seconds, bare),
        )
        for name, seconds in times.items()
    ]
    show(title, ("way", "median", "min / median / max", "÷ bare: min / median / by round"), rows)


def _show_known(known: Sequence[int]) -> None:
    """What a session costs in which many secrets were seen: each text is held against all of them."""
    text = log_text(_MIB, random.Random("known"))
    rows = []
    for count in known:
        redactor = KingfisherRedactor(RULE_CACHE)
        seen = "".join(f"token: {token(n)}\n" for n in range(count)).encode()
        learnt = _seconds(partial(redactor.learn, [seen]))
        took = _seconds(partial(redactor.redact, text))
        rows.append((f"{count:,}", duration(learnt), f"{1 / took:.1f} MiB/s"))
    show("Redacting 1 MiB with secrets that are known", ("known", "learning them", "redact"), rows)


def _bare() -> Callable[[bytes], None]:
    """The engine with the gate's rules, and nothing of the gate around it."""
    rules = kingfisher_sdk.Rules([RULES], cache_dir=RULE_CACHE)
    scanner = kingfisher_sdk.Scanner(rules, policy=kingfisher_sdk.DetectionPolicy(inline_ignores=False))

    def scan(content: bytes) -> None:
        for start in range(0, len(content), CHUNK):
            scanner.scan(content[start : start + CHUNK])

    return scan


def _each(act: Callable[[Text], object], pieces: list[Text]) -> None:
    for piece in pieces:
        act(piece)


def _pieces(content: Text) -> list[Text]:
    return [content[start : start + _TEXT] for start in range(0, len(content), _TEXT)]


def _seconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


# Made-up texts


def token(n: int) -> str:
    """A secret of a provider's own form, which is nobody's."""
    return "gh" + "p_" + letters(f"bench {n}", 36)


def log_text(size: int, chance: random.Random) -> str:
    """What a server or a test run prints."""
    lines, length = [], 0
    while length < size:
        lines.append(_log_line(chance))
        length += len(lines[-1])
    return "".join(lines)[:size]


def source_text(size: int, chance: random.Random) -> str:
    """What a module of a business program looks like."""
    parts, length = [], 0
    while length < size:
        parts.append(_function(chance))
        length += len(parts[-1])
    return "".join(parts)[:size]


def _log_line(chance: random.Random) -> str:
    word, number = chance.choice(_WORDS), chance.randrange(10**6)
    kind = chance.randrange(4)
    if kind == 0:
        at = f"2026-11-22T17:{number % 60:02}:15.{number:06}Z"
        return f"{at} INFO [{word}] id={number:08x} took {number % 900} ms\n"
    if kind == 1:
        return (
            f"{chance.choice(_PATHS)}:{number % 400}: in {word}_of({chance.choice(_WORDS)}={number / 100})\n"
        )
    if kind == 2:
        return f'10.0.{number % 256}.7 - - "GET /api/v1/{word}/{number} HTTP/1.1" 200 {number} "curl/8.5"\n'
    return f"tests/test_{word}.py::test_{chance.choice(_WORDS)}_{number % 90} PASSED  [{number % 100:3}%]\n"


def _function(chance: random.Random) -> str:
    name, one, two = (chance.choice(_WORDS) for _ in range(3))
    number = chance.randrange(10**4)
    return (
        f"def {name}_{number}({one}: Decimal, {two}: int = {number % 97}) -> Decimal:\n"
        f'    """The {name} of a {one}, with its {two}."""\n'
        f"    if {one} < {number % 13}:\n"
        f'        raise ValueError(f"{one} {{{one}}} is below {number % 13}")\n'
        f"    # Rounded at the end only, as the {two} has more digits.\n"
        f"    {name} = sum(each.{two} for each in {one}.lines if each.rate != {number / 100})\n"
        f'    return ({name} * {number % 7 + 1}).quantize(Decimal("0.01"))\n\n\n'
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.secrets", description=__doc__)
    parser.add_argument("--mib", type=int, default=8, help="how much of each kind of text (default: 8)")
    parser.add_argument("--known", type=int, nargs="+", default=_KNOWN, help="how many known secrets")
    chosen = parser.parse_args()
    print(machine(), flush=True)
    measure(chosen.mib, chosen.known)
