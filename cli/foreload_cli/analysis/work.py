"""Reads and analyses files, many of them in worker processes."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from foreload_analyzers.report import Report

WORTH_WORKERS = 24  # files from which starting workers pays
FILES_AT_ONCE = 8
ALLOCATIONS_PER_COLLECTION = 200_000
"""Facts are many small objects without cycles: looking through them for garbage at Python's own pace costs a fifth."""


@dataclass(frozen=True, slots=True)
class Task:
    """One file.

    Attributes:
        path: as it is shown.
        language: where that is told.
        content: where it was read already.
        is_named: the person named this file; what was only found in a folder may be unfit without being a failure.
        with_columns: tell where the text of the tagged lines begins and ends.
    """

    path: str
    language: str | None
    content: bytes | None
    is_named: bool = True
    with_columns: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one file: a report, or `failure` in words; both where the file could only be told to be unfit.

    Attributes:
        unfit: why a file that was found in a folder is left out; no failure.
        columns: of tagged lines: first column and the one after the last, from 1, in code points.
    """

    path: str
    report: Report | None
    failure: str
    unfit: str = ""
    columns: dict[int, tuple[int, int]] = field(default_factory=dict[int, tuple[int, int]])


Work = Callable[[Task], Outcome]


def analyze_all(tasks: Sequence[Task], jobs: int | None) -> Iterator[Outcome]:
    """The outcomes of all files in their order.

    Args:
        tasks: the files.
        jobs: worker processes; None: one for each core that this process may use.
    """
    workers = min(jobs or len(os.sched_getaffinity(0)), len(tasks))
    if workers < 2 or (jobs is None and len(tasks) < WORTH_WORKERS):
        prepare_worker()
        yield from map(analyze_one, tasks)
        return
    yield from in_processes(analyze_one, tasks, workers)


def in_processes(work: Work, tasks: Sequence[Task], workers: int) -> Iterator[Outcome]:
    """The outcomes in the order of the tasks. A file that ends its worker is a failure of its own; the rest goes on."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    context = multiprocessing.get_context("spawn")
    done = 0
    with ProcessPoolExecutor(workers, mp_context=context, initializer=prepare_worker) as pool:
        try:
            for outcome in pool.map(work, tasks, chunksize=FILES_AT_ONCE):
                done += 1
                yield outcome
        except BrokenProcessPool:
            pass  # a worker was killed; which file did it shows below
    while done < len(tasks):
        with ProcessPoolExecutor(1, mp_context=context, initializer=prepare_worker) as pool:
            try:
                for task in tasks[done:]:
                    outcome = pool.submit(work, task).result()
                    done += 1
                    yield outcome
            except BrokenProcessPool:
                path = tasks[done].path
                done += 1
                yield Outcome(path, None, f"{path}: the process that analysed this file was ended")


def prepare_worker() -> None:
    """Has this process collect garbage less often than Python would."""
    gc.freeze()
    gc.set_threshold(ALLOCATIONS_PER_COLLECTION, 20, 20)


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
            problem = f"the file has {size / 1024**2:.1f} MiB; files above {limit} MiB are not analysed"
            known = language_of(task.path) or task.language
            return _unfit(task, None if known is None else Report(known, problems=(problem,)), problem)
    language = language_of(task.path, content.split(b"\n", 1)[0]) or task.language
    if task.content is not None:
        language = task.language
    if language is None:
        from foreload_analyzers.languages import BY_NAME

        allowed = ", ".join(sorted(BY_NAME))
        return Outcome(
            task.path, None, f"{task.path}: no language has files of this name; name it by --language, one of {allowed}"
        )
    try:
        report = analyze(content, language, task.path)
    except Exception as bug:  # noqa: BLE001 - one file that breaks the analysis must not end that of a tree
        return Outcome(task.path, None, f"{task.path}: the analysis failed ({type(bug).__name__}: {bug})")
    unfit = report.problems[0] if report.problems and not report.features else ""
    if unfit:
        return _unfit(task, report, unfit)
    return Outcome(task.path, report, "", columns=_columns(content, report) if task.with_columns else {})


def _unfit(task: Task, report: Report | None, problem: str) -> Outcome:
    if task.is_named:
        return Outcome(task.path, report, f"{task.path}: {problem}")
    return Outcome(task.path, report, "", unfit=problem)


def _columns(content: bytes, report: Report) -> dict[int, tuple[int, int]]:
    """Where the text of each tagged line begins and ends."""
    from foreload_analyzers.decoding import to_utf8

    lines = to_utf8(content).decode("utf-8", "replace").split("\n")
    wanted = {item.line for function in report.functions for item in function.bottlenecks}
    wanted |= {function.line for function in report.functions}
    found: dict[int, tuple[int, int]] = {}
    for line in wanted:
        text = lines[line - 1].rstrip() if line <= len(lines) else ""
        if text.strip():
            found[line] = (len(text) - len(text.lstrip()) + 1, len(text) + 1)
    return found
