"""A tick over 10,000 environments, a tenth of them with samples and runs that begin and end, and what is remembered."""

from __future__ import annotations

import gc
import json
import statistics
import time
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from foreload_core.decide import DEFAULT_POLICY, EMPTY_STATE, State, canonical, decide, environment_to_json
from foreload_core.types import (
    Amounts,
    DemandEstimate,
    DemandSource,
    Placement,
    Resource,
    RunKind,
    Sample,
    Signal,
    SignalKind,
    Tick,
)

ENVIRONMENTS, INSTANCES, TICKS = 10_000, 500, 10
LIMIT_SECONDS, LIMIT_BYTES = 1.0, 24 * 1024
BEGIN = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
GIB = 1024**3
FLOOR = Amounts(0.5, GIB)
CHANGEABLE = frozenset({Resource.CPU, Resource.MEMORY})
NAMES = [f"environment-{number:05d}" for number in range(ENVIRONMENTS)]
PLACEMENTS = {
    name: Placement(f"instance-{number % INSTANCES}", FLOOR, CHANGEABLE, Amounts(1.0, 2 * GIB))
    for number, name in enumerate(NAMES)
}
CAPACITIES = {f"instance-{number}": Amounts(64.0, 256 * GIB) for number in range(INSTANCES)}
DEMAND = DemandEstimate(Amounts(2.0), Amounts(3.0), 20, 40, DemandSource.HISTORY, 5)


def tick(turn: int, every: int) -> Tick:
    """The tick of a turn: each `every`-th environment has a sample, a tenth of those a run that begins or ends."""
    now = BEGIN + timedelta(seconds=10 * turn)
    changed = NAMES[turn % every :: every]
    samples: dict[str, tuple[Sample, ...]] = {}
    signals: dict[str, tuple[Signal, ...]] = {}
    for number, name in enumerate(changed):
        cores = 0.1 + (number * 37 + turn * 11) % 90 / 100
        used = Amounts(cores, int((0.8 + cores / 10) * GIB))
        samples[name] = (Sample(now - timedelta(seconds=10), 10.0, used, Amounts(1.0, 2 * GIB)),)
        if number % 10 == 0:
            kind = SignalKind.RUN_STARTED if turn // every % 2 == 0 else SignalKind.RUN_ENDED
            run = f"run-{turn // every // 2}"
            signals[name] = (Signal(f"{kind.value}-{turn}", kind, now, run, RunKind.TEST, DEMAND),)
    return Tick(
        now=now,
        samples=samples,
        signals=signals,
        placements=PLACEMENTS,
        capacities=CAPACITIES,
        scaling_allowed=frozenset(NAMES),
    )


def warmed() -> tuple[State, int]:
    """A state in which every environment was seen for a while, and the turn that follows."""
    state = EMPTY_STATE
    for turn in range(30):
        state, _ = decide(state, tick(turn, 10), DEFAULT_POLICY)
    return state, 30


def measured_bytes() -> float:
    """What is remembered of an environment, in memory; of a tenth of them, since counting is slow."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    state = EMPTY_STATE
    for turn in range(0, 60, 10):
        news = tick(turn, 10)
        state, _ = decide(
            state, replace(news, placements={name: PLACEMENTS[name] for name in news.samples}), DEFAULT_POLICY
        )
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (held - before) / len(state.environments)


def main() -> None:
    """Prints the rows."""
    held_bytes = measured_bytes()
    state, first = warmed()
    seconds: list[float] = []
    for turn in range(first, first + TICKS):
        news = tick(turn, 10)
        began = time.process_time()
        state, _ = decide(state, news, DEFAULT_POLICY)
        seconds.append(time.process_time() - began)
    stored = [len(canonical(environment_to_json(known))) for known in state.environments.values()]
    kib = 1024.0
    rows = [
        {
            "name": "tick, 10,000 environments, with runs",
            "value": statistics.median(seconds) / LIMIT_SECONDS,
            "unit": "of 1 s",
            "bar": 1.0,
        },
        {
            "name": "state of an environment, in memory",
            "value": held_bytes / kib,
            "unit": "KiB",
            "bar": LIMIT_BYTES / kib,
        },
        {"name": "state of an environment, stored", "value": statistics.mean(stored) / kib, "unit": "KiB", "bar": None},
    ]
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
