"""The log of decisions: what was decided, on what, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from foreload_core.plain import canonical, from_plain, to_plain
from foreload_core.types import ActuationResult, EnvironmentDecision
from foreload_proto.v1 import broker_pb2, common_pb2
from foreload_system.codecs import result_from_proto, result_to_proto
from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from foreload_broker.store import tables
from foreload_broker.store.moments import to_microseconds
from foreload_broker.store.rows import put


@dataclass(frozen=True, slots=True)
class LoggedDecision:
    """One entry of the log.

    Attributes:
        decision: what was decided.
        explanation: what it was decided on; its own `decision` is left empty.
        results: what came of it so far.
        dry_run: it was only shown.
        undone: it was taken back.
        settled: nothing more is expected of it.
    """

    decision: EnvironmentDecision
    explanation: broker_pb2.ExplainDecisionResponse
    results: tuple[ActuationResult, ...] = ()
    dry_run: bool = False
    undone: bool = False
    settled: bool = False


def put_decisions(connection: Connection, entries: Iterable[LoggedDecision]) -> None:
    """Adds decisions to the log."""
    rows = [
        {
            "environment_id": entry.decision.environment_id,
            "revision": entry.decision.revision,
            "decided_at_microseconds": to_microseconds(entry.decision.decided_at),
            "decision": canonical(to_plain(entry.decision)),
            "explanation": entry.explanation.SerializeToString(deterministic=True),
            "dry_run": entry.dry_run,
            "undone": entry.undone,
            "settled": entry.settled,
        }
        for entry in entries
    ]
    put(connection, tables.DECISIONS, rows)


def put_results(connection: Connection, revision: int, results: Sequence[ActuationResult]) -> None:
    """Takes note of what came of a decision. A result that comes twice replaces itself."""
    rows = [
        {
            "environment_id": result.environment_id,
            "revision": revision,
            "resource": result.resource.value,
            "payload": result_to_proto(result).SerializeToString(),
        }
        for result in results
    ]
    put(connection, tables.RESULTS, rows)


def settle(connection: Connection, environment_id: str, up_to_revision: int) -> None:
    """Nothing more is expected of these decisions: they were answered, or a later one stands above them."""
    table = tables.DECISIONS.c
    of_these = and_(table.environment_id == environment_id, table.revision <= up_to_revision)
    connection.execute(update(tables.DECISIONS).where(of_these, table.settled.is_(False)).values(settled=True))


def mark_undone(connection: Connection, environment_id: str, revision: int) -> None:
    """The decision was taken back."""
    table = tables.DECISIONS.c
    of_this = and_(table.environment_id == environment_id, table.revision == revision)
    connection.execute(update(tables.DECISIONS).where(of_this).values(undone=True))


def read_decision(connection: Connection, environment_id: str, revision: int) -> LoggedDecision | None:
    """One entry, or None."""
    table = tables.DECISIONS.c
    found = _entries(connection, and_(table.environment_id == environment_id, table.revision == revision), 1)
    return found[0] if found else None


def list_decisions(
    connection: Connection, environment_id: str, limit: int, before: tuple[str, int] | None = None
) -> tuple[list[LoggedDecision], int]:
    """The log, newest first.

    Args:
        connection: to read from.
        environment_id: whose; empty: all of them.
        limit: at most this many.
        before: environment and revision of a decision; only older ones.

    Returns:
        The entries, and how many there are in all.
    """
    table = tables.DECISIONS.c
    whose = table.environment_id == environment_id if environment_id else table.revision > 0
    total = connection.scalar(select(func.count()).select_from(tables.DECISIONS).where(whose)) or 0
    return _entries(connection, and_(whose, _older(connection, before)), limit), total


def unsettled_decisions(connection: Connection) -> list[LoggedDecision]:
    """The newest decision of each environment of which the agent has not said what came of it."""
    table = tables.DECISIONS.c
    newest: dict[str, LoggedDecision] = {}
    for entry in _entries(connection, and_(table.settled.is_(False), table.dry_run.is_(False)), None):
        present = newest.get(entry.decision.environment_id)
        if present is None or present.decision.revision < entry.decision.revision:
            newest[entry.decision.environment_id] = entry
    return list(newest.values())


def count_decisions(connection: Connection) -> int:
    """How many decisions the log holds."""
    return connection.scalar(select(func.count()).select_from(tables.DECISIONS)) or 0


def _older(connection: Connection, before: tuple[str, int] | None) -> ColumnElement[bool]:
    table = tables.DECISIONS.c
    if before is None:
        return table.revision > 0
    environment_id, revision = before
    of_it = and_(table.environment_id == environment_id, table.revision == revision)
    moment = connection.scalar(select(table.decided_at_microseconds).where(of_it))
    if moment is None:
        return table.revision < 0
    same_time = and_(
        table.decided_at_microseconds == moment,
        or_(
            table.environment_id < environment_id,
            and_(table.environment_id == environment_id, table.revision < revision),
        ),
    )
    return or_(table.decided_at_microseconds < moment, same_time)


def _entries(connection: Connection, where: ColumnElement[bool], limit: int | None) -> list[LoggedDecision]:
    table = tables.DECISIONS.c
    order = (table.decided_at_microseconds.desc(), table.environment_id.desc(), table.revision.desc())
    rows = connection.execute(select(tables.DECISIONS).where(where).order_by(*order).limit(limit)).mappings().all()
    results = _results(connection, [(row["environment_id"], row["revision"]) for row in rows])
    return [
        LoggedDecision(
            decision=from_plain(EnvironmentDecision, json.loads(row["decision"])),
            explanation=broker_pb2.ExplainDecisionResponse.FromString(row["explanation"]),
            results=tuple(results.get((row["environment_id"], row["revision"]), ())),
            dry_run=row["dry_run"],
            undone=row["undone"],
            settled=row["settled"],
        )
        for row in rows
    ]


def _results(connection: Connection, keys: Sequence[tuple[str, int]]) -> dict[tuple[str, int], list[ActuationResult]]:
    table = tables.RESULTS.c
    found: dict[tuple[str, int], list[ActuationResult]] = {}
    revisions: dict[str, list[int]] = {}
    for environment_id, revision in keys:
        revisions.setdefault(environment_id, []).append(revision)
    for environment_id, of_it in revisions.items():
        query = (
            select(table.revision, table.payload)
            .where(table.environment_id == environment_id, table.revision.in_(of_it))
            .order_by(table.revision, table.resource)
        )
        for revision, payload in connection.execute(query):
            result = result_from_proto(common_pb2.ActuationResult.FromString(payload), environment_id)
            found.setdefault((environment_id, revision), []).append(result)
    return found
