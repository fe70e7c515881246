"""The growth of a whole file, from what the rules find in it and from what programs of a known growth look like.

Two linear models, for time and for memory, weigh the signs of the rules and the words of the text; see
scripts/models/fit_complexity.py and docs/models/complexity.md. They are evaluated once a file, never at each edit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from foreload_analyzers.complexity_signs import Composed, agrees_always, complexity_bags
from foreload_analyzers.costs import BIG_O
from foreload_analyzers.linear_model import Bags, LinearModel
from foreload_analyzers.package_data import model_data
from foreload_analyzers.report import COMPLEXITIES, Report

TIME_MODEL, SPACE_MODEL = "time_complexity", "space_complexity"
TIME_BLOCKS = (("signs", 13, 1.0), ("paths", 13, 0.5), ("grams", 14, 1.0), ("words", 14, 0.7))
SPACE_BLOCKS = (("space_signs", 13, 1.0), ("signs", 13, 0.5), ("grams", 14, 1.0), ("words", 14, 0.7))
SURE_RULE = 0.7  # a rule that is as sure as this, and that every reading of the file agrees with, is not put down
FOREIGN = "foreign_complexity"

_READS = frozenset(
    {"input", "raw_input", "readline", "readLine", "nextInt", "nextLong", "nextToken", "nextLine", "scanf", "getline"}
    | {"cin", "getchar", "StringTokenizer", "Scanner"}
)


class Verdict(NamedTuple):
    """A class of growth, how sure it is (0..1), the class that the rules alone find, and the next likely one."""

    label: str
    confidence: float
    rule: str
    second: str = ""

    def note(self, what: str) -> str:
        """A sentence where rules and model differ; empty where they agree."""
        if self.label == self.rule:
            return ""
        found, rule = BIG_O[self.label], BIG_O[self.rule]
        return f"{what}: the rules find {rule} for the whole file; programs like it are more often {found}"


class EvenOdds(NamedTuple):
    """How scores become probabilities where nothing is known of how common the classes are: each counts alike."""

    scale: float
    shifts: Sequence[float]


@cache
def even_odds() -> Mapping[str, EvenOdds]:
    """Of each model, for programs that read their own input: none of those was fitted on."""
    return {name: EvenOdds(row["scale"], row["shifts"]) for name, row in json.loads(model_data(FOREIGN)).items()}


@cache
def _model(name: str) -> LinearModel:
    return LinearModel.of_bytes(model_data(name))


def bags_of(composed: Composed, words: Bags) -> Bags:
    """All features of a file that the two models read. `words` are those of its text."""
    return {**complexity_bags(composed), "grams": words["grams"], "words": words["words"]}


def reads_input(composed: Composed) -> bool:
    """Whether the program reads its own input, as those of contests do."""
    return any(path.rsplit(".", 1)[-1] in _READS for item in composed.judged for path in item.paths)


def floor_of(composed: Composed, rule: str, confidence: float) -> str:
    """The class of time below which a file does not come: what the rules surely find, whatever rule is left out."""
    sure = confidence >= SURE_RULE and agrees_always(composed, rule)
    return rule if sure else COMPLEXITIES[0]


def decide(
    labels: Sequence[str],
    scores: NDArray[np.float32],
    temperature: float,
    rule: str,
    floor: str = COMPLEXITIES[0],
    even: EvenOdds | None = None,
) -> Verdict:
    """The class of the largest score among those not below a floor, and its probability.

    Args:
        labels, scores: of the model.
        temperature: of the model.
        rule: what the rules alone find.
        floor: the lowest class that may be chosen.
        even: how probabilities are told of a program unlike those that were fitted on; None: it is like them.
    """
    allowed = np.ones(len(labels), bool)
    lowest = COMPLEXITIES.index(floor)
    if COMPLEXITIES.index(labels[int(scores.argmax())]) < lowest:
        allowed = np.array([COMPLEXITIES.index(name) >= lowest for name in labels])
    order = np.where(allowed, scores, -np.inf).argsort()
    scaled = scores / temperature if even is None else scores * even.scale + np.array(even.shifts)
    raised = np.exp(scaled - scaled.max()) * allowed
    best = int(order[-1])
    second = labels[int(order[-2])] if allowed.sum() > 1 else ""
    return Verdict(labels[best], round(float(raised[best] / raised.sum()), 3), rule, second)


def weigh(report: Report, composed: Composed, words: Bags) -> Report:
    """The report with the growth of the whole file weighed by the models.

    Args:
        report: of the rules.
        composed: what it was made of.
        words: runs of tokens and words of its text.
    """
    bags = bags_of(composed, words)
    even: Mapping[str, EvenOdds] = even_odds() if reads_input(composed) else {}
    time_model, space_model = _model(TIME_MODEL), _model(SPACE_MODEL)
    scores, rule = time_model.scores(bags), report.complexity
    is_below = COMPLEXITIES.index(time_model.labels[int(scores.argmax())]) < COMPLEXITIES.index(rule)
    # What a program reads itself may be of a size that its task fixes: then no loop over it is sure to grow.
    holds = is_below and not even
    floor = floor_of(composed, rule, report.complexity_confidence) if holds else COMPLEXITIES[0]
    time = decide(time_model.labels, scores, time_model.temperature, rule, floor, even.get(TIME_MODEL))
    scores, rule = space_model.scores(bags), report.space_complexity
    space = decide(space_model.labels, scores, space_model.temperature, rule, even=even.get(SPACE_MODEL))
    features = dict(report.features)
    if features:
        features["complexity_order"] = float(COMPLEXITIES.index(time.label))
        features["space_complexity_order"] = float(COMPLEXITIES.index(space.label))
    return replace(
        report,
        complexity=time.label,
        complexity_confidence=time.confidence,
        space_complexity=space.label,
        space_complexity_confidence=space.confidence,
        notes=(*report.notes, *(note for note in (time.note("time"), space.note("memory")) if note)),
        features=features,
        complexity_second=time.second,
        space_complexity_second=space.second,
    )
