"""One contract over every layout of cgroups: the same questions to frozen trees of version 1, version 2 and both."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from foreload_system.cgroup import CgroupReading, NoCgroupError, locate
from foreload_system.telemetry import Meter, capacity_of_machine

TREES = Path(__file__).parent.parent / "fixtures" / "cgroup"
MIB = 1024 * 1024
NOW = datetime(2026, 11, 24, 14, 16, tzinfo=UTC)

EXPECTED = {
    "v1-docker": CgroupReading(91.5, 12.5, 250, 600 * MIB, 2, 1.5, 2048 * MIB),
    "v1-plain": CgroupReading(7.25, 0.0, 0, 96 * MIB, 0, None, 1024 * MIB),
    "v2-systemd": CgroupReading(31.25, 1.5, 31, 192 * MIB, 1, 2.0, 3072 * MIB),
    "v2-pod": CgroupReading(2.5, 3.0, 40, 0, 3, 0.5, 512 * MIB),
    "v2-hostpath": CgroupReading(1.0, 0.0, 0, MIB, 0, 0.5, None),
    "hybrid": CgroupReading(443.985809168, 0.0, 0, 40 * MIB, 0, None, 4096 * MIB),
}


@pytest.fixture(params=sorted(EXPECTED))
def layout(request: pytest.FixtureRequest) -> str:
    return request.param


def test_every_tree_has_an_expectation() -> None:
    assert {path.name for path in TREES.iterdir()} == set(EXPECTED)


def test_a_group_is_read_with_the_limits_of_its_ancestors(layout: str) -> None:
    assert locate("self", TREES / layout).read() == EXPECTED[layout]


def test_capacity_is_the_containers(layout: str) -> None:
    capacity = capacity_of_machine(TREES / layout, with_gpus=False)
    expected = EXPECTED[layout]
    assert capacity.cpu_cores is not None
    assert capacity.memory_bytes is not None
    assert capacity.cpu_cores <= (expected.cpu_limit_cores or capacity.cpu_cores)
    assert capacity.memory_bytes <= (expected.memory_limit_bytes or capacity.memory_bytes)


def test_a_group_that_is_gone_says_so(layout: str, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(TREES / layout, tree)
    group = locate("self", tree)
    shutil.rmtree(tree / "sys")
    with pytest.raises(NoCgroupError, match="has neither CPU nor memory files; the group was removed"):
        group.read()
    with pytest.raises(NoCgroupError, match="groups that cannot be seen here"):
        locate("self", tree)
    shutil.rmtree(tree / "proc")
    with pytest.raises(NoCgroupError, match="cannot be read"):
        locate("self", tree)


def test_unreadable_numbers_are_not_measured(layout: str, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(TREES / layout, tree)
    for name in ("memory.stat", "memory.max", "memory.limit_in_bytes", "cpu.max", "cpu.cfs_quota_us", "memory.events"):
        for path in tree.rglob(name):
            path.write_text("what a driver bug might leave\n\x00")
    reading = locate("self", tree).read()
    assert reading.cpu_usage_seconds == EXPECTED[layout].cpu_usage_seconds
    assert reading.memory_limit_bytes is None
    assert reading.cpu_limit_cores is None


def test_a_meter_makes_rates_of_growth(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(TREES / "v2-pod", tree)
    files = tree / "sys/fs/cgroup"
    meter = Meter(locate("self", tree), with_gpus=False, root=tree)
    (tree / "proc/self/net").mkdir()
    heads = "Inter-| Receive | Transmit\n face |bytes packets\n"
    lines = "    lo: 9 0 0 0 0 0 0 0 9 0\n  eth0:{rx} 0 0 0 0 0 0 0 {tx} 0\n"
    (tree / "proc/self/net/dev").write_text(heads + lines.format(rx=1000, tx=100))
    first = meter.sample(NOW, 100.0)
    assert first.interval_seconds == 0.0
    assert first.used.cpu_cores is None
    assert first.limit.cpu_cores == 0.5
    (files / "cpu.stat").write_text("usage_usec 3500000\nnr_throttled 90\nthrottled_usec 9000000\n")
    (files / "memory.events").write_text("oom_kill 4\n")
    (files / "memory.stat").write_text("inactive_file 4096\n")
    (tree / "proc/self/net/dev").write_text(heads + lines.format(rx=3000, tx=300))
    second = meter.sample(NOW, 102.0)
    assert second.interval_seconds == 2.0
    assert (NOW - second.start).total_seconds() == 2.0
    assert second.used.cpu_cores == pytest.approx(0.5)
    assert second.used.memory_bytes == 128 * MIB - 4096
    assert second.used.network_rx_bytes_per_second == 1000.0
    assert second.used.network_tx_bytes_per_second == 100.0
    assert second.oom_kills == 1
    assert second.throttled_seconds == 2.0  # summed over CPUs by the kernel; never more than the interval


def test_a_meter_survives_counters_that_begin_anew(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(TREES / "v2-pod", tree)
    meter = Meter(locate("self", tree), None, with_gpus=False, root=tree)
    meter.sample(NOW, 1.0)
    (tree / "sys/fs/cgroup/cpu.stat").write_text("usage_usec 10\nthrottled_usec 0\n")
    (tree / "sys/fs/cgroup/memory.events").write_text("oom_kill 0\n")
    sample = meter.sample(NOW, 2.0)
    assert sample.used.cpu_cores is None
    assert sample.throttled_seconds == 0.0
    assert sample.oom_kills == 0


def test_a_machine_without_cgroups_is_measured_as_a_whole() -> None:
    meter = Meter(None, with_gpus=False)
    meter.sample(NOW, 1.0)
    sample = meter.sample(NOW, 2.0)
    assert sample.used.memory_bytes
    assert sample.used.cpu_cores is not None
    assert sample.limit.cpu_cores is None
