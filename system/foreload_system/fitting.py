"""Fits Prophet in a process of its own: never on an event loop, at low priority, and killed when it takes too long.

`fit` starts `python -m foreload_system.fitting`, which reads one request from its input and writes one answer. Only
that process imports Prophet and pandas.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import math
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from foreload_core.history import Grid, coarser
from foreload_core.plain import canonical, from_plain, to_plain
from foreload_core.types import LEVELS, Forecast, NoForecast
from foreload_core.units import duration_text

METHOD = "prophet"
DEADLINE_SECONDS = 120.0
LEAST_SECONDS = 2 * 86_400.0
WEEKLY_SECONDS = 14 * 86_400.0
LONGEST_SECONDS = 28 * 86_400.0
LEAST_STEP_SECONDS = 300.0
"""Finer grids are made this coarse first: more points take much longer and say no more of a day."""
NICENESS = 15
DRAWS = 300
SEED = 7


@dataclass(frozen=True, slots=True)
class FitRequest:
    """What the worker is asked.

    Attributes:
        grid: the past.
        steps: how many steps of the grid to forecast.
        regressors: name -> one value a step, of the past and then of the forecast.
    """

    grid: Grid
    steps: int
    regressors: Mapping[str, tuple[float, ...]] = field(default_factory=dict[str, tuple[float, ...]])


@dataclass(frozen=True, slots=True)
class FitAnswer:
    """What the worker answers."""

    result: Forecast | NoForecast


async def fit(
    grid: Grid,
    horizon_seconds: float,
    regressors: Mapping[str, Sequence[float]] | None = None,
    deadline_seconds: float = DEADLINE_SECONDS,
) -> Forecast | NoForecast:
    """Prophet's forecast from the end of the grid on.

    Args:
        grid: the past; what is finer than five minutes is made coarser.
        horizon_seconds: how far ahead.
        regressors: name -> one value a step of `grid`, of the past and then of the horizon; such as 1 within windows.
        deadline_seconds: after this the fit is killed.

    Returns:
        The forecast, or the reason why there is none: too little history, too slow, or a fit that failed.
    """
    request = _coarse(grid, horizon_seconds, regressors or {})
    if grid.measured_seconds < LEAST_SECONDS:
        return NoForecast(
            grid.resource,
            f"{duration_text(grid.measured_seconds)} of history: a fit needs {duration_text(LEAST_SECONDS)}.",
        )
    with tempfile.TemporaryDirectory(prefix="foreload-fit-", ignore_cleanup_errors=True) as folder:
        # The compiled model leaves its files behind when it is killed, so it gets a folder that goes with it.
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "foreload_system.fitting",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "TMPDIR": folder, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,
        )
        try:
            talk = worker.communicate(canonical(to_plain(request)).encode())
            answer, complaint = await asyncio.wait_for(talk, deadline_seconds)
        except TimeoutError:
            return NoForecast(
                grid.resource, f"The fit took more than {duration_text(deadline_seconds)} and was stopped."
            )
        finally:
            await _end(worker)
    return _result(grid, worker.returncode, answer, complaint)


async def _end(worker: asyncio.subprocess.Process) -> None:
    """Kills the worker and what it started, if it is still there."""
    if worker.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
    await worker.wait()


def _result(grid: Grid, code: int | None, answer: bytes, complaint: bytes) -> Forecast | NoForecast:
    if code == 0:
        try:
            return from_plain(FitAnswer, json.loads(answer)).result
        except ValueError as error:
            return NoForecast(grid.resource, f"The fit gave no answer that can be read: {error}.")
    said = complaint.decode(errors="replace").strip().splitlines() or ["it said nothing"]
    return NoForecast(grid.resource, f"The fit failed with exit code {code}: {said[-1][:200]}.")


def _coarse(grid: Grid, horizon_seconds: float, regressors: Mapping[str, Sequence[float]]) -> FitRequest:
    """The last weeks on a grid that is coarse enough, and the regressors on the same one."""
    cut = max(0, len(grid.values) - math.ceil(LONGEST_SECONDS / grid.step_seconds))
    past = coarser(replace(grid, start=grid.time_of(cut), values=grid.values[cut:]), LEAST_STEP_SECONDS)
    group = round(past.step_seconds / grid.step_seconds)
    first = len(grid.values) - len(past.values) * group
    steps = max(1, math.ceil(horizon_seconds / past.step_seconds))
    coarse = {
        name: tuple(
            _mean(given[first + index * group : first + (index + 1) * group])
            for index in range(len(past.values) + steps)
        )
        for name, given in regressors.items()
    }
    return FitRequest(past, steps, coarse)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def fit_here(request: FitRequest) -> Forecast | NoForecast:
    """Fits in this process. Slow, and imports Prophet: for the worker."""
    import numpy as np
    import pandas as pd
    from prophet import Prophet

    grid = request.grid
    known = [value for value in grid.values if value is not None]
    scale = float(np.median(known)) or max(known) or 1.0
    if max(known) <= 0:
        return _flat(request)
    # Use is skewed and never negative: its logarithm is fitted, and quantiles survive the way back.
    future = len(grid.values) + request.steps
    times = pd.to_datetime([grid.time_of(index).replace(tzinfo=None) for index in range(future)])
    past = [None if value is None else math.log1p(value / scale) for value in grid.values]
    table = pd.DataFrame({"ds": times, "y": past + [None] * request.steps, **request.regressors})
    model: Any = Prophet(
        growth="flat",
        daily_seasonality=True,
        weekly_seasonality=grid.measured_seconds >= WEEKLY_SECONDS,
        yearly_seasonality=False,
        uncertainty_samples=DRAWS,
    )
    for name in request.regressors:
        model.add_regressor(name)
    np.random.seed(SEED)
    model.fit(table.iloc[: len(grid.values)].dropna(subset=["y"]), seed=SEED)
    drawn = model.predictive_samples(table.iloc[len(grid.values) :])["yhat"]
    quantiles = {
        level: tuple(float(value) for value in np.maximum(0.0, np.expm1(np.quantile(drawn, level, axis=1)) * scale))
        for level in LEVELS
    }
    return Forecast(grid.resource, grid.end, grid.step_seconds, quantiles, METHOD)


def _flat(request: FitRequest) -> Forecast:
    """Nothing was ever used, so nothing is expected."""
    quantiles = dict.fromkeys(LEVELS, (0.0,) * request.steps)
    return Forecast(request.grid.resource, request.grid.end, request.grid.step_seconds, quantiles, METHOD)


def main() -> int:
    """The worker: one request in, one answer out. What the libraries print goes to the error output."""
    os.nice(NICENESS)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for name in ("cmdstanpy", "prophet", "prophet.plot"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    request = from_plain(FitRequest, json.load(sys.stdin))
    answers.write(canonical(to_plain(FitAnswer(fit_here(request)))))
    answers.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
