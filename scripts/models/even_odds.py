"""How sure a model may be of programs unlike those that it was fitted on, from held-out scores of the latter alone.

How often each class occurs among the former is not known, so every class counts alike: one scale and one shift a class
are fitted to the scores with each class weighed to the same sum. How far the shifts are pulled to 0 is chosen by folds.
"""

# pyright: reportMissingImports=false
# What only fitting needs is not among the product's packages.
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from foreload_analyzers.complexity_model import EvenOdds
from linear_fit import folds
from numpy.typing import NDArray
from scipy.optimize import minimize

PULLS = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
FOLDS = 5
SEED = 7

Scores = NDArray[np.float64]
Targets = NDArray[np.intp]


def fit_even_odds(scores: Scores, targets: Targets, groups: Sequence[str]) -> EvenOdds:
    """The scale and shifts for held-out scores, a row a program, with its class and group."""
    losses: list[float] = []
    for pull in PULLS:
        held_out = [
            _loss(_fit(scores[~held], targets[~held], pull), scores[held], targets[held])
            for held in folds(groups, FOLDS, SEED)
        ]
        losses.append(float(np.mean(held_out)))
    found = _fit(scores, targets, PULLS[int(np.argmin(losses))])
    return EvenOdds(round(float(np.exp(found[0])), 4), [round(float(value), 4) for value in found[1:]])


def _fit(scores: Scores, targets: Targets, pull: float) -> Scores:
    def loss(values: Scores) -> float:
        return _loss(values, scores, targets) + pull * float(values[1:] @ values[1:])

    return minimize(loss, np.zeros(scores.shape[1] + 1)).x


def _loss(values: Scores, scores: Scores, targets: Targets) -> float:
    """The log loss with all classes weighed alike."""
    weights = 1.0 / np.bincount(targets, minlength=scores.shape[1])[targets]
    scaled = scores * np.exp(values[0]) + values[1:]
    scaled = scaled - scaled.max(axis=1, keepdims=True)
    logs = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
    return float(-(weights * logs[np.arange(len(targets)), targets]).sum() / weights.sum())
