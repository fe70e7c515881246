"""Accuracy, calibration and cost of the forecasts of hours and days, on real machines where they are at hand.

With FORELOAD_TRACES naming a folder of traces (manifest.csv), eight machines of as many sources are forecast at six
times each, a day ahead, from two weeks of past. Weights that never saw a machine are taken for it where
results/pooled has them (`scripts/models/fit_pooled.py --folds results/pooled`); without those the shipped weights are
scored, which were fitted on some of these series, and the rows say so. Without the folder, made-up weeks are forecast.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
import os
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from foreload_core.forecast import SeasonalNaive
from foreload_core.forecast.pooled.forecaster import Pooled
from foreload_core.forecast.pooled.network import read_weights, shipped
from foreload_core.history import Grid
from foreload_core.types import Forecast, Resource

STEP_SECONDS, DAY, PAST_DAYS = 300.0, 288, 14
MACHINES, ORIGINS, COVER_ORIGINS = 8, 6, 60
HORIZONS = (("5 min", 1, 0.56), ("1 h", 12, 0.60), ("24 h", 288, 2.1))
FOLDS = Path(__file__).resolve().parents[2] / "results" / "pooled"
PROPHET_DAYS = 7
RESOURCES = (Resource.CPU, Resource.MEMORY, Resource.NETWORK_RX, Resource.NETWORK_TX)
SIZES = np.array([1.0, 2e9, 1e5, 1e5])
Score = dict[str, list[float]]


def machines(folder: Path) -> list[tuple[str, np.ndarray, float]]:
    """Eight machines, one source after the other, in an order that is the same each time."""
    groups: dict[str, list[tuple[str, np.ndarray, float]]] = {}
    for manifest in ("manifest.csv", "manifest-devday.csv"):
        if not (folder / manifest).exists():
            continue
        with (folder / manifest).open(newline="") as file:
            for entry in csv.DictReader(file):
                if entry["dt_s"] not in ("60", "300") or entry["source"] in ("fleet", "planetlab", "google2011"):
                    continue
                values = _cores(folder / entry["path"], round(STEP_SECONDS / float(entry["dt_s"])))
                if values is not None and len(values) >= 13 * DAY:
                    kind = f"{entry['source']}/{entry['note']}" if entry["source"] == "bitbrains" else entry["source"]
                    start = datetime.fromisoformat(entry["start"]).timestamp()
                    groups.setdefault(kind, []).append((entry["id"], values, start))
    chance = np.random.default_rng(5)
    for kind in sorted(groups):
        groups[kind] = [groups[kind][place] for place in chance.permutation(len(groups[kind]))]
    taken: list[tuple[str, np.ndarray, float]] = []
    while len(taken) < MACHINES and any(groups.values()):
        for kind in sorted(groups):
            if groups[kind] and len(taken) < MACHINES:
                taken.append(groups[kind].pop())
    return taken


def _cores(path: Path, merged: int) -> np.ndarray | None:
    with gzip.open(path, "rt", newline="") as file:
        texts = [row.get("cpu_cores") or "" for row in csv.DictReader(file)]
    if not any(texts):
        return None
    values = np.array([float(text) if text else 0.0 for text in texts])
    return values[: len(values) // merged * merged].reshape(-1, merged).mean(axis=1)


def made_up() -> list[tuple[str, np.ndarray, float]]:
    """Four weeks each of four made-up machines: waves of a day, noise, bursts and a step."""
    chance = np.random.default_rng(1)
    found: list[tuple[str, np.ndarray, float]] = []
    for number in range(4):
        at = np.arange(28 * DAY)
        wave = 1 + 0.6 * np.sin(2 * math.pi * at / DAY + number)
        bursts = (chance.random(len(at)) < 0.02) * 2.0
        step = 0.5 * (at > 20 * DAY) * (number == 3)
        found.append((f"made-up-{number}", wave * chance.lognormal(0, 0.1, len(at)) + bursts + step, 1.767e9))
    return found


def grid_of(values: np.ndarray, start_seconds: float) -> Grid:
    """The values as a grid of CPU."""
    return Grid(Resource.CPU, datetime.fromtimestamp(start_seconds, UTC), STEP_SECONDS, tuple(values.tolist()))


def score(
    taken: list[tuple[str, np.ndarray, float]], of: Callable[[str], Pooled | SeasonalNaive], origins: int
) -> tuple[dict[str, Score], list[float]]:
    """For each horizon the machines' MASE, weighted quantile loss and coverage; and CPU seconds of each forecast."""
    found: dict[str, Score] = {name: {"mase": [], "loss": [], "cover": []} for name, _, _ in HORIZONS}
    seconds: list[float] = []
    for name, values, start in taken:
        per: dict[str, Score] = {each: {"mase": [], "loss": [], "size": [], "cover": []} for each, _, _ in HORIZONS}
        for origin in np.linspace(max(10 * DAY, len(values) - PAST_DAYS * DAY), len(values) - DAY - 1, origins).astype(
            int
        ):
            first = max(0, origin - PAST_DAYS * DAY)
            past, came = values[first:origin], values[origin : origin + DAY]
            unit = float(np.abs(past[DAY:] - past[:-DAY]).mean())
            if unit == 0:
                continue
            grid = grid_of(past, start + first * STEP_SECONDS)
            forecaster = of(name)
            began = time.process_time()
            made = forecaster.fit(grid, DAY)
            seconds.append(time.process_time() - began)
            if not isinstance(made, Forecast):
                continue
            for each, steps, _ in HORIZONS:
                actual = came[:steps]
                levels = {level: np.array(made.quantiles[level][:steps]) for level in (0.1, 0.5, 0.9)}
                loss = (
                    sum(np.maximum(q * (actual - v), (q - 1) * (actual - v)).sum() for q, v in levels.items()) * 2 / 3
                )
                per[each]["mase"].append(float(np.abs(actual - levels[0.5]).mean()) / unit)
                per[each]["loss"].append(float(loss))
                per[each]["size"].append(float(np.abs(actual).sum()))
                per[each]["cover"].append(float((actual <= levels[0.9]).mean()))
        for each, _, _ in HORIZONS:
            if per[each]["mase"]:
                found[each]["mase"].append(statistics.mean(per[each]["mase"]))
                found[each]["loss"].append(sum(per[each]["loss"]) / max(1e-12, sum(per[each]["size"])))
                found[each]["cover"].append(statistics.mean(per[each]["cover"]))
    return found, seconds


def prophet_seconds(days: int) -> float:
    """CPU seconds of one fit of Prophet as it comes on days of 10-second samples; the imports are not counted."""
    import logging

    import pandas as pd
    from prophet import Prophet

    logging.getLogger("cmdstanpy").setLevel(logging.CRITICAL)
    count = days * 8640
    at = np.arange(count)
    values = 1 + 0.6 * np.sin(2 * math.pi * at / 8640) + np.random.default_rng(1).gamma(0.5, 0.2, count)
    table = pd.DataFrame({"ds": pd.to_datetime(1.767e9 + 10.0 * at, unit="s"), "y": values})
    model = Prophet()
    began = sum(os.times()[:4])
    model.fit(table, seed=1)
    model.predict(model.make_future_dataframe(360, freq="10s", include_history=False))
    return sum(os.times()[:4]) - began


def update_seconds(step_seconds: float, environments: int = 1, turns: int = 900) -> float:
    """CPU seconds, per environment, of one update and forecast of the density of minutes, for four resources."""
    from foreload_core import package_data
    from foreload_core.density import Engine, Grain, read_weights

    resources = RESOURCES * environments
    weights = read_weights(package_data.weights("samples"))
    whole: list[float | None] = [None] * len(resources)
    beside = [number for number in range(environments) for _each in RESOURCES]
    engine = Engine(resources, Grain(step_seconds, 2), whole, weights, beside)
    amounts = np.tile(np.random.default_rng(1).lognormal(0, 0.3, (turns, 4)) * SIZES, environments)
    nothing = np.zeros(len(resources), bool)
    began = 0.0
    for number in range(turns):
        if number == turns // 3:
            began = time.process_time()
        engine.observe(1.767e9 + step_seconds * number, amounts[number], nothing)
        engine.forecast()
    return (time.process_time() - began) / (turns - turns // 3) / environments


def step_seconds_of_recommend(step_seconds: float, turns: int = 900) -> float:
    """CPU seconds of a whole step of `recommend`, for four resources: reading, update, forecast, choice and reasons."""
    from foreload_core import package_data
    from foreload_core.density import read_weights
    from foreload_core.recommend import Session

    session = Session(read_weights(package_data.weights("samples")))
    names = [each.value for each in RESOURCES]
    start = datetime(2026, 1, 5, tzinfo=UTC)
    context = {"id": "e", "dt_s": step_seconds, "delay": 1, "start": start.isoformat(), "resources": names}
    session.answer({"type": "reset", "ctx": {**context, "capacity": {"cpu": 4, "memory": 2**33}, "knob": 1.0}})
    amounts = np.random.default_rng(1).lognormal(0, 0.3, (turns, 4)) * SIZES
    held = dict(zip(names, (4.0, 8e9, 1e6, 1e6), strict=True))
    began = 0.0
    for number in range(turns):
        if number == turns // 3:
            began = time.process_time()
        ended = (start + timedelta(seconds=step_seconds * (number + 1))).isoformat()
        usage = dict(zip(names, amounts[number].tolist(), strict=True))
        session.answer({"type": "step", "t": number, "ts": ended, "usage": usage, "alloc": held, "events": []})
    return (time.process_time() - began) / (turns - turns // 3)


def main() -> None:
    """Prints the rows."""
    folder = os.environ.get("FORELOAD_TRACES", "")
    taken = machines(Path(folder)) if folder else made_up()
    held_out: dict[str, Pooled] = {}
    note = "made-up weeks, shipped weights" if not folder else "weights fitted on them too"
    if folder and (FOLDS / "folds.json").exists():
        folds = json.loads((FOLDS / "folds.json").read_text())
        fitted = [read_weights((FOLDS / f"pooled-{fold}.weights").read_bytes()) for fold in range(5)]
        held_out = {name: Pooled(fitted[folds[name]], "pooled") for name, _, _ in taken if name in folds}
        note = "held out"
    learned, fresh, naive = Pooled(shipped(), "pooled"), Pooled(None, "mixed"), SeasonalNaive()
    rows: list[dict[str, object]] = []

    def add(name: str, value: float, unit: str, bar: float | None) -> None:
        rows.append({"name": name, "value": value, "unit": unit, "bar": bar})

    found, seconds = score(taken, lambda name: held_out.get(name, learned), ORIGINS)
    without, _ = score(taken, lambda _name: fresh, ORIGINS)
    yardstick, _ = score(taken, lambda _name: naive, ORIGINS)
    cover, _ = score(taken, lambda name: held_out.get(name, learned), COVER_ORIGINS)
    for each, _, bar in HORIZONS:
        add(f"MASE {each} ({note})", statistics.mean(found[each]["mase"]), "", bar if folder else None)
        add(f"MASE {each}, nothing pretrained", statistics.mean(without[each]["mase"]), "", None)
        add(f"MASE {each}, seasonal-naive", statistics.mean(yardstick[each]["mase"]), "", None)
        add(f"weighted quantile loss {each} ({note})", statistics.median(found[each]["loss"]), "", None)
        add(f"weighted quantile loss {each}, seasonal-naive", statistics.median(yardstick[each]["loss"]), "", None)
        mean = statistics.mean(cover[each]["cover"])
        add(f"coverage of the 90 % bound {each}", mean, "of cases", None)
        add(f"coverage of the 90 % bound {each}, away from 0.905", abs(mean - 0.905), "", 0.025 if folder else None)
        add(f"coverage of the 90 % bound {each}, worst machine", min(cover[each]["cover"]), "of cases", None)
    add("a forecast of a day", 1000 * statistics.median(seconds), "ms", 10.0)
    update = update_seconds(300.0)
    add("an update of the density of minutes, four resources", 1000 * update, "ms", 0.5)
    together = update_seconds(300.0, 100, 60)
    add("the same for 100 environments at once, each", 1000 * together, "ms", None)
    add("a whole step of recommend at 10 s, four resources", 1000 * step_seconds_of_recommend(10.0), "ms", None)
    add("a whole step of recommend at 5 min, four resources", 1000 * step_seconds_of_recommend(300.0), "ms", None)
    # A day of an environment with four resources at 10 s: an update of the density with each sample, and four forecasts
    # of a day each hour; against four fits of Prophet each hour, on half as long a past as those forecasts have.
    hours = 24 * len(RESOURCES) * statistics.median(seconds)
    theirs = 24 * len(RESOURCES) * prophet_seconds(PROPHET_DAYS)
    add("forecasting a day at 10 s, part of Prophet's, one of 100", (8640 * together + hours) / theirs, "times", 0.01)
    add("forecasting a day at 10 s, part of Prophet's, one alone", (8640 * update + hours) / theirs, "times", None)
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
