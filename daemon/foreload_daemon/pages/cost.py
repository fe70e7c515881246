"""What the limits have cost, from the local history. Money is only as good as the prices and as what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from foreload_core.policy.cost import amounts_usd_per_hour
from foreload_core.types import Amounts, Prices
from foreload_core.units import cores_text, gib_text

from foreload_daemon.history.samples import Row
from foreload_daemon.protocol import CostCard

PRICES = Prices()
"""What is reckoned with until a broker says what resources cost there."""
FIRST_SAVING_SECONDS = 86400.0


@dataclass(frozen=True, slots=True)
class Spent:
    """What some time came to.

    Attributes:
        usd: what the limits cost.
        whole_usd: what holding all of the capacity would have cost meanwhile.
        measured_seconds: how much of the time was measured; nothing is said of the rest.
    """

    usd: float
    whole_usd: float
    measured_seconds: float


def spent(rows: Sequence[Row], capacity: Amounts, prices: Prices = PRICES) -> Spent:
    """What the limits of some buckets cost; where there was no limit, the capacity was held."""
    usd = whole = seconds = 0.0
    held_whole = amounts_usd_per_hour(_priced(capacity), prices)
    for row in rows:
        limit = _priced(row.limit.over(capacity))
        hours = row.measured_seconds / 3600
        usd += amounts_usd_per_hour(limit, prices) * hours
        whole += max(held_whole, amounts_usd_per_hour(limit, prices)) * hours
        seconds += row.measured_seconds
    return Spent(usd, whole, seconds)


def month_start(now: datetime) -> datetime:
    """The local midnight at which the month began."""
    local = now.astimezone()
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def month_end(now: datetime) -> datetime:
    """The local midnight at which the next month begins."""
    return (month_start(now) + timedelta(days=32)).replace(day=1)


def money(usd: float) -> str:
    """$0.07, $61.20; nothing below a cent is claimed."""
    return f"${usd:.2f}"


def saved_text(month: Spent, capacity: Amounts) -> str:
    """What was saved this month, and against what."""
    if month.measured_seconds < FIRST_SAVING_SECONDS:
        return "Savings are shown after the first full day."
    saved = month.whole_usd - month.usd
    if saved < 0.005 or month.whole_usd <= 0:
        return f"Nothing saved so far this month: {_capacity_text(capacity)} were held all of the time."
    share = saved / month.whole_usd * 100
    if share < 1:
        return f"{money(saved)} saved this month, under 1 %, against {_capacity_text(capacity)} all of the time."
    return f"{money(saved)} saved this month, {share:.0f} %, against {_capacity_text(capacity)} all of the time."


def prices_text(said: Prices | None) -> str:
    """The prices, and whose they are.

    Args:
        said: by the broker; None: it has not said.
    """
    prices = said or PRICES
    cores, memory = prices.cpu_core_usd_per_hour, prices.memory_gib_usd_per_hour
    return f"{'default prices: ' if said is None else ''}${cores:g} a core-hour, ${memory:g} a GiB-hour"


def _priced(amounts: Amounts) -> Amounts:
    return Amounts(amounts.cpu_cores, amounts.memory_bytes, amounts.gpu_count)


def _capacity_text(capacity: Amounts) -> str:
    parts: list[str] = []
    if capacity.cpu_cores:
        text = cores_text(capacity.cpu_cores)
        parts.append(f"{text} {'core' if text == '1' else 'cores'}")
    if capacity.memory_bytes:
        parts.append(f"{gib_text(capacity.memory_bytes)} GiB")
    return " and ".join(parts) or "what the machine has"


NOTHING_SPENT = Spent(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Bill:
    """Today and this month so far, and what a measured hour has cost on the mean of the last week."""

    today: Spent = NOTHING_SPENT
    month: Spent = NOTHING_SPENT
    week: Spent = NOTHING_SPENT


NO_BILL = Bill()


def bill(rows: Sequence[Row], capacity: Amounts, now: datetime, prices: Prices = PRICES) -> Bill:
    """What has been spent.

    Args:
        rows: quarters of an hour from the month's beginning or a week ago on, whichever is earlier.
        capacity: what is held where there is no limit.
        now: UTC.
        prices: USD per hour.
    """
    midnight = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    first, week = month_start(now).timestamp(), now.timestamp() - 7 * 86400
    return Bill(
        today=spent([row for row in rows if row.start_seconds >= midnight], capacity, prices),
        month=spent([row for row in rows if row.start_seconds >= first], capacity, prices),
        week=spent([row for row in rows if row.start_seconds >= week], capacity, prices),
    )


def card(
    found: Bill,
    capacity: Amounts,
    limit: Amounts,
    budget_usd: float | None,
    now: datetime,
    said: Prices | None = None,
) -> CostCard:
    """The cost as the dashboard shows it; `said` are the broker's prices, where it has said them."""
    local = now.astimezone()
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    rest = (midnight - local).total_seconds() / 3600
    expected_today = found.today.usd + amounts_usd_per_hour(_priced(limit), said or PRICES) * rest
    days = found.week.measured_seconds / 86400
    left = (month_end(now) - local).total_seconds() / 86400
    expected = found.month.usd + (found.week.usd / days * min(1.0, days / 7) * left if days > 0 else 0.0)
    month = money(found.month.usd)
    return CostCard(
        note=prices_text(said),
        rows=[("Today so far", money(found.today.usd)), ("Today, expected", f"about {money(expected_today)}")],
        monthName=f"{local:%B}",
        month=f"{month} of ${budget_usd:g} budget" if budget_usd else month,
        monthRatio=min(1.0, found.month.usd / budget_usd) if budget_usd else None,
        expectedRatio=min(1.0, expected / budget_usd) if budget_usd else None,
        expected=f"about ${expected:.0f}",
        text=saved_text(found.month, capacity),
    )
