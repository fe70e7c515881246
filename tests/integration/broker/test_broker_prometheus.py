"""A real Prometheus that looks at a small page of ours: what it knows of pods becomes samples and decisions."""

from __future__ import annotations

import asyncio
import http.server
import json
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from foreload_broker.platforms.prometheus import Prometheus, Source, SourceError
from foreload_broker.ports import AgentLeft, AgentRegistered, Answered, Instruction, Measured
from foreload_core.types import Actuation, Amounts, Resource
from foreload_proto.v1 import broker_pb2, common_pb2

GIB = 2**30
PATIENCE_SECONDS = 40.0
WINDOW_SECONDS = 5
BEGAN = time.monotonic()


def page() -> str:
    """As cAdvisor and kube-state-metrics would show three pods, of which one belongs to somebody else."""
    seconds = time.monotonic() - BEGAN
    lines: list[str] = []
    for pod, cores, namespace in (("alice", 1.5, "dev-a"), ("bob", 0.25, "dev-b"), ("shop", 3.0, "live")):
        labels = f'namespace="{namespace}",pod="{pod}"'
        lines += [
            f'container_cpu_usage_seconds_total{{{labels},container="main"}} {1000 + cores * seconds}',
            f'container_cpu_usage_seconds_total{{{labels},container=""}} {9000 + 9 * seconds}',
            f'container_memory_working_set_bytes{{{labels},container="main"}} {GIB}',
            f"container_network_receive_bytes_total{{{labels}}} {5000 * seconds}",
            f'kube_pod_container_resource_limits{{{labels},container="main",resource="cpu"}} 2',
            f'kube_pod_container_resource_limits{{{labels},container="main",resource="memory"}} {4 * GIB}',
        ]
    return "\n".join(lines) + "\n"


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        content = page().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Says nothing."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("a Prometheus of its own needs the program prometheus")
    folder = tmp_path_factory.mktemp("prometheus")
    exporter = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=exporter.serve_forever, daemon=True).start()
    target = f"127.0.0.1:{exporter.server_port}"
    config = {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [{"job_name": "pods", "honor_labels": True, "static_configs": [{"targets": [target]}]}],
    }
    (folder / "prometheus.yml").write_text(json.dumps(config))
    address = f"127.0.0.1:{free_port()}"
    command = [program, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, f"--web.listen-address={address}"], stdout=log, stderr=log)
    try:
        url = f"http://{address}"
        deadline = time.monotonic() + PATIENCE_SECONDS
        query = f"{url}/api/v1/query?query=count_over_time(container_cpu_usage_seconds_total%5B10s%5D)%3E6"
        while not answered(query):
            assert time.monotonic() < deadline, (folder / "log").read_text()[-2000:]
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(20)
        exporter.shutdown()
        exporter.server_close()


def answered(query: str) -> bool:
    try:
        with urllib.request.urlopen(query, timeout=2) as answer:
            return bool(json.load(answer)["data"]["result"])
    except OSError:
        return False


async def test_pods_become_environments_with_samples_and_nothing_is_changed(prometheus: str) -> None:
    posted: list[Any] = []
    source = Source(prometheus, "pod", "namespace=~'dev-.*'", WINDOW_SECONDS)
    platform = Prometheus(source, posted.append, lambda: datetime.now(UTC))
    await platform.look()
    await platform.look()
    registered = [message for message in posted if isinstance(message, AgentRegistered)]
    assert len(registered) == 1, "told once, for nothing changed"
    assert [one.environment_id for one in registered[0].environments] == ["alice", "bob"]
    assert registered[0].environments[0].limit == Amounts(cpu_cores=2.0, memory_bytes=4 * GIB)
    alice = next(message.sample for message in posted if isinstance(message, Measured))
    assert alice.used.cpu_cores == pytest.approx(1.5, rel=0.35)
    assert alice.used.memory_bytes == GIB
    assert alice.used.network_rx_bytes_per_second == pytest.approx(5000, rel=0.35)
    assert alice.used.get(Resource.NETWORK_TX) is None, "what nobody measures is missing, not 0"
    assert alice.interval_seconds == WINDOW_SECONDS
    instruction = Instruction("alice-7", "alice", 7, Amounts(cpu_cores=3.0), datetime.now(UTC))
    assert platform.send("prometheus", instruction)
    assert not platform.send("another", instruction)
    answer = posted[-1]
    assert isinstance(answer, Answered)
    assert [result.actuation for result in answer.results] == [Actuation.NO_CHANGE]
    assert "not changed" in answer.results[0].detail
    await source.close()


async def test_the_broker_decides_for_them_and_says_that_nothing_was_changed(
    site: Any, eventually: Any, prometheus: str
) -> None:
    given = {"prometheus": prometheus, "prometheus_where": "namespace='dev-b'", "prometheus_seconds": WINDOW_SECONDS}
    async with (
        site.running(**given, scale_without_consent=True, lower_after_seconds=1.0) as broker,
        site.stub("operator", "ada") as stub,
    ):

        async def lowered() -> bool:
            log = await stub.ListDecisions(broker_pb2.ListDecisionsRequest(limit=10))
            return any(
                result.actuation == common_pb2.ACTUATION_NO_CHANGE and "not changed" in result.detail
                for decision in log.decisions
                for result in decision.results
            )

        await eventually(lowered)
        status = await stub.GetStatus(broker_pb2.GetStatusRequest())
        assert [one.environment_id for one in status.environments] == ["bob"]
        assert status.environments[0].instance_id == "prometheus"
        assert broker.loop.trouble == ""


async def test_a_query_that_prometheus_refuses_is_told_in_its_own_words(prometheus: str) -> None:
    source = Source(prometheus, "pod", "namespace=~", WINDOW_SECONDS)
    with pytest.raises(SourceError, match=r"answers 400 to sum by \(pod\).*parse error"):
        await source.look()
    await source.close()


async def test_a_prometheus_that_is_gone_takes_the_environments_off_after_three_looks() -> None:
    posted: list[Any] = []
    source = Source(f"http://127.0.0.1:{free_port()}", "pod", "", WINDOW_SECONDS)
    platform = Prometheus(source, posted.append, lambda: datetime.now(UTC))
    platform._registered = AgentRegistered("prometheus", Amounts(), ())
    for _ in range(4):
        await platform.look()
    assert [type(message) for message in posted] == [AgentLeft]
    await source.close()


async def test_a_token_goes_with_each_question_and_a_missing_one_is_named(tmp_path: Path) -> None:
    heard: list[str | None] = []

    class Guarded(Page):
        def do_POST(self) -> None:
            heard.append(self.headers.get("Authorization"))
            self.send_error(401)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Guarded)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    token = tmp_path / "token"
    source = Source(f"http://127.0.0.1:{server.server_port}/", "pod", "", WINDOW_SECONDS, token_file=token)
    with pytest.raises(SourceError, match=r"token for Prometheus cannot be read from .*token"):
        await source.look()
    token.write_text("secret\n")
    with pytest.raises(SourceError, match="answers 401"):
        await source.look()
    assert heard == ["Bearer secret"]
    await source.close()
    await asyncio.to_thread(server.shutdown)
    server.server_close()


def test_an_authority_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(SourceError, match=r"ca\.pem cannot be used as an authority"):
        Source("https://prometheus.example", "pod", "", authority_file=tmp_path / "ca.pem")
