"""GPUs by NVML: absent, there, and gone in the middle. None of it is an error."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest
from foreload_system.gpu import RETRY_SECONDS, GpuReading, Gpus


class NvmlError(Exception):
    """What the binding raises."""


class StandInNvml(ModuleType):
    """The binding's few functions, over a list of utilisations; None stands for a machine without a driver."""

    NVMLError = NvmlError

    def __init__(self, busy_percents: list[int] | None) -> None:
        super().__init__("pynvml")
        self.busy_percents = busy_percents
        self.starts = 0

    def nvmlInit(self) -> None:  # noqa: N802
        self.starts += 1
        if self.busy_percents is None:
            raise NvmlError("Driver Not Loaded")

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        if self.busy_percents is None:
            raise NvmlError("GPU is lost")
        return len(self.busy_percents)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        return index

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> SimpleNamespace:  # noqa: N802
        assert self.busy_percents is not None
        return SimpleNamespace(gpu=self.busy_percents[handle])


def stand_in(monkeypatch: pytest.MonkeyPatch, busy_percents: list[int] | None) -> StandInNvml:
    module = StandInNvml(busy_percents)
    monkeypatch.setitem(sys.modules, "pynvml", module)
    return module


def test_busy_is_counted_in_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, [50, 100, 0])
    assert Gpus().read(0.0) == GpuReading(1.5, 3)


def test_a_machine_without_gpus_measures_none(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, [])
    assert Gpus().read(0.0) is None


def test_an_absent_driver_is_tried_again_later_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = stand_in(monkeypatch, None)
    gpus = Gpus()
    assert [gpus.read(float(second)) for second in range(5)] == [None] * 5
    assert nvml.starts == 1
    nvml.busy_percents = [20]
    assert gpus.read(RETRY_SECONDS + 1) == GpuReading(0.2, 1)


def test_a_gpu_that_is_lost_stops_being_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = stand_in(monkeypatch, [10])
    gpus = Gpus()
    assert gpus.read(0.0) is not None
    nvml.busy_percents = None
    assert gpus.read(1.0) is None
    assert gpus.read(2.0) is None
    nvml.busy_percents = [10]
    assert gpus.read(2 * RETRY_SECONDS) is not None
