"""What is remembered of each resource: one row of some small arrays. It has the same size whatever arrives."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from foreload_core.density.layout import (
    ANCHOR_COUNT,
    FREE_COUNT,
    HALF_LIVES,
    LAGS,
    QUANTILES,
    RECENT,
    RING_SLOTS,
)

COMPONENTS = ANCHOR_COUNT + FREE_COUNT


@dataclass(slots=True)
class Rows:
    """The arrays; the first axis is the resource. `h` is the horizon in samples.

    Attributes:
        count: samples seen.
        floor: log demand below which nothing is told apart.
        slot: number of the slot that the ring was written in last.
        ring: log demand of each slot as a byte.
        recent: log demand of the last samples, newest last.
        total: sum of the demand so far, for its mean.
        error: mean absolute error of each anchor, at each half-life.
        exceeded: how often the demand was above each anchor.
        quantile, spread, top: tracked quantiles, mean deviation, decayed maximum.
        lag_error: mean absolute error of "the same as so many slots before".
        since: samples since the demand was above the 0.9 quantile, and since it jumped.
        bias, shift, stretch: what was learned about each component: log weight, place and log scale.
        common: the shift and the stretch that all components share.
        violated, expected: how often the demand was above what was decided, and how often it was expected to be; both
            fade.
        kills: how often it began to be above; fades.
        short: 1 where it was above in the newest interval.
        waiting_chance: the chance of that for intervals that have not come, (row, h); NaN where nothing was decided.
        waiting_anchor, waiting_centre, waiting_scale, waiting_weight: forecasts whose time has not come, (row, h, ..).
    """

    count: NDArray[np.int64]
    floor: NDArray[np.float64]
    slot: NDArray[np.int64]
    ring: NDArray[np.uint8]
    recent: NDArray[np.float32]
    total: NDArray[np.float64]
    error: NDArray[np.float32]
    exceeded: NDArray[np.float32]
    quantile: NDArray[np.float32]
    spread: NDArray[np.float32]
    top: NDArray[np.float32]
    lag_error: NDArray[np.float32]
    since: NDArray[np.float32]
    bias: NDArray[np.float32]
    shift: NDArray[np.float32]
    stretch: NDArray[np.float32]
    common: NDArray[np.float32]
    violated: NDArray[np.float32]
    expected: NDArray[np.float32]
    kills: NDArray[np.float32]
    short: NDArray[np.float32]
    waiting_chance: NDArray[np.float32]
    waiting_anchor: NDArray[np.float32]
    waiting_centre: NDArray[np.float32]
    waiting_scale: NDArray[np.float32]
    waiting_weight: NDArray[np.float32]

    def to_bytes(self) -> bytes:
        """All rows as bytes, for a journal or a store; the same rows always give the same bytes."""
        return b"".join(np.ascontiguousarray(getattr(self, entry.name)).tobytes() for entry in fields(self))

    @classmethod
    def from_bytes(cls, content: bytes, rows: int, horizon: int) -> Rows:
        """What `to_bytes` made.

        Raises:
            ValueError: the content is not of so many rows and this horizon.
        """
        made = new_rows(rows, horizon)
        size = sum(getattr(made, entry.name).nbytes for entry in fields(made))
        if len(content) != size:
            raise ValueError(f"the state of {rows} resources is {len(content)} bytes; expected are {size}")
        place = 0
        for entry in fields(made):
            array = getattr(made, entry.name)
            read = np.frombuffer(content, array.dtype, array.size, place).reshape(array.shape)
            setattr(made, entry.name, read.copy())
            place += array.nbytes
        return made


def new_rows(rows: int, horizon: int) -> Rows:
    """Rows of which nothing is known."""
    single = np.float32
    return Rows(
        count=np.zeros(rows, np.int64),
        floor=np.zeros(rows, np.float64),
        slot=np.full(rows, -1, np.int64),
        ring=np.zeros((rows, RING_SLOTS), np.uint8),
        recent=np.zeros((rows, RECENT), single),
        total=np.zeros(rows, np.float64),
        error=np.full((rows, len(HALF_LIVES), ANCHOR_COUNT), 0.3, single),
        exceeded=np.full((rows, ANCHOR_COUNT), 0.5, single),
        quantile=np.zeros((rows, len(QUANTILES)), single),
        spread=np.full(rows, 0.2, single),
        top=np.zeros(rows, single),
        lag_error=np.ones((rows, len(LAGS)), single),
        since=np.full((rows, 2), 1e4, single),
        bias=np.zeros((rows, COMPONENTS), single),
        shift=np.zeros((rows, COMPONENTS), single),
        stretch=np.zeros((rows, COMPONENTS), single),
        common=np.zeros((rows, 2), single),
        violated=np.zeros(rows, single),
        expected=np.zeros(rows, single),
        kills=np.zeros(rows, single),
        short=np.zeros(rows, single),
        waiting_chance=np.full((rows, horizon), np.nan, single),
        waiting_anchor=np.zeros((rows, horizon, ANCHOR_COUNT), single),
        waiting_centre=np.zeros((rows, horizon, COMPONENTS), single),
        waiting_scale=np.ones((rows, horizon, COMPONENTS), single),
        waiting_weight=np.full((rows, horizon, COMPONENTS), 1 / COMPONENTS, single),
    )
