"""Bandwidth of a real container on a real link: both ways, live, and gone when it is taken away."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from foreload_agent.app.platforms import open_platform
from foreload_agent.config import EnvironmentEntry, make_settings
from foreload_agent.platforms.network import LinkError, Links
from foreload_core.types import Actuation, Amounts, Resource
from pyroute2 import IPRoute, NetNS
from pyroute2.netlink.exceptions import NetlinkError

MEGABYTE = 1_000_000
OUTSIDE, INSIDE, PORT = "10.231.79.1", "10.231.79.2", 5001
HOST_END = "fl-test0"


@pytest.fixture
def wired(docker_engine: Any) -> Iterator[Any]:
    """A container with a link to this machine; in it, whatever connects is sent zeros or swallowed."""
    script = (
        f"while :; do /busybox nc -l -p {PORT} > /dev/null; done & "
        f"while :; do /busybox head -c 30000000 /dev/zero | /busybox nc -l -p {PORT + 1}; done"
    )
    name = docker_engine.run(command=script, name="fl-wired")
    pid = docker_engine.client.containers.get(name).attrs["State"]["Pid"]
    with IPRoute() as outside, NetNS(f"/proc/{pid}/ns/net") as inside:
        try:
            outside.link("add", ifname=HOST_END, kind="veth", peer={"ifname": "eth0", "net_ns_pid": pid})
        except NetlinkError as error:
            pytest.skip(f"this kernel makes no virtual links here: {error}")
        for where, end, address in ((outside, HOST_END, OUTSIDE), (inside, "eth0", INSIDE)):
            [index] = where.link_lookup(ifname=end)
            where.addr("add", index=index, address=address, prefixlen=24)
            where.link("set", index=index, state="up")
    try:
        Links(pid).set_rate(receives=True, bytes_per_second=100 * MEGABYTE)
        Links(pid).clear()
    except LinkError as error:
        pytest.skip(f"this kernel cannot limit bandwidth: {error}")
    yield pid
    with contextlib.suppress(NetlinkError), IPRoute() as outside:
        for index in outside.link_lookup(ifname=HOST_END):
            outside.link("del", index=index)


def connect(port: int) -> socket.socket:
    deadline = time.monotonic() + 10
    while True:
        try:
            return socket.create_connection((INSIDE, port), 5)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def sending_rate(total: int) -> float:
    """Bytes per second that arrive in the container: what it receives. The last buffers are waited for."""
    with connect(PORT) as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        began, block, sent = time.monotonic(), b"\0" * 65_536, 0
        while sent < total:
            link.sendall(block)
            sent += len(block)
        link.shutdown(socket.SHUT_WR)
        return sent / (time.monotonic() - began)


def receiving_rate(total: int) -> float:
    """Bytes per second that the container sends."""
    with connect(PORT + 1) as link:
        began, received = time.monotonic(), 0
        while received < total and (block := link.recv(65_536)):
            received += len(block)
        return received / (time.monotonic() - began)


def environment(engine: Any, state: Path, **initial: float) -> Any:
    settings = make_settings({"state": state, "docker_host": engine.address})
    entry = EnvironmentEntry.model_validate(
        {"environment_id": "demo", "platform": "docker", "container": "fl-wired", "initial": initial}
    )
    return open_platform(entry, settings, Amounts(2.0, 8 * 2**30)), entry.floor_amounts(Amounts(2.0, 8 * 2**30))


def test_both_directions_are_limited_and_changed_while_it_runs(docker_engine: Any, wired: int, tmp_path: Path) -> None:
    bandwidth = {"network_rx_bytes_per_second": 4.0 * MEGABYTE, "network_tx_bytes_per_second": 8.0 * MEGABYTE}
    platform, floor = environment(docker_engine, tmp_path, **bandwidth)
    assert floor.network_rx_bytes_per_second == MEGABYTE
    platform.actuator.create(Amounts(1.0, 512 * 2**20, **bandwidth))
    limit = platform.actuator.limit()
    assert (limit.network_rx_bytes_per_second, limit.network_tx_bytes_per_second) == (4 * MEGABYTE, 8 * MEGABYTE)
    assert limit.cpu_cores == 1.0
    assert 2 * MEGABYTE < sending_rate(3 * MEGABYTE) < 5.5 * MEGABYTE
    assert 4 * MEGABYTE < receiving_rate(6 * MEGABYTE) < 10 * MEGABYTE

    outcomes = platform.actuator.apply(
        Amounts(cpu_cores=1.5, network_rx_bytes_per_second=1.0 * MEGABYTE, network_tx_bytes_per_second=8.0 * MEGABYTE),
        lambda: False,
    )
    assert {each.resource: each.actuation for each in outcomes} == {
        Resource.CPU: Actuation.APPLIED,
        Resource.NETWORK_RX: Actuation.APPLIED,
        Resource.NETWORK_TX: Actuation.NO_CHANGE,
    }
    assert sending_rate(MEGABYTE) < 2 * MEGABYTE
    sample = platform.collector.measure(time_now(), time.monotonic())
    assert sample.limit.network_rx_bytes_per_second == MEGABYTE
    assert {each.resource for each in platform.actuator.capabilities() if each.can_change} == {
        Resource.CPU, Resource.MEMORY, Resource.NETWORK_RX, Resource.NETWORK_TX,
    }  # fmt: skip

    platform.actuator.remove(kill=False)
    assert platform.actuator.limit().network_rx_bytes_per_second is None


def test_a_rate_can_be_changed_in_the_middle_of_a_transfer(docker_engine: Any, wired: int) -> None:
    Links(wired).set_rate(receives=False, bytes_per_second=1.0 * MEGABYTE)
    rates: list[float] = []
    transfer = threading.Thread(target=lambda: rates.append(receiving_rate(12 * MEGABYTE)))
    transfer.start()
    time.sleep(1.0)
    Links(wired).set_rate(receives=False, bytes_per_second=50.0 * MEGABYTE)
    transfer.join(8.0)
    assert rates, "at the first rate it would have taken 12 s"


def test_without_a_bandwidth_to_begin_with_none_is_managed(docker_engine: Any, wired: int, tmp_path: Path) -> None:
    platform, _floor = environment(docker_engine, tmp_path)
    network = {each.resource: each.can_change for each in platform.actuator.capabilities()}
    assert network[Resource.NETWORK_RX] is network[Resource.NETWORK_TX] is False


def test_what_has_no_network_of_its_own_is_told() -> None:
    with pytest.raises(LinkError, match="shares this machine's network"):
        Links(os.getpid()).rates()
    with pytest.raises(LinkError, match="is gone"):
        Links(2**22 - 1).pairs()


def test_a_container_without_a_link_is_told(docker_engine: Any) -> None:
    name = docker_engine.run()
    pid = docker_engine.client.containers.get(name).attrs["State"]["Pid"]
    with pytest.raises(LinkError, match="no virtual interface leads"):
        Links(pid).set_rate(receives=True, bytes_per_second=1e6)


def time_now() -> Any:
    from datetime import UTC, datetime

    return datetime.now(UTC)
