"""The database's shape, what leaves it with age, and the forecast that is made from it."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from foreload_broker.config import read_settings
from foreload_broker.loop.forecasting import forecast
from foreload_broker.loop.requests import Batch
from foreload_broker.loop.restart import load
from foreload_broker.loop.writer import Writer
from foreload_broker.ports import AgentRegistered, Forecasted, ManagedEnvironment, Measured
from foreload_broker.store import migrations, observations
from foreload_broker.store.database import Database
from foreload_broker.store.engine import StoreError, open_engine
from foreload_broker.store.rollup import roll_up
from foreload_broker.store.tables import METADATA
from foreload_core.types import Amounts, Forecast, Resource, Sample

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
GIB = 2**30


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    server = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    opened = Database(server.new_database() if server else f"sqlite:///{tmp_path / 'broker.db'}")
    yield opened
    opened.close()


def test_migrations_lead_to_the_tables(database):
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == migrations.HEAD


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_sqlite_is_careful_with_what_it_holds(database):
    with database.reading() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "secure_delete")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}


def test_database_of_a_newer_version_is_left_alone(tmp_path):
    url = f"sqlite:///{tmp_path / 'broker.db'}"
    Database(url).close()
    with open_engine(url).begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="has the shape '9999', unknown to this version"):
        Database(url)


def test_failed_transaction_keeps_nothing_and_the_next_one_works(database):
    sample = Sample(NOW, 10.0, Amounts(0.5))

    def fail() -> None:
        with database.writing() as connection:
            observations.put_samples(connection, observations.AGENT, [("dev", sample)])
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        fail()
    with database.writing() as connection:
        observations.put_samples(connection, observations.AGENT, [("dev", sample), ("dev", sample)])
    with database.reading() as connection:
        later = NOW + timedelta(seconds=1)
        assert observations.read_samples(connection, "dev", observations.AGENT, NOW, later) == (sample,)


def put_days(database: Database, days: int) -> None:
    """Two-hour peaks every day, a sample a minute."""
    start = NOW - timedelta(days=days)
    samples = [
        Sample(
            start + timedelta(minutes=minute),
            60.0,
            Amounts(0.2 + 2.0 * (math.sin(minute / 1440 * math.tau) > 0.7), GIB),
        )
        for minute in range(days * 1440)
    ]
    with database.writing() as connection:
        observations.put_samples(connection, observations.AGENT, [("dev", sample) for sample in samples])


def test_broker_forecasts_from_the_agent_s_samples(database):
    assert forecast(database, "dev", NOW, 300.0) is None
    put_days(database, 4)
    ask = forecast(database, "dev", NOW, 300.0)
    assert ask is not None
    assert ask.valid_until == NOW + timedelta(seconds=300)
    cpu = next(one for one in ask.forecasts if one.resource is Resource.CPU)
    assert isinstance(cpu, Forecast)
    assert cpu.skill_ratio is not None


def writer_on(database: Database, tmp_path: Path, **more) -> Writer:
    settings = read_settings({"state": tmp_path, "scale_without_consent": True, **more})
    return Writer(database, settings, load(database))


def register() -> AgentRegistered:
    changeable = frozenset({Resource.CPU, Resource.MEMORY})
    environment = ManagedEnvironment("dev", "double", Amounts(1.0, 2 * GIB), Amounts(0.5, GIB), changeable)
    return AgentRegistered("local", Amounts(8.0, 16 * GIB), (environment,))


def test_environment_without_an_ask_is_forecast_and_a_daemon_s_ask_comes_first(database, tmp_path):
    writer = writer_on(database, tmp_path)
    put_days(database, 4)
    assert writer.take_turn(Batch(agents=[register()], tick=True), NOW, 0.0).to_forecast == ("dev",)
    assert writer.take_turn(Batch(tick=True), NOW + timedelta(seconds=10), 10.0).to_forecast == ()
    made = forecast(database, "dev", NOW, 300.0)
    assert made is not None
    writer.take_turn(Batch(agents=[Forecasted("dev", made)], tick=True), NOW + timedelta(seconds=20), 20.0)
    taken = writer.memory.standing.environment("dev").ask
    assert taken is not None
    assert (taken.made_at, taken.valid_until) == (made.made_at, made.valid_until)
    assert writer.take_turn(Batch(tick=True), NOW + timedelta(seconds=290), 290.0).to_forecast == ()
    assert writer.take_turn(Batch(tick=True), NOW + timedelta(seconds=310), 310.0).to_forecast == ("dev",)


def test_what_is_old_is_deleted_but_not_what_a_replay_needs(database, tmp_path):
    writer = writer_on(database, tmp_path, snapshot_ticks=5, keep_journal_days=0.001, keep_samples_days=0.001)
    now = NOW
    for number in range(40):
        now += timedelta(seconds=10)
        measured = Measured("local", "dev", Sample(now - timedelta(seconds=10), 10.0, Amounts(0.1 * number, GIB)))
        agents = [register(), measured] if number == 0 else [measured]
        writer.take_turn(Batch(agents=agents, tick=True), now, number * 10.0)
    standing = writer.memory.standing
    assert writer.clean(now + timedelta(days=1)) > 40
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM samples").scalar() == 0
    assert load(database).standing == standing


def test_old_samples_become_minutes_once(database):
    begun = datetime(2026, 11, 20, 9, 0, 50, tzinfo=UTC)
    samples = [
        Sample(
            begun + timedelta(seconds=10 * number),
            10.0,
            Amounts(cpu_cores=float(number), memory_bytes=GIB + number),
            Amounts(cpu_cores=4.0, memory_bytes=4 * GIB),
            throttled_seconds=0.5,
            oom_kills=int(number == 3),
        )
        for number in range(8)
    ]
    with database.writing() as connection:
        observations.put_samples(connection, observations.AGENT, [("dev", sample) for sample in samples])
        observations.put_samples(connection, observations.AGENT, [("other", sample) for sample in samples])
    end = begun + timedelta(seconds=80)
    with database.writing() as connection:
        assert roll_up(connection, "dev", begun, end) == 2
    with database.writing() as connection:
        assert roll_up(connection, "dev", begun, end) == 0
    with database.reading() as connection:
        minutes = observations.read_samples(connection, "dev", observations.AGENT, begun - timedelta(hours=1), end)
        other = observations.read_samples(connection, "other", observations.AGENT, begun, end)
    assert other == tuple(samples)
    # One sample before 9:01, six in it, and one after the last whole minute, which stays as it is.
    assert [sample.start for sample in minutes] == [
        begun - timedelta(seconds=50),
        begun + timedelta(seconds=10),
        samples[7].start,
    ]
    assert minutes[1].interval_seconds == 60.0
    assert minutes[1].used == Amounts(cpu_cores=3.5, memory_bytes=GIB + 6)
    assert minutes[1].limit == Amounts(cpu_cores=4.0, memory_bytes=4 * GIB)
    assert (minutes[1].throttled_seconds, minutes[1].oom_kills) == (3.0, 1)
