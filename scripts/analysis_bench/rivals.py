"""Other tools beside the analysis: the same files, the same labelled rows, in the same run.

They are no part of the product: they are installed into results/ when the bench first asks, from a lock with hashes,
and left out by name where that fails.
"""

from __future__ import annotations

import hashlib
import importlib
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time
from types import ModuleType
from typing import Any

from foreload_analyzers import analyze

from analysis_bench.accuracy import CODECOMPLEX, KAMYU, PREDICTIONS, read_predictions, read_rows, scorer_of
from analysis_bench.rows import Row, missing, row

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements" / "rivals.txt"
MEGABYTES = 3.0
INSTALL_SECONDS = 300
# What bigopy prints -> the class that it comes to here; a graph's V + E is its input.
BIG_O_CLASSES = {
    "O(1)": "constant", "O(log n)": "logn", "O(n)": "linear", "O(V+E)": "linear", "O(n log n)": "nlogn",
    "O((V+E) log V)": "nlogn", "O(n²)": "quadratic", "O(n³)": "cubic", "O(2^n)": "exponential", "O(2ⁿ)": "exponential",
    "O(n!)": "exponential",
}  # fmt: skip
ORDER = ("constant", "logn", "linear", "nlogn", "quadratic", "cubic", "exponential")


def load(name: str) -> tuple[ModuleType | None, str]:
    """A rival's module, or why there is none."""
    try:
        return importlib.import_module(name), ""
    except ImportError:
        pass
    reason = _install()
    try:
        return importlib.import_module(name), ""
    except ImportError as error:
        return None, reason or f"{name} cannot be loaded ({error})"


def _install() -> str:
    """Installs all rivals where they are not yet, and puts them where modules are found last; why not, in words."""
    key = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = ROOT / "results" / "rivals" / key
    if not folder.is_dir():
        part = folder.with_name(f"{key}.part")
        shutil.rmtree(part, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "install", "-q", "--require-hashes", "--only-binary", ":all:"]
        try:
            ended = subprocess.run(
                [*command, "--target", str(part), "-r", str(LOCK)],
                capture_output=True,
                text=True,
                check=False,
                timeout=INSTALL_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return f"installing it took longer than {INSTALL_SECONDS} s"
        if ended.returncode != 0:
            return f"it cannot be installed: {(ended.stderr.strip().splitlines() or ['pip failed'])[-1][:200]}"
        part.rename(folder)
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
        importlib.invalidate_caches()
    return ""


def speed_rows(texts: Sequence[bytes]) -> list[Row]:
    """Megabytes a second of CPU time on the same Python files, each for what it does."""
    readable: list[str] = []
    for text in texts:
        try:
            source = text.decode()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compile(source, "x", "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            continue
        readable.append(source)
        if sum(map(len, readable)) > MEGABYTES * 1e6:
            break
    size = sum(map(len, readable)) / 1e6
    found: list[Row] = []
    for name, module_name, work in (
        ("radon, cyclomatic complexity", "radon.complexity", _radon),
        ("lizard, cyclomatic complexity", "lizard", _lizard),
        ("complexipy, cognitive complexity", "complexipy", _complexipy),
        ("bigopy, time complexity", "bigopy", _bigopy),
    ):
        module, reason = load(module_name)
        if module is None:
            found.append(missing(f"rival: {name}", reason))
            continue
        taken, failed = _seconds(module, work, readable)
        note = f"failed on {failed} of {len(readable)} files" if failed else ""
        found.append(row(f"rival: {name}", size / taken, "MB/s", at_least=True, note=note))
    began = process_time()
    for text in readable:
        analyze(text.encode(), "python")
    found.append(row("ours, whole analysis, same files", size / (process_time() - began), "MB/s", at_least=True))
    return found


def _seconds(module: ModuleType, work: Callable[[ModuleType, str], object], texts: Sequence[str]) -> tuple[float, int]:
    """CPU seconds over all texts, and on how many it failed; whatever a rival raises is its own."""
    failed = 0
    began = process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for text in texts:
            try:
                work(module, text)
            except Exception:  # noqa: BLE001
                failed += 1
    return process_time() - began, failed


def accuracy_rows(data: Path | None, results: Path) -> list[Row]:
    """What the rivals say of the labelled Python rows that ours are measured on, ours on the same rows beside them."""
    if data is None or not (data / "dev").is_dir():
        return []
    predicted = read_predictions(results / PREDICTIONS)
    return [*_big_o(data, predicted.get("complexity")), *_hot(data, predicted.get("hot"))]


def _big_o(data: Path, predicted: dict[str, dict[str, Any]] | None) -> list[Row]:
    module, reason = load("bigopy")
    if module is None:
        return [missing("rival: bigopy, time complexity", reason)]
    found: list[Row] = []
    truth = [item for item in read_rows(data / "dev" / "complexity.jsonl") if item["language"] == "python"]
    for source in (KAMYU, CODECOMPLEX):
        rows = [item for item in truth if item["source"] == source]
        said = {item["id"]: _big_o_of(module, item["code"]) for item in rows}
        theirs = {key: {"label": label or "constant"} for key, label in said.items()}
        refused = sum(label is None for label in said.values())
        name = f"time complexity, {source}, Python: accuracy"
        note = f"{len(rows)} rows" + (f", {refused} refused by bigopy" if refused else "")
        for who, labels in (("rival: bigopy", theirs), ("ours, same rows", predicted)):
            if labels and any(item["id"] in labels for item in rows):
                scores = scorer_of(data, "score_labels").score(rows, labels)
                found.append(row(f"{who}, {name}", scores["accuracy"], "", at_least=True, note=note))
            else:
                found.append(missing(f"{who}, {name}", "no out-of-fold predictions in results/analysis"))
    return found


def _big_o_of(module: ModuleType, code: str) -> str | None:
    """The class of a program: the largest of its functions, as its author's own summary takes it; None: refused."""
    try:
        labels = [function.complexity.label for function in module.analyze_source(code).functions]
    except Exception:  # noqa: BLE001 - whatever a rival raises is its own; the row says how often
        return None
    classes = [BIG_O_CLASSES.get(label, "linear") for label in labels]
    return max(classes, key=ORDER.index, default="constant")


def _hot(data: Path, predicted: dict[str, dict[str, Any]] | None) -> list[Row]:
    truth = read_rows(data / "dev" / "hot.jsonl")
    scorer = scorer_of(data, "score_hot")
    found: list[Row] = []
    rivals: list[tuple[str, str, Callable[[ModuleType, str], dict[int, float]]]] = [
        ("radon, cyclomatic complexity", "radon.complexity", _radon),
        ("lizard, tokens", "lizard", _lizard),
        ("complexipy, cognitive complexity", "complexipy", _complexipy),
    ]
    for name, module_name, measure in rivals:
        module, reason = load(module_name)
        if module is None:
            found.append(missing(f"rival: {name}, hot function: P@1", reason))
            continue
        rankings: dict[str, list[int]] = {}
        refused = 0
        for item in truth:
            try:
                values = measure(module, item["code"])
            except Exception:  # noqa: BLE001 - whatever a rival raises is its own; the row says how often
                values, refused = {}, refused + 1
            rankings[item["id"]] = sorted(values, key=lambda line, values=values: (-values[line], line))
        note = f"{refused} of {len(truth)} programs refused" if refused else ""
        found += _hot_rows(f"rival: {name}", scorer.score(truth, rankings)["all"], note)
    if predicted:
        rankings = {key: value["ranking"] for key, value in predicted.items()}
        found += _hot_rows("ours, same rows", scorer.score(truth, rankings)["all"])
    return found


def _hot_rows(who: str, scores: dict[str, float], note: str = "") -> list[Row]:
    return [
        row(f"{who}, hot function: P@1", scores["p1"], "", at_least=True, note=note),
        row(f"{who}, hot function: AUC", scores["auc"], "", at_least=True, note=note),
    ]


def _radon(module: ModuleType, text: str) -> dict[int, float]:
    found: dict[int, float] = {}
    for block in module.cc_visit(text):
        for each in (block, *getattr(block, "methods", ())):
            found[each.lineno] = float(each.complexity)
    return found


def _lizard(module: ModuleType, text: str) -> dict[int, float]:
    read = module.analyze_file.analyze_source_code("x.py", text)
    return {function.start_line: float(function.token_count) for function in read.function_list}


def _complexipy(module: ModuleType, text: str) -> dict[int, float]:
    return {function.line_start: float(function.complexity) for function in module.code_complexity(text).functions}


def _bigopy(module: ModuleType, text: str) -> object:
    return module.analyze_source(text)
