"""Figures as the tables in docs/performance.md show them."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path
from statistics import median


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies, without interpolation."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def duration(seconds: float) -> str:
    if seconds >= 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.1f} ms"


def spread(values: Sequence[float]) -> str:
    """min / median / max."""
    return f"{duration(min(values))} / {duration(median(values))} / {duration(max(values))}"


def ratio(values: Sequence[float], baseline: Sequence[float]) -> str:
    """Minimum by minimum, median by median, and the median of the rounds' own ratios: noise shows."""
    rounds = [value / base for value, base in zip(values, baseline, strict=True)]
    ratios = min(values) / min(baseline), median(values) / median(baseline), median(rounds)
    return " / ".join(f"{number:.2f}" for number in ratios)


def show(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table."""
    print(f"\n### {title}\n\n{_load()}\n")
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    print(flush=True)


def machine() -> str:
    """What the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    git = subprocess.run(("git", "version"), capture_output=True, text=True, check=True).stdout.split()[2]
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release()}, "
        f"Python {platform.python_version()}, git {git}"
    )


def _load() -> str:
    one, five, _ = os.getloadavg()
    return f"Load at the end: {one:.1f} over one minute, {five:.1f} over five."


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
