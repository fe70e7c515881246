"""What was acknowledged is there: after duplicates, restarts, kills and full disks; and what was deleted is not."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import grpc
import grpc.aio
import pytest
from foreload_broker.loop.replay import read_journal, replay
from foreload_broker.store.database import Database
from foreload_core.features import SCHEMA_VERSION
from foreload_core.types import Amounts, Sample, Signal, SignalKind
from foreload_proto.v1 import broker_pb2
from foreload_system.codecs import sample_to_proto, signal_to_proto

GIB = 2**30
REPLAY = """
import hashlib, sys
from foreload_broker.loop.replay import read_journal, replay
from foreload_broker.store.database import Database
from foreload_core.decide import canonical
from foreload_core.plain import to_plain
database = Database(sys.argv[1])
with database.reading() as connection:
    digest, ticks = hashlib.sha256(), 0
    for step in replay(read_journal(connection)):
        assert not step.differences, step.differences
        digest.update(canonical(to_plain(step.decision)).encode())
        digest.update(canonical(to_plain(step.standing.state)).encode())
        ticks += 1
print(ticks, digest.hexdigest())
"""


def sample_at(seconds_ago: float, cores: float = 0.25) -> Sample:
    return Sample(datetime.now(UTC) - timedelta(seconds=seconds_ago), 10.0, Amounts(cpu_cores=cores))


def count(broker, table: str) -> int:
    with broker._database.reading() as connection:
        return connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() or 0


async def test_duplicates_and_disorder_change_nothing(site):
    async with site.running() as broker, site.daemon() as daemon:
        await daemon.hello()
        await daemon.consent()
        samples = {sequence: sample_to_proto(sample_at(100 - sequence)) for sequence in range(2, 6)}
        for sequence in (3, 2, 3, 5, 4, 4, 5, 2):
            await daemon.send(sequence, sample=samples[sequence])
        await daemon.until(lambda: daemon.acknowledged == 5)
        assert count(broker, "samples") == 4
        await daemon.send(3, sample=sample_to_proto(sample_at(50, 99.0)))
        await daemon.send(6, signal=signal_to_proto(Signal("one", SignalKind.SAVED, datetime.now(UTC))))
        await daemon.send(7, signal=signal_to_proto(Signal("one", SignalKind.SAVED, datetime.now(UTC))))
        await daemon.until(lambda: daemon.acknowledged == 7)
        assert count(broker, "samples") == 4
        assert count(broker, "signals") == 1


async def test_newer_stream_of_an_environment_ends_the_older_one(site):
    async with site.running(), site.daemon() as older, site.daemon() as newer:
        await older.hello()
        await newer.hello()
        with pytest.raises(grpc.aio.AioRpcError, match="a newer stream"):
            await older.until(lambda: False)
        await newer.consent()


async def test_restart_keeps_state_and_sends_what_was_not_answered(site, eventually):
    async with site.running(), site.agent() as agent, site.daemon() as daemon:
        await agent.register()
        await daemon.hello()
        await daemon.consent()
        await agent.measure(0.2)
        agent.answers = False
        await daemon.run_starts("s1", 3.0)
        await eventually(lambda: bool(agent.received))
        await daemon.until(lambda: daemon.acknowledged == 2)
        target, revision = daemon.allocation.target.cpu_cores, agent.received[0]
        assert "s1" not in daemon.allocation.signal_ids
    assert target >= 3.0
    async with site.running(), site.agent() as agent, site.daemon() as daemon:
        welcome = await daemon.hello()
        assert welcome.acknowledged_sequence == 2
        await agent.register()
        await eventually(lambda: agent.applied == [revision])
        await daemon.until(lambda: daemon.allocation.limit.cpu_cores == target)
        assert "s1" in daemon.allocation.signal_ids


async def test_lost_answer_is_made_up_for_and_nothing_is_applied_twice(site, eventually):
    async with site.running(), site.agent() as agent, site.daemon() as daemon:
        await agent.register()
        await daemon.hello()
        await daemon.consent()
        await agent.measure(0.2)
        agent.answers = False
        await daemon.run_starts("s1", 3.0)
        await eventually(lambda: bool(agent.received))
        revision = agent.received[0]
        await daemon.until(lambda: daemon.allocation.revision == revision)
        target = daemon.allocation.target.cpu_cores
    async with site.running() as broker, site.agent() as agent:
        # It had applied the revision; only the answer was lost.
        agent.applied_revision, agent.cores = revision, target
        await agent.register()
        await eventually(lambda: count(broker, "results") > 0)
        assert revision not in agent.received


async def test_unanswered_instruction_is_sent_again_with_its_revision(site, eventually):
    async with site.running(answer_seconds=0.2), site.agent() as agent, site.daemon() as daemon:
        await agent.register()
        await daemon.hello()
        await daemon.consent()
        await agent.measure(0.2)
        agent.answers = False
        await daemon.run_starts("s1", 3.0)
        await eventually(lambda: len(agent.received) >= 2)
        assert len(set(agent.received)) == 1
        agent.answers = True
        await eventually(lambda: agent.applied == [agent.received[0]])


async def test_reality_that_differs_is_where_the_next_decision_starts_from(site, eventually):
    async with site.running(), site.agent() as agent, site.daemon() as daemon:
        await agent.register()
        await daemon.hello()
        await daemon.consent()
        await agent.measure(0.2)
        await daemon.run_starts("s1", 3.0)
        await eventually(lambda: agent.cores >= 3.0)
    # The agent has begun anew on another machine: its group has its first limits, its memory of revisions is gone.
    async with site.running(), site.agent() as agent:
        await agent.register()
        await agent.measure(0.9)
        await eventually(lambda: agent.cores >= 3.0)


async def test_replay_comes_to_the_same_bytes_under_two_hash_seeds(site):
    async with site.running(tick_seconds=0.05, snapshot_ticks=40), site.agent() as agent, site.daemon() as daemon:
        await agent.register()
        await daemon.hello()
        await daemon.consent()
        for number in range(6):
            await agent.measure(0.2 + 0.1 * number, urgent=True)
            await daemon.run_starts(f"s{number}", 0.7)
            await daemon.until(lambda name=f"s{number}": name in daemon.allocation.signal_ids)
    database = Database(f"sqlite:///{site.database_file}")
    with database.reading() as connection:
        steps = list(replay(read_journal(connection)))
    database.close()
    assert steps
    assert not [difference for step in steps for difference in step.differences]
    outputs = set()
    for seed in ("1", "2"):
        command = [sys.executable, "-c", REPLAY, f"sqlite:///{site.database_file}"]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        outputs.add(await asyncio.to_thread(subprocess.check_output, command, env=environment))
    assert len(outputs) == 1


async def test_purge_and_revocation_leave_nothing_in_the_files(site):
    canary = "canary-7c1f4e-signal"
    files = [site.database_file, site.database_file.with_name("broker.db-wal")]

    def found() -> bool:
        return any(canary.encode() in file.read_bytes() for file in files if file.exists())

    async with site.running() as broker, site.agent() as agent, site.daemon() as daemon:
        await agent.register()
        await daemon.hello()
        await daemon.consent(share_features=True)
        await daemon.send(features=broker_pb2.Features(schema_version=SCHEMA_VERSION, values={"functions": 3}))
        await agent.measure(0.2)
        await daemon.run_starts(canary, 3.0)
        await daemon.until(lambda: canary in daemon.allocation.signal_ids)
        assert found()
        revision = daemon.allocation.revision

        await daemon.consent(2, automatic_scaling=False, share_features=True)
        assert not found()
        assert count(broker, "features") == 1
        assert count(broker, "decisions") == count(broker, "signals") == 0

        await daemon.consent(3, share_features=True)
        await agent.measure(0.2)
        await daemon.run_starts(canary + "2", 4.0)
        await daemon.until(lambda: canary + "2" in daemon.allocation.signal_ids)
        assert daemon.allocation.revision > revision
        assert found()
        async with site.stub("environment", "dev") as stub:
            answer = await stub.Purge(broker_pb2.PurgeRequest(request_id="purge"))
            again = await stub.Purge(broker_pb2.PurgeRequest(request_id="purge"))
        assert answer.deleted["signals"] == 1
        assert answer.deleted["features"] == 1
        # Where it runs is the provider's own, and journalled again at once.
        assert not any(rows for table, rows in again.deleted.items() if table != "journal")
        assert not found()
        assert count(broker, "tombstones") == 1
        for table in (
            "consents",
            "samples",
            "signals",
            "asks",
            "profiles",
            "features",
            "wishes",
            "decisions",
            "results",
        ):
            assert count(broker, table) == 0, table
    assert not found()
    async with site.running(), site.daemon() as daemon:
        assert (await daemon.hello()).acknowledged_sequence == daemon.sequence > 0


@pytest.fixture
def small_disk(tmp_path):
    """A file system of a few MiB of its own."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=False, capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_full_disk_is_said_and_gone_on_from(site, small_disk, eventually):
    database_url = f"sqlite:///{small_disk / 'broker.db'}"
    async with site.running(database_url=database_url) as broker, site.agent() as agent, site.daemon() as daemon:
        await agent.register()
        await daemon.hello()
        await daemon.consent()
        await agent.measure(0.2)
        await asyncio.sleep(0.4)
        fill_up(small_disk / "filler")
        acknowledged = daemon.acknowledged
        for number in range(400):
            await daemon.send(sample=sample_to_proto(sample_at(5000 - 10 * number)))
        await eventually(lambda: "no room left" in broker.loop.trouble)
        assert "no limit changes until there is room" in broker.loop.trouble
        async with site.stub("environment", "dev") as stub:
            with pytest.raises(grpc.aio.AioRpcError, match="no room left") as refusal:
                await stub.PauseScaling(broker_pb2.PauseScalingRequest(request_id="p"))
        assert refusal.value.code() is grpc.StatusCode.UNAVAILABLE
        (small_disk / "filler").unlink()
        await daemon.until(lambda: daemon.acknowledged == acknowledged + 400)
        await eventually(lambda: not broker.loop.trouble)
        assert count(broker, "samples") >= 400
        await daemon.run_starts("s1", 3.0)
        await daemon.until(lambda: daemon.allocation.limit.cpu_cores >= 3.0)


def fill_up(path) -> None:
    """Writes until there is no room for one more page."""
    with path.open("wb", buffering=0) as file:
        for size in (65536, 4096, 512):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
