"""Everything that a decision sees. Time, measurements, prices and settings enter here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from foreload_core.types.decisions import ActuationResult
from foreload_core.types.forecasts import Ask, Prior
from foreload_core.types.profiles import ProfileNumbers
from foreload_core.types.resources import NO_AMOUNTS, Amounts, Resource
from foreload_core.types.samples import Sample
from foreload_core.types.signals import Signal
from foreload_core.types.tenancy import NO_TENANCY, Tenancy


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asked for since the last tick: a pin, an undo, a decline, a pause. `None` fields say nothing.

    Attributes:
        environment_id: whose.
        at: when, UTC.
        pinned: replaces all pins (absent amounts are unpinned); None leaves them.
        undo_decision_id: this decision's changes are taken back and held off for an hour.
        decline_reference: the signal, window or decision that is not acted on this time.
        paused_until: no change by ourselves before this; a time in the past resumes.
    """

    environment_id: str
    at: datetime
    pinned: Amounts | None = None
    undo_decision_id: str = ""
    decline_reference: str = ""
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an environment runs and what its platform can do.

    Attributes:
        instance_id: the instance.
        floor: what keeps the editor and daemon in it responsive; a target never goes below.
        changeable: resources whose limit can be changed while it runs.
        limit: the limits that hold, as last reported by the agent.
        connected: the agent is there.
    """

    instance_id: str
    floor: Amounts = NO_AMOUNTS
    changeable: frozenset[Resource] = frozenset()
    limit: Amounts = NO_AMOUNTS
    connected: bool = True


@dataclass(frozen=True, slots=True)
class Prices:
    """USD per hour of one unit of each resource (core, GiB, GPU, MB/s)."""

    cpu_core_usd_per_hour: float = 0.04
    memory_gib_usd_per_hour: float = 0.005
    gpu_usd_per_hour: float = 0.9
    network_megabyte_per_second_usd_per_hour: float = 0.0


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """What the operator sets. Ratios are of the amount they follow; each range is checked where settings are read.

    Attributes:
        cpu_margin_ratio: head room over live CPU use.
        memory_margin_ratio, memory_margin_bytes: memory is never lowered below use plus the larger of the two.
        lower_after_seconds: a limit goes down only to the highest need of this long.
        dead_band_ratio: a lowering smaller than this part of the limit is not worth a resize.
        cpu_step_cores, memory_step_bytes: targets are rounded up to these.
        window_lead_seconds: a window's demand is ready this long before it begins.
    """

    cpu_margin_ratio: float = 0.25
    memory_margin_ratio: float = 0.2
    memory_margin_bytes: int = 256 * 1024 * 1024
    lower_after_seconds: float = 60.0
    dead_band_ratio: float = 0.1
    cpu_step_cores: float = 0.1
    memory_step_bytes: int = 64 * 1024 * 1024
    window_lead_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Tick:
    """One look at the world. Mappings are keyed by environment id (capacities: by instance id).

    Only what changed since the last tick is in `samples`, `asks`, `signals`, `profiles`, `priors`, `wishes` and
    `actuations`;
    `placements`, `capacities`, `prices`, `settings` and `tenancy` are whole.

    Attributes:
        now: UTC.
        samples: the agent's samples, oldest first.
        signals: oldest first.
        scaling_allowed: environments whose developer allows automatic scaling, or where no one may be asked
            (no daemon enrolled and the operator decides).
    """

    now: datetime
    samples: Mapping[str, tuple[Sample, ...]] = field(default_factory=dict[str, tuple[Sample, ...]])
    asks: Mapping[str, Ask] = field(default_factory=dict[str, Ask])
    signals: Mapping[str, tuple[Signal, ...]] = field(default_factory=dict[str, tuple[Signal, ...]])
    profiles: Mapping[str, ProfileNumbers] = field(default_factory=dict[str, ProfileNumbers])
    priors: Mapping[str, Prior] = field(default_factory=dict[str, Prior])
    wishes: tuple[Wish, ...] = ()
    actuations: tuple[ActuationResult, ...] = ()
    placements: Mapping[str, Placement] = field(default_factory=dict[str, Placement])
    capacities: Mapping[str, Amounts] = field(default_factory=dict[str, Amounts])
    scaling_allowed: frozenset[str] = frozenset()
    prices: Prices = Prices()
    settings: PolicySettings = PolicySettings()
    tenancy: Tenancy = NO_TENANCY
