"""What one run uses: the own container's use minus what it used before, while the run lasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from foreload_core.types import Amounts, Sample


@dataclass(slots=True)
class RunMeter:
    """Collects one run's use.

    Attributes:
        started_monotonic: when it started.
        base: what the environment used without it.
        cpu_seconds_before, throttled_seconds_before: the container's counters at its start; None: not measured.
    """

    started_monotonic: float
    base: Amounts
    cpu_seconds_before: float | None
    throttled_seconds_before: float
    _cores: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    _memory_highest: int | None = None
    _received: list[float] = field(default_factory=list[float])
    _sent: list[float] = field(default_factory=list[float])
    _gpu: list[float] = field(default_factory=list[float])

    def add(self, sample: Sample) -> None:
        """Takes in a sample of the whole container."""
        used = sample.used
        if used.cpu_cores is not None and sample.interval_seconds > 0:
            self._cores.append((max(0.0, used.cpu_cores - (self.base.cpu_cores or 0.0)), sample.interval_seconds))
        if used.memory_bytes is not None:
            above = max(0, used.memory_bytes - (self.base.memory_bytes or 0))
            self._memory_highest = max(above, self._memory_highest or 0)
        for values, amount in (
            (self._received, used.network_rx_bytes_per_second),
            (self._sent, used.network_tx_bytes_per_second),
            (self._gpu, used.gpu_count),
        ):
            if amount is not None:
                values.append(amount)

    def mean_cores(self, seconds: float, cpu_seconds_after: float | None) -> float | None:
        """Mean cores over the whole run, from the counters where they are there, else from the samples."""
        if self.cpu_seconds_before is not None and cpu_seconds_after is not None and seconds > 0:
            return max(0.0, (cpu_seconds_after - self.cpu_seconds_before) / seconds - (self.base.cpu_cores or 0.0))
        total = sum(length for _, length in self._cores)
        return sum(cores * length for cores, length in self._cores) / total if total else None

    def highest_cores(self, mean_cores: float | None) -> float | None:
        """Highest cores over a sample; at least the mean, since a short run may end between two samples."""
        highest = max((cores for cores, _ in self._cores), default=None)
        known = [value for value in (highest, mean_cores) if value is not None]
        return max(known, default=None)

    @property
    def memory_highest_bytes(self) -> int | None:
        """Highest memory on top of what was used before."""
        return self._memory_highest

    @property
    def received_bytes_per_second(self) -> float | None:
        """Mean rate in."""
        return _mean(self._received)

    @property
    def sent_bytes_per_second(self) -> float | None:
        """Mean rate out."""
        return _mean(self._sent)

    @property
    def gpu_count(self) -> float | None:
        """Highest use of GPUs."""
        return max(self._gpu, default=None)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
