"""The daemon as the editor sees it: time to its first answer, memory after that, CPU while nothing happens."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from typing import IO

import psutil

STARTS = 5
IDLE_SECONDS = 20.0


def _send(stream: IO[bytes], message: dict[str, object]) -> None:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    stream.write(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
    stream.flush()


def _receive(stream: IO[bytes]) -> dict[str, object]:
    length = 0
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return json.loads(stream.read(length))


def _start(folder: str) -> tuple[subprocess.Popen[bytes], float]:
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "foreload_daemon"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", "HOME": folder, "FORELOAD_DAEMON_DIR": folder, "FORELOAD_ENVIRONMENT": "bench"},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    _send(
        process.stdin,
        {"id": 1, "method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": {}}},
    )
    while _receive(process.stdout).get("id") != 1:
        pass
    seconds = time.perf_counter() - began
    _send(process.stdin, {"method": "initialized", "params": {}})
    return process, seconds


def main() -> None:
    """Prints the rows."""
    starts: list[float] = []
    for _ in range(STARTS):
        with tempfile.TemporaryDirectory() as folder:
            process, seconds = _start(folder)
            starts.append(seconds)
            process.kill()
            process.communicate()
    with tempfile.TemporaryDirectory() as folder:
        process, _ = _start(folder)
        watched = psutil.Process(process.pid)
        time.sleep(3)
        before = sum(watched.cpu_times()[:2])
        time.sleep(IDLE_SECONDS)
        idle = (sum(watched.cpu_times()[:2]) - before) / IDLE_SECONDS
        resident = watched.memory_info().rss / 2**20
        process.kill()
        process.communicate()
    rows = [
        {"name": "daemon, import and initialize", "value": statistics.median(starts), "unit": "s", "bar": 0.6},
        {"name": "daemon, resident before the first fit", "value": resident, "unit": "MiB", "bar": 90.0},
        {"name": "daemon, CPU while idle", "value": idle * 100, "unit": "% of a core", "bar": 0.3},
    ]
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
