"""What limits cost, and what a month's budget still pays for."""

from __future__ import annotations

from datetime import datetime, timedelta

from foreload_core.policy.situation import Situation
from foreload_core.types import Amounts, Prices, Resource
from foreload_core.units import GIB, MEGABYTE

SPREAD_HOURS = 24.0
"""What is left of the budget beyond the floor is spent no faster than within this long, so that it never runs out."""


def amount_usd_per_hour(resource: Resource, amount: float, prices: Prices) -> float:
    """Price of one resource's amount, USD per hour."""
    if resource is Resource.CPU:
        return amount * prices.cpu_core_usd_per_hour
    if resource is Resource.MEMORY:
        return amount / GIB * prices.memory_gib_usd_per_hour
    if resource is Resource.GPU:
        return amount * prices.gpu_usd_per_hour
    return amount / MEGABYTE * prices.network_megabyte_per_second_usd_per_hour


def amounts_usd_per_hour(amounts: Amounts, prices: Prices) -> float:
    """Price of all the amounts that are given, USD per hour."""
    return sum(amount_usd_per_hour(resource, amount, prices) for resource, amount in amounts.items())


def month_name(now: datetime) -> str:
    """The budget's month, such as 2026-11; months are UTC."""
    return f"{now.year:04d}-{now.month:02d}"


def hours_left_in_month(now: datetime) -> float:
    """Hours until the next month begins, UTC."""
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = (first + timedelta(days=32)).replace(day=1)
    return (following - now).total_seconds() / 3600


def allowed_usd_per_hour(situation: Situation, budget_usd: float) -> float:
    """The highest price per hour at which the floor can still be paid to the end of the month."""
    floor_usd = amounts_usd_per_hour(situation.placement.floor, situation.prices)
    hours_left = hours_left_in_month(situation.now)
    left_usd = budget_usd - situation.state.spent_usd - floor_usd * hours_left
    return floor_usd + max(0.0, left_usd) / max(1.0, min(SPREAD_HOURS, hours_left))
