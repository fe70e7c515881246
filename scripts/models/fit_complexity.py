"""Fits the models of time and memory growth, and scores them on groups of programs that were held out.

    python scripts/models/fit_complexity.py FOLDER [--write] [--predictions FILE]

FOLDER holds `dev/complexity.jsonl`, a program a line: {"id", "language", "source", "group", "label", "code"}, and
`dev/space.jsonl` with the labels of memory for some of its ids. Only rows of `FITTED_SOURCE`, which is under the MIT
licence, are fitted on; the others are only measured. Programs of one group stay on one side. Needs scikit-learn and
scipy beside the product's own packages.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from even_odds import fit_even_odds
from foreload_analyzers.complexity_model import (
    FOREIGN,
    SPACE_BLOCKS,
    SPACE_MODEL,
    TIME_BLOCKS,
    TIME_MODEL,
    EvenOdds,
    Verdict,
    bags_of,
    decide,
    floor_of,
    reads_input,
)
from foreload_analyzers.document import Document
from foreload_analyzers.linear_model import Bags
from foreload_analyzers.report import COMPLEXITIES
from linear_fit import BlockPlan, Fitted, Plan, fit_temperature, folds
from numpy.typing import NDArray

FITTED_SOURCE = "kamyu104"
STRENGTH = 3.0
FOLDS = 5
SEEDS = (0, 1, 2)  # of the draws of folds; the first one is told
ROOT = Path(__file__).parents[2]
MODELS = ROOT / "analyzers" / "foreload_analyzers" / "models"
LISTING = Path(__file__).with_name("complexity_rows.txt")

Row = Mapping[str, Any]


class Sample:
    """A program with its features and what the rules say of it."""

    def __init__(self, row: Row) -> None:
        document = Document(row["language"])
        document.open(row["code"].encode())
        report, composed = document.report(), document.composed
        if composed is None:
            raise SystemExit(f"{row['id']}: nothing to analyse")
        self.bags: Bags = bags_of(composed, document.words())
        self.rules = {"complexity": report.complexity, "space": report.space_complexity}
        self.reads_input = reads_input(composed)
        lowest = COMPLEXITIES[0]
        sure = floor_of(composed, report.complexity, report.complexity_confidence)
        self.floors = {"complexity": lowest if self.reads_input else sure, "space": lowest}


def fit(
    task: str, rows: Sequence[Row], outside: Sequence[Row], samples: Mapping[str, Sample], blocks: Sequence[Any]
) -> tuple[Fitted, EvenOdds, dict[str, Verdict]]:
    """The model of a task, how sure it is of foreign programs, and what each row got: fitted rows while held out."""
    plan = Plan(COMPLEXITIES, [BlockPlan(*block) for block in blocks], STRENGTH)
    bags, labels = [samples[row["id"]].bags for row in rows], [row["label"] for row in rows]
    groups, targets = [row["group"] for row in rows], np.array([COMPLEXITIES.index(label) for label in labels])
    draws: list[NDArray[np.float32]] = []
    for seed in SEEDS:
        scores = np.zeros((len(rows), len(COMPLEXITIES)), np.float32)
        for held in folds(groups, FOLDS, seed):
            kept = [place for place, out in enumerate(held) if not out]
            model = Fitted(plan, [bags[place] for place in kept], [labels[place] for place in kept])
            scores[held] = model.scores([bags[place] for place in np.flatnonzero(held)])
        draws.append(scores)
    scores = draws[0]
    whole = Fitted(plan, bags, labels)
    whole.temperature = fit_temperature(scores, targets)
    even = fit_even_odds(np.concatenate(draws).astype(np.float64), np.tile(targets, len(SEEDS)), groups * len(SEEDS))
    all_scores: list[NDArray[np.float32]] = [*scores]
    if outside:
        all_scores += [*whole.scores([samples[row["id"]].bags for row in outside])]
    found: dict[str, Verdict] = {}
    for row, score in zip([*rows, *outside], all_scores, strict=True):
        sample = samples[row["id"]]
        told = even if sample.reads_input else None
        rule, floor = sample.rules[task], sample.floors[task]
        found[row["id"]] = decide(COMPLEXITIES, score, whole.temperature, rule, floor, told)
    return whole, even, found


def tell(title: str, rows: Sequence[Row], found: Mapping[str, Verdict]) -> None:
    """Prints how often rules and model are right, overall and by class."""
    pairs = [(row["label"], found[row["id"]]) for row in rows]
    right = np.mean([verdict.label == label for label, verdict in pairs])
    by_rule = np.mean([verdict.rule == label for label, verdict in pairs])
    place = COMPLEXITIES.index
    near = np.mean([abs(place(verdict.label) - place(label)) <= 1 for label, verdict in pairs])
    sure = np.array([verdict.confidence for _, verdict in pairs])
    hits = np.array([verdict.label == label for label, verdict in pairs])
    bins = np.minimum((sure * 10).astype(int), 9)
    gaps = [abs(sure[bins == one].mean() - hits[bins == one].mean()) * (bins == one).mean() for one in set(bins)]
    print(f"{title}: {len(rows)} rows, accuracy {right:.3f} (rules {by_rule:.3f}), within one {near:.3f}, ", end="")
    scores: list[str] = []
    values: list[float] = []
    for label in COMPLEXITIES:
        true = sum(one == label for one, _ in pairs)
        told = sum(verdict.label == label for _, verdict in pairs)
        both = sum(verdict.label == one == label for one, verdict in pairs)
        if true:
            values.append(2 * both / (true + told))
            scores.append(f"{label} {values[-1]:.2f} ({true})")
    print(f"macro-F1 {np.mean(values):.3f}, ECE {sum(gaps):.3f}\n  F1: {', '.join(scores)}")


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def main() -> None:
    """Fits, scores, and writes what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true", help="write the models and the listing of the rows")
    parser.add_argument("--predictions", type=Path, help="write what each row got as JSON Lines")
    asked = parser.parse_args()
    rows = _read(asked.folder / "dev" / "complexity.jsonl")
    samples = {row["id"]: Sample(row) for row in rows}
    fitted = [row for row in rows if row["source"] == FITTED_SOURCE]
    outside = [row for row in rows if row["source"] != FITTED_SOURCE]
    space = [row for row in _read(asked.folder / "dev" / "space.jsonl") if row["source"] == FITTED_SOURCE]
    time_model, time_even, time_found = fit("complexity", fitted, outside, samples, TIME_BLOCKS)
    space_model, space_even, space_found = fit("space", space, [], samples, SPACE_BLOCKS)
    for source in sorted({row["source"] for row in rows}):
        tell(f"time, {source}", [row for row in rows if row["source"] == source], time_found)
        for language in sorted({row["language"] for row in rows if row["source"] == source}):
            chosen = [row for row in rows if row["source"] == source and row["language"] == language]
            tell(f"  {language}", chosen, time_found)
    tell("memory", space, space_found)
    if asked.predictions:
        with asked.predictions.open("w") as file:
            for task, found in (("complexity", time_found), ("space", space_found)):
                for name, verdict in found.items():
                    entry = {"task": task, "id": name, "label": verdict.label, "confidence": verdict.confidence}
                    file.write(json.dumps(entry) + "\n")
    if asked.write:
        MODELS.mkdir(exist_ok=True)
        (MODELS / f"{TIME_MODEL}.bin").write_bytes(time_model.file())
        (MODELS / f"{SPACE_MODEL}.bin").write_bytes(space_model.file())
        odds = {TIME_MODEL: time_even._asdict(), SPACE_MODEL: space_even._asdict()}
        (MODELS / f"{FOREIGN}.bin").write_text(json.dumps(odds, separators=(",", ":")))
        names = [f"{task} {row['id']}" for task, chosen in (("time", fitted), ("memory", space)) for row in chosen]
        hashes = sorted(hashlib.sha256(name.encode()).hexdigest()[:16] for name in names)
        LISTING.write_text("".join(f"{line}\n" for line in hashes))


if __name__ == "__main__":
    main()
