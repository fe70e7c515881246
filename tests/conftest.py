"""What tests of several folders share: a real Docker engine and a real PostgreSQL of their own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import psutil
import psycopg
import pytest
from docker.errors import DockerException

IMAGE = "foreload-test:busybox"
START_SECONDS = 20.0


@dataclass
class DockerEngine:
    """An engine with its own data, and an image that holds nothing but busybox."""

    address: str
    client: Any
    started: list[Any] = field(default_factory=list[Any])

    def run(self, used_mib: int = 0, command: str = "sleep 600", shm_mib: int = 0, **options: Any) -> str:
        """Starts a container that holds so much memory, and gives back its name."""
        hold = f"dd if=/dev/zero of=/dev/shm/held bs=1M count={used_mib} 2>/dev/null && " if used_mib else ""
        container = self.client.containers.run(
            IMAGE,
            ["/busybox", "sh", "-c", f"{hold}echo ready; {command}"],
            detach=True,
            shm_size=f"{used_mib + shm_mib + 64}m",
            init=False,
            **{"network_mode": "none", **options},
        )
        self.started.append(container)
        deadline = time.monotonic() + START_SECONDS
        while b"ready" not in container.logs() and time.monotonic() < deadline:
            time.sleep(0.02)
        container.reload()
        return str(container.name)

    def clear(self) -> None:
        """Removes what was started."""
        for container in self.started:
            with contextlib.suppress(DockerException):
                container.remove(force=True)
        self.started.clear()


@pytest.fixture(scope="session")
def _dockerd() -> Iterator[DockerEngine]:
    program = shutil.which("dockerd") or shutil.which("dockerd", path="/usr/sbin:/sbin")
    busybox = shutil.which("busybox")
    if os.geteuid() != 0 or program is None or busybox is None:
        pytest.skip("a Docker engine of its own needs root, dockerd (docker.io) and busybox-static")
    folder = Path(tempfile.mkdtemp(prefix="fl-dk-"))
    settings = folder / "daemon.json"
    settings.write_text(json.dumps({"bridge": "none", "iptables": False}))
    address = f"unix://{folder}/d.sock"
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [program, "--config-file", settings, "--data-root", folder / "data", "--exec-root", folder / "exec",
         "--pidfile", folder / "pid", "-H", address],
        stdout=log, stderr=log, start_new_session=True,
    )  # fmt: skip
    try:
        engine = DockerEngine(address, _connected(address, process, folder / "log"))
        image = io.BytesIO()
        with tarfile.open(fileobj=image, mode="w") as tar:
            tar.add(busybox, "busybox")
        repository, _, tag = IMAGE.partition(":")
        engine.client.api.import_image_from_data(image.getvalue(), repository=repository, tag=tag)
        yield engine
        engine.clear()
        engine.client.close()
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def _connected(address: str, process: subprocess.Popen[bytes], log: Path) -> Any:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            if not Path(address.removeprefix("unix://")).exists():
                raise FileNotFoundError(address)  # the library leaves sockets open that could not connect
            client = docker.DockerClient(base_url=address, version="auto")
            client.ping()
        except (DockerException, OSError):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.skip(f"no Docker engine starts on this machine: {log.read_text(errors='replace')[-300:]}")
            time.sleep(0.1)
        else:
            return client


@pytest.fixture
def docker_engine(_dockerd: DockerEngine) -> Iterator[DockerEngine]:
    """A real engine; what a test starts in it is gone after it."""
    yield _dockerd
    _dockerd.clear()


@dataclass
class PostgresServer:
    """A server with its own data, on a loopback port."""

    program: str
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    databases: int = 0

    def start(self) -> None:
        """Starts it, and returns when it answers."""
        command = [
            *_unprivileged(),
            self.program,
            "-D",
            str(self.folder / "data"),
            "-p",
            str(self.port),
            "-k",
            "",
            "-h",
            "127.0.0.1",
        ]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self.url("postgres").replace("+psycopg", "")).close()
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    said = (self.folder / "log").read_text(errors="replace")[-300:]
                    pytest.skip(f"no PostgreSQL starts on this machine: {said}")
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        """All of its processes, as a machine that goes down."""
        assert self.process is not None
        parent = psutil.Process(self.process.pid)
        family = [parent, *parent.children(recursive=True)]
        for one in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        self.process.wait(20)
        psutil.wait_procs(family, timeout=20)
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)

    def url(self, database: str) -> str:
        """Where one of its databases is."""
        return f"postgresql+psycopg://test:own@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Makes an empty database and returns its URL."""
        self.databases += 1
        name = f"fleet{self.databases}"
        with psycopg.connect(self.url("postgres").replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)


def _unprivileged() -> list[str]:
    """What a command begins with, so that it does not run as root: the server refuses that."""
    return ["setpriv", "--reuid=nobody", "--clear-groups"] if os.geteuid() == 0 else []


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real server; each test makes its own database in it."""
    places = [os.environ.get("PATH", ""), *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))]
    path = os.pathsep.join(places)
    program, initdb = shutil.which("postgres", path=path), shutil.which("initdb", path=path)
    if program is None or initdb is None:
        pytest.skip("a database server of its own needs postgres and initdb (postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="fl-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody")
    (folder / "password").write_text("own")
    (folder / "password").chmod(0o644)
    command = [
        *_unprivileged(),
        initdb,
        "-D",
        folder / "data",
        "-U",
        "test",
        "--pwfile",
        folder / "password",
        "-A",
        "scram-sha-256",
        "-N",
    ]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = PostgresServer(program, folder, port)
    try:
        server.start()
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.process.send_signal(signal.SIGQUIT)
            server.process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)
