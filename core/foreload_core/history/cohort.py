"""What environments alike need, hour by hour: enough of them that it tells of none."""

from __future__ import annotations

from collections.abc import Sequence

from foreload_core.history.quantiles import quantile
from foreload_core.types import COHORT_FLOOR, NO_AMOUNTS, PRIOR_LEVELS, Amounts, Prior, Resource, Sample

ACROSS_LEVEL = 0.75
"""A quarter of the environments lies above each amount: with the least number of them these are five."""
LEAST_SAMPLES = 144
"""An environment with fewer samples (half a day of five minutes) says too little to count."""
RESOURCES = (Resource.CPU, Resource.MEMORY)
HOURS = 24


def prior_of(pasts: Sequence[Sequence[Sample]]) -> Prior | None:
    """The prior of a cohort; None where fewer environments than the privacy floor have a past.

    For each hour of the day (UTC) and each level, every environment's own quantile is taken first, and then the upper
    quartile of these: each environment counts the same, and none of them shows.

    Args:
        pasts: the highest use in steps of some minutes, one series an environment.
    """
    telling = [past for past in pasts if len(past) >= LEAST_SAMPLES]
    if len(telling) < COHORT_FLOOR:
        return None
    found: list[list[Amounts]] = [[NO_AMOUNTS] * len(PRIOR_LEVELS) for _hour in range(HOURS)]
    for resource in RESOURCES:
        for hour in range(HOURS):
            series = [_values(past, resource, hour) for past in telling]
            series = [values for values in series if values]
            if len(series) < COHORT_FLOOR:
                continue
            for place, level in enumerate(PRIOR_LEVELS):
                own = sorted(quantile(values, level) for values in series)
                found[hour][place] = found[hour][place].with_amount(resource, _rounded(quantile(own, ACROSS_LEVEL)))
    return Prior(len(telling), tuple(tuple(amounts) for amounts in found))


def _values(past: Sequence[Sample], resource: Resource, hour: int) -> list[float]:
    amounts = [sample.used.get(resource) for sample in past if sample.start.hour == hour]
    return sorted(amount for amount in amounts if amount is not None)


def _rounded(amount: float) -> float:
    """Three digits: more would tell more than is known."""
    return float(f"{amount:.3g}")
