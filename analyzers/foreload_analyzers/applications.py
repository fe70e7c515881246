"""What kind of program a file is part of: a fitted model weighs modules, calls, words and the place of the file.

What the signs are is told by tables (knowledge/programs.py); how much each speaks beside the others was fitted, see
scripts/models/fit_application.py and docs/models/application.md. Notebooks are told by their own marks alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from foreload_analyzers.application_signs import (
    MAIN_GUARD,
    SHEBANG,
    Found,
    call_names,
    decorator_names,
    loaded_by_calls,
    modules_in,
    place_names,
    reasons,
    signs_of,
    words_in,
)
from foreload_analyzers.facts import ChunkFacts, ImportFact
from foreload_analyzers.judging import Judged
from foreload_analyzers.package_data import model_data

MODEL = "application"
NOTEBOOK = "notebook"
NOTEBOOK_CONFIDENCE = 0.9  # about as often were files with the marks of cells notebooks
_CELL_MARKS = (b"# In[", b"# %%", b"#%%")


class Application(NamedTuple):
    """A kind of program, None where nothing speaks for any; how sure that is, 0..1; and why, for a sentence."""

    kind: str | None
    confidence: float
    why: str = ""

    @property
    def sentence(self) -> str:
        """The kind and why, in one sentence."""
        return f"{(self.kind or 'unknown').replace('_', ' ')}, since it {self.why}"


UNKNOWN = Application(None, 0.0)


@dataclass(frozen=True, slots=True)
class ApplicationModel:
    """A linear model over the signs of a file.

    Attributes:
        labels: the kinds of programs.
        weights: a row a sign, a column a label.
        bias: one a label.
        temperature: scores are divided by it before they become probabilities.
    """

    labels: tuple[str, ...]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    temperature: float

    @staticmethod
    def of_bytes(data: bytes) -> ApplicationModel:
        """The model in a file's bytes."""
        row = json.loads(data)
        weights, bias = np.array(row["weights"], np.float64), np.array(row["bias"], np.float64)
        return ApplicationModel(tuple(row["labels"]), weights, bias, float(row["temperature"]))

    def to_bytes(self) -> bytes:
        """The file of the model."""
        row = {
            "labels": self.labels,
            "temperature": round(self.temperature, 4),
            "bias": np.round(self.bias, 4).tolist(),
            "weights": np.round(self.weights, 4).tolist(),
        }
        return json.dumps(row, separators=(",", ":")).encode()

    def choose(self, signs: NDArray[np.float64]) -> tuple[str, float]:
        """The likeliest label and its probability."""
        scores = (signs @ self.weights + self.bias) / self.temperature
        raised = np.exp(scores - scores.max())
        best = int(raised.argmax())
        return self.labels[best], float(raised[best] / raised.sum())


@cache
def _model() -> ApplicationModel:
    return ApplicationModel.of_bytes(model_data(MODEL))


class Applications:
    """Tells the kind of program of one document, again and again; what an edit left alone is not looked at anew.

    Args:
        path_hint: where the file lies; may be empty.
    """

    def __init__(self, path_hint: str = "") -> None:
        self._path_hint = path_hint
        self._inputs: object = None
        self._last = UNKNOWN
        self._words: dict[int, tuple[ChunkFacts, Mapping[str, int]]] = {}  # by identity
        self._total: dict[str, int] = {}
        self._calls: dict[int, tuple[Judged, frozenset[str]]] = {}

    def choose(
        self, chunks: Sequence[ChunkFacts], judged: Sequence[Judged], imports: Sequence[ImportFact]
    ) -> Application:
        """The kind of program.

        Args:
            chunks: of the whole document, in order.
            judged: all units.
            imports: of all chunks.
        """
        inputs = ([found.paths for found in judged], tuple(imports), [id(facts) for facts in chunks])
        if self._inputs != inputs:
            self._inputs = inputs
            is_notebook = self._path_hint.endswith(".ipynb") or has_cells(chunks)
            self._last = choose_application(self.find(chunks, judged, imports), is_notebook=is_notebook)
        return self._last

    def find(self, chunks: Sequence[ChunkFacts], judged: Sequence[Judged], imports: Sequence[ImportFact]) -> Found:
        """The signs of the document."""
        calls: set[str] = set()
        modules = set(modules_in(imports))
        kept: dict[int, tuple[Judged, frozenset[str]]] = {}
        for item in judged:
            row = kept[id(item)] = self._calls.get(id(item)) or (item, _calls_of(item))
            calls |= row[1]
            if "require" in item.paths or "import" in item.paths:
                modules |= loaded_by_calls(item.unit)
        self._calls = kept
        if any(facts.has_main_guard for facts in chunks):
            calls.add(MAIN_GUARD)
        if chunks and chunks[0].text.startswith(b"#!"):
            calls.add(SHEBANG)
        return Found(frozenset(modules), frozenset(calls), self._count_words(chunks), place_names(self._path_hint))

    def _count_words(self, chunks: Sequence[ChunkFacts]) -> Mapping[str, int]:
        """How often each known word comes; only chunks that came or went are looked at."""
        now = {id(facts): facts for facts in chunks}
        total = self._total
        for key in self._words.keys() - now.keys():
            for word, count in self._words.pop(key)[1].items():
                total[word] -= count
        for key in now.keys() - self._words.keys():
            words = words_in(now[key])
            self._words[key] = (now[key], words)
            for word, count in words.items():
                total[word] = total.get(word, 0) + count
        return {word: count for word, count in total.items() if count}


def _calls_of(item: Judged) -> frozenset[str]:
    """The known names that the calls and decorators of a function speak."""
    calls = frozenset[str]().union(*map(call_names, item.paths))
    return calls | decorator_names(item.unit.decorators) if item.unit.decorators else calls


def choose_application(found: Found, *, is_notebook: bool = False) -> Application:
    """The kind of program that the signs of a file speak for."""
    if is_notebook:
        return Application(NOTEBOOK, NOTEBOOK_CONFIDENCE, "it consists of cells")
    if not (found.modules or found.calls or found.words or found.places):
        return UNKNOWN
    kind, confidence = _model().choose(signs_of(found))
    return Application(kind, round(confidence, 3), reasons(found, kind))


def has_cells(chunks: Sequence[ChunkFacts]) -> bool:
    """Whether a script has the marks of a notebook's cells."""
    return any(facts.text.startswith(_CELL_MARKS) for facts in chunks)
