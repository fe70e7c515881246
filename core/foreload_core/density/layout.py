"""What is remembered of each resource, and in which order the anchors and components of its density stand."""

from __future__ import annotations

from typing import Final

from foreload_core.types import Resource

RESOURCES: Final = (Resource.CPU, Resource.MEMORY, Resource.NETWORK_RX, Resource.NETWORK_TX, Resource.GPU)
FLOOR_RATIO: Final = {
    Resource.CPU: 5e-4,
    Resource.MEMORY: 5e-4,
    Resource.NETWORK_RX: 1e-5,
    Resource.NETWORK_TX: 1e-5,
    Resource.GPU: 5e-4,
}
"""Below this part of the capacity a demand counts as nothing."""
LEAST_FLOOR: Final = {
    Resource.CPU: 1e-5,
    Resource.MEMORY: 4096.0,
    Resource.NETWORK_RX: 1.0,
    Resource.NETWORK_TX: 1.0,
    Resource.GPU: 1e-4,
}
"""The same where no capacity is known, in the resource's unit."""
FIRST_RATIO: Final = 1e-3
"""Where no capacity is known, nothing below this part of the first measured demand is told apart."""

DAY_SECONDS: Final = 86_400
SLOT_SECONDS: Final = 300
"""History is kept in slots of this length, or of one interval where that is longer."""
RING_SLOTS: Final = 2048
CODE_STEP: Final = 0.05
"""Log demand in the ring is one byte: 0 is missing, then steps of 5 %, which reach over a factor of 330,000."""

RECENT: Final = 72
WINDOWS: Final = (3, 6, 12, 36, 72)
QUANTILES: Final = (0.5, 0.75, 0.9, 0.97, 0.995)
ANCHORS: Final = (
    *(f"last_{step}" for step in range(1, 5)),
    *(f"max_{window}" for window in WINDOWS),
    *(f"mean_{window}" for window in WINDOWS),
    "max_day",
    "mean_day",
    "yesterday",
    "yesterday_max_1",
    "yesterday_max_3",
    "yesterday_mean_3",
    "week",
    "week_max_3",
    "days_mean",
    "days_max",
    "hours_mean",
    "hours_max_8",
    "lag",
    "lag_max",
    *(f"quantile_{level:g}" for level in QUANTILES),
    "decayed_max",
    "min_12",
    "min_36",
)
ANCHOR_COUNT: Final = len(ANCHORS)
FREE_COUNT: Final = 4
"""Components that stand at no anchor."""
HALF_LIVES: Final = (24.0, 576.0)
"""Half-lives, in samples, of the anchors' errors."""
MOST_ERROR: Final = 4.0

LAGS: Final = (*range(2, 49), *range(60, 289, 12), 432, 576, 864, 1152, 1440, 1728, 2004, 2016, 2028)
"""Lags, in slots, among which the one that repeats best is looked for."""
