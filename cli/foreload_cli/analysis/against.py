"""Compares the ranking of functions with where a profile saw the time go."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from foreload_analyzers.report import Report

from foreload_cli.analysis.agreement import LEAST_FUNCTIONS, Agreement, agreement
from foreload_cli.analysis.matching import Matcher
from foreload_cli.analysis.profiles import Measured
from foreload_cli.analysis.work import Outcome

LEAST_RATIO = 0.01  # a file with less of the profile's time than this says little about its functions
SHOWN_FUNCTIONS = 15
PIPE_WIDTH = 160


@dataclass(slots=True)
class Compared:
    """One file: the measured time of each of its functions, and the agreement where it has a ranking."""

    path: str
    report: Report
    weights: list[float]
    agreement: Agreement | None = None

    @property
    def weight(self) -> float:
        """The time in all its functions."""
        return sum(self.weights)


def compare(outcomes: Iterable[Outcome], measured: Measured, *, as_json: bool) -> Iterator[str]:
    """Prints the agreement and yields what went wrong.

    Args:
        outcomes: of the analysis.
        measured: the profile.
        as_json: one JSON object instead of tables.
    """
    files: list[tuple[str, Report]] = []
    for outcome in outcomes:
        if outcome.report is not None and not outcome.failure:
            files.append((outcome.path, outcome.report))
        if outcome.failure:
            yield outcome.failure
    compared = _compare(files, measured)
    if not compared:
        yield _nothing_matches(measured)
        return
    if as_json:
        print(json.dumps(_as_object(compared, measured), ensure_ascii=False))
    else:
        _print_tables(compared, measured)


def _compare(files: Sequence[tuple[str, Report]], measured: Measured) -> list[Compared]:
    """The files that the profile saw running, the one with most time first."""
    matcher = Matcher(files)
    compared = [Compared(path, report, [0.0] * len(report.functions)) for path, report in files]
    for stack, weight in measured.stacks.items():
        found = matcher.find(stack)
        if found is not None:
            compared[found[0]].weights[found[1]] += weight
    seen = sorted((each for each in compared if each.weight > 0), key=lambda each: -each.weight)
    for each in seen:
        if each.weight >= LEAST_RATIO * measured.total:
            each.agreement = agreement([function.hotness for function in each.report.functions], each.weights)
    return seen


def _nothing_matches(measured: Measured) -> str:
    seen = sorted(measured.files().items(), key=lambda item: -item[1])[:3]
    names = ", ".join(file for file, _ in seen)
    where = f"; it saw time in {names}" if names else ""
    return f"no function of the profile is in the analysed files{where}: analyse the files that ran"


def _means(compared: Sequence[Compared]) -> dict[str, float | None]:
    """Means over the files that have a ranking."""
    found = [each.agreement for each in compared if each.agreement is not None]
    auc = [each.auc for each in found if each.auc is not None]
    tau = [each.tau for each in found if each.tau is not None]
    return {
        "p_at_1": fmean(each.first_is_hot for each in found) if found else None,
        "first_share": fmean(each.first_share for each in found) if found else None,
        "auc": fmean(auc) if auc else None,
        "kendall_tau_b": fmean(tau) if tau else None,
    }


def _as_object(compared: Sequence[Compared], measured: Measured) -> dict[str, Any]:
    matched = sum(each.weight for each in compared)
    return {
        "profile": {"kind": measured.kind, "unit": measured.unit, "total": measured.total},
        "matched_ratio": matched / measured.total,
        "ranked_files": sum(each.agreement is not None for each in compared),
        **_means(compared),
        "files": [_file(each, measured) for each in compared],
    }


def _file(compared: Compared, measured: Measured) -> dict[str, Any]:
    found = compared.agreement
    functions = compared.report.functions
    rows = sorted(zip(functions, compared.weights, strict=True), key=lambda row: -row[1])
    return {
        "path": compared.path,
        "share": compared.weight / measured.total,
        "p_at_1": None if found is None else float(found.first_is_hot),
        "first_share": None if found is None else found.first_share,
        "auc": None if found is None else found.auc,
        "kendall_tau_b": None if found is None else found.tau,
        "functions": [
            {
                "name": function.name,
                "line": function.line,
                "measured_share": weight / compared.weight,
                "hotness": function.hotness,
            }
            for function, weight in rows
        ],
    }


def _print_tables(compared: Sequence[Compared], measured: Measured) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    matched = sum(each.weight for each in compared) / measured.total
    console.print(
        Text(
            f"{measured.kind}: {measured.total:.4g} {measured.unit}, {_percent(matched)} of it in the analysed files; "
            "code without a source of its own counts for its caller"
        )
    )
    for each in compared:
        if each.agreement is None:
            continue
        console.print(Text(each.path, style="bold"), Text(_sentence(each.agreement)), _table(each), sep="\n")
    small = sum(each.agreement is None for each in compared)
    if small:
        files = "file has" if small == 1 else "files have"
        console.print(
            f"{small} more {files} no ranking: under {_percent(LEAST_RATIO)} of the time, or fewer than "
            f"{LEAST_FUNCTIONS} functions"
        )
    means = _means(compared)
    if means["p_at_1"] is not None and len(compared) - small > 1:
        console.print(
            Text(
                f"Mean of {len(compared) - small} files: P@1 {means['p_at_1']:.2f}, AUC {_number(means['auc'])}, "
                f"Kendall's tau-b {_number(means['kendall_tau_b'])}"
            )
        )


def _sentence(found: Agreement) -> str:
    first = "is one of the hot ones" if found.first_is_hot else "is none of the hot ones"
    return (
        f"The function expected hottest {first} (P@1 {float(found.first_is_hot):.0f}) and took "
        f"{_percent(found.first_share)} of the time; AUC {_number(found.auc)}, Kendall's tau-b {_number(found.tau)}"
    )


def _table(compared: Compared) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("Line", "Function", "Measured", "Expected"):
        table.add_column(column, justify="left" if column == "Function" else "right", overflow="fold")
    rows = zip(compared.report.functions, compared.weights, strict=True)
    ordered = sorted(rows, key=lambda row: (-max(row[1] / compared.weight, row[0].hotness), row[0].line))
    for function, weight in ordered[:SHOWN_FUNCTIONS]:
        table.add_row(
            str(function.line), Text(function.name), _percent(weight / compared.weight), _percent(function.hotness)
        )
    if len(ordered) > SHOWN_FUNCTIONS:
        table.add_row("", f"and {len(ordered) - SHOWN_FUNCTIONS} more", "", "")
    return table


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %" if share >= 0.1 or share == 0 else f"{share * 100:.1f} %"


def _number(value: float | None) -> str:
    return "has no value" if value is None else f"{value:.2f}"
