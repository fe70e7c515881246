"""`foreload forecast`: what a trace is expected to go on as, and how good the forecast was up to now."""

from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from foreload_cli.failure import CommandFailed

if TYPE_CHECKING:
    from foreload_core.forecast import Skill
    from foreload_core.history import Grid
    from foreload_core.types import Forecast, NoForecast

STEP_SECONDS = 300.0
RECORD_DAYS = 3
"""So many of the last days are forecast from what was known before each: the record that the skill is taken from."""
LEADS_SECONDS = (300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86_400, 2 * 86_400, 7 * 86_400)
_UNIT_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}


class Format(StrEnum):
    """How the forecast is printed."""

    TABLE = "table"
    JSON = "json"


class Method(StrEnum):
    """What forecasts."""

    AUTO = "auto"
    SEASONAL_NAIVE = "seasonal-naive"
    REACTIVE = "reactive"
    PROPHET = "prophet"


@dataclass(frozen=True)
class Made:
    """One resource's forecast and its record."""

    grid: Grid
    result: Forecast | NoForecast
    skill: Skill | None


def command(
    trace: Annotated[Path, typer.Argument(help="CSV, also .gz, with the columns of a trace")],
    horizon: Annotated[str, typer.Option(help="How far ahead: 30min, 6h, 2d")] = "6h",
    method: Annotated[Method, typer.Option(help="auto: the one with the best record")] = Method.AUTO,
    resource: Annotated[
        str | None, typer.Option(help="cpu, memory, gpu, net_rx or net_tx [all that were measured]")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Also draw it, as PNG or SVG")] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print")] = Format.TABLE,
) -> None:
    """Expected demand of a trace from its end on, and how much closer the forecast was than “same as last week”."""
    from foreload_core.history import coarser
    from foreload_core.types import Resource
    from foreload_system.traces import TraceError, read_trace

    horizon_seconds = _horizon(horizon)
    if plot is not None and plot.suffix not in (".png", ".svg"):
        raise CommandFailed(f"forecast: --plot is {plot}; allowed are names that end with .png or .svg", 2)
    if plot is not None and not plot.absolute().parent.is_dir():
        raise CommandFailed(f"forecast: --plot is {plot}; its folder does not exist, make it first", 2)
    try:
        read = read_trace(trace)
    except TraceError as error:
        raise CommandFailed(f"forecast: {error}") from error
    names = [each.value for each in Resource if each in read.values]
    if resource is not None and resource not in names:
        raise CommandFailed(f"forecast: --resource is {resource}; {trace} has {', '.join(names)}", 2)
    wanted = [Resource(name) for name in names if resource in (None, name)]
    grids = [coarser(read.grid(each), STEP_SECONDS) for each in wanted]
    made = asyncio.run(_forecast_all(grids, method, horizon_seconds))
    if form is Format.JSON:
        from foreload_cli.output import print_json

        print_json(
            {"trace": str(trace), "horizon_seconds": horizon_seconds, "forecasts": [_plain(each) for each in made]}
        )
    else:
        _print(made, horizon_seconds)
    if plot is not None:
        from foreload_cli.forecast_plot import draw

        try:
            draw([(each.grid, each.result) for each in made], plot)
        except OSError as error:
            raise CommandFailed(f"forecast: {plot} cannot be written ({error.strerror})") from error
        _say(f"drawn: {plot}")
    if all(not hasattr(each.result, "quantiles") for each in made):
        raise typer.Exit(1)


def _horizon(text: str) -> float:
    found = re.fullmatch(r"(\d{1,5})(s|min|h|d)", text)
    seconds = int(found.group(1)) * _UNIT_SECONDS[found.group(2)] if found else 0
    if not STEP_SECONDS <= seconds <= 14 * 86_400:
        raise CommandFailed(f"forecast: --horizon is {text}; allowed are 5min to 14d, such as 30min, 6h or 2d", 2)
    return float(seconds)


def _say(text: str) -> None:
    print(text, file=sys.stderr)


async def _forecast_all(grids: list[Grid], method: Method, horizon_seconds: float) -> list[Made]:
    from foreload_cli.output import progress

    made: list[Made] = []
    with progress(quiet=False) as step:
        for grid in grids:
            step(f"forecasting {grid.resource.value}")
            made.append(await _forecast(grid, method, horizon_seconds))
    return made


async def _forecast(grid: Grid, method: Method, horizon_seconds: float) -> Made:
    from foreload_core.forecast import ReactiveQuantile, SeasonalNaive, choose, rolling_skill, skill_of
    from foreload_core.types import Forecast
    from foreload_system.fitting import fit

    steps = max(1, round(horizon_seconds / grid.step_seconds))
    recent = grid.until(grid.end)
    if method in (Method.SEASONAL_NAIVE, Method.REACTIVE):
        forecaster = SeasonalNaive() if method is Method.SEASONAL_NAIVE else ReactiveQuantile()
        every = max(1, round(86_400 / grid.step_seconds)) if method is Method.SEASONAL_NAIVE else steps
        return Made(grid, forecaster.fit(recent, steps), rolling_skill(forecaster, grid, steps, every))
    ends = [grid.end - timedelta(days=day) for day in range(RECORD_DAYS, 0, -1)]
    # Two at a time: the fits are whole processes, and a laptop has other things to do.
    past = await _limited([fit(grid.until(end), 86_400.0) for end in ends])
    record = [each for each in past if isinstance(each, Forecast)]
    fitted = await fit(recent, horizon_seconds)
    skill = skill_of(record, grid)
    if method is Method.PROPHET or not isinstance(fitted, Forecast):
        result = fitted if method is Method.PROPHET else choose(grid, grid.end, (), (), horizon_seconds)
        return Made(grid, result, skill if method is Method.PROPHET else None)
    result = choose(grid, grid.end, [fitted], record, horizon_seconds)
    chosen = isinstance(result, Forecast) and result.method == fitted.method
    return Made(grid, result, skill if chosen else None)


async def _limited(fits: list[Any]) -> list[Any]:
    turns = asyncio.Semaphore(2)

    async def one(each: Any) -> Any:
        async with turns:
            return await each

    return list(await asyncio.gather(*(one(each) for each in fits)))


def _plain(made: Made) -> dict[str, Any]:
    from foreload_core.plain import to_plain

    plain = to_plain(made.result)
    content: dict[str, Any] = plain if isinstance(plain, dict) else {}
    if made.skill is not None:
        content["skill_ratio"] = made.skill.ratio
        content["skill_steps"] = made.skill.step_count
    return content


def _print(made: list[Made], horizon_seconds: float) -> None:
    from foreload_core.types import Forecast
    from foreload_core.units import duration_text, format_time
    from foreload_core.words import RESOURCE_NAMES, amount_text

    from foreload_cli.output import print_table

    rows: list[list[str]] = []
    for each in made:
        result = each.result
        if not isinstance(result, Forecast):
            continue
        reach_seconds = min(horizon_seconds, result.steps * result.step_seconds)
        leads = [lead for lead in LEADS_SECONDS if lead <= reach_seconds]
        for lead in leads:
            step = max(0, round(lead / result.step_seconds) - 1)
            values = [result.quantiles[level][step] for level in (0.1, 0.5, 0.9, 0.95)]
            texts = [amount_text(result.resource, value) for value in values]
            rows.append([RESOURCE_NAMES[result.resource], duration_text(lead), *texts])
    if rows:
        heads = ("resource", "in", "1 of 10 below", "5 of 10 below", "9 of 10 below", "19 of 20 below")
        print_table(heads, rows, right=range(1, 6))
        print()
    for each in made:
        name = RESOURCE_NAMES[each.result.resource]
        if isinstance(each.result, Forecast):
            print(f"{name}: from {format_time(each.result.start)} by {each.result.method}. {skill_of_made(each)}")
        else:
            print(f"{name}: {each.result.reason}")


def skill_of_made(made: Made) -> str:
    """How good the forecast of one resource was, in a sentence: by the record made here, else by its own."""
    from foreload_core.forecast.pooled.table import REPLAYED_DAYS
    from foreload_core.types import Forecast
    from foreload_core.words import skill_text

    method = made.result.method if isinstance(made.result, Forecast) else ""
    if method.startswith("seasonal_naive"):
        return "It is the yardstick that other methods have to beat."
    if made.skill is not None:
        return skill_text(made.skill.ratio, made.skill.step_count * made.grid.step_seconds)
    own = made.result.skill_ratio if isinstance(made.result, Forecast) else None
    return skill_text(own, min(made.grid.measured_seconds, REPLAYED_DAYS * 86_400.0))
