"""A decision's whole page: how, with and without, what came of it, what else could be done, and what was known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from foreload_core.policy.cost import amount_usd_per_hour
from foreload_core.types import Amounts, Forecast, NoForecast, Prices, Resource, TargetChange
from foreload_core.units import duration_text
from foreload_core.words import sentence

from foreload_daemon.history.samples import Row
from foreload_daemon.pages import cost, explanation
from foreload_daemon.pages.decision_rows import Decided, Past, rows
from foreload_daemon.pages.decision_steps import explained, reasons_alike, scaled
from foreload_daemon.pages.explanation import amount_text, short_text
from foreload_daemon.protocol import Alternative, DecisionChart, DecisionRow, Explanation

if TYPE_CHECKING:
    from foreload_proto.v1 import broker_pb2

BEFORE, AFTER = timedelta(minutes=30), timedelta(minutes=60)
STEP_SECONDS = 60
ALIKE = 6
SOON_SECONDS = 1200.0
VERDICTS = {
    "right": "It was needed, and nothing was short.",
    "notNeeded": "It was not needed.",
    "tooLittle": "It was too little.",
    "undone": "Undone by you.",
    "refused": "It was refused, so nothing changed.",
    "failed": "It failed, so nothing changed.",
    "heldBack": "Held back.",
    "shadow": "Only written down.",
}


@dataclass(frozen=True, slots=True)
class Around:
    """What the page needs beside the broker's answer.

    Attributes:
        environment: its name.
        names: of windows, by the id they have on the wire.
        now: UTC.
        past: measured use.
        decided: the log, newest first.
        pinned: the limits that are pinned.
        can_act: whether the broker can be asked now.
        prices: USD per hour.
    """

    environment: str
    names: Mapping[str, str]
    now: datetime
    past: Past
    decided: Sequence[Decided]
    pinned: Amounts
    can_act: bool
    prices: Prices = cost.PRICES


def decision_page(answer: broker_pb2.ExplainDecisionResponse, around: Around) -> Explanation:
    """The page of one decision."""
    from foreload_system.codecs import amounts_from_proto, decision_from_proto, reason_from_proto

    base = explanation.page(answer, around.names, around.now)
    decision = decision_from_proto(answer.decision)
    forecasts = _forecasts(answer)
    capacity = amounts_from_proto(answer.capacity)
    maximum = amounts_from_proto(answer.maximum)
    main = next(
        (change for change in decision.changes if change.resource is Resource.CPU), next(iter(decision.changes), None)
    )
    ceilings = {each.resource: _ceiling(each.resource, capacity, maximum) for each in decision.changes}
    log = rows(around.decided, around.past, around.now, around.names, around.can_act, around.pinned)
    row = next((each for each in log if each.decisionId == decision.decision_id), None)
    forecast = forecasts.get(main.resource) if main is not None else None
    considered = [sentence(reason_from_proto(reason), around.names) for reason in answer.alternatives]
    measured = around.past(decision.decided_at.timestamp(), around.now.timestamp()) if main is not None else []
    return replace(
        base,
        environment=around.environment,
        decisionId=decision.decision_id,
        lead=_lead(decision.changes, around.names, around.prices),
        changes=[explained(each, around.names, ceilings.get(each.resource)) for each in decision.changes],
        chart=_chart(main, decision.decided_at, forecast, around) if main is not None else None,
        outcome=_outcome(row),
        outcomeText=_outcome_text(row),
        facts=_facts(main, measured, row),
        alike=_alike(decision.changes, decision.decision_id, around.decided, log),
        alternatives=_alternatives(main, forecast, ceilings, considered, around.prices) if main is not None else [],
        known=_known(base),
        actions=row.actions if row is not None else [],
    )


def _lead(changes: Sequence[TargetChange], names: Mapping[str, str], prices: Prices) -> str:
    said: list[str] = []
    for change in changes:
        if not change.reasons:
            continue
        text = sentence(change.reasons[0], names)
        before = amount_usd_per_hour(change.resource, change.from_amount or 0.0, prices)
        after = amount_usd_per_hour(change.resource, change.to_amount, prices)
        more = after - before
        if change.from_amount is not None and abs(more) >= 0.0005:
            money = f"${abs(more):.3f} an hour {'more' if more > 0 else 'less'}"
            text += f" {amount_text(change.resource, change.to_amount)} cost {money}."
        said.append(text)
    return " ".join(dict.fromkeys(said))


def _ceiling(resource: Resource, capacity: Amounts, maximum: Amounts) -> float | None:
    known = [amount for each in (capacity, maximum) if (amount := each.get(resource)) is not None]
    return min(known) if known else None


def _forecasts(answer: broker_pb2.ExplainDecisionResponse) -> dict[Resource, Forecast]:
    from foreload_system.codecs import forecast_from_proto

    found: dict[Resource, Forecast] = {}
    for message in answer.forecasts:
        forecast = forecast_from_proto(message)
        if not isinstance(forecast, NoForecast):
            found[forecast.resource] = forecast
    return found


def _chart(
    change: TargetChange, decided_at: datetime, forecast: Forecast | None, around: Around
) -> DecisionChart | None:
    resource, at = change.resource, decided_at.timestamp()
    first = int((at - BEFORE.total_seconds()) // STEP_SECONDS)
    last = int((at + AFTER.total_seconds()) // STEP_SECONDS)
    now = around.now.timestamp()
    used: dict[int, list[float]] = {}
    limit: dict[int, float] = {}
    for row in around.past(first * STEP_SECONDS, min(now, last * STEP_SECONDS + STEP_SECONDS)):
        place = row.start_seconds // STEP_SECONDS
        amount, most = row.used.get(resource), row.limit.get(resource)
        if amount is not None:
            used.setdefault(place, []).append(scaled(resource, amount))
        if most is not None:
            limit[place] = scaled(resource, most)
    if not used and forecast is None:
        return None
    places = range(first, last + 1)

    def quantile(level: float) -> list[float | None]:
        return [_quantile_at(forecast, level, place * STEP_SECONDS, at) for place in places]

    return DecisionChart(
        resource=resource.value,
        at=at,
        now=now,
        times=[float(place * STEP_SECONDS) for place in places],
        used=[round(sum(used[place]) / len(used[place]), 3) if place in used else None for place in places],
        limit=[round(limit[place], 3) if place in limit else None for place in places],
        low=quantile(0.1),
        middle=quantile(0.5),
        high=quantile(0.9),
        stay=None if change.from_amount is None else round(scaled(resource, change.from_amount), 3),
    )


def _quantile_at(forecast: Forecast | None, level: float, time: float, since: float) -> float | None:
    known = forecast.quantiles if forecast is not None else {}
    values = known.get(level) or (known.get(0.5, ()) if level < 0.5 else ())
    if forecast is None or not values or time < since:
        return None
    place = int((time - forecast.start.timestamp()) // forecast.step_seconds)
    return round(scaled(forecast.resource, values[place]), 3) if 0 <= place < len(values) else None


UNKNOWN_YET = ("applied", "planned")


def _outcome(row: DecisionRow | None) -> str:
    """Done is not yet right: until that is known, the mark is that of what is still to come."""
    if row is None:
        return ""
    return "planned" if row.outcome in UNKNOWN_YET else row.outcome


def _outcome_text(row: DecisionRow | None) -> str:
    if row is None:
        return "Not known here."
    if row.outcome in UNKNOWN_YET:
        return "Not known yet. After ten minutes the peak and the time at the limit stand here."
    return VERDICTS.get(row.outcome, row.outcomeText)


def _facts(change: TargetChange | None, measured: Sequence[Row], row: DecisionRow | None) -> list[tuple[str, str]]:
    if change is None or row is None or not measured:
        return []
    peaks = [amount for each in measured if (amount := each.highest.get(change.resource)) is not None]
    facts = [("Peak since then", amount_text(change.resource, max(peaks)))] if peaks else []
    if change.resource is Resource.CPU:
        facts.append(("Time at the limit", duration_text(sum(each.throttled_seconds for each in measured))))
        if change.from_amount is not None and change.to_amount > change.from_amount:
            short = sum(each.measured_seconds for each in measured if (each.used.cpu_cores or 0.0) > change.from_amount)
            at = amount_text(change.resource, change.from_amount)
            facts.append((f"It would have been short at {at}", duration_text(short)))
    if change.resource is Resource.MEMORY:
        facts.append(("Memory kills", f"{sum(each.oom_kills for each in measured)}"))
    return facts


def _alike(
    changes: Sequence[TargetChange], decision_id: str, decided: Sequence[Decided], log: Sequence[DecisionRow]
) -> list[tuple[str, str]]:
    outcomes = {row.decisionId: row for row in log}
    found: list[tuple[str, str]] = []
    for item in decided:
        row = outcomes.get(item.decision.decision_id)
        if row is None or item.decision.decision_id == decision_id or row.outcome in ("applied", "planned"):
            continue
        if reasons_alike(changes, item.decision.changes):
            found.append((row.outcome, row.outcomeText))
    return found[:ALIKE]


def _alternatives(
    change: TargetChange,
    forecast: Forecast | None,
    ceilings: Mapping[Resource, float | None],
    considered: Sequence[str],
    prices: Prices,
) -> list[Alternative]:
    resource, chosen = change.resource, change.to_amount
    ceiling = ceilings.get(resource)
    amounts = {chosen}
    if change.from_amount is not None:
        amounts.add(change.from_amount)
    if ceiling is not None and ceiling > chosen * 1.05:
        amounts.add(ceiling)
    found: list[Alternative] = []
    for amount in sorted(amounts):
        is_stay = amount == change.from_amount
        name = f"Stay at {amount_text(resource, amount)}" if is_stay else f"Go to {amount_text(resource, amount)}"
        money = f"${amount_usd_per_hour(resource, amount, prices):.3f} an hour"
        why = "chosen" if amount == chosen else _why_not(resource, amount, chosen, prices)
        found.append(Alternative(name, _short_cases(forecast, amount), money, why, amount == chosen))
    found.extend(
        Alternative(text, "", "", "considered and not done", chosen=False) for text in dict.fromkeys(considered)
    )
    return found


def _why_not(resource: Resource, amount: float, chosen: float, prices: Prices) -> str:
    gap = amount_usd_per_hour(resource, abs(amount - chosen), prices)
    if amount > chosen:
        return f"${gap:.3f} an hour more, for what is not expected to be needed"
    return f"${gap:.3f} an hour less, and less than the need of {short_text(resource, chosen)}"


def _short_cases(forecast: Forecast | None, amount: float) -> str:
    """In how many cases the forecast goes above an amount in the next 20 minutes; empty where nothing is known."""
    if forecast is None or not forecast.quantiles:
        return ""
    steps = max(1, round(SOON_SECONDS / forecast.step_seconds))
    peaks = sorted((level, max(values[:steps], default=0.0)) for level, values in forecast.quantiles.items())
    below = [level for level, peak in peaks if peak <= amount]
    if not below:
        return f"over {round((1 - peaks[0][0]) * 10)} of 10 cases"
    level = below[-1]
    if level >= 0.95:
        return "under 1 of 20 cases"
    return f"up to {max(1, round((1 - level) * 10))} of 10 cases"


def _known(base: Explanation) -> list[tuple[str, str]]:
    """The rows of the table of what was known, out of the page that is copied as text."""
    part = base.markdown.partition("## What was known")[2].partition("\n\n")[2]
    found: list[tuple[str, str]] = []
    for line in part.splitlines():
        cells = [cell.strip().replace("\\", "") for cell in line.strip("|").split(" | ")]
        if len(cells) == 2 and cells[0] and not cells[0].startswith(":"):
            found.append((cells[0], cells[1]))
    return found
