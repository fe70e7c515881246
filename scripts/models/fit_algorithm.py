"""Fits the model of algorithm classes, and scores it on groups of programs that were held out.

    python scripts/models/fit_algorithm.py BENCHMARKS [--write]

BENCHMARKS is the folder of the labelled code: `dev/algo.jsonl`, `mask_names.py`. Only programs under the MIT licence
are fitted on: JavaScript and C are scored only. Needs scikit-learn and scipy beside the product's own.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from algorithm_phrases import PHRASES
from foreload_analyzers.report import ALGORITHM_CLASSES
from foreload_analyzers.tokens import BLOCK_BITS
from labelled import phrases, read, run
from linear_fit import BlockPlan, Plan

FOLDS = 5
WEIGHTS = {"grams": 1.0, "words": 0.8, "chars": 1.0}
PLAN = Plan(
    ALGORITHM_CLASSES, [BlockPlan(name, BLOCK_BITS[name], weight) for name, weight in WEIGHTS.items()], 0.15, "svm"
)
SCORED_ONLY = {"javascript", "c"}  # their programs are under the GPL


def main() -> None:
    """Prints the scores."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benchmarks", type=Path)
    parser.add_argument("--write", action="store_true", help="fit on all rows and write the model that ships")
    given = parser.parse_args()
    hints = {label: list(phrases(text)) for label, text in PHRASES.items()}
    data = read(
        given.benchmarks / "dev" / "algo.jsonl", "mask_names", lambda row: row["language"] not in SCORED_ONLY, hints
    )
    run(data, PLAN, FOLDS, "algorithm", write=given.write)


if __name__ == "__main__":
    main()
