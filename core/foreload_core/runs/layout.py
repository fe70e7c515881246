"""Which components the density of short steps is made of, and in which order they stand."""

from __future__ import annotations

from typing import Final

import numpy as np

from foreload_core.runs.outlook import RUN_ANCHORS, SCENARIOS, STATES

RECENT: Final = 72
WINDOWS: Final = (3, 6, 12, 36, 72)
SAMPLE_ANCHORS: Final = (
    "last_1", "last_2", *(f"max_{window}" for window in WINDOWS), *(f"mean_{window}" for window in WINDOWS),
    "min_12", "min_36", "decayed_max",
)  # fmt: skip
REFERENCE: Final = SAMPLE_ANCHORS.index("mean_12")
"""All places are told relative to this anchor, so that no input hangs on the scale of the demand."""
LEVELS: Final = (0.03, 0.15, 0.35, 0.6, 0.8, 0.93, 0.99)
"""Quantiles that are tracked apart for each class of states."""
MASSES: Final = (0.09, 0.16, 0.225, 0.225, 0.165, 0.095, 0.04)
"""What lies nearest to each of them."""
CLASSES: Final = 3
"""Without a session; in one, without a run; with a run, where what is seen is told relative to what is expected."""
FREE_PLACES: Final = (-1.0, 0.0, 1.0, 2.0)

SAMPLES: Final = len(SAMPLE_ANCHORS)
ANCHORS: Final = SAMPLES + len(RUN_ANCHORS)
"""Sample anchors, then run anchors; after them the tracked quantiles, and the free ones."""
QUANTILES_FROM: Final = ANCHORS
FREE_FROM: Final = ANCHORS + len(LEVELS)
COMPONENTS: Final = FREE_FROM + len(FREE_PLACES)

_OF_SCENARIO: Final = {
    "all_on": {"all_on": 0.7, "all_on_high": 0.3},
    "one_less": {"one_less": 1.0},
    "announced": {"announced": 0.7, "announced_high": 0.3},
    "announced_other": {"announced_other": 1.0},
    "chained": {"chained": 0.7, "chained_high": 0.3},
    "waking": {"waking": 1.0},
}


def shares(with_runs: bool) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """How the chance of each scenario is shared among the components at first, (scenarios, components)."""
    found = np.zeros((len(SCENARIOS), COMPONENTS), np.float32)
    for place, scenario in enumerate(SCENARIOS[1:], 1):
        for name, share in _OF_SCENARIO[scenario].items():
            found[place, SAMPLES + RUN_ANCHORS.index(name)] = share
    quantiles, samples = (0.5, 0.3) if with_runs else (0.55, 0.4)
    found[0, :SAMPLES] = samples / SAMPLES
    found[0, QUANTILES_FROM:FREE_FROM] = quantiles * np.array(MASSES)
    found[0, FREE_FROM:] = 0.002
    if with_runs:
        found[0, SAMPLES + RUN_ANCHORS.index("plateau")] = 0.15
        found[0, SAMPLES + RUN_ANCHORS.index("kind_peak")] = 0.03
        found[0, SAMPLES + RUN_ANCHORS.index("full")] = 0.05
    return found / found.sum(axis=1, keepdims=True)


CLASS_OF_STATE: Final = np.array([{"idle": 0, "on": 2, "ending": 2}.get(state, 1) for state in STATES])
"""States without a session, in one, and with runs; a run that is young shows nothing yet."""
