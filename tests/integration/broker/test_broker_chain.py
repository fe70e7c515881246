"""From a run's start to the raised limit, over real streams, and what the log says of it afterwards."""

from __future__ import annotations

import asyncio
import time
import uuid
from datetime import UTC, datetime, timedelta

import grpc
import grpc.aio
import pytest
from foreload_broker.platforms.simulated import SimulatedInstance
from foreload_broker.ports import ManagedEnvironment
from foreload_core.features import SCHEMA_VERSION
from foreload_core.types import Amounts, Resource, Sample
from foreload_proto.v1 import broker_pb2, common_pb2
from foreload_system.codecs import sample_to_proto, time_to_proto

GIB = 2**30


async def test_run_start_raises_the_limit_and_a_waiting_launch_goes_on(site):
    async with site.running(), site.agent() as agent, site.daemon() as daemon:
        await agent.register()
        await daemon.hello()
        await daemon.consent()
        await agent.measure(0.2)
        await asyncio.sleep(0.5)
        seconds = []
        for number in range(5):
            began = time.perf_counter()
            await daemon.run_starts(f"s{number}", 0.5)
            await daemon.until(lambda name=f"s{number}": name in daemon.allocation.signal_ids)
            seconds.append(time.perf_counter() - began)
            assert daemon.allocation.limit.cpu_cores >= 0.5 * (number + 1)
        assert agent.applied == sorted(set(agent.applied))
        # Well under 50 ms on a quiet machine; the bound leaves room for a busy one.
        assert sorted(seconds)[2] < 0.5
        decision = next(each for each in reversed(daemon.decisions) if each.results)
        assert decision.results[0].actuation == common_pb2.ACTUATION_APPLIED
        assert daemon.decisions[0].changes[0].reasons[0].step == "runs"


async def test_log_explanation_pin_pause_undo(site):
    async with site.running(), site.agent() as agent, site.daemon() as daemon, site.stub("environment", "dev") as stub:
        await agent.register()
        await daemon.hello()
        await daemon.consent()
        await agent.measure(0.2)
        await daemon.run_starts("s1", 3.0)
        await daemon.until(lambda: daemon.allocation.limit.cpu_cores >= 3.0)
        listed = await stub.ListDecisions(broker_pb2.ListDecisionsRequest())
        assert listed.total == len(listed.decisions) >= 1
        newest = listed.decisions[0]
        explained = await stub.ExplainDecision(broker_pb2.ExplainDecisionRequest(decision_id=newest.decision_id))
        assert explained.decision.decision_id == newest.decision_id
        assert [signal.signal_id for signal in explained.signals] == ["s1"]
        assert explained.price_usd_per_hour_after > explained.price_usd_per_hour_before
        assert explained.capacity.cpu_cores == 8

        undo = broker_pb2.UndoDecisionRequest(request_id=uuid.uuid4().hex, decision_id=newest.decision_id)
        undone = await stub.UndoDecision(undo)
        assert undone.decision.undone
        assert (await stub.UndoDecision(undo)) == undone
        await daemon.until(lambda: daemon.allocation.limit.cpu_cores < 3.0)

        pin = broker_pb2.PinLimitRequest(request_id=uuid.uuid4().hex, amounts=common_pb2.Amounts(cpu_cores=2.5))
        assert (await stub.PinLimit(pin)).pinned.cpu_cores == 2.5
        await daemon.until(lambda: daemon.allocation.limit.cpu_cores == 2.5)

        until = time_to_proto(datetime.now(UTC) + timedelta(hours=1))
        paused = await stub.PauseScaling(broker_pb2.PauseScalingRequest(request_id="p1", until=until))
        assert paused.HasField("paused_until")
        resumed = await stub.PauseScaling(broker_pb2.PauseScalingRequest(request_id="p2"))
        assert not resumed.HasField("paused_until")


async def test_one_key_is_for_one_request(site):
    async with site.running(), site.agent() as agent, site.daemon() as daemon, site.stub("environment", "dev") as stub:
        await agent.register()
        await daemon.hello()
        await daemon.consent()
        await stub.PauseScaling(broker_pb2.PauseScalingRequest(request_id="k"))
        with pytest.raises(grpc.aio.AioRpcError, match="was used for PauseScaling") as refusal:
            await stub.DeclineDecision(broker_pb2.DeclineDecisionRequest(request_id="k", reference="s1"))
        assert refusal.value.code() is grpc.StatusCode.FAILED_PRECONDITION


async def test_simulated_instance_goes_through_the_same_loop(site, eventually):
    needed = {"dev": Amounts(cpu_cores=0.5, memory_bytes=GIB)}
    instances: list[SimulatedInstance] = []

    def platforms(loop):
        environment = ManagedEnvironment(
            "dev",
            "simulated",
            limit=Amounts(1.0, 4 * GIB),
            floor=Amounts(0.5, GIB),
            changeable=frozenset({Resource.CPU, Resource.MEMORY}),
        )
        capacity = Amounts(8.0, 16 * GIB)
        instances.append(
            SimulatedInstance(
                "sim", capacity, {"dev": environment}, lambda name, _at: needed[name], loop.post, loop.now
            )
        )
        return instances

    async with site.running(platforms=platforms, scale_without_consent=True):
        instances[0].register()
        instances[0].measure(1.0)
        await asyncio.sleep(0.5)
        needed["dev"] = Amounts(cpu_cores=3.0, memory_bytes=GIB)

        def throttled_until_raised() -> bool:
            instances[0].measure(1.0)
            return (instances[0].environments["dev"].limit.cpu_cores or 0) >= 3.0

        await eventually(throttled_until_raised)


async def test_without_permission_nothing_changes_and_nothing_of_the_daemon_is_kept(site):
    sample = Sample(datetime.now(UTC) - timedelta(seconds=10), 10.0, Amounts(cpu_cores=0.123456789))
    async with site.running() as broker, site.agent() as agent, site.daemon() as daemon:
        await agent.register()
        await daemon.hello()
        await daemon.send(sample=sample_to_proto(sample))
        await daemon.run_starts("s1", 3.0)
        await daemon.send(features=broker_pb2.Features(schema_version=SCHEMA_VERSION, values={"functions": 3}))
        await daemon.until(lambda: daemon.acknowledged == 3)
        with broker._database.reading() as connection:
            for table in ("samples", "signals", "features"):
                assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0
        async with site.stub("environment", "dev") as stub:
            with pytest.raises(grpc.aio.AioRpcError, match="automatic scaling is not allowed"):
                await stub.PinLimit(broker_pb2.PinLimitRequest(request_id="p", amounts=common_pb2.Amounts(cpu_cores=2)))
    assert agent.received == []


async def test_shadow_mode_decides_and_shows_and_changes_nothing(site):
    async with site.running(shadow=True), site.agent() as agent, site.daemon() as daemon:
        await agent.register()
        assert (await daemon.hello()).shadow_mode
        await daemon.consent()
        await agent.measure(0.2)
        await daemon.run_starts("s1", 3.0)
        await daemon.until(lambda: any(decision.results for decision in daemon.decisions))
        assert all(decision.dry_run for decision in daemon.decisions)
        assert daemon.allocation.limit.cpu_cores == 1.0
    assert agent.received == []


async def test_bad_message_is_told_and_the_rest_goes_on(site):
    async with site.running(), site.agent() as agent, site.daemon() as daemon:
        await agent.register()
        await daemon.hello()
        await daemon.consent()
        bad = Sample(datetime(2020, 1, 1, tzinfo=UTC), 10.0, Amounts(cpu_cores=1.0))
        await daemon.send(sample=sample_to_proto(bad))
        await daemon.run_starts("s1", 2.0)
        await daemon.until(lambda: "s1" in daemon.allocation.signal_ids and daemon.acknowledged == 3)
        assert [rejected.sequence for rejected in daemon.rejected] == [2]
        assert "sample.start is 2020-01-01" in daemon.rejected[0].detail
