"""Tags for reading: the functions of one file, or one line for each of many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from foreload_analyzers.costs import BIG_O
from foreload_analyzers.lenses import in_classes
from foreload_analyzers.report import Function, Needs, Report
from rich.console import Console
from rich.table import Table
from rich.text import Text

from foreload_cli.analysis.work import Outcome

PIPE_WIDTH = 160  # columns where there is no terminal that would say
SHOWN = 0.01  # least share of a function that is told as a number


def print_tables(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """Prints what there is and yields what went wrong."""
    console = Console()
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    waiting = iter(outcomes)
    first = list(islice(waiting, 2))
    if len(first) < 2:
        for outcome in first:
            if outcome.report is not None and not outcome.failure:
                _print_file(console, outcome.path, outcome.report)
            if outcome.failure:
                yield outcome.failure
        return
    table = _table("File", "Time", "Memory", "Algorithm", "Program", "Hottest function", "Share")
    failures: list[str] = []
    for outcome in chain(first, waiting):
        if outcome.failure:
            failures.append(outcome.failure)
        elif outcome.report is not None:
            _add_file(table, outcome.path, outcome.report)
    if table.row_count:
        console.print(table)
    yield from failures


def _print_file(console: Console, path: str, report: Report) -> None:
    console.print(Text(path, style="bold"), Text(_summary(report)), sep="\n")
    if report.functions:
        table = _table("Line", "Function", "Share", "Time", "Memory", "Grows with", "Takes")
        for function in report.functions:
            table.add_row(
                str(function.line),
                Text(function.name),
                _share(function),
                BIG_O[function.complexity],
                BIG_O[function.space_complexity],
                Text(function.grows_with),
                _takes(function.needs),
            )
        console.print(table)
    for function in report.functions:
        for found in function.bottlenecks:
            console.print(Text(f"line {found.line}: {found.message}"))
    for note in report.notes:
        console.print(Text(note, style="dim"))
    for problem in report.problems:
        console.print(Text(problem, style="yellow"))


def _summary(report: Report) -> str:
    time = in_classes(report.complexity, report.complexity_confidence, report.complexity_second)
    memory = in_classes(report.space_complexity, report.space_complexity_confidence, report.space_complexity_second)
    parts = [f"time {time}", f"memory {memory}"]
    if report.algorithm_class:
        parts.append(f"{report.algorithm_class} ({_cases(report.algorithm_class_confidence)})")
    if report.application_type:
        parts.append(f"{report.application_type} ({_cases(report.application_type_confidence)})")
    parts.append(f"takes {_takes(report.needs)}")
    return " · ".join(parts)


def _cases(confidence: float) -> str:
    return f"{round(confidence * 10)} of 10 cases"


def _add_file(table: Table, path: str, report: Report) -> None:
    hottest = max(report.functions, key=lambda function: function.hotness, default=None)
    table.add_row(
        Text(path),
        BIG_O[report.complexity],
        BIG_O[report.space_complexity],
        report.algorithm_class or "",
        report.application_type or "",
        Text("" if hottest is None else f"{hottest.name}, line {hottest.line}"),
        "" if hottest is None else _share(hottest),
    )


def _share(function: Function) -> str:
    return f"{function.hotness * 100:.0f} %" if function.hotness >= SHOWN else "little"


def _takes(needs: Needs) -> str:
    workers = needs.parallel_workers or 1
    cores = "all cores" if needs.parallel_all_cores else "1 core" if workers == 1 else f"{workers} cores"
    others = {
        "GPU": needs.uses_gpu,
        "network": needs.uses_network,
        "disk": needs.uses_disk,
        "runs on": needs.long_running,
    }
    return ", ".join([cores, *(word for word, is_so in others.items() if is_so)])


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in ("Line", "Share") else "left", overflow="fold")
    return table
