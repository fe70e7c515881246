"""Goes through the pasts, once a row, and adds up what came of it over all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from foreload_core.simulate import (
    Figures,
    Scenario,
    Simulation,
    foresight_figures,
    reactive_figures,
    simulate,
    static_figures,
    vpa_figures,
)
from foreload_core.types import Prices

from foreload_cli.simulation.cases import Case
from foreload_cli.simulation.past import Past

RIVALS: tuple[tuple[str, Callable[[Scenario], Figures]], ...] = (
    ("static: the highest demand, known afterwards", static_figures),
    ("reactive: the last 5 minutes and a quarter", reactive_figures),
    ("reactive: like the Vertical Pod Autoscaler", vpa_figures),
    ("perfect foresight of each interval", foresight_figures),
)


@dataclass(frozen=True, slots=True)
class Row:
    """What one way to set limits came to: over all traces, and for each."""

    name: str
    total: Figures
    each: tuple[Figures, ...]


def case_row(case: Case, pasts: Sequence[Past], *, with_bands: bool) -> tuple[Row, Simulation]:
    """Foreload under one case; and what happened on the first trace."""
    found: list[Simulation] = []
    for past in pasts:
        scenario = replace(past.scenario, profile=case.numbers(past), prices=case.prices)
        found.append(simulate(scenario, with_bands=with_bands and not found))
    figures = tuple(simulation.figures for simulation in found)
    return Row(case.name, together(figures), figures), found[0]


def rival_rows(pasts: Sequence[Past], prices: Prices) -> list[Row]:
    """The other ways. They see the demand itself, also what a limit would have held back."""
    rows: list[Row] = []
    for name, way in RIVALS:
        figures = tuple(way(replace(past.scenario, prices=prices)) for past in pasts)
        rows.append(Row(name, together(figures), figures))
    return rows


def together(figures: Sequence[Figures]) -> Figures:
    """Sums of what is counted, and means over time of what is a part."""
    seconds = sum(each.seconds for each in figures) or 1e-9

    def mean(name: str) -> float:
        return sum(getattr(each, name) * each.seconds for each in figures) / seconds

    return Figures(
        throttled_seconds=sum(each.throttled_seconds for each in figures),
        unserved_ratio=mean("unserved_ratio"),
        slack_ratio=mean("slack_ratio"),
        oom_count=sum(each.oom_count for each in figures),
        resize_count=sum(each.resize_count for each in figures),
        cost_usd=sum(each.cost_usd for each in figures),
        seconds=seconds,
        memory_slack_ratio=mean("memory_slack_ratio"),
    )
