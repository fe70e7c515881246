"""The daemon as the editor sees it: time to its first answer, memory after that, CPU while nothing happens."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil
from steps.editor import Editor

STARTS = 5
IDLE_SECONDS = 20.0


def _start(folder: str) -> tuple[Editor, float]:
    began = time.perf_counter()
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": folder,
        "FORELOAD_DAEMON_DIR": folder,
        "FORELOAD_ENVIRONMENT": "bench",
    }
    editor = Editor([sys.executable, "-m", "foreload_daemon"], environment, Path(folder))
    return editor, time.perf_counter() - began


def main() -> None:
    """Prints the rows."""
    starts: list[float] = []
    for _ in range(STARTS):
        with tempfile.TemporaryDirectory() as folder:
            editor, seconds = _start(folder)
            starts.append(seconds)
            editor.close()
    with tempfile.TemporaryDirectory() as folder:
        editor, _ = _start(folder)
        watched = psutil.Process(editor.process.pid)
        time.sleep(3)
        before = sum(watched.cpu_times()[:2])
        time.sleep(IDLE_SECONDS)
        idle = (sum(watched.cpu_times()[:2]) - before) / IDLE_SECONDS
        resident = watched.memory_info().rss / 2**20
        editor.close()
    rows = [
        {"name": "daemon, import and initialize", "value": statistics.median(starts), "unit": "s", "bar": 0.6},
        {"name": "daemon, resident before the first fit", "value": resident, "unit": "MiB", "bar": 90.0},
        {"name": "daemon, CPU while idle", "value": idle * 100, "unit": "% of a core", "bar": 0.3},
    ]
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
