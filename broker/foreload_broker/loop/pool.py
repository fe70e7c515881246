"""Keeps instances ready ahead of the peaks: looks at the fleet, orders instances, and gives back what nobody needs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from foreload_core.scheduler.accounts import Account, total_of
from foreload_core.scheduler.phases import PAID
from foreload_core.scheduler.pool import PoolPlan, PoolSettings, Spread, plan_pool
from foreload_core.scheduler.pool_steps import EMPTY_POOL, Pool, PoolLook, step_pool
from foreload_core.types import NO_AMOUNTS, Amounts, Resource
from foreload_core.types.instances import InstanceType

from foreload_broker.loop.measures import Measures
from foreload_broker.loop.runner import Loop
from foreload_broker.loop.writer import Writer
from foreload_broker.ports import Provider, Unavailable
from foreload_broker.store.observations import AGENT, read_means

if TYPE_CHECKING:
    from foreload_core.scheduler.work_hours import WorkHours

_LOG = structlog.get_logger(__name__)
PAST_DAYS = 14
IDLE_CORES = 0.1
"""An environment that uses less is not at work: an editor that is open alone uses less."""
IDLE_RATIO = 0.1
"""... where its limit is small, less than this part of it."""
RESOURCES = (Resource.CPU, Resource.MEMORY)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the writer knows of one environment.

    Attributes:
        held: its target, else its limit.
        used: of its newest sample; None without a fresh one.
        account: what it cost in this month.
    """

    instance_id: str
    held: Amounts
    used: Amounts | None
    account: Account


class PoolKeeper:
    """One per broker with a provider, on the event loop.

    Attributes:
        pool: what is known of the instances.
        plan: why there should be so many; None before the first look.
        instance_type, provider_name: what is ordered, and where.
        trouble: why the provider could not do what it was asked; empty when all is well.
    """

    def __init__(
        self,
        loop: Loop,
        provider: Provider,
        instance_type: InstanceType,
        settings: PoolSettings,
        busy: Callable[[], Mapping[str, int]],
    ) -> None:
        """Prepares it.

        Args:
            loop: of the broker.
            provider: gives and takes instances.
            instance_type: what is ordered.
            settings: bounds and costs.
            busy: instance -> number of tasks on it.
        """
        self.pool: Pool = EMPTY_POOL
        self.plan: PoolPlan | None = None
        self.trouble = ""
        self._loop = loop
        self._provider = provider
        self.instance_type = instance_type
        self.provider_name = provider.name
        self._settings = settings
        self._busy = busy
        self._rows: dict[str, int] = {}
        self._loads: dict[Resource, list[float]] = {resource: [] for resource in RESOURCES}
        self._hours: WorkHours | None = None

    async def run(self, look_seconds: float) -> None:
        """Looks every so often until it is cancelled."""
        while True:
            try:
                await self.look()
            except Unavailable as trouble:
                if not self.trouble:
                    _LOG.warning("the pool is left as it is", reason=str(trouble))
                self.trouble = str(trouble)
            except Exception:  # noqa: BLE001 - a keeper that ended would leave people waiting; the trace is in the log
                _LOG.exception("look at the pool failed")
                self.trouble = "a look at the pool failed; the broker's log says more"
            await asyncio.sleep(look_seconds)

    async def look(self) -> None:
        """One look: plans, then orders and gives back.

        Raises:
            Unavailable: database or provider do not answer; what was not done is done with the next look.
        """
        now = self._loop.now()
        seen, connected = await self._loop.in_writer(_facts)
        provided = {each.instance_id: each.type_name for each in await self._provider.list()}
        await self._learn(seen, now)
        self.plan = self._planned(seen, now)
        occupied = dict(self._busy())
        for each in seen.values():
            occupied[each.instance_id] = occupied.get(each.instance_id, 0) + 1
        own = len([name for name in connected if name not in provided])
        spare = max(self._settings.least_count, self.plan.count - own)
        look = PoolLook(
            now=now,
            wanted_count=min(spare, self._settings.most_count),
            provided=provided,
            connected=connected,
            occupied=occupied,
            most_count=self._settings.most_count,
        )
        prefix = f"pool-{now:%Y%m%d%H%M%S}{now.microsecond // 1000:03d}"
        self.pool, step = step_pool(self.pool, look, self.instance_type, prefix)
        self._measure(self._loop.measures, seen)
        for name in step.provision:
            _LOG.info("instance ordered", instance_id=name, type=self.instance_type.name, wanted=self.plan.count)
            await self._provider.provision(name, self.instance_type)
        for name in step.release:
            _LOG.info("instance given back", instance_id=name)
            await self._provider.release(name)
        if self.trouble:
            _LOG.info("the provider answers again")
        self.trouble = ""

    def _planned(self, seen: Mapping[str, Seen], now: datetime) -> PoolPlan:
        """The number of instances of the pool's type that hold what all environments will need together."""
        import numpy as np

        hours = self._hours
        if hours is None or not self._rows:
            return PoolPlan(self._settings.least_count, 0.5, Resource.CPU, 0.0, 0.0, 0.0)
        lead_seconds = self.instance_type.boot_seconds + 2 * self._loop.settings.pool_look_seconds
        sums: list[dict[Resource, Spread]] = []
        typical: dict[Resource, Spread] = {}
        for resource in RESOURCES:
            loads = np.array(self._loads[resource], np.float32)
            ahead = hours.ahead(now, lead_seconds, loads)
            sums = sums or [{} for _ in ahead]
            # What is held now is needed now, whatever was expected.
            held = sum(each.held.get(resource) or 0.0 for each in seen.values() if _at_work(each))
            for step, spread in zip(sums, ahead, strict=True):
                step[resource] = Spread(max(spread.mean, held), spread.deviation)
            typical[resource] = Spread(float(loads.mean()), float(loads.std()))
        return plan_pool(self._settings, self.instance_type, sums, typical)

    async def _learn(self, seen: Mapping[str, Seen], now: datetime) -> None:
        """Takes in who is at work now; who is seen for the first time, with the past that is stored."""
        import numpy as np
        from foreload_core.scheduler.work_hours import SLOT_SECONDS, WorkHours

        if self._hours is None:
            self._hours = WorkHours()
        new = [name for name in sorted(seen) if name not in self._rows]
        for name in new:
            self._rows[name] = len(self._rows)
            for resource in RESOURCES:
                self._loads[resource].append(0.0)
        self._hours.grow(len(self._rows))
        if new:
            since = now - timedelta(days=PAST_DAYS)
            past = await self._loop.in_reader(lambda: self._past(new, since, now, SLOT_SECONDS))
            for moment in sorted(past):
                self._hours.observe_some(moment, {self._rows[name]: works for name, works in past[moment].items()})
        for name, each in seen.items():
            for resource in RESOURCES:
                held = each.held.get(resource)
                known = self._loads[resource][self._rows[name]]
                if held is not None and (_at_work(each) or not known):
                    self._loads[resource][self._rows[name]] = held if not known else known + 0.05 * (held - known)
        at_work = np.zeros(len(self._rows), np.bool_)
        for name, each in seen.items():
            at_work[self._rows[name]] = _at_work(each)
        self._hours.observe(now, at_work, np.array(self._loads[Resource.CPU], np.float32))

    def _past(
        self, names: list[str], since: datetime, until: datetime, step_seconds: float
    ) -> dict[datetime, dict[str, bool]]:
        found: dict[datetime, dict[str, bool]] = {}
        with self._loop.database.reading() as connection:
            for name in names:
                for sample in read_means(connection, name, AGENT, since, until, step_seconds):
                    cores = sample.used.cpu_cores
                    if cores is not None:
                        found.setdefault(sample.start, {})[name] = cores >= IDLE_CORES
        return found

    def _measure(self, measures: Measures, seen: Mapping[str, Seen]) -> None:
        phases = [each.phase for each in self.pool.instances.values()]
        for phase in measures.phases:
            measures.instances.labels(phase.value).set(phases.count(phase))
        measures.wanted_instances.set(0 if self.plan is None else self.plan.count)
        paid = sum(phase in PAID for phase in phases)
        measures.pool_usd_per_hour.set(paid * self.instance_type.usd_per_hour)
        whole = total_of(each.account for each in seen.values())
        measures.spent_usd.set(whole.spent_usd)
        measures.saved_usd.set(whole.saved_usd)


def _facts(writer: Writer, now: datetime) -> tuple[dict[str, Seen], frozenset[str]]:
    standing = writer.memory.standing
    seen: dict[str, Seen] = {}
    for name, placement in writer.fleet.placements.items():
        state = standing.environment(name)
        sample = writer.fleet.samples.get(name)
        fresh = sample is not None and (now - sample.start).total_seconds() < 10 * sample.interval_seconds + 60
        seen[name] = Seen(
            placement.instance_id,
            state.target.over(placement.limit),
            sample.used if sample is not None and fresh else None,
            Account(state.spent_usd, state.static_usd),
        )
    return seen, writer.fleet.instances_connected()


def _at_work(seen: Seen) -> bool:
    cores = (seen.used or NO_AMOUNTS).cpu_cores
    held = seen.held.cpu_cores
    if cores is None:
        return False
    return cores >= (IDLE_CORES if held is None else min(IDLE_CORES, IDLE_RATIO * held))
