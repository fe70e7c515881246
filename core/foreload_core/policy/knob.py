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
        growth: its exponent above and below.
        unserved: price of unserved demand at 1.0.
        unserved_growth: its exponent.
        thrift_from, thrift_to: at and below the first, money alone is weighed; at and above the second, slack alone.
        change: price of a change, in units of slack.
    """

    violation: float
    growth: float
    unserved: float = 25.0
    unserved_growth: float = 3.0
    thrift_from: float = 0.85
    thrift_to: float = 1.0
    change: float = 0.03


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


def exchange_of(resources: tuple[Resource, ...], knob: float, step_seconds: float, *, fitted: bool) -> Exchange:
    """The prices of each resource at a knob; `fitted`: the density comes from the fitted network."""
    table = FITTED if fitted else FRESH
    meanings = [table.get(each, table[Resource.CPU]) for each in resources]
    violation = [meaning.violation * knob**meaning.growth for meaning in meanings]
    unserved = [meaning.unserved * knob**meaning.unserved_growth for meaning in meanings]
    thrift = np.array(
        [
            np.clip((meaning.thrift_to - knob) / (meaning.thrift_to - meaning.thrift_from), 0.0, 1.0)
            for meaning in meanings
        ]
    )
    change = [meaning.change for meaning in meanings]
    money = RESIZE_SECONDS / step_seconds
    return Exchange(np.array(violation), np.array(unserved), thrift, (1 - thrift) * np.array(change) + thrift * money)
