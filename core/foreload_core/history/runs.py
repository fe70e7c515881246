"""What earlier runs needed, and what the next one is expected to need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from foreload_core.history.quantiles import weighted_quantile
from foreload_core.types import NO_AMOUNTS, Amounts, DemandEstimate, DemandSource, Resource, RunKind

TYPICAL_LEVEL, HIGH_LEVEL = 0.5, 0.9
RECENT_WEIGHT = 0.8
"""Each earlier run counts this much of the one after it: after ten runs a tenth is left, and code changes."""
FEW_RUNS_RATIO = 0.25
"""With n runs the high need has this / n on top: one run says little about the highest of ten."""
THROTTLED_RATIO, THROTTLED_FACTOR = 0.1, 1.5
"""A run that was throttled for more than this part of its time needed more than it got: so many times as much."""
MOST_RECORDS = 50
IDLE_CORES = 0.2
MEMORY_HIGH_RATIO = 1.5
UNKNOWN_SECONDS = (60.0, 1800.0)
THREADED_BASE_BYTES = 150 * 1024**2
BY_PROCESSES = 2.0  # of the feature `parallel_kind`
LONG_SECONDS = (8 * 3600.0, 24 * 3600.0)
_SHAPE = ("parallel_all_cores", "parallel_workers", "workers")
"""Features that change how many cores a run takes: a record whose features differ here says nothing about cores."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What one run used on top of what the environment used before it.

    Attributes:
        key: same for runs of the same thing; means nothing outside the environment.
        kind: what kind of thing ran.
        started_at: UTC.
        duration_seconds: from start to end.
        cores_peak, cores_mean: highest and mean use of CPU, in cores.
        memory_peak_bytes: highest use of memory.
        throttled_seconds: how long the limit held it back; then its use is less than its need.
        features: what was known of its code before it started.
    """

    key: str
    kind: RunKind
    started_at: datetime
    duration_seconds: float
    cores_peak: float
    cores_mean: float
    memory_peak_bytes: float
    throttled_seconds: float = 0.0
    features: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def was_throttled(self) -> bool:
        """True when its use is only a lower bound of its need."""
        return self.throttled_seconds > THROTTLED_RATIO * max(self.duration_seconds, 1e-9)


def estimate_demand(
    records_of_key: Sequence[RunRecord],
    records_of_kind: Sequence[RunRecord],
    features: Mapping[str, float],
    capacity: Amounts,
) -> DemandEstimate | None:
    """What the next run is expected to need: from runs of the same thing, else from its code, else from its kind.

    Args:
        records_of_key: earlier runs of the same thing, in any order.
        records_of_kind: earlier runs of its kind, in any order.
        features: what is known of its code; see `foreload_core.features`.
        capacity: what there is at most.

    Returns:
        None where nothing is known.
    """
    from_code = _from_code(features, capacity)
    alike = [record for record in records_of_key if _same_shape(record.features, features)]
    if alike:
        return _from_records(alike, from_code, capacity, DemandSource.HISTORY)
    if from_code is not None:
        if records_of_key:
            return _with_seen_memory(from_code, records_of_key, capacity)
        return from_code
    if records_of_kind:
        return _from_records(records_of_kind, None, capacity, DemandSource.KIND)
    return None


def _same_shape(before: Mapping[str, float], now: Mapping[str, float]) -> bool:
    return not now or all(before.get(name) == now.get(name) for name in _SHAPE)


def _from_records(
    records: Sequence[RunRecord], from_code: DemandEstimate | None, capacity: Amounts, source: DemandSource
) -> DemandEstimate:
    newest = sorted(records, key=lambda record: record.started_at, reverse=True)[:MOST_RECORDS]
    weights = [RECENT_WEIGHT**age for age in range(len(newest))]
    cores = [_cores_needed(record, from_code, capacity) for record in newest]
    memory = [record.memory_peak_bytes for record in newest]
    seconds = [max(record.duration_seconds, 1.0) for record in newest]
    high_factor = 1 + FEW_RUNS_RATIO / len(newest)

    def amounts(level: float, factor: float) -> Amounts:
        found_cores = weighted_quantile(cores, weights, level) * factor
        found_memory = weighted_quantile(memory, weights, level) * factor
        return _within(Amounts(cpu_cores=found_cores, memory_bytes=int(found_memory)), capacity)

    high = amounts(HIGH_LEVEL, high_factor)
    if from_code is not None and from_code.high.gpu_count is not None:
        high = high.with_amount(Resource.GPU, from_code.high.gpu_count)
    return DemandEstimate(
        typical=amounts(TYPICAL_LEVEL, 1.0),
        high=high,
        duration_seconds_typical=weighted_quantile(seconds, weights, TYPICAL_LEVEL),
        duration_seconds_high=weighted_quantile(seconds, weights, HIGH_LEVEL) * high_factor,
        source=source,
        run_count=len(newest),
    )


def _cores_needed(record: RunRecord, from_code: DemandEstimate | None, capacity: Amounts) -> float:
    if not record.was_throttled:
        return record.cores_peak
    expected = 0.0 if from_code is None else (from_code.high.cpu_cores or 0.0)
    needed = max(record.cores_peak * THROTTLED_FACTOR, expected)
    return needed if capacity.cpu_cores is None else min(needed, max(capacity.cpu_cores, record.cores_peak))


def _from_code(features: Mapping[str, float], capacity: Amounts) -> DemandEstimate | None:
    cores = _cores_of_code(features, capacity)
    loaded = features.get("memory_base_bytes", 0.0) * _copies(features, capacity)
    memory = loaded + features.get("memory_data_bytes", 0.0)
    if cores is None and memory <= 0:
        return None
    typical, high = NO_AMOUNTS, NO_AMOUNTS
    if cores is not None:
        typical, high = Amounts(cpu_cores=cores[0]), Amounts(cpu_cores=cores[1])
    if memory > 0:
        typical = typical.with_amount(Resource.MEMORY, memory)
        high = high.with_amount(Resource.MEMORY, memory * MEMORY_HIGH_RATIO)
    if features.get("uses_gpu", 0) > 0 and capacity.gpu_count:
        typical, high = typical.with_amount(Resource.GPU, 1.0), high.with_amount(Resource.GPU, 1.0)
    seconds = LONG_SECONDS if features.get("long_running", 0) > 0 else UNKNOWN_SECONDS
    return DemandEstimate(_within(typical, capacity), _within(high, capacity), *seconds, DemandSource.CODE)


def _copies(features: Mapping[str, float], capacity: Amounts) -> float:
    """How many processes load the libraries: the first and its workers; threads share what is loaded.

    Large libraries spread over all cores by threads of their own.
    """
    if features.get("parallel_kind", 0) != BY_PROCESSES:
        return 1.0
    workers = features.get("parallel_workers", 0.0)
    if features.get("parallel_all_cores", 0) > 0 and features.get("memory_base_bytes", 0.0) < THREADED_BASE_BYTES:
        workers = max(workers, float(round(capacity.cpu_cores or 1.0)))
    return 1.0 + workers


def _cores_of_code(features: Mapping[str, float], capacity: Amounts) -> tuple[float, float] | None:
    """Typical and high number of cores; None where the code says nothing of them."""
    busy = features.get("cpu_bound_ratio")
    workers = features.get("parallel_workers", features.get("workers"))
    if features.get("parallel_all_cores", 0) > 0 and capacity.cpu_cores is not None:
        workers = capacity.cpu_cores if workers is None else max(workers, capacity.cpu_cores)
    if workers is None and busy is None:
        return None
    workers = max(1.0, workers or 1.0)
    # Workers that are asked for are nearly always busy at some time; one thread is rarely busy all the time.
    typical = workers * max(0.5 if workers > 1 else IDLE_CORES, 1.0 if busy is None else busy)
    return min(typical, workers), workers


def _with_seen_memory(estimate: DemandEstimate, records: Sequence[RunRecord], capacity: Amounts) -> DemandEstimate:
    """The code's estimate, with memory and length from earlier runs, which do not hang on the number of workers."""
    seen = _from_records(records, None, capacity, DemandSource.HISTORY)
    return DemandEstimate(
        typical=estimate.typical.with_amount(Resource.MEMORY, seen.typical.memory_bytes),
        high=estimate.high.with_amount(Resource.MEMORY, seen.high.memory_bytes),
        duration_seconds_typical=seen.duration_seconds_typical,
        duration_seconds_high=seen.duration_seconds_high,
        source=DemandSource.CODE,
        run_count=seen.run_count,
    )


def _within(amounts: Amounts, capacity: Amounts) -> Amounts:
    bounded = amounts
    for resource, amount in amounts.items():
        most = capacity.get(resource)
        if most is not None and amount > most:
            bounded = bounded.with_amount(resource, most)
    return bounded
