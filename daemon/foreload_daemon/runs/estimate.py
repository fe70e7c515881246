"""What a run is expected to need: local records in core's form, and core's answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from foreload_core.history import RunRecord, estimate_demand
from foreload_core.types import Amounts, DemandEstimate, RunKind

from foreload_daemon.history.records import RunRow


def estimate(
    earlier: Sequence[RunRow], of_kind: Sequence[RunRow], features: Mapping[str, float], capacity: Amounts
) -> DemandEstimate | None:
    """Core's estimate from the same run's past, else its code, else its kind's past; None where nothing is known."""
    return estimate_demand(_records(earlier), _records(of_kind), features, capacity)


def _records(rows: Sequence[RunRow]) -> list[RunRecord]:
    """Runs that were measured whole; those that ended between two looks say nothing."""
    return [
        RunRecord(
            key=row.key,
            kind=RunKind(row.kind),
            started_at=datetime.fromtimestamp(row.started_at_seconds, UTC),
            duration_seconds=row.duration_seconds,
            cores_peak=row.cpu_cores_highest,
            cores_mean=row.cpu_cores or 0.0,
            memory_peak_bytes=row.memory_bytes_highest or 0,
            throttled_seconds=row.throttled_seconds or 0.0,
            features=row.features,
        )
        for row in rows
        if row.duration_seconds is not None and row.cpu_cores_highest is not None
    ]
