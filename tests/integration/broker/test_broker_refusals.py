"""Who may not, and what may not: each refusal has its status and one clear message."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime, timedelta

import grpc
import grpc.aio
import pytest
from foreload_broker.api.addresses import AddressInUseError
from foreload_broker.store.engine import StoreError
from foreload_proto.v1 import agent_pb2, agent_pb2_grpc, broker_pb2, broker_pb2_grpc
from foreload_system.certificates import CertificateError, create_authority, issue, read_bundle
from foreload_system.channels import open_channel
from foreload_system.identity import Identity
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc


async def refused(call) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        async with asyncio.timeout(15):
            await call
    return refusal.value


@pytest.mark.parametrize("version", [0, 2])
async def test_unknown_contract_version_names_both(site, version):
    async with site.running(), site.daemon() as daemon, site.agent() as agent:
        for call in (daemon.hello(version), agent.register(version)):
            refusal = await refused(call)
            assert refusal.code() is grpc.StatusCode.FAILED_PRECONDITION
            assert f"contract version {version} is not spoken here, this broker speaks 1" in refusal.details()


async def test_stream_without_hello(site):
    async with site.running(), site.daemon() as daemon:
        await daemon.send(consent=broker_pb2.Consent(revision=1))
        refusal = await refused(daemon._read())
        assert "first message of a stream must be a hello" in refusal.details()


async def test_identities_stay_in_their_own_room(site):
    status, decisions = broker_pb2.GetStatusRequest(), broker_pb2.ListDecisionsRequest
    async with site.running():
        async with site.stub("environment", "dev") as stub:
            refusal = await refused(stub.GetStatus(status))
            assert refusal.code() is grpc.StatusCode.PERMISSION_DENIED
            assert "environment dev may not call /foreload.v1.BrokerService/GetStatus" in refusal.details()
            refusal = await refused(stub.ListDecisions(decisions(environment_id="other")))
            assert refusal.code() is grpc.StatusCode.PERMISSION_DENIED
            refusal = await refused(stub.ExplainDecision(broker_pb2.ExplainDecisionRequest(decision_id="other-1")))
            assert refusal.code() is grpc.StatusCode.PERMISSION_DENIED
            refusal = await refused(
                stub.UndoDecision(broker_pb2.UndoDecisionRequest(request_id="u", decision_id="other-1"))
            )
            assert refusal.code() in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.FAILED_PRECONDITION)
        async with site.channel("environment", "dev") as channel:
            attach = agent_pb2_grpc.AgentServiceStub(channel).Attach()
            refusal = await refused(attach.read())
            assert refusal.code() is grpc.StatusCode.PERMISSION_DENIED
        for kind, name in (("agent", "local"), ("operator", "root"), ("broker", "other")):
            async with site.stub(kind, name) as stub:
                connect = stub.Connect()
                assert (await refused(connect.read())).code() is grpc.StatusCode.PERMISSION_DENIED
                assert (await refused(stub.Purge(broker_pb2.PurgeRequest(request_id="p")))).code() is (
                    grpc.StatusCode.PERMISSION_DENIED
                )
        async with site.stub("operator", "root") as stub:
            assert not (await stub.GetStatus(status)).environments
            assert (await stub.ListDecisions(decisions(environment_id="other"))).total == 0


async def test_agent_speaks_only_of_what_it_manages(site):
    async with site.running() as broker, site.agent("dev", "one") as one, site.agent("dev", "two") as two:
        await one.register()
        await two.register()
        await one.measure(0.5)
        await two.measure(7.0)
        await asyncio.sleep(0.5)
        placement = await broker.loop.in_writer(lambda writer, _now: writer.fleet.placements["dev"])
        sample = await broker.loop.in_writer(lambda writer, _now: writer.fleet.samples["dev"])
        assert placement.instance_id == "one"
        assert sample.used.cpu_cores == 0.5
        await one.measure(0.5, environment_id="other")
        refusal = await refused(one.call.read())
        assert "has not registered 'other'" in refusal.details()


async def test_foreign_expired_and_missing_certificates(site, tmp_path):
    foreign = tmp_path / "foreign"
    create_authority(foreign / "authority", datetime.now(UTC))
    issue(foreign / "authority", Identity("environment", "dev"), foreign / "dev", datetime.now(UTC))
    expired = site.authority.issue(
        "environment", "old", now=datetime.now(UTC) - timedelta(days=3), valid_for=timedelta(days=1)
    )
    good = site.authority.issue("environment", "dev")
    (foreign / "dev" / "ca.pem").write_bytes((good / "ca.pem").read_bytes())
    async with site.running():
        for folder in (foreign / "dev", expired):
            async with open_channel(site.address, read_bundle(folder)) as channel:
                stub = broker_pb2_grpc.BrokerServiceStub(channel)
                refusal = await refused(stub.ListDecisions(broker_pb2.ListDecisionsRequest()))
                assert refusal.code() is grpc.StatusCode.UNAVAILABLE
        credentials = grpc.ssl_channel_credentials((good / "ca.pem").read_bytes())
        async with grpc.aio.secure_channel(site.address, credentials) as channel:
            stub = broker_pb2_grpc.BrokerServiceStub(channel)
            refusal = await refused(stub.ListDecisions(broker_pb2.ListDecisionsRequest()))
            assert refusal.code() is grpc.StatusCode.UNAVAILABLE


async def test_broker_with_an_expired_certificate_does_not_start(site):
    site.authority.issue("broker", "local", now=datetime.now(UTC) - timedelta(days=3), valid_for=timedelta(days=1))
    with pytest.raises(CertificateError, match="expired at"):
        async with site.running():
            pass


@pytest.mark.parametrize("setting", ["listen", "metrics"])
async def test_address_in_use_says_by_whom(site, setting):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        address = f"127.0.0.1:{holder.getsockname()[1]}"
        with pytest.raises(AddressInUseError, match=f"{address} is in use.*--{setting}"):
            async with site.running(**{setting: address}):
                pass


async def test_database_that_cannot_be_used(site, tmp_path):
    for url, said in (
        ("mysql://somewhere/else", "allowed are sqlite and postgresql"),
        ("sqlite://", "keeps nothing"),
        ("nonsense", "cannot be read"),
        ("sqlite:////proc/version/broker.db", "cannot be made"),
    ):
        with pytest.raises(StoreError, match=said):
            async with site.running(database_url=url):
                pass
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"no database at all" * 1000)
    with pytest.raises(StoreError, match="not a database"):
        async with site.running(database_url=f"sqlite:///{damaged}"):
            pass


async def test_health_reflection_and_pages(site):
    async with site.running() as broker, site.channel("operator", "root") as channel:
        health = health_pb2_grpc.HealthStub(channel)
        answer = await health.Check(health_pb2.HealthCheckRequest(service="foreload.v1.BrokerService"))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        call = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo()
        await call.write(reflection_pb2.ServerReflectionRequest(list_services=""))
        names = [service.name for service in (await call.read()).list_services_response.service]
        call.cancel()
        assert {"foreload.v1.BrokerService", "foreload.v1.AgentService", "grpc.health.v1.Health"} <= set(names)
        for path, expected in (
            ("/healthz", b"200 OK"),
            ("/readyz", b"ready"),
            ("/nothing", b"404"),
            ("/metrics", b"_turns"),
        ):
            assert expected in await page(broker.metrics_address, path)


async def page(address: str, path: str) -> bytes:
    host, port = address.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def test_every_method_of_the_contract_has_its_right():
    from foreload_broker.security.access import METHODS, NEWCOMERS_METHODS
    from foreload_proto.v1 import enrolment_pb2, tasks_pb2

    there = {
        f"/{service.full_name}/{method.name}"
        for file in (broker_pb2.DESCRIPTOR, agent_pb2.DESCRIPTOR, enrolment_pb2.DESCRIPTOR, tasks_pb2.DESCRIPTOR)
        for service in file.services_by_name.values()
        for method in service.methods
    }
    assert there == set(METHODS) | NEWCOMERS_METHODS
    assert not set(METHODS) & NEWCOMERS_METHODS
