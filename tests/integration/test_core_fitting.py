"""The worker that fits Prophet: real fits, the deadline, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from foreload_core.history import Grid
from foreload_core.types import Forecast, NoForecast, Resource
from foreload_system import fitting
from foreload_system.fitting import fit

BEGIN = datetime(2026, 11, 2, tzinfo=UTC)
A_DAY = 288


def wave(index: int) -> float:
    return 2.0 + 1.5 * math.sin(2 * math.pi * index / A_DAY) + (index * 7919 % 97) / 970


def grid(days: float, step: float = 300.0) -> Grid:
    count = round(days * 86_400 / step)
    return Grid(Resource.CPU, BEGIN, step, tuple(wave(int(index * step / 300)) for index in range(count)))


@pytest.mark.timeout(240)
async def test_a_fit_follows_the_day_and_does_not_hold_up_the_loop() -> None:
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.05)
            beats += 1

    beating = asyncio.create_task(beat())
    found = await fit(grid(4), 6 * 3600, {"window": [0.0] * (4 * A_DAY + 72)}, deadline_seconds=200)
    beating.cancel()
    assert isinstance(found, Forecast), found
    assert (found.method, found.steps, found.step_seconds, found.start) == ("prophet", 72, 300.0, grid(4).end)
    assert all(abs(found.quantiles[0.5][step] - wave(4 * A_DAY + step)) < 0.6 for step in range(72))
    for low, high in ((0.1, 0.5), (0.5, 0.9), (0.9, 0.95)):
        assert all(a <= b for a, b in zip(found.quantiles[low], found.quantiles[high], strict=True))
    assert beats >= 10


async def test_a_fit_that_takes_too_long_is_killed_with_all_that_it_started() -> None:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    found = await fit(grid(3), 3600, deadline_seconds=0.3)
    assert isinstance(found, NoForecast)
    assert "was stopped" in found.reason
    after = {child.pid for child in psutil.Process().children(recursive=True)}
    assert after <= before


async def test_a_cancelled_fit_leaves_no_process_behind() -> None:
    task = asyncio.create_task(fit(grid(3), 3600))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not [child for child in psutil.Process().children(recursive=True) if "fitting" in " ".join(child.cmdline())]


async def test_too_little_history_is_said_without_starting_anything() -> None:
    found = await fit(grid(0.2), 3600)
    assert found == NoForecast(Resource.CPU, "5 h of history: a fit needs 2 days.")


async def test_a_worker_that_dies_gives_a_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dying = tmp_path / "dying"
    dying.write_text("#!/bin/sh\necho out of luck >&2\nexit 3\n")
    dying.chmod(0o755)
    monkeypatch.setattr(fitting.sys, "executable", str(dying))
    found = await fit(grid(3), 3600)
    assert found == NoForecast(Resource.CPU, "The fit failed with exit code 3: out of luck.")


def test_importing_the_module_imports_nothing_heavy() -> None:
    heavy = ("prophet", "pandas", "numpy")
    program = f"import sys, foreload_system.fitting; print([name for name in {heavy} if name in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.strip() == "[]"
