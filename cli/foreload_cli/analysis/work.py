"""Reads and analyses files, many of them in worker processes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from foreload_analyzers.report import Report

WORTH_WORKERS = 24  # files from which starting workers pays
FILES_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Task:
    """One file: its path, its language where that is told, and its content where it was read already."""

    path: str
    language: str | None
    content: bytes | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one file: a report, or `failure` in words; both where the file could only be told to be unfit."""

    path: str
    report: Report | None
    failure: str


def analyze_all(tasks: Sequence[Task], jobs: int | None) -> Iterator[Outcome]:
    """The outcomes of all files in their order.

    Args:
        tasks: the files.
        jobs: worker processes; None: one for each core that this process may use.
    """
    workers = min(jobs or len(os.sched_getaffinity(0)), len(tasks))
    if workers < 2 or (jobs is None and len(tasks) < WORTH_WORKERS):
        yield from map(analyze_one, tasks)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    done = 0
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            for outcome in pool.map(analyze_one, tasks, chunksize=FILES_AT_ONCE):
                done += 1
                yield outcome
        except BrokenProcessPool:
            yield from map(analyze_one, tasks[done:])  # a worker was killed: the rest is done here


def analyze_one(task: Task) -> Outcome:
    """The outcome of one file."""
    from foreload_analyzers import MAX_SOURCE_BYTES, analyze, language_of

    content = task.content
    if content is None:
        try:
            # Opening a pipe would wait for a writer for ever.
            if Path(task.path).exists() and not Path(task.path).is_file():
                return Outcome(task.path, None, f"{task.path}: this is no file; name a file or a folder")
            with Path(task.path).open("rb") as file:
                # One byte more than is analysed tells the analysis that there is too much.
                content = file.read(MAX_SOURCE_BYTES + 1)
                size = os.fstat(file.fileno()).st_size
        except OSError as error:
            return Outcome(task.path, None, f"{task.path}: {error.strerror or error}")
        if size > MAX_SOURCE_BYTES:
            limit = MAX_SOURCE_BYTES // 1024**2
            return _unfit(task, f"the file has {size / 1024**2:.1f} MiB; files above {limit} MiB are not analysed")
    language = language_of(task.path, content.split(b"\n", 1)[0]) or task.language
    if task.content is not None:
        language = task.language
    if language is None:
        from foreload_analyzers.languages import BY_NAME

        allowed = ", ".join(sorted(BY_NAME))
        return Outcome(
            task.path, None, f"{task.path}: no language has files of this name; name it by --language, one of {allowed}"
        )
    report = analyze(content, language, task.path)
    unfit = report.problems[0] if report.problems and not report.features else ""
    return Outcome(task.path, report, f"{task.path}: {unfit}" if unfit else "")


def _unfit(task: Task, problem: str) -> Outcome:
    from foreload_analyzers import language_of

    language = language_of(task.path) or task.language
    report = None if language is None else Report(language, problems=(problem,))
    return Outcome(task.path, report, f"{task.path}: {problem}")
