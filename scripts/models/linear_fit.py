"""Fits the linear models that ship: rows of features in, the file of a model out, scored on groups that were held out.

Needs scikit-learn and scipy beside the product's own. The product evaluates what is fitted here with
numpy alone; both count features with the same code.
"""

# pyright: reportMissingImports=false
# What only fitting needs is not among the product's packages.
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from foreload_analyzers.linear_model import Bags, LinearModel, to_bytes
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

SEED = 0
IDF_STEPS = 255


@dataclass(frozen=True)
class BlockPlan:
    """A block of features: its name, its number of places as a power of two, and the length of its vector."""

    name: str
    bits: int
    weight: float


@dataclass(frozen=True)
class Plan:
    """How a model is fitted.

    Attributes:
        labels: what is told apart.
        blocks: the features.
        strength: inverse of the regularisation.
        kind: multinomial logistic regression, or one linear support vector machine a label.
        balanced: rare labels weigh as much as common ones.
    """

    labels: Sequence[str]
    blocks: Sequence[BlockPlan]
    strength: float
    kind: Literal["logistic", "svm"] = "logistic"
    balanced: bool = True


def folds(groups: Sequence[str], count: int, seed: int = SEED) -> Iterator[NDArray[np.bool_]]:
    """For each fold the mask of its held-out rows; rows of one group stay together, folds are about equally large."""
    names, owner = np.unique(np.array(groups), return_inverse=True)
    sizes = np.bincount(owner)
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-sizes[order], kind="stable")]
    filled = np.zeros(count)
    fold_of = np.zeros(len(names), np.intp)
    for name in order:
        fold_of[name] = int(filled.argmin())
        filled[fold_of[name]] += sizes[name]
    for fold in range(count):
        yield fold_of[owner] == fold


class Fitted:
    """A fitted model, in the rounding in which it ships."""

    def __init__(
        self, plan: Plan, rows: Sequence[Bags], labels: Sequence[str], weights: Sequence[float] | None = None
    ) -> None:
        self.plan = plan
        counts = [_counts(plan_block, rows) for plan_block in plan.blocks]
        self._idf = [_rounded_idf(matrix) for matrix in counts]
        features = hstack([self._scaled(index, matrix) for index, matrix in enumerate(counts)], format="csr")
        targets = np.array([plan.labels.index(label) for label in labels])
        estimator = _estimator(plan)
        estimator.fit(features, targets, sample_weight=None if weights is None else np.array(weights))
        coefficients = np.zeros((len(plan.labels), features.shape[1]))
        bias = np.full(len(plan.labels), -20.0 if plan.kind == "logistic" else -3.0)
        if len(estimator.classes_) == 2:
            raise ValueError("a model needs three labels or more")
        coefficients[estimator.classes_] = estimator.coef_
        bias[estimator.classes_] = estimator.intercept_
        self._weights = np.split(coefficients.T, np.cumsum([1 << block.bits for block in plan.blocks])[:-1])
        self._bias = bias
        self.temperature = 1.0

    def model(self) -> LinearModel:
        """The model as the product loads it."""
        return LinearModel.of_bytes(self.file())

    def file(self) -> bytes:
        """The bytes of the model's file."""
        blocks = [
            (block.name, block.weight, idf, step, weights.astype(np.float32))
            for block, (idf, step), weights in zip(self.plan.blocks, self._idf, self._weights, strict=True)
        ]
        return to_bytes(self.plan.labels, blocks, [float(value) for value in self._bias], self.temperature)

    def scores(self, rows: Sequence[Bags]) -> NDArray[np.float32]:
        """The scores of rows, a row each."""
        return self.model().scores_of_all(rows)

    def _scaled(self, index: int, counts: csr_matrix) -> csr_matrix:
        """A block as the model sums it; the same as Block.values, for many rows."""
        idf, step = self._idf[index]
        scaled = counts.copy()
        scaled.data = (1.0 + np.log(scaled.data)) * (idf * np.float32(step))[scaled.indices]
        lengths = np.sqrt(np.asarray(scaled.multiply(scaled).sum(axis=1))).ravel()
        lengths[lengths == 0] = 1.0
        scaled.data *= self.plan.blocks[index].weight / np.repeat(lengths, np.diff(scaled.indptr))
        return scaled


def fit_temperature(scores: NDArray[np.floating[Any]], targets: NDArray[np.intp]) -> float:
    """The temperature at which held-out scores have the smallest log loss."""

    def loss(log_temperature: float) -> float:
        scaled = scores / np.exp(log_temperature)
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        logs = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        return float(-logs[np.arange(len(targets)), targets].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-4.0, 3.0), method="bounded").x))


def _counts(plan: BlockPlan, rows: Sequence[Bags]) -> csr_matrix:
    bags = [row.get(plan.name) for row in rows]
    starts = np.cumsum([0, *(0 if bag is None else len(bag.places) for bag in bags)])
    places = [bag.places for bag in bags if bag is not None]
    counts = [bag.counts for bag in bags if bag is not None]
    shape = (len(rows), 1 << plan.bits)
    return csr_matrix((np.concatenate(counts).astype(np.float64), np.concatenate(places), starts), shape=shape)


def _rounded_idf(counts: csr_matrix) -> tuple[NDArray[np.uint8], float]:
    """Smoothed inverse document frequency, one byte a place, and what one step is worth."""
    seen = np.bincount(counts.indices, minlength=counts.shape[1])
    idf = np.log((1 + counts.shape[0]) / (1 + seen)) + 1.0
    step = float(idf.max()) / IDF_STEPS
    return np.rint(idf / step).astype(np.uint8), step


def _estimator(plan: Plan) -> Any:
    weight = "balanced" if plan.balanced else None
    if plan.kind == "svm":
        return LinearSVC(C=plan.strength, class_weight=weight, random_state=SEED, max_iter=5000)
    return LogisticRegression(C=plan.strength, class_weight=weight, max_iter=2000)
