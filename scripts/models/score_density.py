"""Scores the short-horizon density and its prices on held-out machines, by an evaluation harness from outside.

Usage: score_density.py HARNESS FOLDS [--traces DIR] [--groups long] [--knobs 0.7,0.85,1,1.15,1.3,1.5,2] [--censor]
                        [--fresh] [--rivals runs.parquet] [--out runs.parquet]

HARNESS is an evaluate.py with load, resources, context, actuate, measure, finish, aggregate and at. FOLDS is what
`fit_density.py --folds` wrote; a machine is scored with the network that never saw it. The engine, the prices and the
rule are the product's own, in batch; only the reading and writing of lines is left out. With --rivals, runs of other
policies by the same harness, the least slack at 1 % violation time is compared series by series with a bootstrap.
Needs what the harness needs beside the product's own packages.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # pyright: ignore[reportMissingImports]
from fit_density import FOLDS, fold_of
from foreload_core.density import Engine, Grain, Weights, read_weights
from foreload_core.density.layout import FLOOR_RATIO, LEAST_FLOOR
from foreload_core.density.record import record_of, take_in
from foreload_core.density.state import Rows, new_rows
from foreload_core.policy.exchange import DEAD_BAND_RATIO, Exchange, choose
from foreload_core.policy.knob import exchange_of
from foreload_core.recommend import FIRST_SAMPLES
from foreload_core.types import Resource

DELAY = 1
GIVEN = {"cpu": "cap_cpu", "memory": "cap_mem", "net_rx": "cap_net", "net_tx": "cap_net", "gpu": "gpu_count"}
RESAMPLES = 2000
BOUND_RATIO = 0.01


@dataclass(frozen=True)
class Series:
    """One resource of one machine.

    Attributes:
        given: the capacity that the source states; None: it is not told.
        context: the harness's own.
    """

    group: str
    source: str
    machine: str
    resource: Resource
    values: np.ndarray
    capacity: float
    given: float | None
    step_seconds: int
    context: Any


def read(harness: Any, traces: str, groups: Sequence[str]) -> list[Series]:
    """All series of the groups."""
    found: list[Series] = []
    for group, entry, table in harness.load(traces, groups):
        for name, values, capacity in harness.resources(entry, table):
            stated = getattr(entry, GIVEN[name])
            given = capacity if stated == stated and stated else None
            context = harness.context(name, entry.dt_s, capacity, entry.start, len(values), DELAY)
            step, resource = int(entry.dt_s), Resource(name)
            found.append(Series(group, entry.source, entry.id, resource, values, capacity, given, step, context))
    return found


def decisions(rows: Sequence[Series], knobs: Sequence[float], weights: Weights | None, censor: bool) -> np.ndarray:
    """What is in force after each interval's decision, (series, knobs, time).

    Every series stands once for each knob, since what is decided is kept on record and, where only what the limit let
    through is seen, is itself seen.
    """
    turns = len(knobs)
    repeated = [row for row in rows for _knob in knobs]
    names = {name: place for place, name in enumerate(sorted({row.machine for row in rows}))}
    beside = [names[row.machine] * turns + turn for row in rows for turn in range(turns)]
    step = rows[0].step_seconds
    seen_by = repeated if censor else list(rows)
    engine = Engine(
        [row.resource for row in seen_by],
        Grain(step, 1 + DELAY),
        [row.given for row in seen_by],
        weights,
        beside if censor else [names[row.machine] for row in rows],
    )
    longest = max(len(row.values) for row in rows)
    demand = np.full((len(repeated), longest), np.nan)
    for line, row in enumerate(repeated):
        demand[line, : len(row.values)] = row.values
    begun = np.array([row.context.t0 for row in seen_by])
    exchange = _exchange(rows, knobs, fitted=weights is not None)
    most = np.array([row.capacity for row in repeated])
    told = np.array([np.inf if row.given is None else row.given for row in repeated])
    floor = np.array([LEAST_FLOOR[row.resource] for row in repeated])
    floor = np.maximum(floor, [FLOOR_RATIO[row.resource] * (row.given or 0.0) for row in repeated])
    kept: Rows = new_rows(len(repeated), 1 + DELAY)  # only its record is used
    planned = [most.copy() for _ in range(1 + DELAY)]
    found = np.empty((len(repeated), longest))
    lines = np.arange(len(repeated))
    for at in range(longest):
        held, used = planned[0], demand[:, at]
        violated = used > held * (1 + 1e-9)
        known = ~np.isnan(used)
        if censor:
            engine.observe(begun + at * float(step), np.minimum(used, held), violated)
        else:
            engine.observe(begun + at * float(step), used[::turns], np.zeros(len(rows), bool))
        take_in(kept, np.full(len(lines), at % (1 + DELAY)), violated, known, step)
        density, mean = engine.forecast(), engine.mean
        if not censor:
            density, mean = density.rows(np.repeat(np.arange(len(rows)), turns)), np.repeat(mean, turns)
        choice = choose(density, exchange, planned[-1], mean, floor, told, record_of(kept))
        kept.waiting_chance[lines, at % (1 + DELAY)] = 1.0 - choice.chance
        amount = np.minimum(np.clip(choice.amount, floor, told), most)
        if at < FIRST_SAMPLES:
            amount = np.maximum(amount, planned[-1])
        carried = (amount > planned[-1]) | (amount < planned[-1] * (1 - DEAD_BAND_RATIO))
        planned = [*planned[1:], np.where(carried, amount, planned[-1])]
        found[:, at] = planned[-1]
    return found.reshape(len(rows), turns, longest)


def _exchange(rows: Sequence[Series], knobs: Sequence[float], *, fitted: bool) -> Exchange:
    every = [exchange_of((row.resource,), knob, row.step_seconds, fitted=fitted) for row in rows for knob in knobs]
    return Exchange(*(np.concatenate([getattr(each, entry.name) for each in every]) for entry in fields(Exchange)))


def score(
    harness: Any, rows: Sequence[Series], knobs: Sequence[float], folds: list[Weights] | None, censor: bool, name: str
) -> Any:
    """The harness's table of runs."""
    batches: dict[tuple[int, int, int], list[Series]] = {}
    for row in rows:
        fold = 0 if folds is None else fold_of(row.machine)
        batches.setdefault((row.step_seconds, len(row.values) // 3000, fold), []).append(row)
    found: list[list[Any]] = []
    for (step, _, fold), batch in sorted(batches.items(), key=lambda item: item[0]):
        began = time.monotonic()
        with np.errstate(all="ignore"):
            decided = decisions(batch, knobs, None if folds is None else folds[fold], censor)
        for row, lines in zip(batch, decided, strict=True):
            for knob, line in zip(knobs, lines, strict=True):
                wanted = np.ascontiguousarray(line[: len(row.values)])
                inner = row.context
                amounts = harness.actuate(wanted, 1.0, DELAY, inner.floor, row.capacity, DEAD_BAND_RATIO)
                told = harness.finish(harness.measure(row.values, amounts, inner.warm), inner)
                found.append([row.group, row.source, row.machine, row.resource.value, name, "online", knob, *told])
        print(f"step {step} s, fold {fold}: {len(batch)} series, {time.monotonic() - began:.0f} s", flush=True)
    return pd.DataFrame(found, columns=["group", "source", "id", "res", "policy", "param", "mult", *harness.MET])


def bars(harness: Any, runs: Any) -> Any:
    """The figures of each group and resource, as the harness's report finds them."""
    keys = ["group", "res", "policy", "param", "mult"]
    medians = runs.groupby(keys, as_index=False)[["cost_ratio", "score"]].median()
    whole = harness.aggregate(runs).merge(medians.rename(columns={"cost_ratio": "cost_med", "score": "score_med"}))
    found: list[dict[str, Any]] = []
    for (group, resource), part in whole.groupby(["group", "res"]):
        plain = part[part.mult == 1.0].iloc[0]
        found.append(
            {
                "group": group,
                "res": resource,
                "series": runs[(runs.group == group) & (runs.res == resource)].id.nunique(),
                "slack at 1 %": harness.at(part.viol.values, part.slack.values, BOUND_RATIO),
                "score": part.score_med.min(),
                "cost at 1 % unserved": harness.at(part.unserved.values, part.cost_med.values, BOUND_RATIO),
                "cost at 1 kill": harness.at(part.oom30.values, part.cost_med.values, 1.0),
                "knob 1: violation": plain.viol,
                "slack": plain.slack,
                "resizes a day": plain.resizes_day,
                "kills in 30 days": plain.oom30,
            }
        )
    return pd.DataFrame(found)


def paired(harness: Any, ours: Any, theirs: Any, resource: str) -> tuple[str, float, float, float]:
    """The best rival's name; our slack at 1 % less its own: the mean, and 90 % of the bootstrap over machines."""
    best = ("", "", np.inf)
    mine = ours[ours.res == resource]
    same = theirs[(theirs.res == resource) & theirs.group.isin(mine.group.unique())]
    for (policy, param), part in harness.aggregate(same).groupby(["policy", "param"]):
        slack = harness.at(part.viol.values, part.slack.values, BOUND_RATIO)
        if slack == slack and slack < best[2]:
            best = (policy, param, slack)
    rival = same[(same.policy == best[0]) & (same.param == best[1])]
    tables: list[Any] = [each.set_index(["id", "mult"])[["viol", "slack"]].unstack() for each in (mine, rival)]
    tables[1] = tables[1].reindex(tables[0].index)
    machines = np.arange(len(tables[0]))
    chance = np.random.default_rng(1)

    def gap(chosen: np.ndarray) -> float:
        means = [
            (table["viol"].to_numpy()[chosen].mean(0), table["slack"].to_numpy()[chosen].mean(0)) for table in tables
        ]
        mine_at, rival_at = (harness.at(viol, slack, BOUND_RATIO) for viol, slack in means)
        return mine_at - rival_at

    drawn = [gap(chance.choice(machines, len(machines))) for _ in range(RESAMPLES)]
    low, high = np.nanquantile(drawn, [0.05, 0.95])
    return f"{best[0]} {best[1]}", gap(machines), float(low), float(high)


def main() -> None:
    """Scores and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("harness", type=Path)
    parser.add_argument("folds", type=Path)
    parser.add_argument("--traces", help="folder of traces; the harness's own dev by default", default="dev")
    parser.add_argument("--groups", default="long")
    parser.add_argument("--knobs", default="0.7,0.85,1,1.15,1.3,1.5,2")
    parser.add_argument("--censor", action="store_true", help="only what the limit let through is seen")
    parser.add_argument("--fresh", action="store_true", help="nothing pretrained")
    parser.add_argument("--name", default="foreload")
    parser.add_argument("--prefix", default="fold", help="the files are PREFIX-0.weights and so on")
    parser.add_argument("--rivals", type=Path, help="runs of other policies, as the harness writes them")
    parser.add_argument("--out", type=Path, help="parquet file of all runs")
    options = parser.parse_args()
    sys.path.insert(0, str(options.harness.parent))
    spec = importlib.util.spec_from_file_location("evaluate", options.harness)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{options.harness} is no Python file")
    harness = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(harness)
    names = [options.folds / f"{options.prefix}-{fold}.weights" for fold in range(FOLDS)]
    weights = None if options.fresh else [read_weights(name.read_bytes()) for name in names]
    rows = read(harness, options.traces, options.groups.split(","))
    knobs = [float(text) for text in options.knobs.split(",")]
    runs = score(harness, rows, knobs, weights, options.censor, options.name)
    if options.out is not None:
        runs.to_parquet(options.out)
    print(bars(harness, runs).round(4).to_string(index=False))
    if options.rivals is not None:
        theirs = pd.read_parquet(options.rivals)
        for resource in sorted(runs.res.unique()):
            name, mean, low, high = paired(harness, runs, theirs, resource)
            print(f"{resource}: slack at 1 % {mean:+.3f} [{low:+.3f}, {high:+.3f}] beside {name}")


if __name__ == "__main__":
    main()
