"""A fleet: one tick over 10,000 environments, what is remembered of each, and 500 of them over two weeks.

With FORELOAD_TRACES naming a folder of traces (manifest-devday.csv), those of a minute drive the 500 environments;
without it, weeks that are made up here do. FORELOAD_FLEET_ENVIRONMENTS sets another number of them.
"""

from __future__ import annotations

import csv
import gc
import json
import os
import random
import statistics
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from foreload_broker.fleet_files import read_prices
from foreload_broker.platforms.simulated.demand import Trace, fleet_demand
from foreload_broker.platforms.simulated.figures import FleetFigures, FleetSettings
from foreload_broker.platforms.simulated.fleet import FleetSimulation
from foreload_broker.platforms.simulated.rivals import RivalFigures, static_figures, vpa_figures
from foreload_broker.platforms.simulated.runs import RunEvent
from foreload_cli.simulate_fleet import read_fleet_trace
from foreload_core.decide import DEFAULT_POLICY, EMPTY_STATE, State, decide
from foreload_core.types import Amounts, Placement, Resource, RunKind, Sample, Tick

ENVIRONMENTS = 10_000
TICKS = 10
MEASURED = 200
GIB = 2**30
FLEET_ENVIRONMENTS, LEARN_DAYS, DAYS, STEP_SECONDS = 500, 7, 14, 60.0
BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
Row = dict[str, object]


def main() -> None:
    """Prints the rows."""
    print(json.dumps([*tick_rows(), *fleet_rows()]))


def tick_rows() -> list[Row]:
    """A tenth of the environments has something new on each tick."""
    chance = random.Random(1)  # noqa: S311 - the same numbers each time are what is wanted
    names = [f"environment-{number}" for number in range(ENVIRONMENTS)]
    changeable = frozenset({Resource.CPU, Resource.MEMORY})
    floor, limit = Amounts(cpu_cores=1.0, memory_bytes=2 * GIB), Amounts(cpu_cores=2.0, memory_bytes=4 * GIB)
    placements = {
        name: Placement(f"instance-{number // 20}", floor, changeable, limit) for number, name in enumerate(names)
    }
    capacities = {f"instance-{number}": Amounts(cpu_cores=64.0, memory_bytes=128 * GIB) for number in range(500)}

    def tick(at: datetime, changed: list[str]) -> Tick:
        def sample() -> Sample:
            used = Amounts(cpu_cores=chance.random() * 3, memory_bytes=int(chance.random() * 3 * GIB))
            return Sample(at - timedelta(seconds=10), 10.0, used, limit)

        return Tick(
            now=at,
            samples={name: (sample(),) for name in changed},
            placements=placements,
            capacities=capacities,
            scaling_allowed=frozenset(names),
        )

    each_kib = remembered_kib(tick, names[:MEASURED])
    state: State = EMPTY_STATE
    state, _ = decide(state, tick(BEGIN, names), DEFAULT_POLICY)
    times: list[float] = []
    for number in range(1, TICKS + 1):
        seen = tick(BEGIN + timedelta(seconds=10 * number), chance.sample(names, ENVIRONMENTS // 10))
        began = time.process_time()
        state, _ = decide(state, seen, DEFAULT_POLICY)
        times.append(time.process_time() - began)
    return [
        {"name": "tick over 10,000 environments", "value": statistics.median(times), "unit": "s", "bar": 1.0},
        {"name": "memory of an environment beside its forecaster", "value": each_kib, "unit": "KiB", "bar": 4.0},
    ]


def remembered_kib(tick: Callable[[datetime, list[str]], Tick], names: list[str]) -> float:
    """What is remembered of an environment after some ticks, without the arrays of its density."""

    def driven() -> State:
        state: State = EMPTY_STATE
        for number in range(12):
            seen = tick(BEGIN + timedelta(seconds=10 * number), names)
            seen = replace(seen, placements={name: seen.placements[name] for name in names})
            state, _ = decide(state, seen, DEFAULT_POLICY)
        return state

    driven()  # what is loaded once belongs to no environment
    gc.collect()
    tracemalloc.start()
    state = driven()
    gc.collect()
    held_bytes = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    forecaster_bytes = sum(len(known.density.rows) for known in state.environments.values() if known.density)
    return (held_bytes - forecaster_bytes) / len(names) / 1024


def fleet_rows() -> list[Row]:
    """Cost, violations and waiting of a fleet, against one size for ever and against what VPA would recommend."""
    folder = os.environ.get("FORELOAD_TRACES", "")
    traces = stored_traces(Path(folder)) if folder else [made_up_trace(number) for number in range(24)]
    note = f"{len(traces)} traces" if folder else "made-up weeks"
    count = int(os.environ.get("FORELOAD_FLEET_ENVIRONMENTS", FLEET_ENVIRONMENTS))
    instance = next(known for known in read_prices(None).instance_types if known.name == "general-64")
    demand = fleet_demand(traces, count, STEP_SECONDS, (LEARN_DAYS + DAYS) * 86_400)
    first = round(LEARN_DAYS * 86_400 / STEP_SECONDS)
    figures = FleetSimulation(demand, FleetSettings(instance, measured_from_seconds=LEARN_DAYS * 86_400)).run()
    rivals = (static_figures(demand, instance, first), vpa_figures(demand, instance, first))
    return [
        *(_cost_row(figures, rival, count, note) for rival in rivals),
        {"name": "its violation", "value": 100 * figures.violation_ratio, "unit": "%", "bar": 1.0},
        {"name": "its waiting in the morning", "value": 100 * figures.morning_waiting_ratio, "unit": "%", "bar": 0.5},
    ]


def _cost_row(figures: FleetFigures, rival: RivalFigures, count: int, note: str) -> Row:
    return {
        "name": f"cost of {count} environments over two weeks under {rival.name}",
        "value": 100 * (1 - figures.instance_cost_usd / rival.instance_cost_usd),
        "unit": "%",
        "bar": 40.0,
        "at_least": True,
        "note": f"{note}; its violation is {100 * rival.violation_ratio:.1f} %",
    }


def stored_traces(folder: Path) -> list[Trace]:
    """The traces of developer environments at a minute, with their events."""
    with (folder / "manifest-devday.csv").open(newline="") as file:
        entries = [entry for entry in csv.DictReader(file) if entry["dt_s"] == "60"]
    return [read_fleet_trace(folder / entry["path"]) for entry in entries]


def made_up_trace(number: int) -> Trace:
    """Four weeks of a developer: work on workdays, an editor that is open, builds and tests of their own size."""
    chance: Any = np.random.default_rng(number)
    steps = 28 * 1440
    cores = np.full(steps, 0.05, np.float32) * chance.uniform(0.8, 1.2, steps).astype(np.float32)
    memory = np.full(steps, 0.4 * GIB, np.float32)
    at_work = np.zeros(steps, np.bool_)
    build, test, own = chance.uniform(2, 10), chance.uniform(1, 3), chance.uniform(1.0, 3.0)
    runs: list[RunEvent] = []
    for day in (day for day in range(28) if day % 7 < 5 and chance.random() < 0.93):
        begin = day * 1440 + round(chance.normal(9 * 60, 35))
        end = begin + round(chance.normal(8.5 * 60, 50))
        at_work[begin:end] = True
        cores[begin:end] += chance.gamma(1.5, 0.12, end - begin).astype(np.float32)
        memory[begin:end] = (own + 0.5 * np.linspace(0, 1, end - begin)) * GIB
        at = begin + 5
        while at < end - 20:
            kind, need, minutes = (RunKind.BUILD, build, 3) if chance.random() < 0.4 else (RunKind.TEST, test, 2)
            long = 1 + int(chance.poisson(minutes))
            cores[at : at + long] += need * chance.uniform(0.7, 1.1, long)
            memory[at : at + long] += 0.25 * need * GIB
            name = f"{number}-{at}"
            runs += [RunEvent(at, name, kind, starts=True), RunEvent(at + long - 1, name, kind, starts=False)]
            at += long + 1 + int(chance.exponential(9))
    runs.sort(key=lambda event: event.step)
    return Trace(f"made-up-{number}", BEGIN, 60.0, cores, memory, at_work, tuple(runs))


if __name__ == "__main__":
    main()
