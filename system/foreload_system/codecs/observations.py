"""What was measured and what was seen: samples, signals and the demand a signal announces."""

from __future__ import annotations

from foreload_core.types import DemandEstimate, RunKind, Sample, Signal
from foreload_proto.v1 import common_pb2 as pb

from foreload_system.codecs.values import (
    DEMAND_SOURCES,
    RUN_KINDS,
    SIGNAL_KINDS,
    CodecError,
    amounts_from_proto,
    amounts_to_proto,
    enum_from_proto,
    finite,
    required_time,
    time_to_proto,
)


def sample_to_proto(sample: Sample) -> pb.Sample:
    """One sample."""
    return pb.Sample(
        start=time_to_proto(sample.start),
        interval_seconds=sample.interval_seconds,
        used=amounts_to_proto(sample.used),
        limit=amounts_to_proto(sample.limit),
        throttled_seconds=sample.throttled_seconds,
        oom_kills=sample.oom_kills,
    )


def sample_from_proto(message: pb.Sample, field: str = "sample") -> Sample:
    """One sample.

    Raises:
        CodecError: its start is absent, or a number is negative or not finite.
    """
    return Sample(
        start=required_time(message.start, message.HasField("start"), f"{field}.start"),
        interval_seconds=finite(message.interval_seconds, f"{field}.interval_seconds"),
        used=amounts_from_proto(message.used, f"{field}.used"),
        limit=amounts_from_proto(message.limit, f"{field}.limit"),
        throttled_seconds=finite(message.throttled_seconds, f"{field}.throttled_seconds"),
        oom_kills=int(finite(message.oom_kills, f"{field}.oom_kills")),
    )


def demand_to_proto(demand: DemandEstimate) -> pb.DemandEstimate:
    """One demand estimate."""
    return pb.DemandEstimate(
        typical=amounts_to_proto(demand.typical),
        high=amounts_to_proto(demand.high),
        duration_seconds_typical=demand.duration_seconds_typical,
        duration_seconds_high=demand.duration_seconds_high,
        source=DEMAND_SOURCES[demand.source],  # pyright: ignore[reportArgumentType]
        run_count=demand.run_count,
    )


def demand_from_proto(message: pb.DemandEstimate, field: str = "demand") -> DemandEstimate:
    """One demand estimate.

    Raises:
        CodecError: its source is unknown, or a number is negative or not finite.
    """
    return DemandEstimate(
        typical=amounts_from_proto(message.typical, f"{field}.typical"),
        high=amounts_from_proto(message.high, f"{field}.high"),
        duration_seconds_typical=finite(message.duration_seconds_typical, f"{field}.duration_seconds_typical"),
        duration_seconds_high=finite(message.duration_seconds_high, f"{field}.duration_seconds_high"),
        source=enum_from_proto(DEMAND_SOURCES, message.source, f"{field}.source"),
        run_count=int(finite(message.run_count, f"{field}.run_count")),
    )


def signal_to_proto(signal: Signal) -> pb.Signal:
    """One signal."""
    return pb.Signal(
        signal_id=signal.signal_id,
        kind=SIGNAL_KINDS[signal.kind],  # pyright: ignore[reportArgumentType]
        at=time_to_proto(signal.at),
        run_id=signal.run_id,
        run_kind=RUN_KINDS[signal.run_kind],  # pyright: ignore[reportArgumentType]
        demand=None if signal.demand is None else demand_to_proto(signal.demand),
    )


def signal_from_proto(message: pb.Signal, field: str = "signal") -> Signal:
    """One signal. A run kind that is not given is `RunKind.OTHER`.

    Raises:
        CodecError: it has no id or time, or an unknown kind.
    """
    if not message.signal_id:
        raise CodecError(f"{field}.signal_id is empty; needed is an id that no other signal has")
    unspecified = message.run_kind == pb.RUN_KIND_UNSPECIFIED
    return Signal(
        signal_id=message.signal_id,
        kind=enum_from_proto(SIGNAL_KINDS, message.kind, f"{field}.kind"),
        at=required_time(message.at, message.HasField("at"), f"{field}.at"),
        run_id=message.run_id,
        run_kind=RunKind.OTHER if unspecified else enum_from_proto(RUN_KINDS, message.run_kind, f"{field}.run_kind"),
        demand=demand_from_proto(message.demand, f"{field}.demand") if message.HasField("demand") else None,
    )
