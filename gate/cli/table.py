"""Tables for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

import click


def show(headers: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> None:
    """Print aligned columns, or what to do when there is nothing to show."""
    if not rows:
        click.echo(empty)
        return
    lines = [headers, *rows]
    widths = [max(len(line[n]) for line in lines) for n in range(len(headers))]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
