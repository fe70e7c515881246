"""What an environment or this machine uses, sample by sample. One sample costs well under a millisecond."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from foreload_core.types import Amounts, Sample

from foreload_system.cgroup import Cgroup, CgroupReading, NoCgroupError, locate
from foreload_system.cgroup.files import read_text
from foreload_system.gpu import GpuReading, Gpus


@dataclass(frozen=True, slots=True)
class _Counters:
    """The counters behind one sample."""

    monotonic: float
    cgroup: CgroupReading
    network: tuple[int, int] | None


class Meter:
    """Turns counters that only grow into samples.

    Args:
        cgroup: the environment's group; None: the whole machine, where it has no cgroups.
        network_pid: the process whose network namespace is counted; None: the network is not measured.
        with_gpus: look at this machine's GPUs; where there are none, they are not measured.
        root: where proc lies; a frozen tree in tests.
    """

    def __init__(
        self,
        cgroup: Cgroup | None,
        network_pid: int | str | None = "self",
        with_gpus: bool = True,
        root: Path | str = "/",
    ) -> None:
        self._cgroup = cgroup
        self._network_pid = network_pid
        self._gpus = Gpus() if with_gpus else None
        self._root = Path(root)
        self._last: _Counters | None = None

    def sample(self, now: datetime, monotonic: float) -> Sample:
        """What was used since the last call. The first has nothing to compare with: interval 0, rates not measured.

        Args:
            now: UTC.
            monotonic: seconds of a clock that never goes back.

        Raises:
            NoCgroupError: the group is gone.
        """
        network = None if self._network_pid is None else _network_bytes(self._root, self._network_pid)
        reading = self._cgroup.read() if self._cgroup is not None else CgroupReading()
        reading = _completed(reading, self._cgroup)
        gpu = self._gpus.read(monotonic) if self._gpus is not None else None
        current = _Counters(monotonic, reading, network)
        before, self._last = self._last, current
        interval = max(0.0, monotonic - before.monotonic) if before is not None else 0.0
        limit = Amounts(
            cpu_cores=reading.cpu_limit_cores,
            memory_bytes=reading.memory_limit_bytes,
            gpu_count=float(gpu.count) if gpu else None,
        )
        if before is None or interval == 0.0:
            return Sample(now, 0.0, _used(reading, gpu), limit)
        received, sent = _rates(before.network, network, interval)
        cpu = _grown(before.cgroup.cpu_usage_seconds, reading.cpu_usage_seconds)
        used = Amounts(
            cpu_cores=None if cpu is None else cpu / interval,
            memory_bytes=reading.memory_bytes,
            gpu_count=gpu.busy_count if gpu else None,
            network_rx_bytes_per_second=received,
            network_tx_bytes_per_second=sent,
        )
        # The kernel sums over CPUs; what counts here is the time, and that has no more than the interval.
        throttled = max(0.0, reading.throttled_seconds - before.cgroup.throttled_seconds)
        return Sample(
            start=now - timedelta(seconds=interval),
            interval_seconds=interval,
            used=used,
            limit=limit,
            throttled_seconds=min(interval, throttled),
            oom_kills=max(0, reading.oom_kills - before.cgroup.oom_kills),
        )


def own_cgroup(root: Path | str = "/") -> Cgroup | None:
    """The group that this process is in; None where there are none to read."""
    try:
        return locate("self", root)
    except NoCgroupError:
        return None


def capacity_of_machine(root: Path | str = "/", with_gpus: bool = True) -> Amounts:
    """What this machine, or the container that stands for it, has: its CPUs, memory and GPUs, cut to its own limits."""
    import psutil

    cores = float(len(os.sched_getaffinity(0)))
    memory_bytes = psutil.virtual_memory().total
    group = own_cgroup(root)
    if group is not None:
        try:
            reading = group.read()
        except NoCgroupError:
            reading = CgroupReading()
        cores = min(cores, reading.cpu_limit_cores or cores)
        memory_bytes = min(memory_bytes, reading.memory_limit_bytes or memory_bytes)
    gpu = Gpus().read(0.0) if with_gpus else None
    return Amounts(cpu_cores=cores, memory_bytes=memory_bytes, gpu_count=float(gpu.count) if gpu else None)


def _completed(reading: CgroupReading, cgroup: Cgroup | None) -> CgroupReading:
    """The reading, with the machine's own counters where the group stands for it (no cgroups, or version 2's root)."""
    if reading.cpu_usage_seconds is not None and reading.memory_bytes is not None:
        return reading
    places = (cgroup.cpu, cgroup.memory) if cgroup is not None else ()
    if any(place is not None and place.folder != place.point for place in places):
        return reading  # a group below the root: what its controllers do not measure is not known
    from dataclasses import replace

    import psutil

    if reading.cpu_usage_seconds is None:
        times = psutil.cpu_times()
        idle = times.idle + getattr(times, "iowait", 0.0)
        # guest time is already in user time
        guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
        reading = replace(reading, cpu_usage_seconds=sum(times) - idle - guests)
    if reading.memory_bytes is None:
        memory = psutil.virtual_memory()
        reading = replace(reading, memory_bytes=memory.total - memory.available)
    return reading


def _used(reading: CgroupReading, gpu: GpuReading | None) -> Amounts:
    return Amounts(memory_bytes=reading.memory_bytes, gpu_count=gpu.busy_count if gpu else None)


def _grown(before: float | None, after: float | None) -> float | None:
    """How much a counter grew; None where it was not measured, or went back (the group was made anew)."""
    return after - before if before is not None and after is not None and after >= before else None


def _rates(
    before: tuple[int, int] | None, after: tuple[int, int] | None, interval: float
) -> tuple[float | None, float | None]:
    if before is None or after is None:
        return None, None
    received, sent = (_grown(old, new) for old, new in zip(before, after, strict=True))
    return None if received is None else received / interval, None if sent is None else sent / interval


def _network_bytes(root: Path, pid: int | str) -> tuple[int, int] | None:
    """Bytes received and sent by all interfaces of a process's network namespace but the loopback."""
    text = read_text(root / f"proc/{pid}/net/dev")
    if text is None:
        return None
    received = sent = 0
    for line in text.splitlines()[2:]:
        name, _, numbers = line.partition(":")
        fields = numbers.split()
        if name.strip() != "lo" and len(fields) >= 9:
            received += int(fields[0])
            sent += int(fields[8])
    return received, sent
