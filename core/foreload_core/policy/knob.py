"""What the knob means: one caution for all, turned into the prices of each resource.

1.0 is where violations come to about 1 % of the time (memory: fewer than one kill in 30 days); more is safer. Below it
the weight goes over from slack against violations to money against unserved demand.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from foreload_core.policy.exchange import Exchange
from foreload_core.types import Resource

RESIZE_SECONDS = 10.0
"""A resize costs so much of the mean demand, in the money's sense."""
RECORD_FROM, RECORD_TO = 0.7, 0.85
"""Between these knobs the record of violations begins to count."""
KILLS_FROM = 0.85
"""From here on to 1.0 that of kills does."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the knob means for one kind of resource.

    Attributes:
        violation: price of a violation at 1.0.
        growth: its exponent.
        fall: its exponent below 1.0; 0: the same.
        unserved: price of unserved demand at 1.0.
        unserved_growth: its exponent.
        unserved_most, unserved_least: it grows no further than the one, nor falls below the other × knob³.
        thrift_from, thrift_to: at and below the first, money alone is weighed; at and above the second, slack alone.
        change: price of a change, in units of slack.
        record_power, kill_growth: see `Exchange`; at 1.0 and above. Who wants it cheap takes violations as they come:
            there is nothing of the one at 0.7 (all from 0.85 on), and nothing of the other at 0.85.
    """

    violation: float
    growth: float
    fall: float = 0.0
    unserved: float = 25.0
    unserved_growth: float = 3.0
    thrift_from: float = 0.85
    thrift_to: float = 1.0
    change: float = 0.03
    record_power: float = 0.0
    kill_growth: float = 1.0
    unserved_most: float = math.inf
    unserved_least: float = 0.0

    def price(self, knob: float) -> float:
        """Of a violation."""
        return self.violation * knob ** (self.fall if self.fall and knob < 1.0 else self.growth)

    def price_of_unserved(self, knob: float) -> float:
        """Of a unit of demand that is not served."""
        price = min(self.unserved * knob**self.unserved_growth, self.unserved_most)
        return max(price, self.unserved_least * knob**3)

    def power(self, knob: float) -> float:
        """Of the record."""
        return self.record_power * _part(knob, RECORD_FROM, RECORD_TO)

    def growth_by_kills(self, knob: float) -> float:
        """Of the price, for each kill."""
        return self.kill_growth ** _part(knob, KILLS_FROM, 1.0)


def _part(knob: float, first: float, last: float) -> float:
    """0 up to `first`, 1 from `last` on."""
    return min(1.0, max(0.0, (knob - first) / (last - first))) if first < last else float(knob >= last)


FRESH: Mapping[Resource, Meaning] = {
    Resource.CPU: Meaning(6.5, 5.2),
    Resource.MEMORY: Meaning(30.0, 5.2, thrift_from=0.7, thrift_to=0.85),
    Resource.NETWORK_RX: Meaning(11.5, 5.2),
    Resource.NETWORK_TX: Meaning(11.5, 5.2),
}
"""With nothing pretrained. Chosen on five-minute traces; see docs/forecasting.md."""
FITTED: Mapping[Resource, Meaning] = {
    Resource.CPU: Meaning(
        10.8, 5.2, 0.0, 520.0, 12.2, change=0.05, record_power=0.5, unserved_most=71.0, unserved_least=20.0
    ),
    Resource.MEMORY: Meaning(160.0, 4.0, 9.8, thrift_from=0.55, thrift_to=0.7, record_power=0.5, kill_growth=1.5),
    Resource.NETWORK_RX: Meaning(12.5, 5.2, 0.0, 27.0, 3.0, record_power=1.0),
    Resource.NETWORK_TX: Meaning(12.5, 5.2, 0.0, 27.0, 3.0, record_power=1.0),
}
"""With the fitted network, whose tails are thinner: violations come to one in a hundred only at a higher price."""
RUNS: Mapping[Resource, Meaning] = {
    Resource.CPU: Meaning(6.4, 4.5, 3.5, thrift_from=0.7, thrift_to=0.85, change=0.004),
    Resource.MEMORY: Meaning(350.0, 17.0, 14.5, thrift_from=0.4, thrift_to=0.5, change=0.004),
    Resource.NETWORK_RX: Meaning(8.0, 8.0, unserved=230.0, unserved_growth=8.8, thrift_from=10.0, thrift_to=11.0),
    Resource.NETWORK_TX: Meaning(11.0, 8.0, unserved=300.0, unserved_growth=9.5, thrift_from=10.0, thrift_to=11.0),
    Resource.GPU: Meaning(15.0, 6.0, unserved=22.0, unserved_growth=3.6, thrift_from=10.0, thrift_to=11.0),
}
"""At steps of seconds, with run signals, fitted or not. Network and GPU weigh money at every knob: their demand is so
rare that slack says little."""
RUNS_HELD_SAMPLES = 25
"""At steps of seconds an amount is held for about so many, which share the cost of its change."""


def exchange_of(
    resources: tuple[Resource, ...],
    knob: float,
    step_seconds: float,
    *,
    fitted: bool,
    runs: bool = False,
    peaks: bool = False,
) -> Exchange:
    """The prices of each resource at a knob.

    Args:
        resources: in the order of the result.
        knob: caution; 1 is the default.
        step_seconds: length of an interval.
        fitted: the density comes from the fitted network.
        runs: it is that of steps of seconds, with run signals.
    """
    table = RUNS if runs else FITTED if fitted else FRESH
    meanings = [table.get(each, table[Resource.CPU]) for each in resources]
    violation = [meaning.price(knob) for meaning in meanings]
    unserved = [meaning.price_of_unserved(knob) for meaning in meanings]
    thrift = np.array(
        [
            np.clip((meaning.thrift_to - knob) / (meaning.thrift_to - meaning.thrift_from), 0.0, 1.0)
            for meaning in meanings
        ]
    )
    change = [meaning.change for meaning in meanings]
    money = RESIZE_SECONDS / step_seconds / (RUNS_HELD_SAMPLES if runs else 1)
    return Exchange(
        np.array(violation),
        np.array(unserved),
        thrift,
        (1 - thrift) * np.array(change) + thrift * money,
        np.array([meaning.power(knob) for meaning in meanings]),
        np.array([meaning.growth_by_kills(knob) for meaning in meanings]),
    )
