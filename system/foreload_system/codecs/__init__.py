"""Core types <-> proto messages, both ways, lossless for what the contract carries.

Reading (`*_from_proto`) raises `CodecError` with the field, its value and what is allowed; nothing half-read gets out.
"""

from foreload_system.codecs.decisions import (
    decision_from_proto,
    decision_to_proto,
    planned_from_proto,
    planned_to_proto,
    reason_from_proto,
    reason_to_proto,
    result_from_proto,
    result_to_proto,
)
from foreload_system.codecs.expectations import (
    ask_from_proto,
    ask_to_proto,
    forecast_from_proto,
    forecast_to_proto,
    profile_from_proto,
    profile_to_proto,
)
from foreload_system.codecs.observations import (
    demand_from_proto,
    demand_to_proto,
    sample_from_proto,
    sample_to_proto,
    signal_from_proto,
    signal_to_proto,
)
from foreload_system.codecs.values import (
    CodecError,
    amounts_from_proto,
    amounts_to_proto,
    resource_from_proto,
    resource_to_proto,
    time_from_proto,
    time_to_proto,
)

CONTRACT_VERSION = 1
"""The version of the gRPC contract that this build speaks."""

__all__ = [
    "CONTRACT_VERSION",
    "CodecError",
    "amounts_from_proto",
    "amounts_to_proto",
    "ask_from_proto",
    "ask_to_proto",
    "decision_from_proto",
    "decision_to_proto",
    "demand_from_proto",
    "demand_to_proto",
    "forecast_from_proto",
    "forecast_to_proto",
    "planned_from_proto",
    "planned_to_proto",
    "profile_from_proto",
    "profile_to_proto",
    "reason_from_proto",
    "reason_to_proto",
    "resource_from_proto",
    "resource_to_proto",
    "result_from_proto",
    "result_to_proto",
    "sample_from_proto",
    "sample_to_proto",
    "signal_from_proto",
    "signal_to_proto",
    "time_from_proto",
    "time_to_proto",
]
