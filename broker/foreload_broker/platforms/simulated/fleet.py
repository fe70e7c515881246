"""A fleet in one process: environments wake and rest, instances boot and fail, and the product's own code decides.

The limits come from `decide`, the places from `scheduler.packing`, the number of instances from `scheduler.pool`: what
decides here is what decides in production. Only the machines and the use are simulated. What an environment would use
is held back by its limit, as in a cgroup, and the decision sees only what was let through.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from foreload_core.decide import DEFAULT_POLICY, EMPTY_STATE, State, decide
from foreload_core.policy import demand as demand_steps
from foreload_core.policy.situation import MEMORY_LOWER_FACTOR
from foreload_core.scheduler.packing import Bin, Item, Packing, first_fit_decreasing
from foreload_core.scheduler.pool import Spread, plan_pool
from foreload_core.scheduler.work_hours import WorkHours, slot_of
from foreload_core.types import Amounts, Placement, Resource, Sample, Signal, Tick
from foreload_core.types.instances import InstancePhase

from foreload_broker.platforms.simulated.demand import Bools, FleetDemand, Floats
from foreload_broker.platforms.simulated.figures import CPU, MEMORY, FleetFigures, FleetSettings, Tally
from foreload_broker.platforms.simulated.machines import Machines, emptiest
from foreload_broker.platforms.simulated.runs import RunEvent, RunMemory, events_by_step

CHANGEABLE = frozenset({Resource.CPU, Resource.MEMORY})
FLOOR = Amounts(cpu_cores=0.25, memory_bytes=512 * 2**20)
LOOK_SECONDS = 300.0
"""Between two looks at the number of instances."""
REPORT_STEPS = 5
"""A use that needs no more than there is is reported only so often, since all that it can do is to lower a limit."""
WITHOUT_DENSITY = replace(
    DEFAULT_POLICY, needs=tuple(step for step in DEFAULT_POLICY.needs if step is not demand_steps.density)
)
"""The policy of the live broker but for the density of the next minutes, which wants every sample of each minute: what
is planned here are instances, by runs, live use and work hours."""
DECIDED_BEFORE_SECONDS = 4 * 86_400.0
"""Before the measured time the fleet is run for so long; what comes earlier is only watched."""
LEARN_HOURS = 12.0
"""An hour at work so long ago counts 1/e of this one for what an environment is expected to hold."""
FIRST_CORES, FIRST_BYTES = 1.0, 3 * 2**30
LOWER_AFTER_LOOKS = 3
MOST_OF_EXPECTED = 1.5
FIRST_MEMORY_DEVIATIONS = 2.5
"""What an environment begins with beyond its mean use of memory: too little kills at once."""
ENTRY_RATIO = 1 / 32
"""This part of an instance is kept for who comes: a limit that fell only when somebody came would come too late."""


class FleetSimulation:
    """One fleet on its way through its demand."""

    def __init__(self, demand: FleetDemand, settings: FleetSettings) -> None:
        self._demand = demand
        self._settings = settings
        count = demand.environment_count
        self._rows = {name: row for row, name in enumerate(demand.names)}
        self._machines = Machines(settings.instance_type, settings.failures_per_instance_day)
        for _ in range(settings.instance_count or max(1, settings.pool.least_count)):
            self._machines.provision(demand.start, ready=True)
        self._state: State = EMPTY_STATE
        self._where: list[str] = [""] * count
        self._placed: Bools = np.zeros(count, np.bool_)
        self._limit: Floats = np.zeros((count, 2), np.float32)
        self._reported_step = np.full(count, -(10**6))
        self._worked_step = np.full(count, -(10**6))
        self._changed_at: list[datetime] = [demand.start] * count
        self._expected: Floats = np.tile(np.array([FIRST_CORES, FIRST_BYTES], np.float32), (count, 1))
        self._square: Floats = 2 * self._expected**2
        self._use: Floats = self._expected.copy()
        self._use_square: Floats = self._square.copy()
        self._weight: Floats = np.zeros(count, np.float32)
        self._hours = WorkHours(count)
        self._placements: dict[str, Placement] = {}
        self._looks_below = 0
        self._shared = _part_of(settings.instance_type.capacity, 1 - ENTRY_RATIO)
        self._events = events_by_step(demand.runs, demand.step_count)
        self._runs = [RunMemory() for _ in demand.names]
        self._busy: set[int] = set()
        self._used: Floats = np.zeros((count, 2), np.float32)
        self._tally = Tally(demand, settings)
        self._first_decided = max(0, self._tally.first_step - round(DECIDED_BEFORE_SECONDS / demand.step_seconds))

    def run(self, progress: Callable[[float], None] = lambda _part: None) -> FleetFigures:
        """Runs to the end of the demand.

        Args:
            progress: told now and then which part is done.
        """
        demand = self._demand
        look_steps = max(1, round(LOOK_SECONDS / demand.step_seconds))
        for step in range(demand.step_count):
            if step >= self._first_decided:
                self._step(step)
            else:
                self._watch(step)
            if step % look_steps == 0:
                self._look(demand.moment(step))
            if step % 1000 == 0:
                progress(step / demand.step_count)
        return self._tally.figures()

    def _watch(self, step: int) -> None:
        """A step of the time before: everything is seen and nothing decided, as in shadow mode."""
        demand, policy = self._demand, self._settings.policy
        self._worked_step[demand.at_work[:, step]] = step
        self._placed = step - self._worked_step <= self._settings.rest_after_seconds / demand.step_seconds
        for kind, amounts, margin, seconds in (
            (CPU, demand.cpu_cores, policy.cpu_margin_ratio, policy.lower_after_seconds),
            (MEMORY, demand.memory_bytes, policy.memory_margin_ratio, policy.lower_after_seconds * MEMORY_LOWER_FACTOR),
        ):
            # What a limit would be: what is used with its margin, held for a while.
            fading = np.float32(0.5 ** (demand.step_seconds / seconds))
            self._used[:, kind] = amounts[:, step]
            self._limit[:, kind] = np.maximum(self._used[:, kind] * (1 + margin), self._limit[:, kind] * fading)
        now, end = demand.moment(step), demand.moment(step + 1)
        self._signals(step, now, starts=True)
        for row in self._busy:
            self._runs[row].observe((float(self._used[row, CPU]), float(self._used[row, MEMORY])))
        self._signals(step, end, starts=False)
        self._learn()
        if step + 1 >= self._first_decided:
            self._placed[:] = False
            self._limit[:] = 0.0
            for memory in self._runs:
                memory.forget_going()
            self._busy.clear()

    def _step(self, step: int) -> None:
        demand, settings = self._demand, self._settings
        now = demand.moment(step)
        cost_before = self._machines.cost_usd
        failed = self._machines.advance(now, demand.step_seconds)
        for name in failed:
            for row in [row for row, where in enumerate(self._where) if where == name]:
                self._leave(row)
        self._worked_step[demand.at_work[:, step]] = step
        rest_steps = settings.rest_after_seconds / demand.step_seconds
        wanted = step - self._worked_step <= rest_steps
        for row in np.flatnonzero(self._placed & ~wanted):
            self._leave(int(row))
        # Only work wakes: what merely has not rested yet is not placed anew after a failure.
        waking = np.flatnonzero(demand.at_work[:, step] & ~self._placed)
        if len(waking):
            self._place(waking, now)
        self._hear_late(step, now)
        self._tally.count(step, self._machines, self._placed, self._limit, self._machines.cost_usd - cost_before)
        self._tally.failure_count += len(failed) if self._tally.measures(step) else 0
        end = now + timedelta(seconds=demand.step_seconds)
        samples = self._samples(step, end)
        # A run that starts within the next step is known before it needs anything.
        signals = self._signals(step, end, starts=False)
        for name, more in self._signals(step + 1, end, starts=True).items():
            signals[name] = (*signals.get(name, ()), *more)
        self._tick(end, samples, signals, counts=self._tally.measures(step))
        self._learn()

    def _hear_late(self, step: int, now: datetime) -> None:
        """Runs in environments that have only now been placed."""
        signals = self._signals(step, now, starts=True)
        if signals:
            self._tick(now, {}, signals, counts=self._tally.measures(step))

    def _signals(self, step: int, now: datetime, *, starts: bool) -> dict[str, tuple[Signal, ...]]:
        signals: dict[str, tuple[Signal, ...]] = {}
        for row, event in self._events.get(step, ()):
            memory = self._runs[row]
            if event.starts is not starts or not self._placed[row] or (starts and memory.knows(event.run_id)):
                continue
            signal = self._signal(row, event, now)
            if signal is not None:
                name = self._demand.names[row]
                signals[name] = (*signals.get(name, ()), signal)
            (self._busy.add if memory.busy else self._busy.discard)(row)
        return signals

    def _signal(self, row: int, event: RunEvent, now: datetime) -> Signal | None:
        memory = self._runs[row]
        if event.starts:
            return memory.start(event, now, (float(self._used[row, CPU]), float(self._used[row, MEMORY])))
        return memory.end(event, now)

    def _samples(self, step: int, end: datetime) -> dict[str, tuple[Sample, ...]]:
        """What the agents report of a step: what has moved, what was short, and the others now and then."""
        demand = self._demand
        cpu, memory = demand.cpu_cores[:, step], demand.memory_bytes[:, step]
        short = self._placed & ((cpu > self._limit[:, CPU]) | (memory > self._limit[:, MEMORY]))
        used = np.minimum(cpu, self._limit[:, CPU])
        self._used[:, CPU], self._used[:, MEMORY] = used, np.minimum(memory, self._limit[:, MEMORY])
        settings = self._settings.policy
        rising = used * (1 + settings.cpu_margin_ratio) > self._limit[:, CPU]
        margin = np.maximum(memory * settings.memory_margin_ratio, settings.memory_margin_bytes)
        rising |= memory + margin > self._limit[:, MEMORY]
        report = self._placed & (short | rising | (step - self._reported_step >= REPORT_STEPS))
        samples: dict[str, tuple[Sample, ...]] = {}
        start = end - timedelta(seconds=demand.step_seconds)
        for row in np.flatnonzero(report):
            limit = Amounts(float(self._limit[row, CPU]), int(self._limit[row, MEMORY]))
            wanted, kept = float(cpu[row]), float(used[row])
            throttled = demand.step_seconds * (1 - kept / wanted) if wanted > kept else 0.0
            killed = int(memory[row] > self._limit[row, MEMORY])
            amounts = Amounts(kept, int(min(memory[row], self._limit[row, MEMORY])))
            samples[demand.names[row]] = (Sample(start, demand.step_seconds, amounts, limit, throttled, killed),)
        self._reported_step[report] = step
        for row in self._busy:
            self._runs[row].observe((float(used[row]), float(self._used[row, MEMORY])))
        return samples

    def _tick(
        self,
        now: datetime,
        samples: dict[str, tuple[Sample, ...]],
        signals: dict[str, tuple[Signal, ...]],
        *,
        counts: bool,
    ) -> None:
        tick = Tick(
            now=now,
            samples=samples,
            signals=signals,
            placements=self._placements,
            capacities=dict.fromkeys(self._machines.instances, self._shared),
            scaling_allowed=frozenset(self._placements),
            prices=self._settings.prices,
            settings=self._settings.policy,
            tenancy=self._settings.tenancy,
        )
        self._state, decision = decide(self._state, tick, WITHOUT_DENSITY)
        for entry in decision.environments:
            row = self._rows[entry.environment_id]
            for resource, amount in entry.target.items():
                self._limit[row, CPU if resource is Resource.CPU else MEMORY] = amount
            self._keep_placement(row)
        if counts:
            self._tally.decision_count += len(decision.environments)
            self._tally.deferred_count += len(decision.deferred)

    def _place(self, waking: np.ndarray, now: datetime) -> None:
        """The important first, each onto the fullest instance with room for what it is expected to hold."""
        ready = self._machines.named(InstancePhase.READY)
        if not ready:
            return
        deviation, use_deviation = self._deviation(), _deviation(self._use, self._use_square)
        sums = {name: [0.0, 0.0, 0.0, 0.0, 0.0, 0.0] for name in self._machines.instances}
        for row in np.flatnonzero(self._placed):
            total = sums[self._where[row]]
            for kind in (CPU, MEMORY):
                total[kind] += float(self._expected[row, kind])
                total[2 + kind] += float(deviation[row, kind]) ** 2
                total[4 + kind] += float(self._limit[row, kind])
        capacity = self._settings.instance_type.capacity
        bins = tuple(
            Bin(
                name,
                capacity,
                Amounts(total[0], int(total[1])),
                Amounts(total[2] ** 0.5, int(total[3] ** 0.5)),
            )
            for name, total in sums.items()
            if name in ready
        )
        items = tuple(
            Item(
                self._demand.names[row],
                Amounts(float(self._expected[row, CPU]), int(self._expected[row, MEMORY])),
                Amounts(float(deviation[row, CPU]), int(deviation[row, MEMORY])),
                self._settings.tenancy.tenant(self._demand.names[row]).priority,
            )
            for row in waking
        )
        placed = first_fit_decreasing(Packing(items, bins)).placed
        for name, where in placed.items():
            row, total = self._rows[name], sums[where]
            most = (capacity.cpu_cores or 0.0, float(capacity.memory_bytes or 0))
            least = (FLOOR.cpu_cores or 0.0, float(FLOOR.memory_bytes or 0))
            room = [most[kind] - total[4 + kind] for kind in (CPU, MEMORY)]
            if any(room[kind] < least[kind] for kind in (CPU, MEMORY)):
                continue  # there is room for what it will use, and none in today's limits: it waits for one to fall
            for kind, deviations in ((CPU, 1.0), (MEMORY, FIRST_MEMORY_DEVIATIONS)):
                first = float(self._use[row, kind] + deviations * use_deviation[row, kind])
                self._limit[row, kind] = min(room[kind], max(least[kind], first))
                total[4 + kind] += float(self._limit[row, kind])
            self._where[row], self._placed[row] = where, True
            self._reported_step[row] = -(10**6)
            self._keep_placement(row)

    def _leave(self, row: int) -> None:
        name = self._demand.names[row]
        self._where[row], self._placed[row], self._limit[row] = "", False, 0.0
        self._runs[row].forget_going()
        self._busy.discard(row)
        self._placements = {known: entry for known, entry in self._placements.items() if known != name}
        self._state = State({known: entry for known, entry in self._state.environments.items() if known != name})

    def _keep_placement(self, row: int) -> None:
        limit = Amounts(float(self._limit[row, CPU]), int(self._limit[row, MEMORY]))
        self._placements[self._demand.names[row]] = Placement(self._where[row], FLOOR, CHANGEABLE, limit)

    def _deviation(self) -> Floats:
        return _deviation(self._expected, self._square)

    def _learn(self) -> None:
        """What each environment holds while it is awake: mean and mean square, the newest counting most."""
        placed = self._placed
        part = self._demand.step_seconds / 3600 / LEARN_HOURS
        self._weight[placed] = np.minimum(self._weight[placed] + part, 1.0)
        rate = np.maximum(part, part / np.maximum(self._weight[placed], part))[:, None] if placed.any() else 0.0
        limits = self._limit[placed]
        self._expected[placed] += rate * (limits - self._expected[placed])
        self._square[placed] += rate * (limits**2 - self._square[placed])
        used = self._used[placed]
        self._use[placed] += rate * (used - self._use[placed])
        self._use_square[placed] += rate * (used**2 - self._use_square[placed])

    def _look(self, now: datetime) -> None:
        """Orders instances that will be needed, and drains those that will not."""
        settings, machines = self._settings, self._machines
        awake = self._placed | (self._worked_step >= 0) & self._at_work_now(now)
        loads = self._expected[:, CPU] / max(settings.instance_type.capacity.cpu_cores or 1.0, 1e-9)
        expected_now = float(self._hours.chances(slot_of(now)).astype(np.float64) @ loads)
        self._hours.observe(now, awake, loads.astype(np.float32))
        counts: dict[str, int] = {}
        for where in self._where:
            counts[where] = counts.get(where, 0) + 1
        for name in machines.named(InstancePhase.DRAINING):
            if not counts.get(name):
                machines.release(name, now)
        if (now - self._demand.start).total_seconds() < self._first_decided * self._demand.step_seconds:
            return
        if settings.instance_count is not None:
            for _ in range(settings.instance_count - len(machines.instances)):
                machines.provision(now)
            return
        # A day on which more work than usual has begun is expected to go on like that.
        factor = min(MOST_OF_EXPECTED, max(1.0, float(awake @ loads) / max(expected_now, 1e-9)))
        wanted = self._wanted_count(now, factor)
        waiting = int((self._at_work_now(now) & ~self._placed).sum())
        there = machines.named(InstancePhase.READY)
        coming = machines.coming()
        if waiting and not coming:
            wanted = max(wanted, len(there) + 1)
        missing = wanted - len(there) - len(coming)
        draining = emptiest(machines.named(InstancePhase.DRAINING), counts)
        for name in reversed(draining[-missing:] if missing > 0 else []):
            machines.keep(name, now)
            missing -= 1
        for _ in range(missing):
            machines.provision(now)
        self._looks_below = self._looks_below + 1 if missing < 0 else 0
        if self._looks_below >= LOWER_AFTER_LOOKS:
            for name in emptiest(there, counts)[:-missing]:
                machines.drain(name, now)
                if not counts.get(name):
                    machines.release(name, now)

    def _wanted_count(self, now: datetime, factor: float) -> int:
        settings = self._settings
        lead_seconds = settings.instance_type.boot_seconds + 2 * LOOK_SECONDS
        awake = self._placed if self._placed.any() else np.ones(len(self._placed), np.bool_)
        deviation = self._deviation()
        sums: list[dict[Resource, Spread]] = []
        typical: dict[Resource, Spread] = {}
        for kind, resource in ((CPU, Resource.CPU), (MEMORY, Resource.MEMORY)):
            ahead = self._hours.ahead(now, lead_seconds, self._expected[:, kind])
            sums = sums or [{} for _ in ahead]
            for step, spread in zip(sums, ahead, strict=True):
                step[resource] = Spread(spread.mean * factor, spread.deviation * factor)
            mean, root = float(self._expected[awake, kind].mean()), float((deviation[awake, kind] ** 2).mean()) ** 0.5
            typical[resource] = Spread(mean, root)
        return plan_pool(settings.pool, settings.instance_type, sums, typical).count

    def _at_work_now(self, now: datetime) -> Bools:
        step = round((now - self._demand.start).total_seconds() / self._demand.step_seconds)
        return self._demand.at_work[:, min(step, self._demand.step_count - 1)]


def _deviation(mean: Floats, square: Floats) -> Floats:
    return np.sqrt(np.maximum(square - mean**2, 0.0))


def _part_of(amounts: Amounts, part: float) -> Amounts:
    for resource, amount in amounts.items():
        amounts = amounts.with_amount(resource, amount * part)
    return amounts
