"""Labelled programs as rows of features, and models of classes scored on groups that were held out.

Every row is there twice, as it is and masked (without names and comments, or without imports); both are fitted on.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from foreload_analyzers.counting import bags_of
from foreload_analyzers.document import Document
from foreload_analyzers.linear_model import Bags
from foreload_analyzers.tokens import Tokens
from linear_fit import Fitted, Plan, fit_temperature, folds
from numpy.typing import NDArray

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "analyzers" / "foreload_analyzers" / "models"
PREDICTIONS = ROOT / "results" / "analysis"


@dataclass
class Labelled:
    """Rows of one task. `may_fit` marks those whose licence allows a model to be fitted on them."""

    rows: list[dict[str, Any]]
    as_is: list[Bags]
    masked: list[Bags]
    may_fit: NDArray[np.bool_]
    hints: list[Bags]
    hint_labels: list[str]


def read(path: Path, mask: str, may_fit: Callable[[dict[str, Any]], bool], hints: dict[str, list[str]]) -> Labelled:
    """The rows of a file of labelled programs.

    Args:
        path: JSON Lines with `id`, `language`, `group`, `label` and `code`.
        mask: the module beside its folder, and the function in it, that masks code.
        may_fit: whether the licence of a row allows it.
        hints: for each label, tiny programs that speak for it.
    """
    rows = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    masked = getattr(_module(path.parents[1] / f"{mask}.py"), mask)
    hint_labels = [label for label, texts in hints.items() for _ in texts]
    return Labelled(
        rows,
        [count(row["code"], row["language"]) for row in rows],
        [count(masked(row["code"], row["language"]), row["language"]) for row in rows],
        np.array([may_fit(row) for row in rows]),
        [_without_grams(Tokens(text, "java").bags()) for texts in hints.values() for text in texts],
        hint_labels,
    )


def count(code: str, language: str) -> Bags:
    """The features of a program, as the product counts them."""
    document = Document(language)
    document.open(code.encode())
    document.report()
    return bags_of(document.chunks(), language)


def cross_validate(data: Labelled, plan: Plan, fold_count: int, seed: int = 0) -> tuple[Any, Any, float]:
    """Held-out scores of all rows, as they are and masked, and the temperature that calibrates them."""
    labels = [row["label"] for row in data.rows]
    targets = np.array([plan.labels.index(label) for label in labels])
    as_is = np.zeros((len(labels), len(plan.labels)), np.float32)
    masked = as_is.copy()
    for held_out in folds([row["group"] for row in data.rows], fold_count, seed):
        fitted = fit(data, plan, np.flatnonzero(~held_out & data.may_fit))
        for row in np.flatnonzero(held_out):
            as_is[row], masked[row] = fitted.scores([data.as_is[row], data.masked[row]])
    temperature = fit_temperature(np.concatenate((as_is, masked)), np.concatenate((targets, targets)))
    return as_is, masked, temperature


def fit(data: Labelled, plan: Plan, rows: NDArray[np.intp]) -> Fitted:
    """A model from some rows, both as they are and masked, and from the hints."""
    bags = [data.as_is[row] for row in rows] + [data.masked[row] for row in rows] + data.hints
    labels = [data.rows[row]["label"] for row in rows]
    return Fitted(plan, bags, labels + labels + data.hint_labels)


def report(data: Labelled, plan: Plan, scores: NDArray[np.float32], temperature: float, what: str) -> list[str]:
    """Accuracy, macro-F1, calibration error and the F1 of each class, as lines of a table."""
    targets = np.array([plan.labels.index(row["label"]) for row in data.rows])
    scaled = np.exp((scores - scores.max(axis=1, keepdims=True)) / temperature)
    chances = scaled / scaled.sum(axis=1, keepdims=True)
    chosen, sure = chances.argmax(axis=1), chances.max(axis=1)
    right = chosen == targets
    bins = np.minimum((sure * 10).astype(int), 9)
    error = sum(abs(sure[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in set(bins.tolist()))
    f1 = [
        2 * float(((chosen == k) & (targets == k)).sum()) / max(1, int((chosen == k).sum() + (targets == k).sum()))
        for k in range(len(plan.labels))
    ]
    lines = [
        (
            f"{what}: accuracy {right.mean():.3f}, macro-F1 {np.mean(f1):.3f}, ECE {error:.3f} ({len(targets)} rows); "
            f"only rows that may be fitted on: {right[data.may_fit].mean():.3f}"
        )
    ]
    languages = sorted({row["language"] for row in data.rows})
    of = np.array([row["language"] for row in data.rows])
    lines.append("  " + ", ".join(f"{name} {right[of == name].mean():.3f}" for name in languages))
    lines.append("  F1: " + ", ".join(f"{name} {value:.2f}" for name, value in zip(plan.labels, f1, strict=True)))
    return lines


def write_predictions(data: Labelled, plan: Plan, task: str, scores: NDArray[np.float32], temperature: float) -> None:
    """Held-out predictions, for the bench."""
    PREDICTIONS.mkdir(parents=True, exist_ok=True)
    scaled = np.exp((scores - scores.max(axis=1, keepdims=True)) / temperature)
    chances = scaled / scaled.sum(axis=1, keepdims=True)
    lines = [
        json.dumps(
            {
                "task": task,
                "id": row["id"],
                "label": plan.labels[int(chance.argmax())],
                "confidence": float(chance.max()),
            }
        )
        for row, chance in zip(data.rows, chances, strict=True)
    ]
    (PREDICTIONS / f"{task}.jsonl").write_text("\n".join(lines) + "\n")


def run(data: Labelled, plan: Plan, fold_count: int, task: str, *, write: bool) -> None:
    """Scores a plan on held-out groups, prints it, and with `write` fits the model that ships."""
    as_is, masked, temperature = cross_validate(data, plan, fold_count)
    for scores, what, name in ((as_is, "as is", task), (masked, "masked", f"{task}_masked")):
        print("\n".join(report(data, plan, scores, temperature, what)))
        write_predictions(data, plan, name, scores, temperature)
    if write:
        fitted = fit(data, plan, np.flatnonzero(data.may_fit))
        fitted.temperature = temperature
        path = MODELS / f"{task}.bin"
        path.write_bytes(fitted.file())
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1024:.0f} KiB")


def _without_grams(bags: Bags) -> Bags:
    return {block: bag for block, bag in bags.items() if block != "grams"}


def load_function(path: Path, name: str) -> Callable[[str, str], str]:
    """A function of a module that is no package: one that masks code."""
    return getattr(_module(path), name)


def save_predictions(task: str, rows: Sequence[dict[str, Any]], found: Sequence[tuple[str | None, float]]) -> None:
    """Held-out predictions, for the bench."""
    PREDICTIONS.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps({"task": task, "id": row["id"], "label": label or "", "confidence": confidence})
        for row, (label, confidence) in zip(rows, found, strict=True)
    ]
    (PREDICTIONS / f"{task}.jsonl").write_text("".join(f"{line}\n" for line in lines))


def tell_scores(
    what: str,
    rows: Sequence[dict[str, Any]],
    draws: Sequence[Sequence[tuple[str | None, float]]],
    labels: Sequence[str],
) -> None:
    """Prints accuracy, macro-F1 and calibration error, means over draws of folds; by language and F1 by class."""
    truth = np.array([row["label"] for row in rows])
    of = np.array([row["language"] for row in rows])
    told = np.array([[label or "" for label, _ in draw] for draw in draws])
    sure = np.array([[confidence for _, confidence in draw] for draw in draws])
    right = told == truth
    errors: list[float] = []
    for hits, confidences in zip(right, sure, strict=True):
        bins = np.minimum((confidences * 10).astype(int), 9)
        errors.append(
            sum(abs(confidences[bins == b].mean() - hits[bins == b].mean()) * (bins == b).mean() for b in set(bins))
        )
    f1 = {
        label: 2
        * float(((told == label) & (truth == label)).sum())
        / max(1, int((told == label).sum() + len(draws) * (truth == label).sum()))
        for label in labels
    }
    print(
        f"{what}: accuracy {right.mean():.3f}, macro-F1 {np.mean(list(f1.values())):.3f}, "
        f"ECE {np.mean(errors):.3f} ({len(rows)} rows)"
    )
    print("  " + ", ".join(f"{name} {right[:, of == name].mean():.3f}" for name in sorted(set(of))))
    print("  F1: " + ", ".join(f"{label} {value:.2f}" for label, value in f1.items()))


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def phrases(text: str) -> Sequence[str]:
    """Tiny programs from phrases that commas set apart: each as a comment and as a name."""
    return [f"// {part}\n{part.replace(' ', '_')} {part.title().replace(' ', '')}" for part in _parts(text)]


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
