"""One contract over every platform: cgroup version 1 and 2 on trees that behave like the kernel, a real Docker engine,
dry run, simulated."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from foreload_agent import shrinking
from foreload_agent.platforms.cgroup import (
    CgroupActuator,
    CgroupCollector,
    find_layout,
    layout_v1,
    layout_v2,
)
from foreload_agent.platforms.docker import DockerActuator, DockerCollector, Engine, EnvironmentContainer
from foreload_agent.platforms.dry_run import DryRunActuator, DryRunCollector
from foreload_agent.platforms.simulated import (
    SimulatedActuator,
    SimulatedCollector,
    SimulatedDemand,
    SimulatedEnvironment,
)
from foreload_agent.ports import Actuator, Collector, EnvironmentGoneError
from foreload_agent.shrinking import MemoryMargin
from foreload_core.types import Actuation, Amounts, Resource

MIB = 1024 * 1024
NOW = datetime(2026, 11, 24, 14, 16, tzinfo=UTC)
USED_BYTES = 600 * MIB
INITIAL = Amounts(cpu_cores=1.0, memory_bytes=2048 * MIB)
MARGIN = MemoryMargin(0.2, 256 * MIB)


def never() -> bool:
    return False


class KernelTree:
    """Plain folders that behave like a cgroup file system: groups come with files, and some writes are refused."""

    def __init__(self, root: Path, version: int) -> None:
        self.root = root
        self.version = version
        self.used_bytes = USED_BYTES
        self.writes: list[tuple[str, str]] = []
        self.after_write: Callable[[Path, str], None] = lambda path, value: None
        mounts = root / "sys/fs/cgroup"
        if version == 1:
            names = ("cpu", "cpuacct", "memory", "pids", "freezer")
            lines = [
                f"{i} 1 0:{i} / /sys/fs/cgroup/{name} rw - cgroup cgroup rw,{name}" for i, name in enumerate(names, 30)
            ]
            memberships = "\n".join(f"{i}:{name}:/" for i, name in enumerate(names, 1))
            for name in names:
                self.populate(mounts / name)
        else:
            lines = ["35 25 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw"]
            memberships = "0::/"
            self.populate(mounts)
        (root / "proc/self").mkdir(parents=True)
        (root / "proc/self/mountinfo").write_text("\n".join(lines) + "\n")
        (root / "proc/self/cgroup").write_text(memberships + "\n")

    def populate(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        files = {"cgroup.procs": ""}
        if self.version == 2:
            files |= {
                "cgroup.controllers": "cpuset cpu io memory pids",
                "cgroup.subtree_control": "",
                "cpu.max": "max 100000",
                "cpu.stat": "usage_usec 0\nnr_throttled 0\nthrottled_usec 0",
                "memory.current": str(self.used_bytes),
                "memory.stat": "inactive_file 0",
                "memory.max": "max",
                "memory.high": "max",
                "memory.events": "oom_kill 0",
            }
        elif "memory" in folder.parts:
            files |= {
                "memory.usage_in_bytes": str(self.used_bytes),
                "memory.stat": "total_inactive_file 0\nhierarchical_memory_limit 9223372036854771712",
                "memory.limit_in_bytes": "9223372036854771712",
                "memory.memsw.limit_in_bytes": "9223372036854771712",
                "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 0",
            }
        elif "cpuacct" in folder.parts:
            files |= {"cpuacct.usage": "0"}
        elif "cpu" in folder.parts:
            files |= {
                "cpu.cfs_quota_us": "-1",
                "cpu.cfs_period_us": "100000",
                "cpu.stat": "nr_throttled 0\nthrottled_time 0",
            }
        for name, text in files.items():
            (folder / name).write_text(text + "\n")

    def make_group(self, folder: Path) -> bool:
        if folder.is_dir():
            return False
        self.populate(folder)
        return True

    def remove_group(self, folder: Path, refuge: Path) -> None:
        for path in folder.iterdir() if folder.is_dir() else ():
            path.unlink()
        if folder.is_dir():
            folder.rmdir()

    def write_value(self, path: Path, value: str) -> None:
        assert path.exists(), f"the kernel makes no files: {path}"
        self.writes.append((path.name, value))
        if path.name == "memory.limit_in_bytes" and int(value) < self.used_bytes:
            raise OSError(errno.EBUSY, "Device or resource busy", str(path))
        if path.name == "memory.max" and value != "max":
            assert int(value) >= self.used_bytes, "this write would have killed"
        held = {name: path.parent / f"memory.{name}limit_in_bytes" for name in ("", "memsw.")}
        if path == held["memsw."]:
            assert int(value) >= int(held[""].read_text()), "EINVAL: memory and swap together below memory"
        if path == held[""]:
            assert int(value) <= int(held["memsw."].read_text()), "EINVAL: memory above memory and swap together"
        path.write_text(value + "\n")
        self.after_write(path, value)

    def use(self, used_bytes: int) -> None:
        self.used_bytes = used_bytes
        for name in ("memory.current", "memory.usage_in_bytes"):
            for path in self.root.rglob(name):
                path.write_text(f"{used_bytes}\n")


def behave_as(tree: KernelTree, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the tree take part where the product asks the kernel."""
    for module in (layout_v1, layout_v2):
        for name in ("make_group", "remove_group", "write_value"):
            monkeypatch.setattr(module, name, getattr(tree, name))
    monkeypatch.setattr(shrinking, "write_value", tree.write_value)


@dataclass
class Case:
    """One platform, and what of the contract it can show."""

    name: str
    actuator: Actuator
    collector: Callable[[], Collector]
    changes: bool
    margin: bool
    makes: bool


@pytest.fixture
def kernel(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KernelTree:
    tree = KernelTree(tmp_path / "machine", request.param)
    behave_as(tree, monkeypatch)
    return tree


def cgroup_case(tree: KernelTree) -> Case:
    layout = find_layout("demo", "foreload-test", tree.root)
    assert layout.version == tree.version
    return Case(
        f"v{tree.version}", CgroupActuator(layout, MARGIN, 0.05), lambda: CgroupCollector(layout), True, True, True
    )


@pytest.fixture(params=["v1", "v2", "docker", "simulated", "dry_run"])
def case(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    if request.param == "simulated":
        steady = SimulatedDemand(busy_ratio=0.0, idle=Amounts(cpu_cores=0.5, memory_bytes=USED_BYTES))
        simulated = SimulatedEnvironment(steady)
        SimulatedCollector(simulated).measure(NOW, 0.0)
        return Case("simulated", SimulatedActuator(simulated), lambda: SimulatedCollector(simulated), True, False, True)
    if request.param == "docker":
        engine = request.getfixturevalue("docker_engine")
        container = EnvironmentContainer(Engine(engine.address), engine.run(used_mib=USED_BYTES // MIB))
        return Case(
            "docker", DockerActuator(container, MARGIN, 0.5), lambda: DockerCollector(container), True, True, False
        )
    if request.param == "dry_run":
        return Case("dry_run", DryRunActuator("dry run: nothing is changed"), DryRunCollector, False, False, False)
    tree = KernelTree(tmp_path / "machine", int(request.param[1]))
    behave_as(tree, monkeypatch)
    return cgroup_case(tree)


def test_creating_sets_the_initial_limits_once(case: Case) -> None:
    made = case.actuator.create(INITIAL)
    assert made is case.makes
    if case.changes:
        assert case.actuator.limit() == INITIAL
    case.actuator.apply(Amounts(cpu_cores=1.5), never)
    held = case.actuator.limit()
    assert case.actuator.create(INITIAL) is False
    assert case.actuator.limit() == held


def test_every_resource_says_whether_it_can_change_and_why(case: Case) -> None:
    case.actuator.create(INITIAL)
    capabilities = {capability.resource: capability for capability in case.actuator.capabilities()}
    assert set(capabilities) == set(Resource)
    assert all(capability.detail for capability in capabilities.values())
    changeable = {resource for resource, capability in capabilities.items() if capability.can_change}
    assert changeable == ({Resource.CPU, Resource.MEMORY} if case.changes else set())


@pytest.mark.parametrize("target", [Amounts(cpu_cores=1.7), Amounts(cpu_cores=0.3), Amounts(memory_bytes=4096 * MIB)])
def test_an_absolute_target_is_applied_once_and_then_changes_nothing(case: Case, target: Amounts) -> None:
    case.actuator.create(INITIAL)
    [outcome] = case.actuator.apply(target, never)
    [again] = case.actuator.apply(target, never)
    assert again.actuation is Actuation.NO_CHANGE
    assert again.amount == outcome.amount
    if not case.changes:
        assert outcome.actuation is Actuation.NO_CHANGE
        assert "dry run" in outcome.detail
        return
    assert outcome.actuation is Actuation.APPLIED
    assert outcome.amount == pytest.approx(target.get(outcome.resource))
    assert case.actuator.limit().get(outcome.resource) == outcome.amount
    other = Resource.MEMORY if outcome.resource is Resource.CPU else Resource.CPU
    assert case.actuator.limit().get(other) == INITIAL.get(other)


def test_memory_goes_down_where_it_fits(case: Case) -> None:
    case.actuator.create(INITIAL)
    [outcome] = case.actuator.apply(Amounts(memory_bytes=1024 * MIB), never)
    assert outcome.actuation is (Actuation.APPLIED if case.changes else Actuation.NO_CHANGE)


@pytest.mark.parametrize("memory_bytes", [500 * MIB, 700 * MIB, 855 * MIB])
def test_memory_never_goes_below_use_and_margin(case: Case, memory_bytes: int) -> None:
    case.actuator.create(INITIAL)
    held = case.actuator.limit()
    [outcome] = case.actuator.apply(Amounts(memory_bytes=memory_bytes), never)
    if case.margin or (case.changes and memory_bytes < USED_BYTES):
        assert outcome.actuation is Actuation.REFUSED
        assert outcome.detail
        assert outcome.amount == held.memory_bytes
        assert case.actuator.limit() == held
    if case.margin:
        assert (
            "600 MIB are used" in outcome.detail.upper().replace("MIB ARE USED", "MIB are used")
            or "are used" in outcome.detail
        )
        assert str(memory_bytes) in outcome.detail


def test_one_resource_that_cannot_be_done_does_not_stop_the_others(case: Case) -> None:
    case.actuator.create(INITIAL)
    outcomes = case.actuator.apply(Amounts(cpu_cores=1.6, memory_bytes=4096 * MIB, gpu_count=1.0), never)
    assert [outcome.resource for outcome in outcomes] == [Resource.CPU, Resource.MEMORY, Resource.GPU]
    gpu = outcomes[-1]
    assert gpu.actuation in (Actuation.REFUSED, Actuation.NO_CHANGE)
    assert gpu.detail
    if case.changes:
        assert [outcome.actuation for outcome in outcomes[:2]] == [Actuation.APPLIED] * 2


def test_an_empty_target_asks_for_nothing(case: Case) -> None:
    case.actuator.create(INITIAL)
    assert case.actuator.apply(Amounts(), never) == ()


def test_measuring_begins_without_rates(case: Case) -> None:
    case.actuator.create(INITIAL)
    collector = case.collector()
    if case.name != "simulated":
        first = collector.measure(NOW, 100.0)
        assert first.interval_seconds == 0.0
        assert first.used.cpu_cores is None
    second = collector.measure(NOW + timedelta(seconds=1), 101.0)
    assert second.interval_seconds > 0
    assert second.used.memory_bytes is not None
    assert second.used.cpu_cores is not None
    if case.changes:
        assert second.limit.cpu_cores == INITIAL.cpu_cores
        assert second.limit.memory_bytes == INITIAL.memory_bytes


def test_removing_twice_is_removing_once(case: Case) -> None:
    case.actuator.create(INITIAL)
    case.actuator.remove(kill=False)
    case.actuator.remove(kill=False)
    assert case.actuator.create(INITIAL) is case.makes


@pytest.mark.parametrize("kernel", [1, 2], indirect=True)
class TestCgroups:
    """What only cgroups promise."""

    def test_a_group_that_is_gone_is_told(self, kernel: KernelTree) -> None:
        case = cgroup_case(kernel)
        case.actuator.create(INITIAL)
        collector = case.collector()
        case.actuator.remove(kill=False)
        with pytest.raises(EnvironmentGoneError, match="was removed"):
            collector.measure(NOW, 1.0)
        [outcome] = case.actuator.apply(Amounts(cpu_cores=2.0), never)
        assert outcome.actuation is Actuation.FAILED
        assert "the group is gone" in outcome.detail

    def test_growth_between_decision_and_write_is_seen(self, kernel: KernelTree) -> None:
        case = cgroup_case(kernel)
        case.actuator.create(INITIAL)
        kernel.use(1900 * MIB)
        [outcome] = case.actuator.apply(Amounts(memory_bytes=1024 * MIB), never)
        assert outcome.actuation is Actuation.REFUSED
        assert case.actuator.limit().memory_bytes == INITIAL.memory_bytes

    def test_cache_that_can_go_is_not_use(self, kernel: KernelTree) -> None:
        case = cgroup_case(kernel)
        case.actuator.create(INITIAL)
        for path in kernel.root.rglob("memory.stat"):
            path.write_text(f"inactive_file {400 * MIB}\ntotal_inactive_file {400 * MIB}\n")
        kernel.after_write = lambda path, value: kernel.use(400 * MIB) if path.name == "memory.high" else None
        [outcome] = case.actuator.apply(Amounts(memory_bytes=640 * MIB), never)
        assert outcome.actuation is Actuation.APPLIED, outcome.detail

    def test_limits_that_the_kernel_rounds_are_still_no_change(self, kernel: KernelTree) -> None:
        case = cgroup_case(kernel)
        case.actuator.create(INITIAL)
        case.actuator.apply(Amounts(1.234567, 3_000_000_001), never)
        outcomes = case.actuator.apply(Amounts(1.234567, 3_000_000_001), never)
        assert [outcome.actuation for outcome in outcomes] == [Actuation.NO_CHANGE] * 2

    def test_the_smallest_quota_is_one_the_kernel_takes(self, kernel: KernelTree) -> None:
        case = cgroup_case(kernel)
        case.actuator.create(INITIAL)
        [outcome] = case.actuator.apply(Amounts(cpu_cores=0.000001), never)
        assert outcome.amount == 0.01

    def test_a_refusal_of_the_kernel_comes_in_words(self, kernel: KernelTree) -> None:
        case = cgroup_case(kernel)
        case.actuator.create(INITIAL)

        def above_the_parent(path: Path, value: str) -> None:
            raise OSError(errno.EINVAL, "Invalid argument", str(path))

        kernel.after_write = above_the_parent
        [outcome] = case.actuator.apply(Amounts(cpu_cores=64.0), never)
        assert outcome.actuation is Actuation.FAILED
        assert "may be above the limit of a group above" in outcome.detail


@pytest.mark.parametrize("kernel", [1], indirect=True)
def test_version_1_says_busy_when_the_kernel_does(kernel: KernelTree) -> None:
    layout = find_layout("demo", "foreload-test", kernel.root)
    actuator = CgroupActuator(layout, MemoryMargin(0.0, 0), 0.0)
    actuator.create(INITIAL)
    for path in kernel.root.rglob("memory.stat"):
        path.write_text(f"total_inactive_file {500 * MIB}\n")  # said to be free to go, and it does not go
    [outcome] = actuator.apply(Amounts(memory_bytes=512 * MIB), never)
    assert outcome.actuation is Actuation.REFUSED
    assert "EBUSY" in outcome.detail
    assert actuator.limit().memory_bytes == INITIAL.memory_bytes


@pytest.mark.parametrize("kernel", [2], indirect=True)
class TestShrinkingVersion2:
    """Version 2 kills where version 1 refuses: the order of writes is what keeps environments alive."""

    def actuator(self, kernel: KernelTree, wait_seconds: float = 0.1) -> CgroupActuator:
        actuator = CgroupActuator(find_layout("demo", "foreload-test", kernel.root), MARGIN, wait_seconds)
        actuator.create(INITIAL)
        kernel.writes.clear()
        return actuator

    def test_high_first_then_max_then_high_is_let_go(self, kernel: KernelTree) -> None:
        [outcome] = self.actuator(kernel).apply(Amounts(memory_bytes=1024 * MIB), never)
        assert outcome.actuation is Actuation.APPLIED
        value = str(1024 * MIB)
        assert kernel.writes == [("memory.high", value), ("memory.max", value), ("memory.high", "max")]

    def test_use_that_stays_is_not_killed(self, kernel: KernelTree) -> None:
        actuator = self.actuator(kernel)
        for path in kernel.root.rglob("memory.stat"):
            path.write_text(f"inactive_file {500 * MIB}\n")
        [outcome] = actuator.apply(Amounts(memory_bytes=512 * MIB), never)
        assert outcome.actuation is Actuation.REFUSED
        assert "would not fit" in outcome.detail
        assert [name for name, _ in kernel.writes] == ["memory.high", "memory.high"]
        assert kernel.writes[-1] == ("memory.high", "max")

    def test_a_newer_target_ends_the_wait(self, kernel: KernelTree) -> None:
        actuator = self.actuator(kernel, wait_seconds=60.0)
        for path in kernel.root.rglob("memory.stat"):
            path.write_text(f"inactive_file {500 * MIB}\n")
        [outcome] = actuator.apply(Amounts(memory_bytes=512 * MIB), lambda: True)
        assert outcome.actuation is Actuation.REFUSED
        assert "a newer target came" in outcome.detail
        assert kernel.writes[-1] == ("memory.high", "max")

    def test_growth_while_it_waits_stops_the_shrink(self, kernel: KernelTree) -> None:
        actuator = self.actuator(kernel)
        kernel.after_write = lambda path, value: kernel.use(900 * MIB) if value != "max" else None
        [outcome] = actuator.apply(Amounts(memory_bytes=1024 * MIB), never)
        assert outcome.actuation is Actuation.REFUSED
        assert [name for name, _ in kernel.writes] == ["memory.high", "memory.high"]

    def test_what_a_crash_left_braked_is_let_go(self, kernel: KernelTree) -> None:
        actuator = self.actuator(kernel)
        [high] = [path for path in kernel.root.rglob("memory.high") if path.parent.name == "demo"]
        high.write_text("1048576\n")
        assert actuator.create(INITIAL) is False
        assert high.read_text().strip() == "max"
        assert actuator.limit() == INITIAL

    def test_controllers_are_handed_down(self, kernel: KernelTree) -> None:
        layout = find_layout("other", "foreload-test2", kernel.root)
        CgroupActuator(layout, MARGIN, 0.0).create(INITIAL)
        handed = [value for name, value in kernel.writes if name == "cgroup.subtree_control"]
        assert handed[:3] == ["+cpu", "+memory", "+pids"]
