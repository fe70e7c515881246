"""Mutual TLS over real sockets: who is let in, who is not, and certificates that change under a running server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import grpc.aio
import pytest
from foreload_proto.v1 import broker_pb2, broker_pb2_grpc
from foreload_system import certificates, channels
from foreload_system.certificates import CertificateError
from foreload_system.identity import Identity, IdentityError

NOW = datetime.now(UTC)
BROKER = Identity("broker", "local")
ALICE = Identity("environment", "alice")


class WhoAmI(broker_pb2_grpc.BrokerServiceServicer):
    """Answers with the caller's identity, and refuses callers who are no environment."""

    async def GetStatus(self, request, context):  # noqa: N802
        identity = channels.peer_identity(context)
        if identity.kind != "environment":
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, f"{identity} may not ask this")
        return broker_pb2.GetStatusResponse(broker_version=identity.uri)


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    folder = tmp_path / "authority"
    assert certificates.create_authority(folder, NOW)
    certificates.issue(folder, BROKER, tmp_path / "broker", NOW)
    return folder


@pytest.fixture
async def address(tmp_path: Path, authority: Path) -> AsyncIterator[str]:
    server = grpc.aio.server(options=channels.SERVER_OPTIONS)
    broker_pb2_grpc.add_BrokerServiceServicer_to_server(WhoAmI(), server)
    port = server.add_secure_port("127.0.0.1:0", channels.server_credentials(tmp_path / "broker"))
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)


async def ask(address: str, bundle: certificates.Bundle) -> str:
    async with channels.open_channel(address, bundle) as channel:
        stub = broker_pb2_grpc.BrokerServiceStub(channel)
        return (await stub.GetStatus(broker_pb2.GetStatusRequest(), timeout=5)).broker_version


async def refused(address: str, channel: grpc.aio.Channel) -> grpc.StatusCode:
    async with channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await broker_pb2_grpc.BrokerServiceStub(channel).GetStatus(broker_pb2.GetStatusRequest(), timeout=5)
    return caught.value.code()


async def test_the_server_sees_who_calls(address: str, authority: Path, tmp_path: Path) -> None:
    bundle = certificates.issue(authority, ALICE, tmp_path / "alice", NOW)
    assert await ask(address, bundle) == "spiffe://foreload/environment/alice"
    assert await ask(address.replace("127.0.0.1", "localhost"), bundle) == "spiffe://foreload/environment/alice"


async def test_another_kind_of_identity_is_refused_by_its_name(address: str, authority: Path, tmp_path: Path) -> None:
    bundle = certificates.issue(authority, Identity("agent", "one"), tmp_path / "agent", NOW)
    async with channels.open_channel(address, bundle) as channel:
        with pytest.raises(grpc.aio.AioRpcError, match="agent one may not ask this"):
            await broker_pb2_grpc.BrokerServiceStub(channel).GetStatus(broker_pb2.GetStatusRequest(), timeout=5)


async def test_no_certificate_is_refused(address: str, tmp_path: Path) -> None:
    ca_pem = (tmp_path / "broker" / "ca.pem").read_bytes()
    channel = grpc.aio.secure_channel(address, grpc.ssl_channel_credentials(ca_pem))
    assert await refused(address, channel) is grpc.StatusCode.UNAVAILABLE


async def test_a_certificate_of_another_authority_is_refused(address: str, tmp_path: Path) -> None:
    certificates.create_authority(tmp_path / "foreign", NOW)
    foreign = certificates.issue(tmp_path / "foreign", ALICE, tmp_path / "alice", NOW)
    ca_pem = (tmp_path / "broker" / "ca.pem").read_bytes()
    credentials = grpc.ssl_channel_credentials(ca_pem, foreign.key_pem, foreign.certificate_pem)
    assert await refused(address, grpc.aio.secure_channel(address, credentials)) is grpc.StatusCode.UNAVAILABLE
    (tmp_path / "alice" / "ca.pem").write_bytes(ca_pem)
    [problem] = certificates.bundle_problems(certificates.read_bundle(tmp_path / "alice"), NOW)
    assert "was issued by another authority" in problem


async def test_an_expired_certificate_is_refused_and_told_apart_from_a_broker_that_is_down(
    address: str, authority: Path, tmp_path: Path
) -> None:
    bundle = certificates.issue(authority, ALICE, tmp_path / "alice", NOW - timedelta(days=8))
    assert await refused(address, channels.open_channel(address, bundle)) is grpc.StatusCode.UNAVAILABLE
    with pytest.raises(CertificateError, match=r"alice/cert\.pem expired at .*; renew it with: foreload certs renew"):
        certificates.require_valid(bundle, NOW)


async def test_an_environment_cannot_pose_as_the_broker(authority: Path, tmp_path: Path) -> None:
    impostor = certificates.issue(authority, Identity("environment", "mallory"), tmp_path / "mallory", NOW)
    alice = certificates.issue(authority, ALICE, tmp_path / "alice", NOW)
    server = grpc.aio.server()
    broker_pb2_grpc.add_BrokerServiceServicer_to_server(WhoAmI(), server)
    pair = (impostor.key_pem, impostor.certificate_pem)
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
    await server.start()
    try:
        channel = channels.open_channel(f"127.0.0.1:{port}", alice)
        assert await refused("", channel) is grpc.StatusCode.UNAVAILABLE
    finally:
        await server.stop(None)


async def test_a_renewed_certificate_is_served_without_a_restart(address: str, authority: Path, tmp_path: Path) -> None:
    alice = certificates.issue(authority, ALICE, tmp_path / "alice", NOW)
    async with channels.open_channel(address, alice) as old:
        stub = broker_pb2_grpc.BrokerServiceStub(old)
        await stub.GetStatus(broker_pb2.GetStatusRequest(), timeout=5)
        # A new authority altogether: whoever knows only the new one gets in only if the server has reloaded.
        new_authority = tmp_path / "new-authority"
        certificates.create_authority(new_authority, NOW)
        assert certificates.renew_if_due(new_authority, BROKER, tmp_path / "broker", NOW)
        newcomer = certificates.issue(new_authority, Identity("environment", "bob"), tmp_path / "bob", NOW)
        assert await ask(address, newcomer) == "spiffe://foreload/environment/bob"
        await stub.GetStatus(broker_pb2.GetStatusRequest(), timeout=5)  # what was connected stays so
    assert await refused(address, channels.open_channel(address, alice)) is grpc.StatusCode.UNAVAILABLE


async def test_a_broken_renewal_leaves_the_last_good_certificate(
    address: str, authority: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    alice = certificates.issue(authority, ALICE, tmp_path / "alice", NOW)
    (tmp_path / "broker" / "cert.pem").write_text("half a certific")
    assert await ask(address, alice) == ALICE.uri
    assert await ask(address, alice) == ALICE.uri
    assert caplog.text.count("the last good one stays") == 1


async def test_many_renewals_under_traffic(address: str, authority: Path, tmp_path: Path) -> None:
    alice = certificates.issue(authority, ALICE, tmp_path / "alice", NOW)

    async def renew() -> None:
        for _ in range(20):
            await asyncio.to_thread(certificates.issue, authority, BROKER, tmp_path / "broker", NOW)

    renewing = asyncio.create_task(renew())
    answers = 0
    while not renewing.done() or answers < 5:
        assert await ask(address, alice) == ALICE.uri
        answers += 1
    await renewing


def test_an_identity_is_needed() -> None:
    class Anonymous:
        def auth_context(self):
            return {}

    with pytest.raises(IdentityError, match="names no identity"):
        channels.peer_identity(Anonymous())
