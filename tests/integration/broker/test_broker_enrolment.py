"""A newcomer gets its first certificate for a token, and its next ones for the last one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from foreload_proto.v1 import agent_pb2, agent_pb2_grpc, enrolment_pb2, enrolment_pb2_grpc
from foreload_system.certificates import create_authority, issue, read_bundle
from foreload_system.channels import open_channel, target_options
from foreload_system.enrolment import EnrolmentError, Token, enroll, renew, renew_when_due
from foreload_system.identity import Identity

NEWCOMERS = {"enrolment": "127.0.0.1:0"}


async def make_token(site: Any, identity: Identity, valid_seconds: float = 60.0) -> Token:
    async with site.channel("operator", "ada") as channel:
        request = enrolment_pb2.CreateTokenRequest(kind=identity.kind, name=identity.name, valid_seconds=valid_seconds)
        answer = await enrolment_pb2_grpc.EnrolmentServiceStub(channel).CreateToken(request)
        return Token.parse(answer.token)


async def enroll_in_thread(address: str, token: Token, folder: Path) -> Any:
    return await asyncio.to_thread(enroll, address, token, folder, datetime.now(UTC))


@pytest.fixture
async def newcomers(site: Any) -> AsyncIterator[Any]:
    async with site.running(**NEWCOMERS) as broker:
        yield broker


async def test_a_token_is_good_for_one_certificate_with_which_the_newcomer_connects(
    site: Any, newcomers: Any, tmp_path: Path
) -> None:
    token = await make_token(site, Identity("agent", "far-away"))
    bundle = await enroll_in_thread(newcomers.enrolment_address, token, tmp_path / "agent")
    assert bundle.identity == Identity("agent", "far-away")
    assert (tmp_path / "agent" / "key.pem").stat().st_mode & 0o077 == 0
    async with open_channel(site.address, bundle) as channel:
        call = agent_pb2_grpc.AgentServiceStub(channel).Attach()
        await call.write(agent_pb2.AttachRequest(register=agent_pb2.Register(contract_version=1)))
        assert (await call.read()).registered.contract_version == 1
        call.cancel()
    with pytest.raises(EnrolmentError, match="it was used, has ended, or is of another broker"):
        await enroll_in_thread(newcomers.enrolment_address, token, tmp_path / "again")
    assert not (tmp_path / "again").exists()


async def test_a_token_ends(site: Any, newcomers: Any, tmp_path: Path) -> None:
    token = await make_token(site, Identity("environment", "shop"), valid_seconds=0.05)
    await asyncio.sleep(0.1)
    with pytest.raises(EnrolmentError, match="has ended"):
        await enroll_in_thread(newcomers.enrolment_address, token, tmp_path / "late")


async def test_a_false_broker_is_not_sent_the_secret(site: Any, newcomers: Any, tmp_path: Path) -> None:
    token = await make_token(site, Identity("agent", "far-away"))
    heard: list[str] = []

    class FalseBroker(enrolment_pb2_grpc.EnrolmentServiceServicer):
        """Shows the true authority's certificate, and has one of its own."""

        def __init__(self, authority_pem: bytes) -> None:
            self.authority_pem = authority_pem

        async def GetAuthority(self, request: Any, context: Any) -> Any:  # noqa: N802
            return enrolment_pb2.GetAuthorityResponse(authority_pem=self.authority_pem)

        async def Enroll(self, request: Any, context: Any) -> Any:  # noqa: N802
            heard.append(request.secret)
            return enrolment_pb2.EnrollResponse()

    create_authority(tmp_path / "false", datetime.now(UTC))
    own = issue(tmp_path / "false", Identity("broker", "local"), tmp_path / "broker", datetime.now(UTC))
    true_pem = (site.state / "certs" / "authority" / "ca.pem").read_bytes()
    for shown in (own.ca_pem, true_pem):
        server = grpc.aio.server()
        enrolment_pb2_grpc.add_EnrolmentServiceServicer_to_server(FalseBroker(shown), server)
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(own.key_pem, own.certificate_pem)]))
        await server.start()
        with pytest.raises(EnrolmentError, match="is not the broker that the token was made by"):
            await enroll_in_thread(f"127.0.0.1:{port}", token, tmp_path / "fooled")
        await server.stop(0)
    assert heard == []
    assert not (tmp_path / "fooled").exists()


async def test_newcomers_reach_nothing_else_and_others_cannot_make_tokens(site: Any, newcomers: Any) -> None:
    authority = (site.state / "certs" / "authority" / "ca.pem").read_bytes()
    address = newcomers.enrolment_address
    channel = grpc.aio.secure_channel(
        address, grpc.ssl_channel_credentials(authority), options=list(target_options(address))
    )
    async with channel:
        stub = enrolment_pb2_grpc.EnrolmentServiceStub(channel)
        for call in (stub.CreateToken(enrolment_pb2.CreateTokenRequest()), stub.Renew(enrolment_pb2.RenewRequest())):
            with pytest.raises(grpc.aio.AioRpcError, match="is not for newcomers"):
                await call
    for kind in ("environment", "agent"):
        async with site.channel(kind, "mallory") as own:
            request = enrolment_pb2.CreateTokenRequest(kind="operator", name="mallory")
            with pytest.raises(grpc.aio.AioRpcError, match="it is for operators"):
                await enrolment_pb2_grpc.EnrolmentServiceStub(own).CreateToken(request)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"kind": "broker", "name": "two"}, "kind is 'broker'; allowed are environment, agent, operator"),
        ({"kind": "agent", "name": "Not A Name"}, "lower-case letters"),
        ({"kind": "agent", "name": "a", "valid_seconds": -1.0}, "valid_seconds is -1; allowed is above 0"),
    ],
)
async def test_what_no_token_is_made_for_is_said(site: Any, newcomers: Any, asked: Any, words: str) -> None:
    async with site.channel("operator", "ada") as channel:
        with pytest.raises(grpc.aio.AioRpcError, match=words):
            await enrolment_pb2_grpc.EnrolmentServiceStub(channel).CreateToken(
                enrolment_pb2.CreateTokenRequest(**asked)
            )


async def test_a_certificate_is_renewed_with_the_last_one_and_for_nobody_else(
    site: Any, newcomers: Any, tmp_path: Path
) -> None:
    folder = site.authority.issue("environment", "shop", valid_for=timedelta(minutes=10))
    before = read_bundle(folder)
    after = await renew(site.address, before, datetime.now(UTC))
    assert after.identity == before.identity
    assert after.not_after > before.not_after + timedelta(days=5)
    assert after.key_pem != before.key_pem, "each certificate has a key of its own"
    async with site.channel("operator", "ada") as channel:
        stub = enrolment_pb2_grpc.EnrolmentServiceStub(channel)
        acts = (await stub.ListActs(enrolment_pb2.ListActsRequest())).acts
    assert ("environment shop", "certificate renewed") in [(act.actor, act.act) for act in acts]


async def test_operators_see_who_did_what_newest_first_and_page_by_page(site: Any, newcomers: Any) -> None:
    for name in ("one", "two", "three"):
        await make_token(site, Identity("agent", name))
    async with site.channel("operator", "ada") as channel:
        stub = enrolment_pb2_grpc.EnrolmentServiceStub(channel)
        first = (await stub.ListActs(enrolment_pb2.ListActsRequest(limit=2))).acts
        rest = (await stub.ListActs(enrolment_pb2.ListActsRequest(before_number=first[-1].number))).acts
    assert [(act.actor, act.act, act.about) for act in (*first, *rest)][:3] == [
        ("operator ada", "token created", f"agent {name}") for name in ("three", "two", "one")
    ]
    async with site.channel("environment", "shop") as channel:
        with pytest.raises(grpc.aio.AioRpcError, match="it is for operators"):
            await enrolment_pb2_grpc.EnrolmentServiceStub(channel).ListActs(enrolment_pb2.ListActsRequest())


async def test_a_certificate_is_renewed_when_two_thirds_of_its_life_are_over(site: Any, newcomers: Any) -> None:
    now = datetime.now(UTC)
    fresh = site.authority.issue("agent", "fresh", valid_for=timedelta(hours=1))
    old = site.authority.issue("agent", "old", now=now - timedelta(minutes=50), valid_for=timedelta(hours=1))
    assert not await renew_when_due(site.address, fresh, now)
    assert await renew_when_due(site.address, old, now)
    assert read_bundle(old).not_after > now + timedelta(days=6)
    assert not await renew_when_due(site.address, old, now)


def request_pem(key: Any) -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


async def test_requests_that_are_none_are_told_and_use_no_token_up(site: Any, newcomers: Any, tmp_path: Path) -> None:
    token = await make_token(site, Identity("agent", "far-away"))
    authority = (site.state / "certs" / "authority" / "ca.pem").read_bytes()
    address = newcomers.enrolment_address
    good = request_pem(ec.generate_private_key(ec.SECP256R1()))
    bad = {
        "no certificate request": b"nonsense",
        "no elliptic-curve key": request_pem(rsa.generate_private_key(65537, 2048)),
        "allowed are 16384": good + b" " * 20_000,
    }
    channel = grpc.aio.secure_channel(
        address, grpc.ssl_channel_credentials(authority), options=list(target_options(address))
    )
    async with channel:
        stub = enrolment_pb2_grpc.EnrolmentServiceStub(channel)
        for words, pem in bad.items():
            with pytest.raises(grpc.aio.AioRpcError, match=words):
                await stub.Enroll(enrolment_pb2.EnrollRequest(secret=token.secret, certificate_request_pem=pem))
    bundle = await enroll_in_thread(address, token, tmp_path / "agent")
    assert bundle.identity.name == "far-away"


async def test_a_secret_is_not_in_the_database(site: Any, newcomers: Any) -> None:
    token = await make_token(site, Identity("agent", "far-away"))
    for path in (site.state / "broker").glob("broker.db*"):
        assert token.secret.encode() not in path.read_bytes()


@pytest.mark.parametrize("text", ["", "foreload1.agent.x.y", "foreload1.agent.x.secret.AAAA", "other.agent.x.s.f"])
def test_a_token_that_was_cut_is_told(text: str) -> None:
    with pytest.raises(EnrolmentError, match="not whole"):
        Token.parse(text)
