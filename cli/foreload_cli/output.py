"""How commands print: a table for people, one line of JSON for programs, progress while something takes long."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from foreload_cli.failure import CommandFailed

if TYPE_CHECKING:
    from rich.console import Console

FORMATS = ("table", "json")


def require_format(form: str) -> None:
    """Passes `table` and `json`.

    Raises:
        CommandFailed: it is neither.
    """
    if form not in FORMATS:
        raise CommandFailed(f"--format is {form!r}; allowed are {' and '.join(FORMATS)}", exit_code=2)


def print_json(content: object) -> None:
    """One line of JSON."""
    print(json.dumps(content, ensure_ascii=False, sort_keys=True))


def print_table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    right: Iterable[int] = (),
    console: Console | None = None,
) -> None:
    """A table without a frame, as wide as it needs; not cut off where the output is no terminal.

    Args:
        heads: of the columns.
        rows: texts.
        right: positions of the columns that are aligned right.
        console: where to; None: stdout.
    """
    from rich import box
    from rich.console import Console as NewConsole
    from rich.table import Table

    aligned = set(right)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for position, head in enumerate(heads):
        table.add_column(head, justify="right" if position in aligned else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console = console or NewConsole(highlight=False, markup=False)
    if not console.is_terminal:
        console = NewConsole(highlight=False, markup=False, width=1000)
        table.expand = False
    console.print(table)


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[str], None]]:
    """Shows which step goes on: one line that moves on a terminal, nothing elsewhere.

    Args:
        quiet: show nothing.

    Yields:
        Says the next step.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda _text: None
        return
    from rich.console import Console

    with Console(stderr=True).status("starting") as status:
        yield lambda text: status.update(f"{text} …")
