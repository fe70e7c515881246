"""The outcome as a table for people, and as JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from foreload_core.plain import to_plain
from foreload_core.simulate import Figures
from foreload_core.units import duration_text
from foreload_core.words import amount_text

from foreload_cli.output import print_json, print_table
from foreload_cli.simulation.past import Past
from foreload_cli.simulation.rows import Row

MONTH_DAYS = 30.4
HEADS = (
    "limits by", "short of CPU", "CPU unserved", "CPU unused", "memory unused", "memory kills", "changes a day",
    "a month",
)  # fmt: skip


def print_outcome(pasts: Sequence[Past], rows: Sequence[Row]) -> None:
    """One row each, the same figures for all, and what they stand for."""
    print_table(HEADS, [[row.name, *_texts(row.total)] for row in rows], right=range(1, len(HEADS)))
    print()
    for past in pasts:
        room = " and ".join(amount_text(resource, amount) for resource, amount in past.scenario.capacity.items())
        runs = f", {len(past.scenario.runs)} runs" if past.scenario.runs else ""
        missing = f", {past.missing_count} not measured and taken as before" if past.missing_count else ""
        length = duration_text(past.days * 86_400)
        print(f"{past.trace.path}: {length} in steps of {duration_text(past.trace.interval_seconds)}{runs}{missing}.")
        print(f"  There are {room}.")
    print("Foreload saw only what its own limits let through; the other ways saw the demand itself.")


def print_outcome_json(pasts: Sequence[Past], rows: Sequence[Row]) -> None:
    """All figures, in base units; those of each trace in the order of `traces`."""
    print_json(
        {
            "traces": [
                {
                    "path": str(past.trace.path),
                    "days": past.days,
                    "interval_seconds": past.trace.interval_seconds,
                    "run_count": len(past.scenario.runs),
                    "missing_count": past.missing_count,
                    "capacity": {each.field: amount for each, amount in past.scenario.capacity.items()},
                }
                for past in pasts
            ],
            "rows": [
                {"name": row.name, **_plain(row.total), "traces": [_plain(each) for each in row.each]} for row in rows
            ],
        }
    )


def _plain(figures: Figures) -> dict[str, Any]:
    plain = to_plain(figures)
    found: dict[str, Any] = plain if isinstance(plain, dict) else {}
    return found | {
        "violation_ratio": figures.violation_ratio,
        "resizes_per_day": figures.resize_count / (figures.seconds / 86_400),
        "cost_usd_per_month": _month(figures),
    }


def _month(figures: Figures) -> float:
    return figures.cost_usd / figures.seconds * 86_400 * MONTH_DAYS


def _texts(figures: Figures) -> list[str]:
    return [
        _percent(figures.violation_ratio),
        _percent(figures.unserved_ratio),
        _percent(figures.slack_ratio),
        _percent(figures.memory_slack_ratio),
        str(figures.oom_count),
        f"{figures.resize_count / (figures.seconds / 86_400):.0f}",
        f"${_month(figures):.2f}",
    ]


def _percent(ratio: float) -> str:
    percent = 100 * ratio
    return f"{percent:.2f} %" if 0 < percent < 10 else f"{percent:.0f} %"
