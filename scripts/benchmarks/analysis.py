"""The table of the analysis: accuracy on labelled code, speed and memory on a corpus, rivals in the same run."""

from __future__ import annotations

import gc
import importlib
import json
import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time
from typing import Any

import psutil
from analysis_bench.accuracy import rows as accuracy_rows
from analysis_bench.corpus import corpus
from analysis_bench.rows import Row, missing, row
from foreload_analyzers import Document, analyze

DATA_VARIABLE = "FORELOAD_BENCH_DATA"
RESULTS = Path(__file__).parents[2] / "results"
RIVAL_MEGABYTES = 3.0
MEBIBYTE = 1024**2


def seconds(work: Callable[[], object]) -> float:
    """This process's CPU time for some work: a busy machine changes it little."""
    start = process_time()
    work()
    return process_time() - start


def speed_rows(files: dict[str, list[tuple[str, bytes]]]) -> list[Row]:
    """Megabytes a second cold, by language and in all, the slowest files, and how much memory grew."""
    for language in files:
        document = Document(language)
        document.open(b"\n")
        document.report()
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)  # as the command and its workers do
    process = psutil.Process()
    before = highest = process.memory_info().rss
    found: list[Row] = []
    all_times: list[float] = []
    all_bytes = 0
    for language, texts in sorted(files.items()):
        times: list[float] = []
        for name, text in texts:
            times.append(seconds(lambda text=text, language=language, name=name: analyze(text, language, name)))
            highest = max(highest, process.memory_info().rss)
        size = sum(len(text) for _, text in texts)
        all_times += times
        all_bytes += size
        note = f"{size / 1e6:.1f} MB in {len(texts)} files"
        found.append(row(f"cold analysis, {language}", size / 1e6 / sum(times), "MB/s", at_least=True, note=note))
    all_times.sort()
    note = f"{all_bytes / 1e6:.1f} MB in {len(all_times)} files"
    whole = row("cold analysis, all", all_bytes / 1e6 / sum(all_times), "MB/s", 1.5, 3.0, at_least=True, note=note)
    slow = row("a file, p95", all_times[int(len(all_times) * 0.95)] * 1000, "ms", 40.0, 20.0)
    memory = row("memory growth, highest", (highest - before) / MEBIBYTE, "MiB", 80.0)
    return [*found, whole, slow, memory]


def rival_rows(texts: Sequence[bytes]) -> list[Row]:
    """Rivals on the Python files, one metric each; those that are not installed are said to be missing."""
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
        if sum(map(len, readable)) > RIVAL_MEGABYTES * 1e6:
            break
    size = sum(map(len, readable)) / 1e6
    rivals: list[tuple[str, str, Callable[[Any, str], object]]] = [
        ("radon, cyclomatic complexity", "radon.complexity", lambda module, text: module.cc_visit(text)),
        ("lizard, cyclomatic complexity", "lizard", lambda m, text: m.analyze_file.analyze_source_code("x.py", text)),
        ("complexipy, cognitive complexity", "complexipy", lambda module, text: module.code_complexity(text)),
    ]
    found: list[Row] = []
    for name, module_name, work in rivals:
        try:
            module = importlib.import_module(module_name)
        except ImportError:
            found.append(missing(f"rival: {name}", f"{module_name} is not installed in this environment"))
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            taken = seconds(lambda module=module, work=work: [work(module, text) for text in readable])
        found.append(row(f"rival: {name}", size / taken, "MB/s", at_least=True))
    ours = seconds(lambda: [analyze(text.encode(), "python") for text in readable])
    found.append(row("ours, whole analysis, same files", size / ours, "MB/s", at_least=True))
    found.append(missing("rival: bigopy", "not installed in this environment and not run"))
    return found


def main() -> None:
    """Prints the rows."""
    given = os.environ.get(DATA_VARIABLE)
    data = None if given is None else Path(given)
    files = corpus(data)
    rows = accuracy_rows(data, RESULTS)
    rows += speed_rows(files)
    rows += rival_rows([text for _, text in files.get("python", [])])
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
