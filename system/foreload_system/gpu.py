"""What NVIDIA GPUs do, by NVML. A machine without them, or without its library, is the usual case and no error."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

RETRY_SECONDS = 600.0
"""How long after a failed start NVML is tried again: a driver may be loaded later."""


@dataclass(frozen=True, slots=True)
class GpuReading:
    """GPUs busy (1.0 is one whole GPU), and how many there are."""

    busy_count: float
    count: int


class Gpus:
    """The GPUs of this machine; NVML is loaded with the first look."""

    def __init__(self) -> None:
        self._nvml: ModuleType | None = None
        self._next_try: float | None = None

    def read(self, monotonic: float) -> GpuReading | None:
        """One look; None where there are no GPUs, or they cannot be read now.

        Args:
            monotonic: seconds of a clock that never goes back.
        """
        if self._nvml is None and not self._start(monotonic):
            return None
        nvml = self._nvml
        assert nvml is not None
        try:
            count = nvml.nvmlDeviceGetCount()
            handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(count)]
            busy_percent = sum(nvml.nvmlDeviceGetUtilizationRates(handle).gpu for handle in handles)
        except nvml.NVMLError:
            # A driver that was unloaded or reset: begin anew later.
            self._nvml, self._next_try = None, monotonic + RETRY_SECONDS
            return None
        return GpuReading(busy_percent / 100, count) if count else None

    def _start(self, monotonic: float) -> bool:
        if self._next_try is not None and monotonic < self._next_try:
            return False
        self._next_try = monotonic + RETRY_SECONDS
        import pynvml

        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError:
            return False
        self._nvml = pynvml
        return True
