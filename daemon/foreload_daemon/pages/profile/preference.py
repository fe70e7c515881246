"""What five preferences would have come to on this environment's own past: simulated in a process of its own.

`stops` starts `python -m foreload_daemon.pages.profile.preference`, at low priority, so that neither the editor nor the
samples of the daemon wait for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from dataclasses import dataclass, field, replace
from datetime import datetime

from foreload_core.forecast import make_ask
from foreload_core.history import Grid, grid_of
from foreload_core.plain import canonical, from_plain, to_plain
from foreload_core.simulate import Scenario, simulate
from foreload_core.types import Amounts, Ask, Prices, ProfileNumbers, Resource, Sample

from foreload_daemon.protocol import Stop

_LOG = logging.getLogger(__name__)

PREFERENCES = (0.0, 0.25, 0.5, 0.75, 1.0)
DEADLINE_SECONDS = 120.0
NICENESS = 15
ASK_EVERY_SECONDS = 3600
MONTH_DAYS = 30.4
WEEK_SECONDS = 7 * 86400.0
FORECAST = (Resource.CPU, Resource.MEMORY)


@dataclass(frozen=True, slots=True)
class StopsRequest:
    """What the worker is asked.

    Attributes:
        demand: the past in equal steps, oldest first. It is what the limits let through, so a shortage shows less.
        capacity, floor, initial: as in `foreload_core.simulate.Scenario`.
        profile: with its windows expanded over the past.
        prices: USD per hour.
    """

    demand: tuple[Sample, ...]
    capacity: Amounts
    floor: Amounts
    initial: Amounts
    profile: ProfileNumbers
    prices: Prices = field(default_factory=Prices)


@dataclass(frozen=True, slots=True)
class StopFigures:
    """What one preference came to; `cost_usd` and `throttled_seconds` over the whole past."""

    preference_ratio: float
    cost_usd: float
    throttled_seconds: float
    oom_count: int


@dataclass(frozen=True, slots=True)
class StopsAnswer:
    """What the worker answers."""

    stops: tuple[StopFigures, ...]


async def stops(request: StopsRequest) -> list[Stop] | None:
    """The five stops, or None where the worker failed or took too long; the log says why."""
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-m",
        "foreload_daemon.pages.profile.preference",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        talk = worker.communicate(canonical(to_plain(request)).encode())
        answer, complaint = await asyncio.wait_for(talk, DEADLINE_SECONDS)
    except TimeoutError:
        _LOG.warning("the simulation of five preferences took more than %.0f s and was stopped", DEADLINE_SECONDS)
        return None
    finally:
        if worker.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            await worker.wait()
    if worker.returncode != 0:
        _LOG.warning("the simulation of five preferences failed: %s", complaint.decode(errors="replace")[-500:])
        return None
    days = sum(sample.interval_seconds for sample in request.demand) / 86400
    return [_stop(figures, days) for figures in from_plain(StopsAnswer, json.loads(answer)).stops]


def simulate_here(request: StopsRequest) -> StopsAnswer:
    """The worker's part: the policy as in production over the past, once a preference."""
    grids = _grids(request.demand)
    asks: dict[int, Ask] = {}

    def ask_at(now: datetime) -> Ask | None:
        hour = int(now.timestamp()) // ASK_EVERY_SECONDS
        if hour not in asks:
            seen = tuple(grid.until(now) for grid in grids)
            asks[hour] = make_ask(seen, now, revision=hour, valid_seconds=ASK_EVERY_SECONDS)
        return asks[hour]

    found: list[StopFigures] = []
    for preference in PREFERENCES:
        scenario = Scenario(
            demand=request.demand,
            capacity=request.capacity,
            floor=request.floor,
            initial=request.initial,
            profile=replace(request.profile, revision=1, preference_ratio=preference),
            prices=request.prices,
            ask_at=ask_at,
        )
        figures = simulate(scenario).figures
        found.append(StopFigures(preference, figures.cost_usd, figures.throttled_seconds, figures.oom_count))
    return StopsAnswer(tuple(found))


def _grids(demand: tuple[Sample, ...]) -> tuple[Grid, ...]:
    if not demand:
        return ()
    step = demand[0].interval_seconds
    start, last = demand[0].start, demand[-1]
    end = datetime.fromtimestamp(last.start.timestamp() + step, last.start.tzinfo)
    return tuple(grid_of(demand, resource, step, start, end) for resource in FORECAST)


def _stop(figures: StopFigures, days: float) -> Stop:
    cost = figures.cost_usd / days * MONTH_DAYS
    short = figures.throttled_seconds / 60 / (days * 86400 / WEEK_SECONDS)
    kills = figures.oom_count
    killed = "no memory kill" if kills == 0 else "1 memory kill" if kills == 1 else f"{kills} memory kills"
    minutes = f"{short:.0f} min" if short >= 0.95 else "under 1 min" if short > 0 else "0 min"
    return Stop(
        figures.preference_ratio,
        round(cost, 2),
        round(short, 2),
        kills,
        f"${cost:.0f} a month and {minutes} a week short of CPU; {killed}.",
    )


def main() -> int:
    """The worker: one request in, one answer out."""
    os.nice(NICENESS)
    request = from_plain(StopsRequest, json.load(sys.stdin))
    sys.stdout.write(canonical(to_plain(simulate_here(request))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
