"""The network that was fitted on public traces: it gives each simple forecast its part in each quantile."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from foreload_core.forecast.pooled.anchors import COUNT
from foreload_core.forecast.pooled.past import Floats
from foreload_core.forecast.pooled.table import INPUTS
from foreload_core.package_data import weights
from foreload_core.types import LEVELS

FORMAT = "foreload-pooled-1"
NAME = "pooled"
SHAPES = ((INPUTS, 64), (64,), (64, 64), (64,), (64, len(LEVELS) * COUNT + len(LEVELS)), (len(LEVELS) * COUNT + 4,))
OUTPUTS = len(LEVELS) * COUNT
REACH = 2.0
"""A quantile moves away from its mean of simple forecasts by at most so many errors of the best of them."""
SKILL_POWER, LOWEST_LOG, UNKNOWN_LOG = 2.0, -8.0, -2.0
UNKNOWN_SPREAD, LEAST_ERROR = 0.3, 0.02
NEVER = -1e9

Singles = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Weights:
    """A fitted network; `card` is what the file says of itself."""

    arrays: tuple[Singles, ...]
    card: dict[str, object]

    def outputs(self, rows: Singles) -> Singles:
        """(rows, INPUTS) -> (rows, outputs)."""
        first, first_bias, second, second_bias, last, last_bias = self.arrays
        hidden = _silu(rows @ first + first_bias)
        hidden = _silu(hidden @ second + second_bias)
        return hidden @ last + last_bias


def _silu(values: Singles) -> Singles:
    return (values / (1.0 + np.exp(-np.maximum(values, -30.0)))).astype(np.float32)


def quantiles_of(fitted: Weights | None, inputs: Singles, anchors: Floats, errors: Floats) -> Floats:
    """Quantiles at `LEVELS`, non-decreasing and not negative: (origins, leads, levels).

    Each is a mean of the simple forecasts. Their parts are those that their errors up to now give them, the inverse
    square, times what the network learned; a quantile is then moved by a part of the best one's error.

    Args:
        fitted: None: nothing pretrained; then the errors alone decide, and the spread is that of a normal error.
        inputs: (origins, leads, INPUTS).
        anchors, errors: (origins, leads, COUNT).
    """
    shape = anchors.shape[:2]
    flat, wrong = anchors.reshape(-1, COUNT), errors.reshape(-1, COUNT)
    possible = np.isfinite(flat)
    by_skill, spread = skill_prior(flat, wrong)
    if fitted is None:
        logits = np.repeat(by_skill[:, None, :] * FRESH_POWER, len(LEVELS), axis=1)
        moves = np.tile(np.array(FRESH_MOVES), (len(flat), 1))
    else:
        found = fitted.outputs(inputs.reshape(-1, INPUTS))
        logits = found[:, :OUTPUTS].reshape(-1, len(LEVELS), COUNT) + by_skill[:, None, :]
        moves = REACH * np.tanh(found[:, OUTPUTS:])
    logits = np.where(possible[:, None, :], logits, NEVER)
    parts = np.exp(logits - logits.max(axis=2, keepdims=True))
    parts /= parts.sum(axis=2, keepdims=True)
    values = np.einsum("rlc,rc->rl", parts, np.nan_to_num(flat)) + moves * spread[:, None]
    return np.maximum(np.maximum.accumulate(values, axis=1), 0.0).reshape(*shape, len(LEVELS))


def skill_prior(anchors: Floats, errors: Floats) -> tuple[Floats, Floats]:
    """Log parts of the simple forecasts by their errors alone, and the error of the best one, one a row.

    Args:
        anchors, errors: (rows, COUNT); nan where not known.
    """
    known = np.where(np.isfinite(errors) & np.isfinite(anchors), errors, np.inf)
    scale = np.maximum(anchors[:, 5], LEAST_ERROR * anchors[:, 9]) + 1e-12
    least = known.min(axis=1)
    best = np.where(np.isfinite(least), least, scale)
    spread = np.where(np.isfinite(least), least, UNKNOWN_SPREAD * scale)
    floor = LEAST_ERROR * scale
    by_skill = -SKILL_POWER * np.log((known + floor[:, None]) / (best + floor)[:, None])
    by_skill = np.where(np.isfinite(known), by_skill, UNKNOWN_LOG)
    return np.clip(by_skill, LOWEST_LOG, 0.0), spread


FRESH_POWER = 2.0
FRESH_MOVES = (-1.6, 0.0, 1.6, 2.2)
"""Without weights: quantiles 0.1 to 0.95 of an error with heavy tails whose mean absolute size is 1."""


def write_weights(fitted: Weights) -> bytes:
    """The network as a file: one line of JSON, then all numbers as 16-bit floats."""
    head = {"format": FORMAT, "shapes": [list(each.shape) for each in fitted.arrays], "card": fitted.card}
    numbers = b"".join(each.astype("<f2").tobytes() for each in fitted.arrays)
    return json.dumps(head, sort_keys=True).encode() + b"\n" + numbers


def read_weights(content: bytes) -> Weights:
    """What `write_weights` made.

    Raises:
        ValueError: the content is no such file.
    """
    line, _, numbers = content.partition(b"\n")
    head = json.loads(line)
    shapes = tuple(tuple(shape) for shape in head["shapes"])
    if head["format"] != FORMAT or shapes != SHAPES:
        raise ValueError(f"weights of {head['format']!r} with {shapes}; expected is {FORMAT!r} with {SHAPES}")
    arrays: list[Singles] = []
    place = 0
    for shape in shapes:
        size = int(np.prod(shape))
        arrays.append(np.frombuffer(numbers, "<f2", size, place).astype(np.float32).reshape(shape))
        place += 2 * size
    return Weights(tuple(arrays), head["card"])


@cache
def shipped() -> Weights:
    """The weights that come with the package."""
    return read_weights(weights(NAME))
