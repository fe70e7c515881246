"""Why a broker cannot be reached is told apart over real sockets: absence, distrust, and other listeners."""

from __future__ import annotations

import asyncio
import http.server
import re
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc.aio
import pytest
from foreload_system import channels
from foreload_system.certificates import Bundle, create_authority, issue, read_bundle
from foreload_system.identity import Identity
from foreload_system.reaching import Obstacle, active_broker, find_obstacle

NOW = datetime.now(UTC)
CLIENT = Identity("environment", "alice")


def made(folder: Path, who: Identity, authority: Path, age: timedelta = timedelta()) -> Bundle:
    create_authority(authority, NOW - timedelta(days=9))
    issue(authority, who, folder, NOW - age, timedelta(days=1))
    return read_bundle(folder)


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    server = grpc.aio.server(options=channels.SERVER_OPTIONS)
    made(tmp_path / "broker", Identity("broker", "local"), tmp_path / "authority")
    port = server.add_secure_port("127.0.0.1:0", channels.server_credentials(tmp_path / "broker"))
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)


async def look(address: str, bundle: Bundle | None, seconds: float = 3.0) -> Obstacle | None:
    return await asyncio.to_thread(find_obstacle, address, bundle, seconds)


async def test_a_broker_that_trusts_and_is_trusted_is_no_obstacle(address: str, tmp_path: Path) -> None:
    assert await look(address, made(tmp_path / "own", CLIENT, tmp_path / "authority")) is None
    assert await look(address, None) is None


async def test_a_broker_of_another_authority_is_named_with_the_file_that_trusts(address: str, tmp_path: Path) -> None:
    found = await look(address, made(tmp_path / "own", CLIENT, tmp_path / "foreign"))
    assert found is not None
    assert found.distrust
    assert f"certificate of another authority than {tmp_path / 'own' / 'ca.pem'}; get ca.pem" in found.text


async def test_a_client_that_the_broker_does_not_trust_is_told_so(address: str, tmp_path: Path) -> None:
    bundle = made(tmp_path / "own", CLIENT, tmp_path / "foreign")
    both = bundle.ca_pem + (tmp_path / "authority" / "ca.pem").read_bytes()
    (tmp_path / "own" / "ca.pem").write_bytes(both)
    found = await look(address, read_bundle(tmp_path / "own"))
    assert found is not None
    assert found.distrust
    assert f"does not accept the certificate in {tmp_path / 'own'};" in found.text


async def test_the_broker_s_own_expired_certificate_is_the_broker_s_matter(address: str, tmp_path: Path) -> None:
    own = made(tmp_path / "own", CLIENT, tmp_path / "authority")
    made(tmp_path / "broker", Identity("broker", "local"), tmp_path / "authority", age=timedelta(days=3))
    found = await look(address, own)
    assert found is not None
    assert found.text == (
        f"the certificate of the broker at {address} has expired; renew it there with: foreload certs renew"
    )


@pytest.fixture
def web_page() -> Iterator[str]:
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


async def test_what_listens_and_is_no_broker(web_page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http.server.BaseHTTPRequestHandler, "log_message", lambda *_: None)
    own = made(tmp_path / "own", CLIENT, tmp_path / "authority")
    found = await look(web_page, own)
    assert found is not None
    assert not found.distrust
    assert "is no broker, it does not speak TLS" in found.text
    with socket.create_server(("127.0.0.1", 0)) as silent:
        found = await look(f"127.0.0.1:{silent.getsockname()[1]}", own, 0.3)
    assert found is not None
    assert "does not answer as a broker does" in found.text


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("127.0.0.1:1", r"no broker answers at 127\.0\.0\.1:1 \(Connection refused\); start it with: foreload up"),
        ("nowhere", "address is 'nowhere'; allowed is HOST:PORT"),
        ("127.0.0.1:99999", "no broker answers at 127.0.0.1:99999"),
    ],
)
async def test_where_nobody_listens(address: str, said: str) -> None:
    found = await look(address, None)
    assert found is not None
    assert not found.distrust
    assert re.search(said, found.text)


def test_of_several_brokers_the_one_that_listens_is_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        active = f"127.0.0.1:{listening.getsockname()[1]}"
        silent = "127.0.0.1:1"
        assert active_broker(f"{silent}, {active}") == active
        assert active_broker(f"{active},{silent}") == active
    assert active_broker(f"{silent},nowhere,{silent}x") == silent
    assert active_broker(silent) == silent
