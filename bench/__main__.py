"""`python -m bench [--quick] [NAME …]`: Markdown tables on standard output."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module

from bench.table import machine

BENCHMARKS = ("hooks", "pushes", "holds", "huge", "crowd", "review", "github", "audit", "evidence")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure what the gate costs.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="small sizes and few rounds, to try it out")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    print(machine(), flush=True)
    for name in arguments.names or BENCHMARKS:
        benchmark: Callable[..., None] = import_module(f"bench.{name}").main
        benchmark(quick=arguments.quick)


if __name__ == "__main__":
    main()
