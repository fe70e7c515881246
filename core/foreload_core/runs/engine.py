"""One environment at steps of seconds: samples and events in, a density of each resource's demand out.

The same surface as `foreload_core.density.Engine`, with events beside the samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from foreload_core.density.mixture import Mixture
from foreload_core.density.network import Weights
from foreload_core.runs.density import Density, Signals
from foreload_core.runs.events import RunEvent
from foreload_core.runs.outlook import Outlook, look_ahead
from foreload_core.runs.regression import KindPrior
from foreload_core.runs.tracker import RunTracker
from foreload_core.types import Resource

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RunWeights:
    """What was fitted on other environments.

    Attributes:
        network: moves the components.
        priors: what is assumed of the runs of each kind.
    """

    network: Weights
    priors: Mapping[str, KindPrior] = field(default_factory=dict[str, KindPrior])


def run_weights(network: Weights) -> RunWeights:
    """The weights of a file whose card holds the kinds' priors under "kinds".

    Raises:
        ValueError: the card holds none.
    """
    kinds = network.card.get("kinds")
    if not isinstance(kinds, dict):
        raise ValueError(  # noqa: TRY004 (what is wrong is the file)
            'not a file of weights for runs: its card has no object "kinds"'
        )
    priors: dict[str, KindPrior] = {}
    for name, entry in cast("dict[str, dict[str, Any]]", kinds).items():
        priors[name] = KindPrior(entry["coefficients"], entry["spread"])
    return RunWeights(network, priors)


class RunEngine:
    """Forecasts all resources of one environment; the rows are the resources, in the order given.

    Deterministic: the same samples and events give the same densities.

    Args:
        resources: what is measured.
        step_seconds: length of an interval.
        horizon: the forecast is for the interval that is so many after the newest one.
        capacity: most that there can be, where it is known.
        weights: what was fitted; None: nothing pretrained.
    """

    def __init__(
        self,
        resources: Sequence[Resource],
        step_seconds: float,
        horizon: int,
        capacity: Mapping[Resource, float],
        weights: RunWeights | None = None,
    ) -> None:
        self._step, self._horizon = step_seconds, horizon
        priors = None if weights is None else weights.priors
        self._tracker = RunTracker(resources, step_seconds, capacity, priors)
        network = None if weights is None else weights.network
        self._density = Density(resources, step_seconds, horizon, [capacity.get(each) for each in resources], network)
        self.outlook: Outlook = look_ahead(self._tracker, self._horizon)

    def observe(
        self,
        begun_seconds: float,
        amount: Doubles,
        censored: NDArray[np.bool_],
        events: Sequence[RunEvent] = (),
    ) -> None:
        """Takes in one interval, and what was seen up to its end.

        Args:
            begun_seconds: when it began, seconds of the epoch.
            amount: the demand of each resource in its unit; NaN where it was not measured.
            censored: where the limit held the demand back, so that `amount` is a lower bound of it.
            events: in any order.
        """
        held: list[bool] = censored.tolist()
        self._tracker.observe(begun_seconds + self._step, amount.tolist(), held, events)
        self.outlook = look_ahead(self._tracker, self._horizon)
        self._density.observe(begun_seconds, amount, censored, signals_of([self.outlook]))

    def forecast(self) -> Mixture:
        """The density for the interval that is `horizon` after the newest one."""
        return self._density.forecast()

    @property
    def mean(self) -> Doubles:
        """Mean demand so far, in the resources' units."""
        return self._density.mean

    @property
    def byte_count(self) -> int:
        """Bytes that are remembered of the environment."""
        return self._density.byte_count + self._tracker.byte_count


def signals_of(outlooks: Sequence[Outlook]) -> Signals:
    """The outlooks of some environments as arrays, one row a resource, in their order."""
    anchors = np.array([row for outlook in outlooks for row in outlook.anchors])
    expected = np.array([value for outlook in outlooks for value in outlook.expected])
    rows = len(anchors)
    first = outlooks[0]
    chances = np.empty((rows, len(first.chances)), np.float32)
    features = np.empty((rows, len(first.features)), np.float32)
    state = np.empty(rows, np.intp)
    place = 0
    for outlook in outlooks:
        mine = slice(place, place + len(outlook.anchors))
        chances[mine], features[mine], state[mine] = outlook.chances, outlook.features, outlook.state
        place = mine.stop
    return Signals(
        np.log(np.maximum(anchors, 1e-9)).astype(np.float32),
        chances,
        state,
        features,
        np.log(np.maximum(expected, 1e-9)).astype(np.float32),
    )


__all__ = ["RunEngine", "RunWeights", "run_weights", "signals_of"]
