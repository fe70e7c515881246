"""The short-horizon forecaster: a density of each resource's demand one or two intervals ahead, after each sample."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from foreload_core.density.anchors import Anchors, Grain, remember
from foreload_core.density.correction import FITTED, FRESH, Rates, corrected, learn
from foreload_core.density.inputs import REFERENCE, neighbours, network_inputs, one_hot
from foreload_core.density.layout import FIRST_RATIO, FLOOR_RATIO, FREE_COUNT, LEAST_FLOOR
from foreload_core.density.mixture import Mixture, beyond
from foreload_core.density.network import Weights, mixture_of
from foreload_core.density.record import Record, record_of, take_in
from foreload_core.density.state import COMPONENTS, Rows, new_rows
from foreload_core.types import Resource

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
FRESH_SCALE = 0.1
FREE_PLACES = np.array([-1.0, 0.0, 1.0, 2.0], np.float32)


def _fitted_rates(resources: Sequence[Resource]) -> Rates:
    """Memory learns shares alone: places and scales that follow quickly thin out the tail in which kills lie."""
    learns = np.array([each is not Resource.MEMORY for each in resources], np.float32)
    return Rates(FITTED.share, np.float32(FITTED.place) * learns, np.float32(FITTED.scale) * learns, FITTED.decay)


class Engine:
    """Forecasts all resources of one environment together; its rows are the resources, in the order given.

    Deterministic: the same samples give the same densities, and the same bytes of state.

    Args:
        resources: what is measured.
        grain: how samples lie in time, and how far ahead is forecast.
        capacity: most that there can be, where it is known.
        weights: the fitted network; None: nothing pretrained.
        environments: for fitting on many environments at once, the environment of each row; None: all are of one.
    """

    def __init__(
        self,
        resources: Sequence[Resource],
        grain: Grain,
        capacity: Mapping[Resource, float] | Sequence[float | None],
        weights: Weights | None = None,
        environments: Sequence[int] | None = None,
    ) -> None:
        self.resources = tuple(resources)
        self.grain = grain
        self.weights = weights
        self.rates: Rates = _fitted_rates(self.resources) if weights is not None else FRESH
        count = len(self.resources)
        known = [capacity.get(each) for each in self.resources] if isinstance(capacity, Mapping) else list(capacity)
        self.capacity: Doubles = np.array([math.nan if each is None else each for each in known], np.float64)
        self.rows = new_rows(count, grain.horizon)
        self._kinds = one_hot(self.resources)
        self._beside = neighbours(
            self.resources, np.zeros(count, np.int64) if environments is None else np.array(environments)
        )
        self._lines = np.arange(count)
        self._anchors = Anchors(grain, count)
        self._ahead: Doubles = np.zeros(count)
        ratio = np.array([FLOOR_RATIO[each] for each in self.resources])
        self._floor = np.log(np.fmax(self.capacity * ratio, [LEAST_FLOOR[each] for each in self.resources]))
        self.likelihood: Floats = np.zeros(count, np.float32)

    def observe(
        self,
        begun_seconds: float | Doubles,
        amount: Doubles,
        censored: NDArray[np.bool_],
        violated: NDArray[np.bool_] | None = None,
    ) -> None:
        """Takes in one interval.

        Args:
            begun_seconds: when the interval began, seconds of the epoch (one for all rows, or one a row).
            amount: the demand of each resource in its unit; NaN where it was not measured.
            censored: where the limit held the demand back, so that `amount` is a lower bound of it.
            violated: where the demand was above what was in force; None: where it is censored.
        """
        rows = self.rows
        begun = np.broadcast_to(np.asarray(begun_seconds, np.float64), amount.shape)
        missing = np.isnan(amount)
        first = rows.count == 0
        if first.any():
            self._set_floor(first, np.nan_to_num(amount))
        last = np.where(first, rows.floor, rows.recent[:, -1])
        seen = np.where(missing, np.exp(last), amount)
        x = np.maximum(np.log(np.maximum(seen, 1e-300)), rows.floor).astype(np.float32)
        place = rows.count % self.grain.horizon
        made = Mixture(
            rows.waiting_centre[self._lines, place],
            rows.waiting_scale[self._lines, place],
            rows.waiting_weight[self._lines, place],
        )
        known = (rows.count >= self.grain.horizon) & ~missing
        self.likelihood = learn(rows, made, x, censored, known, self.rates)
        take_in(rows, place, censored if violated is None else violated, ~missing, self.grain.step_seconds)
        lifted = np.flatnonzero(censored & known)
        if len(lifted):
            most = np.log(np.where(np.isnan(self.capacity), np.inf, self.capacity))[lifted]
            x[lifted] = np.maximum(np.minimum(beyond(made.rows(lifted), x[lifted]), most), x[lifted])
        rows.total += np.exp(x.astype(np.float64))
        remember(rows, self.grain, begun, x)
        self._ahead = begun + self.grain.horizon * self.grain.step_seconds

    def _set_floor(self, first: NDArray[np.bool_], amount: Doubles) -> None:
        unknown = np.log(np.maximum(amount * FIRST_RATIO, np.exp(self._floor)))
        floor = np.where(np.isnan(self.capacity), unknown, self._floor)
        self.rows.floor[first] = floor[first]

    def forecast(self) -> Mixture:
        """The density for the interval that is `horizon` after the newest one; it is checked when that one has come."""
        rows = self.rows
        anchors = self._anchors.look(rows, self._ahead)
        mixture = corrected(rows, self._fitted(anchors))
        place = (rows.count - 1) % self.grain.horizon
        rows.waiting_anchor[self._lines, place] = anchors
        rows.waiting_centre[self._lines, place] = mixture.centre
        rows.waiting_scale[self._lines, place] = mixture.scale
        rows.waiting_weight[self._lines, place] = mixture.weight
        rows.waiting_chance[self._lines, place] = np.nan  # until something is decided on it
        return mixture

    def decided(self, chance: Doubles) -> None:
        """Takes in what was decided on the newest forecast: the chance that the demand stays below it, one a row."""
        place = (self.rows.count - 1) % self.grain.horizon
        self.rows.waiting_chance[self._lines, place] = 1.0 - chance

    @property
    def record(self) -> Record:
        """What came of what was decided."""
        return record_of(self.rows)

    def _fitted(self, anchors: Floats) -> Mixture:
        reference = anchors[:, REFERENCE]
        if self.weights is None:
            free = reference[:, None] + FREE_PLACES
            centre = np.concatenate((anchors, free), axis=1)
            scale = np.full((len(anchors), COMPONENTS), FRESH_SCALE, np.float32)
            scale[:, -FREE_COUNT:] = 0.4
            weight = np.full((len(anchors), COMPONENTS), 1.0 / COMPONENTS, np.float32)
            return Mixture(centre, scale, weight)
        return mixture_of(self.weights.outputs(self.inputs(anchors)), anchors, reference)

    def look(self) -> tuple[Floats, Floats]:
        """What the network sees now, and the log demand that all places are relative to; for fitting."""
        anchors = self._anchors.look(self.rows, self._ahead)
        return self.inputs(anchors), anchors[:, REFERENCE]

    def inputs(self, anchors: Floats) -> Floats:
        """What the network sees with these anchors."""
        return network_inputs(
            self.rows, self.grain, anchors, self._anchors.around, self._ahead, self._kinds, self._beside
        )

    @property
    def mean(self) -> Doubles:
        """Mean demand so far, in the resources' units."""
        return self.rows.total / np.maximum(self.rows.count, 1)

    def to_bytes(self) -> bytes:
        """What is remembered, as bytes of a fixed length."""
        return self.rows.to_bytes()

    def restore(self, content: bytes) -> None:
        """Goes on from what `to_bytes` gave.

        Raises:
            ValueError: the bytes are of other resources or another horizon.
        """
        self.rows = Rows.from_bytes(content, len(self.resources), self.grain.horizon)
        self._anchors = Anchors(self.grain, len(self.resources))
