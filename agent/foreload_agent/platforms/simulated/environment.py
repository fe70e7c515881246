"""The simulated environment and its two sides. The same times give the same samples, in every process."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from foreload_core.types import NO_AMOUNTS, Actuation, Amounts, Resource, Sample
from foreload_core.units import GIB, MIB

from foreload_agent.ports import Capability, Outcome

IDLE = Amounts(cpu_cores=0.1, memory_bytes=600 * MIB)
BUSY = Amounts(cpu_cores=2.0, memory_bytes=2 * GIB)


@dataclass(frozen=True, slots=True)
class SimulatedDemand:
    """What the environment would use without limits: idle, and once a period a run.

    Attributes:
        period_seconds: time between the starts of two runs.
        busy_ratio: part of the period in which a run computes.
        idle, busy: the demand outside and inside of a run.
        offset_seconds: shifts the runs, so that many environments do not move in step.
    """

    period_seconds: float = 120.0
    busy_ratio: float = 0.25
    idle: Amounts = IDLE
    busy: Amounts = BUSY
    offset_seconds: float = 0.0

    def at(self, monotonic: float) -> Amounts:
        """The demand at one moment of a clock that never goes back."""
        phase = math.fmod(monotonic + self.offset_seconds, self.period_seconds) / self.period_seconds
        return self.busy if phase < self.busy_ratio else self.idle


@dataclass(slots=True)
class SimulatedEnvironment:
    """One environment: its demand and the limits that hold."""

    demand: SimulatedDemand
    limit: Amounts = NO_AMOUNTS
    used_bytes: int = 0
    last_monotonic: float | None = field(default=None, repr=False)

    @classmethod
    def named(cls, environment_id: str) -> SimulatedEnvironment:
        """An environment whose runs are shifted by its name."""
        return cls(SimulatedDemand(offset_seconds=float(zlib.crc32(environment_id.encode()) % 120)))


class SimulatedCollector:
    """Measures the simulated environment."""

    def __init__(self, environment: SimulatedEnvironment) -> None:
        self._environment = environment

    def measure(self, now: datetime, monotonic: float) -> Sample:
        """See `Collector`. A demand above the limit is throttled (CPU), or killed and begun anew (memory)."""
        simulated = self._environment
        before, simulated.last_monotonic = simulated.last_monotonic, monotonic
        interval = 0.0 if before is None else max(0.0, monotonic - before)
        demand, limit = simulated.demand.at(monotonic), simulated.limit
        cores, most = demand.cpu_cores or 0.0, limit.cpu_cores
        throttled = 0.0 if most is None or cores <= most else interval * (1 - most / cores)
        memory_bytes, kills = demand.memory_bytes or 0, 0
        if limit.memory_bytes is not None and memory_bytes > limit.memory_bytes:
            memory_bytes, kills = min(simulated.demand.idle.memory_bytes or 0, limit.memory_bytes), 1
        simulated.used_bytes = memory_bytes
        used = Amounts(
            cpu_cores=None if interval == 0.0 else min(cores, most if most is not None else cores),
            memory_bytes=memory_bytes,
        )
        start = now - timedelta(seconds=interval)
        return Sample(start, interval, used, limit, throttled, kills if interval else 0)


class SimulatedActuator:
    """Sets the simulated environment's limits; refuses memory below use, as the kernel does."""

    def __init__(self, environment: SimulatedEnvironment) -> None:
        self._environment = environment
        self._created = False

    def create(self, initial: Amounts) -> bool:
        """See `Actuator`."""
        if self._created:
            return False
        self._created = True
        self._environment.limit = Amounts(initial.cpu_cores, initial.memory_bytes)
        return True

    def capabilities(self) -> tuple[Capability, ...]:
        """CPU and memory."""
        changeable = (Resource.CPU, Resource.MEMORY)
        return tuple(Capability(resource, resource in changeable, "simulated") for resource in Resource)

    def limit(self) -> Amounts:
        """See `Actuator`."""
        return self._environment.limit

    def apply(self, target: Amounts, superseded: Callable[[], bool]) -> tuple[Outcome, ...]:
        """See `Actuator`."""
        return tuple(self._set(resource, amount) for resource, amount in target.items())

    def remove(self, kill: bool) -> None:
        """See `Actuator`."""
        self._created = False
        self._environment.limit = NO_AMOUNTS

    def _set(self, resource: Resource, amount: float) -> Outcome:
        held = self._environment.limit.get(resource)
        if resource not in (Resource.CPU, Resource.MEMORY):
            return Outcome(resource, Actuation.REFUSED, held, f"a simulated environment has no limit of {resource}")
        if held == amount:
            return Outcome(resource, Actuation.NO_CHANGE, held)
        used = self._environment.used_bytes
        if resource is Resource.MEMORY and amount < used:
            return Outcome(resource, Actuation.REFUSED, held, f"{used} bytes are used; a limit below is refused")
        self._environment.limit = self._environment.limit.with_amount(resource, amount)
        return Outcome(resource, Actuation.APPLIED, self._environment.limit.get(resource))
