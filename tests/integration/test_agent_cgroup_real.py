"""On the kernel that is here: quotas that limit, shrinks that are refused, growth that is never cut off."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from foreload_agent.platforms.cgroup import CgroupActuator, CgroupCollector, Layout, find_layout
from foreload_agent.shrinking import MemoryMargin, ShrinkRefusedError
from foreload_core.types import Actuation, Amounts
from foreload_system.cgroup import NoCgroupError, find_mounts, locate

MIB = 1024 * 1024
GROUP = f"foreload-test-{os.getpid()}"
MARGIN = MemoryMargin(0.2, 32 * MIB)
BURN = "while True: pass"
HOLD = """
import sys
held = []
for line in sys.stdin:
    block = bytearray(int(line) << 20)
    block[::4096] = b"x" * len(block[::4096])
    held.append(block)
    print("held", flush=True)
"""


def _why_not() -> str:
    if os.geteuid() != 0:
        return "needs root"
    try:
        controllers = {name for mount in find_mounts() for name in mount.controllers}
    except NoCgroupError as error:
        return str(error)
    if not {"cpu", "cpuacct", "memory"} <= controllers:
        return "this kernel has no cgroup version 1 controllers for CPU and memory"
    [point] = {mount.point for mount in find_mounts() if "memory" in mount.controllers}
    return "" if os.access(point, os.W_OK) else "the cgroups are read-only here"


pytestmark = [pytest.mark.root, pytest.mark.skipif(bool(_why_not()), reason=_why_not() or "runs")]


def never() -> bool:
    return False


@pytest.fixture
def layout() -> Iterator[Layout]:
    found = find_layout("demo", GROUP)
    yield found
    found.remove(kill=True)
    assert not found.exists()


@pytest.fixture
def started(layout: Layout) -> Iterator[list[subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def start(layout: Layout, processes: list[subprocess.Popen[str]], code: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    processes.append(process)
    layout.join(process.pid)
    return process


def hold(process: subprocess.Popen[str], mebibytes: int) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{mebibytes}\n")
    process.stdin.flush()
    assert process.stdout.readline().strip() == "held"


def actuator_of(layout: Layout, margin: MemoryMargin = MARGIN) -> CgroupActuator:
    actuator = CgroupActuator(layout, margin, 0.5)
    assert actuator.create(Amounts(cpu_cores=0.5, memory_bytes=512 * MIB))
    return actuator


def test_a_quota_limits_and_throttling_is_measured(layout: Layout, started: list[subprocess.Popen[str]]) -> None:
    actuator = actuator_of(layout)
    collector = CgroupCollector(layout)
    start(layout, started, BURN)
    for cores in (0.2, 0.6):
        [outcome] = actuator.apply(Amounts(cpu_cores=cores), never)
        assert outcome.actuation is Actuation.APPLIED
        assert outcome.amount == pytest.approx(cores)
        time.sleep(0.2)
        collector.measure(datetime.now(UTC), time.monotonic())
        time.sleep(1.5)
        sample = collector.measure(datetime.now(UTC), time.monotonic())
        assert sample.limit.cpu_cores == pytest.approx(cores)
        # Never above the limit by more than one period; others on this machine may leave it less.
        assert sample.used.cpu_cores is not None
        assert 0.05 < sample.used.cpu_cores <= cores + 0.1
    actuator.apply(Amounts(cpu_cores=0.1), never)
    collector.measure(datetime.now(UTC), time.monotonic())
    time.sleep(1.0)
    assert collector.measure(datetime.now(UTC), time.monotonic()).throttled_seconds > 0.2


def test_the_group_is_found_by_its_process(layout: Layout, started: list[subprocess.Popen[str]]) -> None:
    actuator_of(layout)
    process = start(layout, started, HOLD)
    hold(process, 64)
    reading = locate(process.pid).read()
    assert reading.cpu_limit_cores == pytest.approx(0.5)
    assert reading.memory_limit_bytes == 512 * MIB
    assert reading.memory_bytes is not None
    assert 64 * MIB < reading.memory_bytes < 160 * MIB


def test_a_refused_shrink_leaves_the_limit(layout: Layout, started: list[subprocess.Popen[str]]) -> None:
    actuator = actuator_of(layout)
    process = start(layout, started, HOLD)
    hold(process, 128)
    with pytest.raises(ShrinkRefusedError, match="EBUSY"):
        layout.lower_memory(64 * MIB, lambda: None, never, 0.0)
    assert actuator.limit().memory_bytes == 512 * MIB
    [outcome] = actuator.apply(Amounts(memory_bytes=64 * MIB), never)
    assert outcome.actuation is Actuation.REFUSED
    assert "are used and the margin asks for a limit of at least" in outcome.detail
    assert outcome.amount == 512 * MIB
    assert process.poll() is None
    # Refused is not lost: when use has fallen, the same target goes through.
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 5
    while actuator.apply(Amounts(memory_bytes=64 * MIB), never)[0].actuation is not Actuation.APPLIED:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert actuator.limit().memory_bytes == 64 * MIB


def test_a_growing_process_is_never_cut_off(layout: Layout, started: list[subprocess.Popen[str]]) -> None:
    """Shrinks are tried all the time while a process grows: it lives, and the limit never falls into its margin."""
    margin = MemoryMargin(0.2, 48 * MIB)
    actuator = actuator_of(layout, margin)
    process = start(layout, started, HOLD)
    outcomes: list[Actuation] = []
    stop = threading.Event()

    def shrink_all_the_time() -> None:
        while not stop.is_set():
            used = layout.cgroup().read().memory_bytes or 0
            target = margin.least_limit(used) - 8 * MIB
            outcomes.append(actuator.apply(Amounts(memory_bytes=target), never)[0].actuation)
            outcomes.append(actuator.apply(Amounts(memory_bytes=512 * MIB), never)[0].actuation)
            time.sleep(0.002)

    thread = threading.Thread(target=shrink_all_the_time)
    thread.start()
    try:
        for _ in range(40):
            hold(process, 8)
            held, used = actuator.limit().memory_bytes, layout.cgroup().read().memory_bytes
            assert held is not None
            assert used is not None
            assert held >= used
    finally:
        stop.set()
        thread.join()
    assert process.poll() is None
    assert layout.cgroup().read().oom_kills == 0
    assert Actuation.REFUSED in outcomes
    assert Actuation.FAILED not in outcomes


def test_a_kill_for_want_of_memory_is_counted(layout: Layout, started: list[subprocess.Popen[str]]) -> None:
    actuator = actuator_of(layout)
    actuator.apply(Amounts(memory_bytes=64 * MIB), never)
    collector = CgroupCollector(layout)
    collector.measure(datetime.now(UTC), time.monotonic())
    process = start(layout, started, HOLD)
    assert process.stdin is not None
    process.stdin.write("256\n")
    process.stdin.flush()
    assert process.wait(timeout=20) == -9
    assert collector.measure(datetime.now(UTC), time.monotonic()).oom_kills == 1


def test_removing_lets_processes_go_on_without_limits(layout: Layout, started: list[subprocess.Popen[str]]) -> None:
    actuator = actuator_of(layout)
    process = start(layout, started, HOLD)
    hold(process, 8)
    inner = locate(process.pid).memory
    assert inner is not None
    (inner.folder / "below").mkdir()
    actuator.remove(kill=False)
    assert process.poll() is None
    hold(process, 8)
    assert GROUP not in Path(f"/proc/{process.pid}/cgroup").read_text()
    assert not any((mount.point / GROUP).exists() for mount in find_mounts())
