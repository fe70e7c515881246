"""What the knob means: one caution for all, turned into the prices of each resource.

1.0 is where violations come to about 1 % of the time (memory: fewer than one kill in 30 days); more is safer. Below it
the weight goes over from slack against violations to money against unserved demand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from foreload_core.policy.exchange import Exchange
from foreload_core.types import Resource

RESIZE_SECONDS = 10.0
"""A resize costs so much of the mean demand, in the money's sense."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the knob means for one kind of resource.

    Attributes:
        violation: price of a violation at 1.0.
        growth: its exponent.
        fall: its exponent below 1.0; 0: the same.
        unserved: price of unserved demand at 1.0.
        unserved_growth: its exponent.
        thrift_from, thrift_to: at and below the first, money alone is weighed; at and above the second, slack alone.
        change: price of a change, in units of slack.
        record_power, kill_growth: see `Exchange`; the latter at 1.0, none at `thrift_to`.
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

    def price(self, knob: float) -> float:
        """Of a violation."""
        return self.violation * knob ** (self.fall if self.fall and knob < 1.0 else self.growth)

    def growth_by_kills(self, knob: float) -> float:
        """Who wants it cheap takes kills as they come; their price is not raised there."""
        part = min(1.0, max(0.0, (knob - self.thrift_to) / max(1e-9, 1.0 - self.thrift_to)))
        return self.kill_growth**part if self.thrift_to < 1.0 else self.kill_growth


FRESH: Mapping[Resource, Meaning] = {
    Resource.CPU: Meaning(6.5, 5.2),
    Resource.MEMORY: Meaning(30.0, 5.2, thrift_from=0.7, thrift_to=0.85),
    Resource.NETWORK_RX: Meaning(11.5, 5.2),
    Resource.NETWORK_TX: Meaning(11.5, 5.2),
}
"""With nothing pretrained. Chosen on five-minute traces; see docs/forecasting.md."""
FITTED: Mapping[Resource, Meaning] = {
    Resource.CPU: Meaning(11.0, 5.2, change=0.05),
    Resource.MEMORY: Meaning(250.0, 5.2, thrift_from=0.5, thrift_to=0.6),
    Resource.NETWORK_RX: Meaning(15.0, 5.2),
    Resource.NETWORK_TX: Meaning(15.0, 5.2),
}
"""With the fitted network, whose tails are thinner: violations come to one in a hundred only at a higher price."""
RUNS_FRESH: Mapping[Resource, Meaning] = {
    Resource.CPU: Meaning(6.0, 5.0, unserved=82.0, unserved_growth=6.2, change=0.004),
    Resource.MEMORY: Meaning(300.0, 14.0, thrift_from=0.4, thrift_to=0.5, change=0.004),
    Resource.NETWORK_RX: Meaning(8.0, 8.0, unserved=60.0, unserved_growth=5.0, change=0.004),
    Resource.NETWORK_TX: Meaning(11.0, 8.0, unserved=60.0, unserved_growth=5.0, change=0.004),
    Resource.GPU: Meaning(15.0, 6.0, unserved=20.0, unserved_growth=4.0, change=0.004),
}
"""At steps of seconds, with run signals and nothing pretrained."""
RUNS_FITTED: Mapping[Resource, Meaning] = dict(RUNS_FRESH)
"""The same with the fitted network."""


def exchange_of(
    resources: tuple[Resource, ...], knob: float, step_seconds: float, *, fitted: bool, runs: bool = False
) -> Exchange:
    """The prices of each resource at a knob.

    Args:
        resources: in the order of the result.
        knob: caution; 1 is the default.
        step_seconds: length of an interval.
        fitted: the density comes from the fitted network.
        runs: it is that of steps of seconds, with run signals.
    """
    table = (RUNS_FITTED if fitted else RUNS_FRESH) if runs else FITTED if fitted else FRESH
    meanings = [table.get(each, table[Resource.CPU]) for each in resources]
    violation = [meaning.price(knob) for meaning in meanings]
    unserved = [meaning.unserved * knob**meaning.unserved_growth for meaning in meanings]
    thrift = np.array(
        [
            np.clip((meaning.thrift_to - knob) / (meaning.thrift_to - meaning.thrift_from), 0.0, 1.0)
            for meaning in meanings
        ]
    )
    change = [meaning.change for meaning in meanings]
    money = RESIZE_SECONDS / step_seconds
    return Exchange(
        np.array(violation),
        np.array(unserved),
        thrift,
        (1 - thrift) * np.array(change) + thrift * money,
        np.array([meaning.record_power for meaning in meanings]),
        np.array([meaning.growth_by_kills(knob) for meaning in meanings]),
    )
