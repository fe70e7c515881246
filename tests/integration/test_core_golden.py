"""The decisions of a small recorded morning stay what they are, in every process and under every hash seed.

`FORELOAD_UPDATE_GOLDEN=1` writes the golden file anew: look at its difference before you commit it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from foreload_core.decide import canonical, decision_to_json
from foreload_core.simulate import Scenario, Simulation, reactive_figures, simulate, static_figures
from foreload_core.types import (
    Amounts,
    DemandEstimate,
    DemandSource,
    ProfileNumbers,
    RunKind,
    Signal,
    SignalKind,
    WindowKind,
    WindowOccurrence,
)
from foreload_core.units import parse_time
from foreload_core.words import change_text, sentence
from foreload_system.traces import read_events, read_trace

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "core"
GOLDEN = FIXTURES / "morning-decisions.txt"
GIB = 1024**3
NEEDS = {"test": (2.5, 120.0), "build": (3.5, 60.0)}


def scenario(with_signals: bool = True) -> Scenario:
    trace = read_trace(FIXTURES / "morning.csv")
    signals: list[Signal] = []
    for number, event in enumerate(read_events(FIXTURES / "morning-events.jsonl")):
        cores, seconds = NEEDS.get(event.kind, (1.5, 120.0))
        demand = DemandEstimate(
            Amounts(cores * 0.7), Amounts(cores), seconds / 2, seconds, DemandSource.KIND, run_count=5
        )
        about = (event.at, event.run_id, RunKind.OTHER)
        if event.type == "run_start":
            signals.append(Signal(f"signal-{number}", SignalKind.RUN_STARTED, *about, demand))
        elif event.type == "run_end":
            signals.append(Signal(f"signal-{number}", SignalKind.RUN_ENDED, *about))
    start, end = parse_time("2026-01-26T10:30:00Z"), parse_time("2026-01-26T10:35:00Z")
    window = WindowOccurrence("window-1", WindowKind.PEAK, start, end, Amounts(5.0))
    return Scenario(
        demand=tuple(trace.samples()),
        capacity=Amounts(8.0, 16 * GIB),
        floor=Amounts(0.5, GIB),
        initial=Amounts(1.0, 4 * GIB),
        signals=tuple(signals) if with_signals else (),
        profile=ProfileNumbers(1, (window,), maximum=Amounts(6.0)),
    )


def told(simulation: Simulation) -> str:
    lines: list[str] = []
    for decision in simulation.decisions:
        for change in decision.changes:
            words = sentence(change.reasons[0], {"window-1": "Load test"})
            lines.append(f"{decision.decided_at:%H:%M:%S} {change_text(change)}: {words}")
    return "\n".join(lines) + "\n"


def test_the_decisions_of_a_morning() -> None:
    found = told(simulate(scenario()))
    if os.environ.get("FORELOAD_UPDATE_GOLDEN"):
        GOLDEN.write_text(found, encoding="utf-8")
    assert found == GOLDEN.read_text(encoding="utf-8")


def test_signals_help_against_throttling_and_cost_less_than_a_constant_limit() -> None:
    with_signals, without = simulate(scenario()).figures, simulate(scenario(with_signals=False)).figures
    reactive, static = reactive_figures(scenario()), static_figures(scenario())
    assert with_signals.unserved_ratio < 0.5 * without.unserved_ratio
    # Seen on this morning: 0.65 of it. A guard against getting worse, set after the fact; no claim about other days.
    assert with_signals.unserved_ratio < 0.75 * reactive.unserved_ratio
    assert with_signals.cost_usd < static.cost_usd
    assert static.throttled_seconds == 0
    assert with_signals.oom_count == 0


def test_the_future_changes_no_decision() -> None:
    whole = scenario()
    cut = len(whole.demand) // 2
    short = Scenario(
        demand=whole.demand[:cut],
        capacity=whole.capacity,
        floor=whole.floor,
        initial=whole.initial,
        signals=tuple(signal for signal in whole.signals if signal.at < whole.demand[cut].start),
        profile=whole.profile,
    )
    first = [canonical(decision_to_json(each)) for each in simulate(short).decisions]
    assert [canonical(decision_to_json(each)) for each in simulate(whole).decisions][: len(first)] == first


@pytest.mark.parametrize("seeds", [("0", "1"), ("42", "4242")])
def test_two_processes_with_different_hash_seeds_decide_the_same_bytes(seeds: tuple[str, str]) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import test_core_golden as golden\n"
        "from foreload_core.decide import canonical, decision_to_json\n"
        "found = golden.simulate(golden.scenario()).decisions\n"
        "print('\\n'.join(canonical(decision_to_json(each)) for each in found))"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=100,
        ).stdout
        for seed in seeds
    ]
    assert outputs[0] == outputs[1]
    assert len(outputs[0].splitlines()) > 20
