"""What of many environments is compared: their application types, and the peaks of what they used."""

from __future__ import annotations

from datetime import datetime

from foreload_core.types import Amounts, Sample
from foreload_proto.v1 import broker_pb2
from sqlalchemy import Connection, func, select

from foreload_broker.store import tables
from foreload_broker.store.moments import from_microseconds, to_microseconds
from foreload_broker.store.observations import AGENT

STEP_SECONDS = 300.0
TYPE = "application_type"


def read_application_types(connection: Connection) -> dict[str, int]:
    """Environment -> index of its application type, of those who share features."""
    query = select(tables.FEATURES.c.environment_id, tables.FEATURES.c.payload)
    found: dict[str, int] = {}
    for environment_id, payload in connection.execute(query):
        values = broker_pb2.Features.FromString(payload).values
        if TYPE in values:
            found[environment_id] = int(values[TYPE])
    return found


def read_peaks(connection: Connection, environment_id: str, since: datetime, until: datetime) -> tuple[Sample, ...]:
    """The highest CPU and memory that an environment used, in steps of five minutes, by its agent's word."""
    table = tables.SAMPLES.c
    width = int(STEP_SECONDS * 1_000_000)
    step = table.start_microseconds - table.start_microseconds % width
    query = (
        select(step.label("step"), func.max(table.used_cpu_cores), func.max(table.used_memory_bytes))
        .where(table.environment_id == environment_id, table.source == AGENT)
        .where(table.start_microseconds >= to_microseconds(since), table.start_microseconds < to_microseconds(until))
        .group_by("step")
        .order_by("step")
    )
    return tuple(
        Sample(from_microseconds(begun), STEP_SECONDS, Amounts(cores, None if memory is None else int(memory)))
        for begun, cores, memory in connection.execute(query)
    )
