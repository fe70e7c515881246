"""Accuracy of the analysis on labelled code, from predictions that no model was fitted on.

The scripts that fit models write what each row got while its group was held out, as JSON Lines in `results/analysis/`,
any number of files `*.jsonl`, one object a line:

    {"task": "complexity", "id": "...", "label": "quadratic", "confidence": 0.83}
    {"task": "hot", "id": "...", "ranking": [31, 12, 40]}           lines of the definitions, hottest first
    {"task": "hot_loops", "id": "...", "loops": [33, 14]}           lines of the headers, hottest first

Tasks with a label: `complexity`, `space`, `algorithm`, `algorithm_masked`, `application`, `application_masked`. Where
several files tell of the same row, the one that was written last counts. In-sample predictions have no place here.

The labels and the scorers are those of the benchmark folder that the bench is given (`score_labels.py`, `score_hot.py`,
`score_loops.py` and `dev/*.jsonl`).
"""

from __future__ import annotations

import importlib.util
import json
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from analysis_bench.rows import Row, missing, row

PREDICTIONS = Path("analysis")  # below the folder of results
BOOTSTRAP_DRAWS = 400
KAMYU, CODECOMPLEX = "kamyu104", "CodeComplex-test"


def rows(data: Path | None, results: Path) -> list[Row]:
    """The rows of accuracy; each says why where it could not be measured.

    Args:
        data: the benchmark folder; None: not given.
        results: the folder of results of this repository.
    """
    if data is None:
        return [missing("accuracy", "the benchmark folder was not given: npm run bench -- analysis --data FOLDER")]
    if not (data / "score_labels.py").exists():
        return [missing("accuracy", f"{data} holds no score_labels.py; give the folder of the labelled code")]
    predicted = read_predictions(results / PREDICTIONS)
    found: list[Row] = []
    for measure in (_complexity, _space, _algorithm, _application, _hot, _loops):
        found += measure(data, predicted)
    return found


def read_predictions(folder: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Predictions by task and id; the file written last wins."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for path in sorted(folder.glob("*.jsonl"), key=lambda path: path.stat().st_mtime):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            try:
                read = json.loads(line)
                found.setdefault(read["task"], {})[read["id"]] = read
            except (ValueError, KeyError, TypeError) as error:
                raise SystemExit(f"{path}, line {number}: this is no prediction ({error})") from error
    return found


def _complexity(data: Path, predicted: dict[str, dict[str, dict[str, Any]]]) -> list[Row]:
    found: list[Row] = []
    bars = {"accuracy": (0.81, 0.85), "macro_f1": (0.75, 0.79), "within1": (0.89, 0.92)}
    kamyu = _labels(data, "complexity", lambda truth: truth["source"] == KAMYU)
    scores = _score_labels(data, kamyu, predicted.get("complexity"))
    words = {"accuracy": "accuracy", "macro_f1": "macro-F1", "within1": "within one class"}
    name = "time complexity, kamyu104"
    if scores is None:
        return [missing(name, "no out-of-fold predictions of `complexity` in results/analysis")]
    found += [
        row(f"{name}: {words[key]}", scores[key], "", bar, goal, at_least=True) for key, (bar, goal) in bars.items()
    ]
    foreign = _labels(data, "complexity", lambda truth: truth["source"] == CODECOMPLEX)
    outside = _score_labels(data, foreign, predicted.get("complexity"))
    if outside is None:
        found.append(missing("time complexity, CodeComplex", "no predictions of its rows"))
    else:
        found.append(
            row(
                "time complexity, CodeComplex, never fitted on: accuracy",
                outside["accuracy"],
                "",
                0.64,
                0.70,
                at_least=True,
            )
        )
    if "ece" in scores:
        found.append(row("calibration in domain: ECE", scores["ece"], "", 0.03, 0.02))
    if outside is not None and "ece" in outside:
        found.append(row("calibration out of domain: ECE", outside["ece"], "", 0.08, 0.05))
    return found


def _space(data: Path, predicted: dict[str, dict[str, dict[str, Any]]]) -> list[Row]:
    scores = _score_labels(data, _labels(data, "space"), predicted.get("space"))
    if scores is None:
        return [missing("space complexity", "no out-of-fold predictions of `space` in results/analysis")]
    return [
        row("space complexity: accuracy", scores["accuracy"], "", 0.83, 0.86, at_least=True),
        row("space complexity: macro-F1", scores["macro_f1"], "", 0.55, 0.60, at_least=True),
    ]


def _algorithm(data: Path, predicted: dict[str, dict[str, dict[str, Any]]]) -> list[Row]:
    return _as_is_and_masked(
        data, predicted, "algo", "algorithm", "names and comments masked", (0.88, 0.91), (0.82, 0.85)
    )


def _application(data: Path, predicted: dict[str, dict[str, dict[str, Any]]]) -> list[Row]:
    return _as_is_and_masked(data, predicted, "apptype", "application", "imports masked", (0.82, 0.86), (0.77, 0.80))


def _as_is_and_masked(
    data: Path,
    predicted: dict[str, dict[str, dict[str, Any]]],
    file: str,
    task: str,
    masked: str,
    bars: tuple[float, float],
    masked_bars: tuple[float, float],
) -> list[Row]:
    words = {"algorithm": "algorithm class", "application": "application type"}[task]
    found: list[Row] = []
    truth = _labels(data, file)
    for key, what, (bar, goal) in ((task, "as is", bars), (f"{task}_masked", masked, masked_bars)):
        scores = _score_labels(data, truth, predicted.get(key))
        if scores is None:
            found.append(missing(f"{words}, {what}", f"no out-of-fold predictions of `{key}` in results/analysis"))
        else:
            found.append(row(f"{words}, {what}: accuracy", scores["accuracy"], "", bar, goal, at_least=True))
    return found


def _hot(data: Path, predicted: dict[str, dict[str, dict[str, Any]]]) -> list[Row]:
    rankings = {key: value["ranking"] for key, value in predicted.get("hot", {}).items()}
    if not rankings:
        return [missing("hot function", "no out-of-fold predictions of `hot` in results/analysis")]
    scorer, truth = scorer_of(data, "score_hot"), read_rows(data / "dev" / "hot.jsonl")
    found: list[Row] = []
    for executed, bars in ((False, ((0.63, 0.68), (0.815, 0.84))), (True, ((0.72, 0.78), (0.745, 0.79)))):
        draws = [scorer.score(sample, rankings, executed)["all"] for sample in _resampled(truth)]
        scores = scorer.score(truth, rankings, executed)["all"]
        for key, words, (bar, goal) in zip(("p1", "auc"), ("P@1", "AUC"), bars, strict=True):
            name = f"hot function, {'executed only' if executed else 'all'}: {words}"
            found.append(
                row(name, scores[key], "", bar, goal, at_least=True, note=_interval([draw[key] for draw in draws]))
            )
    return found


def _loops(data: Path, predicted: dict[str, dict[str, dict[str, Any]]]) -> list[Row]:
    rankings = {key: value["loops"] for key, value in predicted.get("hot_loops", {}).items()}
    if not rankings:
        return [missing("hot loop", "no out-of-fold predictions of `hot_loops` in results/analysis")]
    scorer, truth = scorer_of(data, "score_loops"), read_rows(data / "dev" / "hot.jsonl")
    found: list[Row] = []
    for executed, bar, goal in ((False, 0.54, 0.60), (True, 0.73, 0.78)):
        draws = [scorer.score(sample, rankings, executed)["p1"] for sample in _resampled(truth)]
        value = scorer.score(truth, rankings, executed)["p1"]
        name = f"hot loop, {'executed only' if executed else 'all'}: P@1"
        found.append(row(name, value, "", bar, goal, at_least=True, note=_interval(draws)))
    return found


def _labels(
    data: Path, file: str, wanted: Callable[[dict[str, Any]], bool] = lambda _truth: True
) -> list[dict[str, Any]]:
    return [truth for truth in read_rows(data / "dev" / f"{file}.jsonl") if wanted(truth)]


def _score_labels(
    data: Path, truth: Sequence[dict[str, Any]], predicted: dict[str, dict[str, Any]] | None
) -> dict[str, Any] | None:
    """The scorer's numbers; None where no row was predicted. A row that is missing counts as wrong."""
    if not predicted or not any(item["id"] in predicted for item in truth):
        return None
    return scorer_of(data, "score_labels").score(truth, predicted)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The labelled rows of a file."""
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def scorer_of(data: Path, name: str) -> ModuleType:
    """A scorer of the benchmark folder, `score_labels` among them."""
    spec = importlib.util.spec_from_file_location(name, data / f"{name}.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"{data / name}.py cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _resampled(truth: Sequence[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    """Programs drawn anew with replacement, the same draws in every run."""
    chance = random.Random(2026)  # noqa: S311 - no secret
    for _ in range(BOOTSTRAP_DRAWS):
        yield chance.choices(truth, k=len(truth))


def _interval(values: Sequence[float]) -> str:
    ordered = sorted(values)
    low, high = ordered[int(len(ordered) * 0.025)], ordered[int(len(ordered) * 0.975)]
    return f"95 % interval {low:.2f} to {high:.2f}"
