"""Draws forecasts: what was used, what is expected, and the band in which 8 of 10 cases lie."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from foreload_core.history import Grid
from foreload_core.types import Forecast, NoForecast, Resource
from foreload_core.units import GIB, MEGABYTE
from foreload_core.words import RESOURCE_NAMES

USE, MUTED = "#1a6fb5", "#6b6b6b"
SCALES = {
    Resource.CPU: (1.0, "cores"),
    Resource.MEMORY: (float(GIB), "GiB"),
    Resource.GPU: (1.0, "GPUs"),
    Resource.NETWORK_RX: (float(MEGABYTE), "MB/s"),
    Resource.NETWORK_TX: (float(MEGABYTE), "MB/s"),
}


def draw(made: Sequence[tuple[Grid, Forecast | NoForecast]], path: Path) -> None:
    """Draws one picture with a chart for each resource; now lies at a quarter, as on the dashboard.

    Args:
        made: the use and what is expected of it.
        path: ends with .png or .svg.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(len(made), 1, figsize=(10, 2.4 * len(made) + 0.6), squeeze=False, sharex=True)
    for axis, (grid, result) in zip(axes[:, 0], made, strict=True):
        _chart(axis, grid, result)
    figure.autofmt_xdate(rotation=0, ha="center")
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _chart(axis: Any, grid: Grid, result: Forecast | NoForecast) -> None:
    scale, unit = SCALES[grid.resource]
    ahead = result.steps * result.step_seconds if isinstance(result, Forecast) else 6 * 3600
    count = max(2, round(ahead / 3 / grid.step_seconds))
    first = max(0, len(grid.values) - count)
    times = [grid.time_of(index) for index in range(first, len(grid.values))]
    used = [float("nan") if value is None else value / scale for value in grid.values[first:]]
    axis.plot(times, used, color=USE, linewidth=1.75)
    axis.fill_between(times, used, color=USE, alpha=0.1, linewidth=0)
    if isinstance(result, Forecast):
        steps = [result.start + timedelta(seconds=(step + 0.5) * result.step_seconds) for step in range(result.steps)]
        low, middle, high = ([value / scale for value in result.quantiles[level]] for level in (0.1, 0.5, 0.9))
        axis.fill_between(steps, low, high, color=USE, alpha=0.22, linewidth=0)
        axis.plot(steps, middle, color=USE, linewidth=1.5, dashes=(5, 4))
        note = f"by {result.method}; the band holds 8 of 10 cases"
    else:
        note = result.reason
    axis.axvline(grid.end, color=MUTED, linewidth=1)
    axis.set_ylim(bottom=0)
    axis.set_title(f"{RESOURCE_NAMES[grid.resource]}, {unit}", loc="left", fontsize=11, fontweight="bold")
    axis.set_title(note, loc="right", fontsize=9, color=MUTED)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
