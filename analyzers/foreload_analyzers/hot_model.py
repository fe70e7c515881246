"""Scores functions and loops of one file against each other, with fitted weights.

The scores of a file go through a softmax, so that they are shares of its time. The weights are fitted to that: see
scripts/models/fit_hotness.py and docs/models/hotness.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from foreload_analyzers.package_data import model_data

Floats = NDArray[np.float64]
_FEW = 24  # rows up to which comparing each with each is faster than sorting every column


@dataclass(frozen=True, slots=True)
class RankModel:
    """Weights for one kind of thing that is ranked.

    Attributes:
        ranked: weight of each sign as the share of the file's things that show less of it.
        led: weight of some signs as the distance to the most in the file; `led_places` are theirs among the ranked.
        flags: weight of each sign that counts as it is.
        temperature: what scores are divided by before they become shares.
    """

    ranked: Floats
    led: Floats
    led_places: tuple[int, ...]
    flags: Floats
    temperature: float

    def scores(self, ranked: Floats, flags: Floats) -> Floats:
        """A score for each row."""
        led = ranked[:, list(self.led_places)]
        distance = led - led.max(axis=0)
        return ranks(ranked) @ self.ranked + distance @ self.led + flags @ self.flags

    def shares(self, scores: Floats) -> Floats:
        """Scores as shares that come to 1."""
        scaled = scores / self.temperature
        raised = np.exp(scaled - scaled.max())
        return raised / raised.sum()


def ranks(values: Floats) -> Floats:
    """For each column the share of the other rows that are below, equal ones by half; 0.5 for a single row."""
    count = values.shape[0]
    if count == 1:
        return np.full(values.shape, 0.5)
    if count <= _FEW:
        rows, others = values[:, None, :], values[None, :, :]
        found = np.count_nonzero(others < rows, axis=1) + np.count_nonzero(others <= rows, axis=1)
        return (found - 1.0) / (2.0 * (count - 1))
    columns = np.ascontiguousarray(values.T)
    ordered = np.sort(columns, axis=1)
    found = np.empty(columns.shape)
    for place, column in enumerate(columns):
        row = ordered[place]
        found[place] = row.searchsorted(column, "left") + row.searchsorted(column, "right")
    return (found.T - 1.0) / (2.0 * (count - 1))


def read_models(data: bytes) -> dict[str, RankModel]:
    """The models of a file as `write_models` makes it."""
    return {
        name: RankModel(
            np.array(row["ranked"]),
            np.array(row["led"]),
            tuple(row["led_places"]),
            np.array(row["flags"]),
            float(row["temperature"]),
        )
        for name, row in json.loads(data).items()
    }


def write_models(models: dict[str, RankModel]) -> bytes:
    """The file of some models."""
    rows = {
        name: {
            "ranked": _rounded(model.ranked),
            "led": _rounded(model.led),
            "led_places": list(model.led_places),
            "flags": _rounded(model.flags),
            "temperature": round(model.temperature, 4),
        }
        for name, model in models.items()
    }
    return json.dumps(rows, separators=(",", ":")).encode()


def _rounded(values: Sequence[float] | Floats) -> list[float]:
    return [round(float(value), 4) for value in values]


@cache
def hotness_models() -> dict[str, RankModel]:
    """The models that ship: of functions and of loops."""
    return read_models(model_data("hotness"))
