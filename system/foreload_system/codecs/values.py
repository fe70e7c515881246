"""Times, amounts and enumerations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from foreload_core.types import Actuation, Amounts, DemandSource, Resource, RunKind, SignalKind, WindowKind
from foreload_proto.v1 import common_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

E = TypeVar("E", bound=StrEnum)

LARGEST_BYTES = 2**63 - 1


class CodecError(ValueError):
    """A message that cannot be read: the field, its value, what is allowed."""


RESOURCES: Mapping[Resource, int] = {
    Resource.CPU: pb.RESOURCE_CPU,
    Resource.MEMORY: pb.RESOURCE_MEMORY,
    Resource.GPU: pb.RESOURCE_GPU,
    Resource.NETWORK_RX: pb.RESOURCE_NETWORK_RX,
    Resource.NETWORK_TX: pb.RESOURCE_NETWORK_TX,
}
RUN_KINDS: Mapping[RunKind, int] = {
    RunKind.PROGRAM: pb.RUN_KIND_PROGRAM,
    RunKind.TEST: pb.RUN_KIND_TEST,
    RunKind.BUILD: pb.RUN_KIND_BUILD,
    RunKind.SERVE: pb.RUN_KIND_SERVE,
    RunKind.NOTEBOOK: pb.RUN_KIND_NOTEBOOK,
    RunKind.OTHER: pb.RUN_KIND_OTHER,
}
DEMAND_SOURCES: Mapping[DemandSource, int] = {
    DemandSource.HISTORY: pb.DEMAND_SOURCE_HISTORY,
    DemandSource.CODE: pb.DEMAND_SOURCE_CODE,
    DemandSource.KIND: pb.DEMAND_SOURCE_KIND,
    DemandSource.DEVELOPER: pb.DEMAND_SOURCE_DEVELOPER,
}
SIGNAL_KINDS: Mapping[SignalKind, int] = {
    SignalKind.RUN_STARTED: pb.SIGNAL_KIND_RUN_STARTED,
    SignalKind.RUN_ENDED: pb.SIGNAL_KIND_RUN_ENDED,
    SignalKind.SAVED: pb.SIGNAL_KIND_SAVED,
    SignalKind.ANNOUNCED: pb.SIGNAL_KIND_ANNOUNCED,
}
WINDOW_KINDS: Mapping[WindowKind, int] = {
    WindowKind.PEAK: pb.WINDOW_KIND_PEAK,
    WindowKind.IDLE: pb.WINDOW_KIND_IDLE,
    WindowKind.DEADLINE: pb.WINDOW_KIND_DEADLINE,
}
ACTUATIONS: Mapping[Actuation, int] = {
    Actuation.APPLIED: pb.ACTUATION_APPLIED,
    Actuation.NO_CHANGE: pb.ACTUATION_NO_CHANGE,
    Actuation.DEFERRED: pb.ACTUATION_DEFERRED,
    Actuation.REFUSED: pb.ACTUATION_REFUSED,
    Actuation.FAILED: pb.ACTUATION_FAILED,
    Actuation.ROLLED_BACK: pb.ACTUATION_ROLLED_BACK,
}


def enum_from_proto(table: Mapping[E, int], number: int, field: str) -> E:
    """The member that `number` stands for.

    Raises:
        CodecError: no member does.
    """
    for member, value in table.items():
        if value == number:
            return member
    allowed = ", ".join(f"{value} ({member})" for member, value in table.items())
    raise CodecError(f"{field} is {number}; allowed is {allowed}")


def resource_to_proto(resource: Resource) -> pb.Resource:
    """The number of a resource."""
    return RESOURCES[resource]  # pyright: ignore[reportReturnType]


def resource_from_proto(number: int, field: str = "resource") -> Resource:
    """The resource of a number.

    Raises:
        CodecError: the number is no resource.
    """
    return enum_from_proto(RESOURCES, number, field)


def time_to_proto(moment: datetime) -> Timestamp:
    """An aware time, to the microsecond."""
    stamp = Timestamp()
    stamp.FromDatetime(moment.astimezone(UTC))
    return stamp


def time_from_proto(stamp: Timestamp, field: str = "time") -> datetime:
    """An aware UTC time; parts of a microsecond are cut.

    Raises:
        CodecError: it lies outside the years 1 to 9999.
    """
    try:
        return stamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        value = f"{stamp.seconds} s {stamp.nanos} ns"
        raise CodecError(f"{field} is {value}; allowed are the years 1 to 9999") from error


def required_time(stamp: Timestamp, present: bool, field: str) -> datetime:
    """A time that must be there.

    Raises:
        CodecError: it is absent or out of range.
    """
    if not present:
        raise CodecError(f"{field} is absent; needed is a time")
    return time_from_proto(stamp, field)


def finite(value: float, field: str, low: float = 0.0, high: float = math.inf) -> float:
    """A finite number within low..high.

    Raises:
        CodecError: it is not.
    """
    if math.isfinite(value) and low <= value <= high:
        return value
    bounds = f"{low:g} to {high:g}" if math.isfinite(high) else f"{low:g} or more"
    raise CodecError(f"{field} is {value:g}; allowed is a finite number, {bounds}")


def amounts_to_proto(amounts: Amounts) -> pb.Amounts:
    """Amounts; what is not given stays absent. Memory is whole bytes."""
    message = pb.Amounts()
    for resource, amount in amounts.items():
        value = min(int(amount), LARGEST_BYTES) if resource is Resource.MEMORY else float(amount)
        setattr(message, resource.field, value)
    return message


def amounts_from_proto(message: pb.Amounts, field: str = "amounts") -> Amounts:
    """Amounts; absent fields are None.

    Raises:
        CodecError: an amount is negative or not finite.
    """
    amounts = Amounts()
    for resource in Resource:
        if message.HasField(resource.field):  # pyright: ignore[reportArgumentType]
            value = getattr(message, resource.field)
            finite(value, f"{field}.{resource.field}")
            amounts = amounts.with_amount(resource, value)
    return amounts
