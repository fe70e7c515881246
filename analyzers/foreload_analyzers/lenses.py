"""Which functions are worth a line above them, and what it says."""

from __future__ import annotations

from typing import NamedTuple

from foreload_analyzers.bottlenecks import SINGLE_CORE
from foreload_analyzers.costs import BIG_O
from foreload_analyzers.report import Function, Needs, Report

DEFAULT_SHARE = 0.2  # of the file's CPU time
LARGE_BYTES = 256 * 1024 * 1024
SHOWN_BYTES = 100 * 1024 * 1024  # memory below this is not worth a word
THREADED_BASE_BYTES = 150 * 1024 * 1024
GIB = 1024**3
UNSURE = 0.7  # a class that is less sure than this is told with the next likely one
# What programs are that the rules take for another class, the most frequent one.
NEXT_TIME = {
    "constant": "logn",
    "logn": "constant",
    "linear": "quadratic",
    "nlogn": "linear",
    "quadratic": "linear",
    "cubic": "quadratic",
    "exponential": "quadratic",
}
NEXT_SPACE = {
    "constant": "linear",
    "logn": "linear",
    "linear": "quadratic",
    "nlogn": "linear",
    "quadratic": "linear",
    "cubic": "quadratic",
    "exponential": "linear",
}
LEAST_CONFIDENCE = 0.5  # in the class of the file, for functions without one of their own
MAX_SYMBOL = 24  # a longer name of what grows has no room on the line
STEEP = frozenset({"quadratic", "cubic", "exponential"})
CLASS_WORDS = {
    "backtracking": "backtracking",
    "bit_manipulation": "bit work",
    "crypto_hash": "hashing",
    "data_structure": "data structures",
    "dynamic_programming": "dynamic programming",
    "geometry": "geometry",
    "graph": "graph work",
    "image_processing": "image work",
    "io_network": "network work",
    "machine_learning": "machine learning",
    "math_number_theory": "number theory",
    "matrix_numeric": "matrix work",
    "searching": "searching",
    "sorting": "sorting",
    "string": "text work",
}


class Lens(NamedTuple):
    """The line above a function: where it stands (from 1), and which function it is about."""

    line: int
    function: Function


def is_heavy(function: Function, threshold_ratio: float = DEFAULT_SHARE) -> bool:
    """Whether a function is worth a lens: much of the file's time, and something that makes it long, parallel or large.

    Args:
        function: of a report.
        threshold_ratio: least share of the file's CPU time, 0..1.
    """
    needs = function.needs
    if (needs.memory_data_bytes or 0) >= LARGE_BYTES:
        return True
    if function.hotness < threshold_ratio:
        return False
    if needs.parallel_all_cores or (needs.parallel_workers or 1) > 1:
        return bool(function.loops) or function.complexity in STEEP
    if function.complexity in STEEP:
        return True
    deep = max((loop.depth for loop in function.loops), default=0)
    if function.complexity in ("linear", "nlogn") and deep > 1:
        return True
    return any(bottleneck.kind == SINGLE_CORE for bottleneck in function.bottlenecks)


def heavy(report: Report, threshold_ratio: float = DEFAULT_SHARE) -> tuple[Function, ...]:
    """The functions of a report that are worth a lens, by their lines; none for a light or generated file."""
    if report.is_generated:
        return ()
    return tuple(function for function in report.functions if is_heavy(function, threshold_ratio))


def lens(function: Function, report: Report, threshold_ratio: float = DEFAULT_SHARE) -> Lens | None:
    """The lens of one function of the report; None where it is not worth one."""
    if report.is_generated or function not in report.functions or not is_heavy(function, threshold_ratio):
        return None
    return Lens(function.line, function)


def lens_text(function: Function, report: Report, capacity_cores: float) -> str:
    """The words of a lens: share, growth, need; lower case, at most three parts.

    Args:
        function: the function.
        report: the report that it is in.
        capacity_cores: what "all cores" comes to where it will run.
    """
    parts = [_share(function.hotness), _growth(function, report), f"will use {_need(function.needs, capacity_cores)}"]
    return " · ".join(part for part in parts if part)


def hover_markdown(function: Function, report: Report) -> str:
    """What is known of a function and why, in Markdown."""
    lines = [f"**{function.name}**: {_share(function.hotness)}", ""]
    growth = f"Time {BIG_O[function.complexity]}"
    if function.grows_with:
        growth += f" on `{function.grows_with}`"
    growth += f", {_sure(function.complexity_confidence, NEXT_TIME[function.complexity])}."
    growth += f" Memory {BIG_O[function.space_complexity]}, "
    growth += f"{_sure(function.space_complexity_confidence, NEXT_SPACE[function.space_complexity])}."
    lines.append(growth)
    if function.algorithm_class:
        lines.append(f"It looks like {CLASS_WORDS[function.algorithm_class]}.")
    if function.cyclomatic:
        lines.append(f"Paths through it (cyclomatic complexity): {function.cyclomatic}.")
    if function.evidence:
        lines += ["", "Why:", *(f"- {item.text}" for item in function.evidence)]
    if function.bottlenecks:
        lines += [
            "",
            "Costs more than it needs to:",
            *(f"- line {item.line}: {item.message}" for item in function.bottlenecks),
        ]
    whole = [f"- {note}" for note in report.notes]
    if report.complexity_second:
        time = _sure(report.complexity_confidence, report.complexity_second)
        whole.insert(0, f"- time {BIG_O[report.complexity]}, {time}")
    if whole:
        lines += ["", "The whole file:", *whole]
    return "\n".join(lines)


def in_classes(label: str, confidence: float, second: str) -> str:
    """A class of growth as a sentence says it, with the next likely one where it is unsure."""
    return f"{BIG_O[label]} or {BIG_O[second]}" if second and confidence < UNSURE else BIG_O[label]


def worker_count(needs: Needs, capacity_cores: float) -> int:
    """The workers that compute at once on a machine with so many cores, at least 1."""
    if needs.parallel_all_cores:
        return max(1, round(capacity_cores), needs.parallel_workers or 1)
    return max(1, needs.parallel_workers or 1)


def needed_bytes(needs: Needs, workers: int) -> int:
    """Memory of a run with so many workers, each of which loads the libraries again.

    Threads share what is loaded; so do those of large libraries that spread over all cores by themselves.
    """
    if needs.parallel_kind == "threads":
        return needs.memory_base_bytes + (needs.memory_data_bytes or 0)
    by_threads = needs.parallel_all_cores and needs.memory_base_bytes >= THREADED_BASE_BYTES
    processes = 1 + ((needs.parallel_workers or 0) if by_threads else workers if workers > 1 else 0)
    return needs.memory_base_bytes * processes + (needs.memory_data_bytes or 0)


def _share(hotness: float) -> str:
    percent = hotness * 100
    if percent >= 97.5:
        return "hot: nearly all of this file's time"
    rounded = round(percent / 5) * 5 if percent >= 10 else round(percent)
    word = "hot: " if percent >= 10 else ""
    return f"{word}about {rounded} % of this file's time" if rounded >= 1 else f"{word}little of this file's time"


def _growth(function: Function, report: Report) -> str:
    known = function.algorithm_class
    if known is None and report.algorithm_class_confidence >= LEAST_CONFIDENCE:
        known = report.algorithm_class
    words = CLASS_WORDS.get(known or "", "")
    if function.complexity == "constant":
        return words
    growth = BIG_O[function.complexity]
    if function.grows_with and len(function.grows_with) <= MAX_SYMBOL:
        growth += f" on {function.grows_with}"
    return f"{growth}, {words}" if words else growth


def _need(needs: Needs, capacity_cores: float) -> str:
    workers = worker_count(needs, capacity_cores)
    parts = [f"{workers} core{'s' if workers > 1 else ''}"]
    memory = needed_bytes(needs, workers)
    if memory >= SHOWN_BYTES:
        parts.append(f"{memory / GIB:.1f}".removesuffix(".0") + " GiB")
    if needs.uses_gpu:
        parts.append("a GPU")
    return ", ".join(parts)


def _sure(confidence: float, second: str) -> str:
    words = f"right in about {round(confidence * 10)} of 10 cases"
    return f"{words}, else most likely {BIG_O[second]}" if confidence < UNSURE else words
