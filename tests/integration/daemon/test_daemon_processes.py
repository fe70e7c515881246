"""Runs that nobody announces: seen among the processes of the own container."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from foreload_core.types import RunKind
from foreload_daemon.runs.processes import ProcessWatch
from foreload_system.cgroup import Cgroup, Place

BURN = "import time\nend = time.time() + 20\nwhile time.time() < end:\n    pass\n"


@dataclass
class Group:
    """A file that lists processes, as a cgroup's does."""

    folder: Path

    def holds(self, *pids: int) -> None:
        (self.folder / "cgroup.procs").write_text("".join(f"{pid}\n" for pid in pids))

    def cgroup(self) -> Cgroup:
        place = Place(1, self.folder, self.folder)
        return Cgroup(place, place, place)


@pytest.fixture
def group(tmp_path: Path) -> Group:
    made = Group(tmp_path / "group")
    made.folder.mkdir()
    made.holds(os.getpid())
    return made


@pytest.fixture
def burning(tmp_path: Path):
    """Starts a program that computes, from a folder."""
    started: list[subprocess.Popen[bytes]] = []

    def start(folder: Path) -> subprocess.Popen[bytes]:
        folder.mkdir(exist_ok=True)
        (folder / "burn.py").write_text(BURN)
        started.append(subprocess.Popen([sys.executable, "burn.py"], cwd=folder))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_heavy_new_program_of_the_workspace_is_seen_once(group: Group, burning, tmp_path: Path):
    workspace = tmp_path / "workspace"
    watch = ProcessWatch(group.cgroup(), [workspace])
    assert watch.look(2.0)[0] == []
    process = burning(workspace)
    group.holds(os.getpid(), process.pid)
    found = []
    deadline = time.monotonic() + 15
    while not found and time.monotonic() < deadline:
        time.sleep(0.5)
        found, alive = watch.look(0.5)
    (seen,) = found
    assert (seen.process_id, seen.what.kind) == (process.pid, RunKind.PROGRAM)
    assert seen.what.entry == (workspace / "burn.py").resolve()
    assert process.pid in alive
    assert watch.look(0.5)[0] == []
    group.holds(os.getpid())
    assert process.pid not in watch.look(0.5)[1]


def test_what_was_there_before_and_what_lies_elsewhere_is_left_alone(group: Group, burning, tmp_path: Path):
    workspace = tmp_path / "workspace"
    before, elsewhere = burning(workspace), burning(tmp_path / "editor")
    group.holds(before.pid)
    watch = ProcessWatch(group.cgroup(), [workspace])
    watch.look(2.0)
    group.holds(before.pid, elsewhere.pid)
    for _ in range(3):
        time.sleep(0.4)
        assert watch.look(0.4)[0] == []


def test_a_group_that_is_gone_has_no_processes(group: Group):
    watch = ProcessWatch(group.cgroup(), [])
    watch.look(2.0)
    (group.folder / "cgroup.procs").unlink()
    assert watch.look(2.0) == ([], set())
