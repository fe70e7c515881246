"""The instances of a simulated fleet: ordered, booting, ready, draining, failed, given back; and what they cost."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from foreload_core.scheduler.phases import COMING, PAID, moved_to
from foreload_core.types.instances import Instance, InstancePhase, InstanceType


class Machines:
    """A provider in memory. Instances of one type, numbered; numbers are never used again.

    Attributes:
        instances: those that are not released, by id.
        cost_usd: what was paid up to the last `advance`.
    """

    def __init__(self, instance_type: InstanceType, failures_per_instance_day: float = 0.0) -> None:
        self.type = instance_type
        self.instances: dict[str, Instance] = {}
        self.cost_usd = 0.0
        self._failures = failures_per_instance_day
        self._count = 0

    def provision(self, now: datetime, ready: bool = False) -> str:
        """Orders one. `ready`: it is there at once, as at the beginning of a simulation."""
        self._count += 1
        name = f"pool-{self._count}"
        phase = InstancePhase.READY if ready else InstancePhase.REQUESTED
        self.instances[name] = Instance(name, self.type.name, self.type.capacity, phase, now)
        return name

    def drain(self, name: str, now: datetime) -> None:
        """Nothing more is placed on it."""
        self._move(name, InstancePhase.DRAINING, now)

    def keep(self, name: str, now: datetime) -> None:
        """A drain is taken back."""
        self._move(name, InstancePhase.READY, now)

    def release(self, name: str, now: datetime) -> None:
        """Gives one back."""
        self._move(name, InstancePhase.RELEASED, now)
        del self.instances[name]

    def advance(self, now: datetime, seconds: float) -> list[str]:
        """Time passes: what has booted is ready, and what fails in it is gone.

        Returns:
            Instances that failed.
        """
        paid = sum(each.phase in PAID for each in self.instances.values())
        self.cost_usd += paid * self.type.usd_per_hour * seconds / 3600
        for each in list(self.instances.values()):
            if each.phase in COMING and now - each.since >= timedelta(seconds=self.type.boot_seconds):
                self._move(each.instance_id, InstancePhase.READY, now)
        if not self._failures:
            return []
        failed = [
            name
            for name, each in self.instances.items()
            if each.phase not in COMING and self._fails(name, now, seconds)
        ]
        for name in failed:
            self._move(name, InstancePhase.FAILED, now)
            self.release(name, now)
        return failed

    def named(self, *phases: InstancePhase) -> list[str]:
        """The instances in one of these phases, in the order in which they were ordered."""
        return [name for name, each in self.instances.items() if each.phase in phases]

    def coming(self) -> list[str]:
        """The instances that are on their way."""
        return self.named(*COMING)

    def _fails(self, name: str, now: datetime, seconds: float) -> bool:
        """By chance, and always the same one: it hangs on the name and the time only."""
        draw = zlib.crc32(f"{name}@{now.isoformat()}".encode()) / 2**32
        return draw < self._failures * seconds / 86_400

    def _move(self, name: str, phase: InstancePhase, now: datetime) -> None:
        self.instances[name] = moved_to(self.instances[name], phase, now)


def emptiest(names: Sequence[str], counts: dict[str, int]) -> list[str]:
    """The instances by the number of environments on them, the emptiest first, the newest first among equals."""
    return sorted(names, key=lambda name: (counts.get(name, 0), -int(name.rpartition("-")[2])))
