"""What a fleet costs without Foreload: one size for ever, or what the Vertical Pod Autoscaler would recommend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from foreload_core.scheduler.packing import Bin, Item, Packing, first_fit_decreasing
from foreload_core.types import Amounts
from foreload_core.types.instances import InstanceType

from foreload_broker.platforms.simulated.demand import FleetDemand, Floats

VPA_CPU_LEVEL, VPA_MARGIN, VPA_HALF_LIFE_DAYS, VPA_MEMORY_DAYS = 0.9, 1.15, 1.0, 8
"""The recommender's defaults: the 90th percentile with a margin, memory by the peaks of eight days."""


@dataclass(frozen=True, slots=True)
class RivalFigures:
    """How a rival did over the measured time.

    Attributes:
        instance_cost_usd: the instances that its sizes need, always on.
        violation_ratio: part of the environments' time in which one of the sizes was too small.
        instance_count: mean number of instances.
    """

    name: str
    instance_cost_usd: float
    violation_ratio: float
    instance_count: float


def static_figures(demand: FleetDemand, instance: InstanceType, first_step: int, level: float = 0.95) -> RivalFigures:
    """Each environment has the quantile `level` of its own demand for ever; nobody could know it beforehand."""
    cpu, memory = demand.cpu_cores[:, first_step:], demand.memory_bytes[:, first_step:]
    sizes = np.quantile(cpu, level, axis=1), np.quantile(memory, level, axis=1)
    count = instances_for(sizes[0], sizes[1], instance)
    hours = cpu.shape[1] * demand.step_seconds / 3600
    violations = _violations(cpu, memory, sizes[0][:, None], sizes[1][:, None])
    return RivalFigures(f"static P{level * 100:.0f}", count * hours * instance.usd_per_hour, violations, float(count))


def vpa_figures(demand: FleetDemand, instance: InstanceType, first_step: int) -> RivalFigures:
    """Once a day each environment gets what its past recommends, and the fleet is packed anew at no cost."""
    day = round(86_400 / demand.step_seconds)
    cost = violated = steps = 0.0
    counts: list[int] = []
    for begin in range(first_step, demand.step_count, day):
        end = min(begin + day, demand.step_count)
        sizes = _recommended(demand, begin, day)
        count = instances_for(sizes[0], sizes[1], instance)
        counts.append(count)
        cost += count * (end - begin) * demand.step_seconds / 3600 * instance.usd_per_hour
        cpu, memory = demand.cpu_cores[:, begin:end], demand.memory_bytes[:, begin:end]
        violated += _violations(cpu, memory, sizes[0][:, None], sizes[1][:, None]) * (end - begin)
        steps += end - begin
    return RivalFigures("VPA-style", cost, violated / max(steps, 1.0), float(np.mean(counts)))


def instances_for(cpu_cores: Floats, memory_bytes: Floats, instance: InstanceType) -> int:
    """Instances that hold environments of these sizes; one larger than an instance takes a whole one."""
    capacity = instance.capacity
    most_cpu, most_memory = capacity.cpu_cores or np.inf, capacity.memory_bytes or np.inf
    items = tuple(
        Item(f"{row:05d}", Amounts(min(float(cpu), most_cpu), int(min(float(memory), most_memory))))
        for row, (cpu, memory) in enumerate(zip(cpu_cores, memory_bytes, strict=True))
    )
    bins = tuple(Bin(f"{number:05d}", capacity, usd_per_hour=1.0) for number in range(len(items)))
    return len(set(first_fit_decreasing(Packing(items, bins)).placed.values()))


def _recommended(demand: FleetDemand, now: int, day: int) -> tuple[Floats, Floats]:
    first = max(0, now - VPA_MEMORY_DAYS * day)
    cpu, memory = demand.cpu_cores[:, first:now], demand.memory_bytes[:, first:now]
    age_days = (now - np.arange(first, now)) / day
    weights = 0.5 ** (age_days / VPA_HALF_LIFE_DAYS)
    order = np.argsort(cpu, axis=1)
    cumulated = np.cumsum(weights[order], axis=1)
    place = (cumulated < VPA_CPU_LEVEL * cumulated[:, -1:]).sum(axis=1)
    rows = np.arange(len(cpu))
    sized = cpu[rows, order[rows, np.minimum(place, cpu.shape[1] - 1)]]
    peaks = np.stack([memory[:, place : place + day].max(axis=1) for place in range(0, memory.shape[1], day)])
    return sized * VPA_MARGIN, np.quantile(peaks, VPA_CPU_LEVEL, axis=0).astype(np.float32) * VPA_MARGIN


def _violations(cpu: Floats, memory: Floats, cpu_size: Floats, memory_size: Floats) -> float:
    return float(((cpu > cpu_size * (1 + 1e-6)) | (memory > memory_size * (1 + 1e-6))).mean())
