"""A new environment learns from similar ones: with both sides' permission, from twenty of them on, and not longer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from foreload_broker.config import read_settings
from foreload_broker.loop.cohorts import Cohorts, compare
from foreload_broker.loop.requests import Batch
from foreload_broker.loop.restart import load
from foreload_broker.loop.writer import Writer
from foreload_broker.ports import (
    AgentRegistered,
    Compared,
    Consent,
    FeatureVector,
    FromDaemon,
    ManagedEnvironment,
    Measured,
)
from foreload_broker.store import observations
from foreload_broker.store.database import Database
from foreload_core.types import COHORT_FLOOR, Amounts, Resource, Sample

BOTH = frozenset({Resource.CPU, Resource.MEMORY})
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
GIB = 2**30
OTHERS = [f"other-{number:02d}" for number in range(COHORT_FLOOR)]
WILLING = Consent(revision=1, automatic_scaling=True, share_features=True, cohort_history=True)


@pytest.fixture
def database(tmp_path):
    opened = Database(f"sqlite:///{tmp_path / 'broker.db'}")
    yield opened
    opened.close()


def writer_of(database: Database, tmp_path) -> Writer:
    return Writer(database, read_settings({"state": tmp_path}), load(database))


def register(writer: Writer, names: list[str], consents: dict[str, Consent], types: dict[str, float]) -> None:
    limit = Amounts(2.0, 4 * GIB)
    managed = tuple(ManagedEnvironment(name, "dry_run", limit, Amounts(0.5, GIB), BOTH) for name in names)
    registered = AgentRegistered("instance", Amounts(64.0, 256 * GIB), managed)
    daemons = [FromDaemon(name, 1, consents.get(name, WILLING)) for name in names]
    daemons += [FromDaemon(name, 2, FeatureVector(1, {"application_type": types.get(name, 3.0)})) for name in names]
    writer.take_turn(Batch(daemons=daemons, agents=[registered], tick=True), NOW, 0.0)


def with_pasts(database: Database, names: list[str]) -> None:
    """A day of each: quiet, but for an hour from nine."""
    rows = []
    for name in names:
        for number in range(288):
            start = NOW - timedelta(days=1) + timedelta(seconds=300 * number)
            rows.append((name, Sample(start, 300.0, Amounts(3.0 if start.hour == 9 else 0.2, 2 * GIB))))
    with database.writing() as connection:
        observations.put_samples(connection, observations.AGENT, rows)


def compared(writer: Writer, database: Database, now: datetime = NOW) -> dict[str, Compared]:
    found = {}
    for one in Cohorts().take(writer.memory.standing, writer.memory.consents, now):
        prior = compare(database, one, now)
        if prior is not None:
            found[one.environment_id] = Compared(one.environment_id, prior)
    return found


def test_a_new_environment_gets_what_similar_ones_need_and_its_limit_follows(database, tmp_path):
    writer = writer_of(database, tmp_path)
    register(writer, ["a-new-one", *OTHERS], {}, {})
    with_pasts(database, OTHERS)
    told = compared(writer, database)["a-new-one"]
    assert told.prior.environment_count == COHORT_FLOOR
    measured = Measured("instance", "a-new-one", Sample(NOW, 10.0, Amounts(0.2, GIB), Amounts(2.0, 4 * GIB)))
    writer.take_turn(Batch(agents=[told, measured], tick=True), NOW + timedelta(seconds=10), 10.0)
    state = writer.memory.standing.environment("a-new-one")
    assert state.prior == told.prior
    assert state.target.cpu_cores == pytest.approx(3.0)
    assert load(database).standing.environment("a-new-one").prior == told.prior
    assert "a-new-one" not in compared(writer, database, NOW + timedelta(seconds=20))


@pytest.mark.parametrize(
    ("consents", "types"),
    [
        ({OTHERS[0]: Consent(revision=1, automatic_scaling=True, share_features=True)}, {}),
        ({"a-new-one": Consent(revision=1, automatic_scaling=True, share_features=True)}, {}),
        ({}, {OTHERS[0]: 5.0}),
    ],
    ids=["one of twenty does not share", "the new one does not ask", "one of twenty is of another kind"],
)
def test_without_permission_or_enough_of_its_kind_nothing_is_told(database, tmp_path, consents, types):
    writer = writer_of(database, tmp_path)
    register(writer, ["a-new-one", *OTHERS], consents, types)
    with_pasts(database, OTHERS)
    assert "a-new-one" not in compared(writer, database)


def test_revoking_takes_back_what_was_learned(database, tmp_path):
    writer = writer_of(database, tmp_path)
    register(writer, ["a-new-one", *OTHERS], {}, {})
    with_pasts(database, OTHERS)
    told = compared(writer, database)["a-new-one"]
    writer.take_turn(Batch(agents=[told], tick=True), NOW + timedelta(seconds=10), 10.0)
    revoked = FromDaemon("a-new-one", 3, Consent(revision=2, automatic_scaling=True))
    writer.take_turn(Batch(daemons=[revoked]), NOW + timedelta(seconds=20), 20.0)
    assert writer.memory.standing.environment("a-new-one").prior is None
    assert load(database).standing.environment("a-new-one").prior is None
