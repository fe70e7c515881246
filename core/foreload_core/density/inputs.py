"""What the network sees of each resource: anchors, how well they did lately, and the time of day."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from foreload_core.density.anchors import Grain
from foreload_core.density.layout import ANCHORS, DAY_SECONDS, RESOURCES
from foreload_core.density.state import Rows
from foreload_core.types import Resource

Floats = NDArray[np.float32]
REFERENCE: Final = ANCHORS.index("mean_12")
"""All places are told relative to this anchor, so that no input hangs on the scale of the demand."""
_MAX_3 = ANCHORS.index("max_3")
_WEEK_DAYS = 7


def one_hot(resources: tuple[Resource, ...]) -> Floats:
    """One row a resource, with a 1 in its place."""
    return np.array([[float(each is resource) for each in RESOURCES] for resource in resources], np.float32)


def calendar(ahead: NDArray[np.float64]) -> Floats:
    """Time of day, minute of the hour and weekend at `ahead` (seconds of the epoch), (rows, 7)."""
    day = 2 * np.pi * (ahead % DAY_SECONDS) / DAY_SECONDS
    hour = 2 * np.pi * (ahead % 3600) / 3600
    # The epoch began on a Thursday: days 2 and 3 after it are the first Saturday and Sunday.
    weekday = (ahead // DAY_SECONDS) % _WEEK_DAYS
    weekend = (weekday == 2) | (weekday == 3)
    return np.stack(
        (np.sin(day), np.cos(day), np.sin(2 * day), np.cos(2 * day), np.sin(hour), np.cos(hour), weekend),
        axis=1,
        dtype=np.float32,
    )


def neighbours(resources: tuple[Resource, ...], environments: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each row the row of each resource in the same environment, or -1, (rows, resources)."""
    found = np.full((len(resources), len(RESOURCES)), -1, np.int64)
    places = {
        (int(environment), each): row
        for row, (each, environment) in enumerate(zip(resources, environments, strict=True))
    }
    for row, environment in enumerate(environments):
        for column, each in enumerate(RESOURCES):
            found[row, column] = places.get((int(environment), each), -1)
    return found


def network_inputs(
    rows: Rows,
    grain: Grain,
    anchors: Floats,
    around: Floats,
    ahead: NDArray[np.float64],
    kinds: Floats,
    beside: NDArray[np.int64],
) -> Floats:
    """All inputs, (rows, inputs).

    Args:
        rows: what is remembered.
        grain: how samples lie in time.
        anchors: for the interval that begins at `ahead`.
        around: see `Anchors.around`.
        ahead: seconds of the epoch, one a row.
        kinds: see `one_hot`.
        beside: see `neighbours`.
    """
    reference = anchors[:, REFERENCE : REFERENCE + 1]
    count = len(anchors)
    mean = np.log(np.maximum(rows.total / np.maximum(rows.count, 1), 1e-12)) - reference[:, 0]
    last = rows.recent[:, -1] - rows.floor
    single = np.stack(
        (
            np.log1p(rows.since[:, 0]), np.log1p(rows.since[:, 1]), np.log(rows.spread + 1e-3), mean,
            np.clip(last, 0.0, 2.0), np.full(count, np.log(grain.step_seconds)), np.log1p(np.minimum(rows.count, 2016)),
        ),
        axis=1,
    )  # fmt: skip
    moves = np.stack(
        (anchors[:, 0] - reference[:, 0], anchors[:, _MAX_3] - reference[:, 0], anchors[:, 0] - rows.quantile[:, 1]),
        axis=1,
    )
    others = np.where((beside >= 0)[:, :, None], moves[beside], 0.0).reshape(count, -1)
    return np.concatenate(
        (
            anchors - reference,
            rows.recent[:, -12:-4] - reference,
            around - reference,
            np.log(rows.error.reshape(count, -1) + 1e-3),
            rows.exceeded,
            calendar(ahead),
            single,
            kinds,
            others,
            beside >= 0,
        ),
        axis=1,
        dtype=np.float32,
    )
