"""The table of the analysis: accuracy on labelled code, speed and memory on a corpus, rivals in the same run."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable
from pathlib import Path
from time import process_time

import psutil
from analysis_bench import rivals
from analysis_bench.accuracy import rows as accuracy_rows
from analysis_bench.corpus import corpus
from analysis_bench.precision import precision_rows
from analysis_bench.rows import Row, row
from foreload_analyzers import Document, analyze

DATA_VARIABLE = "FORELOAD_BENCH_DATA"
RESULTS = Path(__file__).parents[2] / "results"
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


def main() -> None:
    """Prints the rows."""
    given = os.environ.get(DATA_VARIABLE)
    data = None if given is None else Path(given)
    files = corpus(data)
    rows = accuracy_rows(data, RESULTS)
    rows += speed_rows(files)
    rows += precision_rows()
    rows += rivals.accuracy_rows(data, RESULTS)
    rows += rivals.speed_rows([text for _, text in files.get("python", [])])
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
