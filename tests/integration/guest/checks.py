"""Runs as the only program of a guest with a real cgroup version 2, and prints what it saw, one JSON object a line."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import threading
import time
import traceback
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, "/code")

from foreload_agent.platforms.cgroup import (
    CgroupActuator,
    CgroupCollector,
    Layout,
    find_layout,
    list_environments,
)
from foreload_agent.ports import PlatformUnavailableError
from foreload_agent.shrinking import MemoryMargin, ShrinkRefusedError
from foreload_core.types import Amounts

MIB = 1024 * 1024
TREE = Path("/sys/fs/cgroup")
GROUP = "foreload-test"
POWER_OFF = 0x4321FEDC
LIBC = ctypes.CDLL(None, use_errno=True)
HOLD = """
import sys
held = []
for line in sys.stdin:
    block = bytearray(int(line) << 20)
    block[::4096] = b"x" * len(block[::4096])
    held.append(block)
    print("held", flush=True)
"""


def never() -> bool:
    return False


def saw(check: str, **values: object) -> None:
    print("SAW " + json.dumps({"check": check, **values}), flush=True)


def mount(kind: str, point: Path) -> None:
    point.mkdir(parents=True, exist_ok=True)
    if LIBC.mount(kind.encode(), str(point).encode(), kind.encode(), 0, None) != 0:
        raise OSError(ctypes.get_errno(), f"{kind} cannot be mounted")


def run_in(layout: Layout, code: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    layout.join(process.pid)
    return process


def hold(process: subprocess.Popen[str], mebibytes: int) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{mebibytes}\n")
    process.stdin.flush()
    assert process.stdout.readline().strip() == "held"


def check_cpu(layout: Layout, actuator: CgroupActuator) -> None:
    collector = CgroupCollector(layout)
    burner = run_in(layout, "while True: pass")
    for cores in (0.2, 0.7):
        [outcome] = actuator.apply(Amounts(cpu_cores=cores), never)
        collector.measure(datetime.now(UTC), time.monotonic())
        time.sleep(3)
        sample = collector.measure(datetime.now(UTC), time.monotonic())
        saw(
            "cpu",
            actuation=outcome.actuation,
            limit_cores=sample.limit.cpu_cores,
            used_cores=sample.used.cpu_cores,
            throttled_seconds=sample.throttled_seconds,
        )
    burner.kill()
    burner.wait()


def check_memory(layout: Layout, actuator: CgroupActuator) -> None:
    process = run_in(layout, HOLD)
    hold(process, 100)
    for mebibytes in (80, 200):
        [outcome] = actuator.apply(Amounts(memory_bytes=mebibytes * MIB), never)
        saw("shrink", target=mebibytes, actuation=outcome.actuation, detail=outcome.detail)
    try:
        layout.lower_memory(64 * MIB, lambda: None, never, 0.5)
        refused = ""
    except ShrinkRefusedError as error:
        refused = str(error)
    high = (TREE / GROUP / "demo" / "memory.high").read_text().strip()
    saw("below_use", refused=refused, alive=process.poll() is None, high=high, limit=actuator.limit().memory_bytes)
    margin = MemoryMargin(0.2, 32 * MIB)
    hurried = CgroupActuator(layout, margin, 0.2)
    hurried.apply(Amounts(memory_bytes=400 * MIB), never)
    stop = threading.Event()
    outcomes: Counter[str] = Counter()

    def shrink_all_the_time() -> None:
        while not stop.is_set():
            used = layout.cgroup().read().memory_bytes or 0
            for target in (margin.least_limit(used) + 4 * MIB, 400 * MIB):
                outcomes[hurried.apply(Amounts(memory_bytes=target), never)[0].actuation] += 1
            time.sleep(0.01)

    thread = threading.Thread(target=shrink_all_the_time)
    thread.start()
    for _ in range(20):
        hold(process, 8)
        time.sleep(0.05)
    stop.set()
    thread.join()
    kills = layout.cgroup().read().oom_kills
    saw("growth", alive=process.poll() is None, kills=kills, outcomes=outcomes)
    process.kill()
    process.wait()


def check_kill_and_removal(layout: Layout, actuator: CgroupActuator) -> None:
    process = run_in(layout, HOLD)
    actuator.apply(Amounts(memory_bytes=60 * MIB), never)
    assert process.stdin is not None
    process.stdin.write("150\n")
    process.stdin.flush()
    saw("kill", code=process.wait(), kills=layout.cgroup().read().oom_kills)
    process = run_in(layout, HOLD)
    hold(process, 2)
    actuator.remove(kill=False)
    membership = Path(f"/proc/{process.pid}/cgroup").read_text().strip()
    saw("removal", alive=process.poll() is None, membership=membership, left=(TREE / GROUP).exists())
    process.kill()
    process.wait()


def as_user(delegated: bool) -> None:
    """What a user without rights can do, beside its own group where that is delegated."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        if delegated:
            (TREE / "user.slice/mine.scope/cgroup.procs").write_text(str(os.getpid()))
        os.setgid(1000)
        os.setuid(1000)
        layout = find_layout("demo", GROUP)
        actuator = CgroupActuator(layout, MemoryMargin(0.2, 8 * MIB), 0.5)
        actuator.create(Amounts(0.3, 100 * MIB))
        outcomes = actuator.apply(Amounts(0.6, 50 * MIB), never)
        layout.join(os.getpid())
        inside = Path("/proc/self/cgroup").read_text().strip()
        listed = list_environments(GROUP)
        layout.remove(kill=False)
        saw("user", actuations=[one.actuation for one in outcomes], inside=inside, listed=listed, left=layout.exists())
    except PlatformUnavailableError as error:
        saw("user_refused", why=str(error))
    except Exception:  # noqa: BLE001 - said on the console, where the test finds it
        traceback.print_exc()
    finally:
        os._exit(0)


def main() -> None:
    for kind, point in (("proc", "/proc"), ("sysfs", "/sys"), ("cgroup2", str(TREE))):
        mount(kind, Path(point))
    layout = find_layout("demo", GROUP)
    actuator = CgroupActuator(layout, MemoryMargin(0.2, 32 * MIB), 1.0)
    made = actuator.create(Amounts(0.5, 300 * MIB))
    limit = actuator.limit()
    saw("created", made=made, version=layout.version, cores=limit.cpu_cores, memory_bytes=limit.memory_bytes)
    check_cpu(layout, actuator)
    check_memory(layout, actuator)
    check_kill_and_removal(layout, actuator)
    base = TREE / "user.slice"
    (base / "mine.scope").mkdir(parents=True)
    for folder in (TREE, base):
        (folder / "cgroup.subtree_control").write_text("+cpu +memory +pids")
    for name in (".", "cgroup.procs", "cgroup.subtree_control", "mine.scope", "mine.scope/cgroup.procs"):
        os.chown(base / name, 1000, 1000)
    as_user(delegated=True)
    as_user(delegated=False)


try:
    main()
except Exception:  # noqa: BLE001 - said on the console, where the test finds it
    traceback.print_exc()
saw("done")
LIBC.reboot(POWER_OFF)
