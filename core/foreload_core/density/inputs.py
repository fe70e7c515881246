"""What the network sees of each resource: anchors, how well they did lately, and the time of day."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from foreload_core.density.anchors import Grain
from foreload_core.density.layout import ANCHOR_COUNT, ANCHORS, DAY_SECONDS, HALF_LIVES, RESOURCES
from foreload_core.density.state import Rows
from foreload_core.types import Resource

Floats = NDArray[np.float32]
REFERENCE: Final = ANCHORS.index("mean_12")
"""All places are told relative to this anchor, so that no input hangs on the scale of the demand."""
_MAX_3 = ANCHORS.index("max_3")
_WEEK_DAYS = 7
AROUND_COUNT, CALENDAR_COUNT, SINGLE_COUNT, MOVE_COUNT = 38, 7, 7, 3


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
    found = np.empty((len(ahead), CALENDAR_COUNT), np.float32)
    for column, angle in enumerate((day, 2 * day, hour)):
        found[:, 2 * column] = np.sin(angle)
        found[:, 2 * column + 1] = np.cos(angle)
    found[:, 6] = weekend
    return found


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
    count, anchored = anchors.shape
    found = np.empty((count, input_count()), np.float32)
    place = 0

    def put(values: NDArray[Any], width: int) -> None:
        nonlocal place
        found[:, place : place + width] = values
        place += width

    put(anchors - reference, anchored)
    put(rows.recent[:, -12:-4] - reference, 8)
    put(around - reference, AROUND_COUNT)
    put(np.log(rows.error.reshape(count, -1) + np.float32(1e-3)), len(HALF_LIVES) * anchored)
    put(rows.exceeded, anchored)
    put(calendar(ahead), CALENDAR_COUNT)
    found[:, place : place + 2] = np.log1p(rows.since)
    found[:, place + 2] = np.log(rows.spread + 1e-3)
    found[:, place + 3] = np.log(np.maximum(rows.total / np.maximum(rows.count, 1), 1e-12)) - reference[:, 0]
    found[:, place + 4] = np.minimum(np.maximum(rows.recent[:, -1] - rows.floor, 0.0), 2.0)
    found[:, place + 5] = math.log(grain.step_seconds)
    found[:, place + 6] = np.log1p(np.minimum(rows.count, 2016))
    place += SINGLE_COUNT
    put(kinds, len(RESOURCES))
    moves = np.empty((count, MOVE_COUNT), np.float32)
    moves[:, 0] = anchors[:, 0] - reference[:, 0]
    moves[:, 1] = anchors[:, _MAX_3] - reference[:, 0]
    moves[:, 2] = anchors[:, 0] - rows.quantile[:, 1]
    known = beside >= 0
    put((moves[beside] * known[:, :, None]).reshape(count, -1), MOVE_COUNT * len(RESOURCES))
    put(known, len(RESOURCES))
    return found


def input_count() -> int:
    """How many inputs the network has."""
    each = 2 + len(HALF_LIVES)
    return each * ANCHOR_COUNT + 8 + AROUND_COUNT + CALENDAR_COUNT + SINGLE_COUNT + (2 + MOVE_COUNT) * len(RESOURCES)
