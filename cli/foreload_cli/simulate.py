"""`foreload simulate`: what Foreload would have done on a past, against other ways to set limits."""

from __future__ import annotations

import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from foreload_cli.failure import CommandFailed


class Format(StrEnum):
    """How it is printed."""

    TABLE = "table"
    JSON = "json"


def command(
    traces: Annotated[
        list[Path], typer.Argument(help="CSV, also .gz, with the columns of a trace; one an environment")
    ],
    profile: Annotated[
        list[Path] | None, typer.Option(help="Also with this profile; several times: each as a row")
    ] = None,
    events: Annotated[
        list[Path] | None, typer.Option(help="JSON Lines of what was seen, one file a trace, in the same order")
    ] = None,
    preference: Annotated[
        list[str] | None,
        typer.Option(help="cheapest, default, fastest or 0 to 1; several times: each as a row [the profile's]"),
    ] = None,
    prices: Annotated[
        list[Path] | None, typer.Option(help="A price file; several times: each as a row [the shipped prices]")
    ] = None,
    cores: Annotated[
        float | None, typer.Option(help="Cores that there are [twice the highest demand]", min=0.01, max=100_000)
    ] = None,
    memory_gib: Annotated[
        float | None, typer.Option(help="GiB that there are [twice the highest demand]", min=0.01, max=1e7)
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Also draw the first row and trace, as PNG or SVG")] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print")] = Format.TABLE,
) -> None:
    """What Foreload would have done on this past, against static and reactive limits and against perfect foresight."""
    from foreload_cli.output import progress
    from foreload_cli.simulation.cases import read_cases
    from foreload_cli.simulation.past import read_pasts
    from foreload_cli.simulation.printing import print_outcome, print_outcome_json
    from foreload_cli.simulation.rows import case_row, rival_rows

    if plot is not None and plot.suffix not in (".png", ".svg"):
        raise CommandFailed(f"simulate: --plot is {plot}; allowed are names that end with .png or .svg", 2)
    if plot is not None and not plot.absolute().parent.is_dir():
        raise CommandFailed(f"simulate: --plot is {plot}; its folder does not exist, make it first", 2)
    pasts = read_pasts(traces, events or [], cores, memory_gib)
    cases = read_cases(profile or [], preference or [], prices or [], pasts)
    rows, first = [], None
    with progress(quiet=False) as step:
        for number, case in enumerate(cases, 1):
            step(f"row {number} of {len(cases)}: {case.name}")
            row, simulation = case_row(case, pasts, with_bands=plot is not None and number == 1)
            rows.append(row)
            first = first or simulation
        for name, price_list in {case.prices_name: case.prices for case in cases}.items():
            step("other ways")
            found = rival_rows(pasts, price_list)
            rows += [replace(row, name=f"{row.name}, {name}") if len(prices or []) > 1 else row for row in found]
    if form is Format.JSON:
        print_outcome_json(pasts, rows)
    else:
        print_outcome(pasts, rows)
    if plot is not None and first is not None:
        from foreload_cli.simulation.plot import draw

        try:
            draw(pasts[0], cases[0].name, first, plot)
        except OSError as error:
            raise CommandFailed(f"simulate: {plot} cannot be written ({error.strerror})") from error
        print(f"drawn: {plot}", file=sys.stderr)
