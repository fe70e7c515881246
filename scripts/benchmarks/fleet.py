"""One tick over 10,000 environments of which a tenth has something new."""

from __future__ import annotations

import json
import random
import statistics
import time
from datetime import UTC, datetime, timedelta

from foreload_core.decide import DEFAULT_POLICY, EMPTY_STATE, State, decide
from foreload_core.types import Amounts, Placement, Resource, Sample, Tick

ENVIRONMENTS = 10_000
TICKS = 10
GIB = 2**30


def main() -> None:
    """Prints the row."""
    chance = random.Random(1)  # noqa: S311 - the same numbers each time are what is wanted
    now = datetime(2026, 1, 5, tzinfo=UTC)
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

    state: State = EMPTY_STATE
    state, _ = decide(state, tick(now, names), DEFAULT_POLICY)
    times: list[float] = []
    for number in range(1, TICKS + 1):
        seen = tick(now + timedelta(seconds=10 * number), chance.sample(names, ENVIRONMENTS // 10))
        began = time.process_time()
        state, _ = decide(state, seen, DEFAULT_POLICY)
        times.append(time.process_time() - began)
    print(
        json.dumps(
            [{"name": "tick over 10,000 environments", "value": statistics.median(times), "unit": "s", "bar": 1.0}]
        )
    )


if __name__ == "__main__":
    main()
