"""Fits the model of application types, and scores it on groups of programs that were held out.

    python scripts/models/fit_application.py BENCHMARKS [--write]

BENCHMARKS is the folder of the labelled code: `dev/apptype.jsonl`, `mask_imports.py`. Each program counts three times:
as it is, with its imports masked, and as it is with its path. Only programs under the MIT, BSD or Apache licence are
fitted on; `application_rows.txt` lists them as hashes. Needs scikit-learn and scipy beside the product's own packages.
"""

# pyright: reportMissingImports=false
# What only fitting needs is not among the product's packages.
from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from foreload_analyzers.application_signs import Found, place_names, signs_of
from foreload_analyzers.applications import (
    MODEL,
    NOTEBOOK,
    NOTEBOOK_CONFIDENCE,
    UNKNOWN,
    Application,
    ApplicationModel,
    Applications,
    has_cells,
)
from foreload_analyzers.document import Document
from foreload_analyzers.report import APPLICATION_TYPES
from labelled import MODELS, load_function, save_predictions, tell_scores
from linear_fit import fit_temperature, folds
from numpy.typing import NDArray
from sklearn.svm import LinearSVC

FOLDS = 8
SEEDS = (0, 1, 2)
STRENGTH = 0.01
LICENCES = ("MIT", "BSD", "Apache")
COPIES = ("as is", "imports masked", "with its path")
LISTING = Path(__file__).with_name("application_rows.txt")

Floats = NDArray[np.float64]


class Recorder(Applications):
    """Keeps the signs of a document instead of judging them."""

    found: Found
    is_notebook: bool

    def choose(self, chunks: Any, judged: Any, imports: Any) -> Application:
        """Records, and answers with nothing."""
        self.found, self.is_notebook = self.find(chunks, judged, imports), has_cells(chunks)
        return UNKNOWN


def find(code: str, language: str) -> Recorder:
    """The signs of a program without its path."""
    document, recorder = Document(language), Recorder()
    document._composer.applications = recorder  # pyright: ignore[reportPrivateUsage]
    document.open(code.encode())
    document.report()
    return recorder


def fit(signs: Sequence[Floats], targets: NDArray[np.intp], rows: NDArray[np.intp]) -> ApplicationModel:
    """A model from some rows in all their copies."""
    estimator = LinearSVC(C=STRENGTH, class_weight="balanced", random_state=0, max_iter=5000)
    estimator.fit(np.concatenate([copy[rows] for copy in signs]), np.tile(targets[rows], len(signs)))
    weights, bias = np.zeros((signs[0].shape[1], len(APPLICATION_TYPES))), np.full(len(APPLICATION_TYPES), -3.0)
    weights[:, estimator.classes_], bias[estimator.classes_] = estimator.coef_.T, estimator.intercept_
    return ApplicationModel(APPLICATION_TYPES, weights, bias, 1.0)


def held_out(
    signs: Sequence[Floats], targets: NDArray[np.intp], groups: Sequence[str], may_fit: NDArray[np.bool_], seed: int
) -> list[Floats]:
    """The scores of all rows in each copy, by models that have seen nothing of their group."""
    scores = [np.zeros((len(targets), len(APPLICATION_TYPES))) for _ in signs]
    for held in folds(groups, FOLDS, seed):
        model = fit(signs, targets, np.flatnonzero(~held & may_fit))
        for copy, found in zip(signs, scores, strict=True):
            found[held] = copy[held] @ model.weights + model.bias
    return scores


def decide(scores: Floats, cells: Sequence[bool], temperature: float) -> list[Application]:
    """What the product would say of each row."""
    raised = np.exp((scores - scores.max(axis=1, keepdims=True)) / temperature)
    chances = raised / raised.sum(axis=1, keepdims=True)
    return [
        Application(NOTEBOOK, NOTEBOOK_CONFIDENCE)
        if is_notebook
        else Application(APPLICATION_TYPES[int(row.argmax())], float(row.max()))
        for row, is_notebook in zip(chances, cells, strict=True)
    ]


def main() -> None:
    """Prints the scores, and writes the model where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benchmarks", type=Path)
    parser.add_argument("--write", action="store_true", help="fit on all rows, write the model and the listing")
    given = parser.parse_args()
    lines = (given.benchmarks / "dev" / "apptype.jsonl").read_text().splitlines()
    rows: list[dict[str, Any]] = [json.loads(line) for line in lines if line.strip()]
    mask = load_function(given.benchmarks / "mask_imports.py", "mask_imports")
    plain = [find(row["code"], row["language"]) for row in rows]
    masked = [find(mask(row["code"], row["language"]), row["language"]) for row in rows]
    placed = [one.found._replace(places=place_names(row["path"])) for one, row in zip(plain, rows, strict=True)]
    copies = ([one.found for one in plain], [one.found for one in masked], placed)
    signs = [np.array([signs_of(found) for found in copy]) for copy in copies]
    cells = [[one.is_notebook for one in copy] for copy in (plain, masked, plain)]
    targets = np.array([APPLICATION_TYPES.index(row["label"]) for row in rows])
    groups = [row["group"] for row in rows]
    may_fit = np.array([row["license"].startswith(LICENCES) for row in rows])
    draws = [held_out(signs, targets, groups, may_fit, seed) for seed in SEEDS]
    temperature = fit_temperature(
        np.concatenate([scores for draw in draws for scores in draw]), np.tile(targets, len(SEEDS) * len(COPIES))
    )
    counts = f"{len(rows)} rows in {len(set(groups))} groups, {FOLDS} folds, {len(SEEDS)} draws"
    print(f"{counts}; temperature {temperature:.3f}")
    for place, what in enumerate(COPIES):
        found = [decide(draw[place], cells[place], temperature) for draw in draws]
        tell_scores(what, rows, [[(one.kind, one.confidence) for one in draw] for draw in found], APPLICATION_TYPES)
        if place < 2:
            task = ("application", "application_masked")[place]
            save_predictions(task, rows, [(one.kind, one.confidence) for one in found[0]])
    if given.write:
        model = fit(signs, targets, np.flatnonzero(may_fit))
        model = ApplicationModel(model.labels, model.weights, model.bias, temperature)
        path = MODELS / f"{MODEL}.bin"
        path.write_bytes(model.to_bytes())
        print(f"{path.name}: {path.stat().st_size / 1024:.1f} KiB")
        names = [f"{row['id']}" for row, fitted in zip(rows, may_fit, strict=True) if fitted]
        hashes = sorted(hashlib.sha256(name.encode()).hexdigest()[:16] for name in names)
        LISTING.write_text("".join(f"{line}\n" for line in hashes))


if __name__ == "__main__":
    main()
