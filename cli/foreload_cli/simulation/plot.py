"""Draws a simulation: what was needed, what was given, what was expected, and where it was too little."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from foreload_core.simulate import Simulation
from foreload_core.types import Resource
from foreload_core.words import RESOURCE_NAMES

from foreload_cli.forecast_plot import MUTED, SCALES, USE
from foreload_cli.simulation.past import Past

LIMIT, SHORT = "#c2571a", "#c01c28"
MOST_POINTS = 4000
"""Longer series are drawn by the highest value of neighbours, so that no peak is lost."""


def draw(past: Past, name: str, simulation: Simulation, path: Path) -> None:
    """Draws one chart a resource.

    Args:
        past: what was needed.
        name: of the row.
        simulation: what came of it.
        path: ends with .png or .svg.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    resources = [resource for resource, _amount in past.scenario.capacity.items()]
    figure, axes = plt.subplots(len(resources), 1, figsize=(11, 3.0 * len(resources) + 0.7), squeeze=False, sharex=True)
    for axis, resource in zip(axes[:, 0], resources, strict=True):
        _chart(axis, resource, past, simulation)
    figure.suptitle(f"{past.trace.path.name}: {name}", x=0.01, ha="left", fontsize=11)
    figure.autofmt_xdate(rotation=0, ha="center")
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _chart(axis: Any, resource: Resource, past: Past, simulation: Simulation) -> None:
    scale, unit = SCALES[resource]
    demand = past.scenario.demand
    step = timedelta(seconds=past.trace.interval_seconds)
    end = demand[-1].start + step
    limits = _steps([(at, amounts.get(resource)) for at, amounts in simulation.limits])
    needed = [(sample.used.get(resource) or 0.0) / scale for sample in demand]
    held = _held(limits, [sample.start + step / 2 for sample in demand])
    short = [amount > limit / scale * (1 + 1e-9) for amount, limit in zip(needed, held, strict=True)]
    times, shown = _thinned([sample.start for sample in demand], needed)
    bands = [(at, band[resource]) for at, band in simulation.bands if resource in band]
    if bands:
        band_times, lows = _thinned([at for at, _band in bands], [band[0] / scale for _at, band in bands], least=True)
        _times, highs = _thinned([at for at, _band in bands], [band[1] / scale for _at, band in bands])
        axis.fill_between(
            band_times, lows, highs, color=USE, alpha=0.22, linewidth=0, label="expected, 8 of 10", step="post"
        )
    axis.plot(times, shown, color=USE, linewidth=1.0, label="needed")
    axis.step(
        [*(at for at, _amount in limits), end],
        [*(amount / scale for _at, amount in limits), limits[-1][1] / scale],
        where="post", color=LIMIT, linewidth=1.4, label="limit",
    )  # fmt: skip
    word = "short" if resource is Resource.CPU else "killed"
    count = sum(short)
    if count:
        points = [(sample.start, amount) for sample, amount, flag in zip(demand, needed, short, strict=True) if flag]
        axis.plot(*zip(*points, strict=True), ".", color=SHORT, markersize=4, label=word, zorder=3)
        for sample, flag in zip(demand, short, strict=True):
            if flag:
                axis.axvspan(sample.start, sample.start + step, ymin=0.97, color=SHORT, linewidth=1)
    told = f"{100 * count / len(short):.2g} % of the time {word}" if count else f"never {word}"
    axis.set_ylim(bottom=0)
    axis.set_title(f"{RESOURCE_NAMES[resource]}, {unit}", loc="left", fontsize=11, fontweight="bold")
    axis.set_title(told, loc="right", fontsize=9, color=SHORT if count else MUTED)
    axis.legend(loc="upper right", fontsize=8, frameon=False, ncols=4)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)


def _steps(limits: list[tuple[datetime, float | None]]) -> list[tuple[datetime, float]]:
    return [(at, amount) for at, amount in limits if amount is not None]


def _held(limits: list[tuple[datetime, float]], moments: list[datetime]) -> list[float]:
    found: list[float] = []
    place = 0
    for moment in moments:
        while place + 1 < len(limits) and limits[place + 1][0] <= moment:
            place += 1
        found.append(limits[place][1])
    return found


def _thinned(times: list[datetime], values: list[float], *, least: bool = False) -> tuple[list[datetime], list[float]]:
    width = max(1, len(times) // MOST_POINTS)
    pick = min if least else max
    return times[::width], [pick(values[place : place + width]) for place in range(0, len(values), width)]
