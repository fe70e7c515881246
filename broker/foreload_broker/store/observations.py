"""What daemons and agents said: samples, signals, asks, profiles, features."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from foreload_core.types import NO_AMOUNTS, Amounts, Ask, ProfileNumbers, Resource, Sample, Signal
from foreload_proto.v1 import broker_pb2
from foreload_system.codecs import ask_to_proto, profile_to_proto, signal_to_proto
from sqlalchemy import Connection, func, select

from foreload_broker.ports import FeatureVector
from foreload_broker.store import tables
from foreload_broker.store.moments import from_microseconds, to_microseconds
from foreload_broker.store.rows import add_new, put

AGENT = "agent"
DAEMON = "daemon"


def put_samples(connection: Connection, source: str, samples: Iterable[tuple[str, Sample]]) -> None:
    """Keeps samples of environments; one that comes twice replaces itself."""
    put(connection, tables.SAMPLES, [_sample_row(environment_id, source, sample) for environment_id, sample in samples])


def read_samples(
    connection: Connection, environment_id: str, source: str, since: datetime, until: datetime
) -> tuple[Sample, ...]:
    """An environment's samples that begin in [since, until), oldest first."""
    table = tables.SAMPLES.c
    query = (
        select(tables.SAMPLES)
        .where(table.environment_id == environment_id, table.source == source)
        .where(table.start_microseconds >= to_microseconds(since), table.start_microseconds < to_microseconds(until))
        .order_by(table.start_microseconds)
    )
    return tuple(_sample(row) for row in connection.execute(query).mappings())


def read_means(
    connection: Connection, environment_id: str, source: str, since: datetime, until: datetime, step_seconds: float
) -> tuple[Sample, ...]:
    """Mean use in steps, oldest first; averaged by the database, since there may be a hundred thousand samples.

    Args:
        connection: to read from.
        environment_id, source: whose samples.
        since, until: those that begin in [since, until).
        step_seconds: length of a step; steps are aligned to multiples of it since 1970.
    """
    table = tables.SAMPLES.c
    step_microseconds = int(step_seconds * 1_000_000)
    step = table.start_microseconds - table.start_microseconds % step_microseconds
    columns = [func.avg(table[f"used_{resource.field}"]).label(resource.field) for resource in Resource]
    query = (
        select(step.label("step"), *columns)
        .where(table.environment_id == environment_id, table.source == source)
        .where(table.start_microseconds >= to_microseconds(since), table.start_microseconds < to_microseconds(until))
        .group_by("step")
        .order_by("step")
    )
    means: list[Sample] = []
    for row in connection.execute(query).mappings():
        used = NO_AMOUNTS
        for resource in Resource:
            amount = row[resource.field]
            used = used.with_amount(resource, None if amount is None else float(amount))
        means.append(Sample(from_microseconds(row["step"]), step_seconds, used))
    return tuple(means)


def add_signals(connection: Connection, signals: Iterable[tuple[str, Signal]]) -> None:
    """Keeps signals; one that comes twice is one."""
    rows = [
        {
            "environment_id": environment_id,
            "signal_id": signal.signal_id,
            "at_microseconds": to_microseconds(signal.at),
            "payload": signal_to_proto(signal).SerializeToString(),
        }
        for environment_id, signal in signals
    ]
    add_new(connection, tables.SIGNALS, rows)


def put_ask(connection: Connection, environment_id: str, ask: Ask) -> None:
    """Keeps the newest ask of an environment."""
    payload = ask_to_proto(ask).SerializeToString()
    put(connection, tables.ASKS, [{"environment_id": environment_id, "revision": ask.revision, "payload": payload}])


def put_profile(connection: Connection, environment_id: str, profile: ProfileNumbers) -> None:
    """Keeps the newest profile of an environment."""
    payload = profile_to_proto(profile).SerializeToString()
    row = {"environment_id": environment_id, "revision": profile.revision, "payload": payload}
    put(connection, tables.PROFILES, [row])


def put_features(connection: Connection, environment_id: str, features: FeatureVector, at: datetime) -> None:
    """Keeps the newest features of an environment."""
    message = broker_pb2.Features(schema_version=features.schema_version, values=dict(features.values))
    row = {
        "environment_id": environment_id,
        "schema_version": features.schema_version,
        "at_microseconds": to_microseconds(at),
        "payload": message.SerializeToString(deterministic=True),
    }
    put(connection, tables.FEATURES, [row])


def _sample_row(environment_id: str, source: str, sample: Sample) -> dict[str, Any]:
    return {
        "environment_id": environment_id,
        "source": source,
        "start_microseconds": to_microseconds(sample.start),
        "interval_seconds": sample.interval_seconds,
        "throttled_seconds": sample.throttled_seconds,
        "oom_kills": sample.oom_kills,
        **{f"used_{resource.field}": sample.used.get(resource) for resource in Resource},
        **{f"limit_{resource.field}": sample.limit.get(resource) for resource in Resource},
    }


def _sample(row: Mapping[Any, Any]) -> Sample:
    return Sample(
        start=from_microseconds(row["start_microseconds"]),
        interval_seconds=row["interval_seconds"],
        used=_amounts(row, "used"),
        limit=_amounts(row, "limit"),
        throttled_seconds=row["throttled_seconds"],
        oom_kills=row["oom_kills"],
    )


def _amounts(row: Mapping[Any, Any], prefix: str) -> Amounts:
    amounts = NO_AMOUNTS
    for resource in Resource:
        amounts = amounts.with_amount(resource, row[f"{prefix}_{resource.field}"])
    return amounts
