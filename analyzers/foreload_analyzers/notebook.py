"""Jupyter notebooks: the code cells of one notebook as one program, and its report by cells.

    cells = read_cells(content)                     # of an .ipynb file; an editor has its cells already
    report = analyze_cells(cells, "python")         # places count within the cells
    report = analyze_notebook(content)              # both in one

A notebook is run from the top, so its cells are analysed together, in their order: a function of one cell is known in
the next. Lines of magics (`%timeit`) and of the shell (`!pip`) are not code of the language; they count as empty lines,
and cells of another language (`%%bash`) as empty cells, so that every line stays where it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, cast

from foreload_analyzers.document import analyze
from foreload_analyzers.languages import BY_ID
from foreload_analyzers.report import Bottleneck, Evidence, Function, Loop, Report

LANGUAGE = "notebook"
SUFFIX = ".ipynb"
DEFAULT_LANGUAGE = "python"
MAX_NOTEBOOK_BYTES = 64 * 1024 * 1024  # its outputs may be large; they are not looked at
_SAME_LANGUAGE = frozenset(
    {"time", "timeit", "capture", "prun", "python", "python3", "pypy", "memit", "mprun", "lprun"}
)
_MAGIC = re.compile(r"^\s*(?:%|!|\?)|^\s*[\w.]+\?{1,2}\s*$")
_ASSIGNED_MAGIC = re.compile(r"^(\s*[\w, ]+=\s*)(?:%|!).*$")
_LINE_IN_TEXT = re.compile(r"\bline (\d+)")


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell: where it stands among all cells of the notebook, from 0, its text, and its own language if any."""

    index: int
    text: str
    language: str = ""


class Notebook(NamedTuple):
    """What is read of a notebook: the language of its kernel, its code cells, and what could not be read, in words."""

    language: str
    cells: tuple[Cell, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CellReport:
    """What is said of one cell: its place among all cells, and the functions that begin in it, by its own lines."""

    index: int
    functions: tuple[Function, ...] = ()


@dataclass(frozen=True, slots=True)
class NotebookReport:
    """What is said of a notebook.

    Attributes:
        report: of the whole; its functions' lines count through all code cells together, from 1.
        cells: the same functions by cells; a loop of the notebook itself is the function `<module>` of its cell.
    """

    report: Report
    cells: tuple[CellReport, ...] = ()


def read_cells(content: bytes) -> Notebook:
    """The code cells of a notebook in its file format (nbformat 3 and 4). What is no notebook is told in `problems`."""
    if len(content) > MAX_NOTEBOOK_BYTES:
        size, limit = len(content) / 1024 / 1024, MAX_NOTEBOOK_BYTES // 1024 // 1024
        return Notebook(
            DEFAULT_LANGUAGE, (), (f"the notebook has {size:.0f} MiB; those above {limit} MiB are not read",)
        )
    try:
        data: Any = json.loads(content.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as error:
        return Notebook(DEFAULT_LANGUAGE, (), (f"the notebook is not valid JSON: {_reason(error)}",))
    whole = _mapping(data)
    # Format 3 has sheets, of which all tools made one.
    sheets = _list(whole.get("worksheets"))
    held = _list(whole.get("cells")) or _list(_mapping(sheets[0] if sheets else None).get("cells"))
    if not held and not isinstance(whole.get("cells"), list):
        return Notebook(DEFAULT_LANGUAGE, (), ("the notebook has no list of cells",))
    cells: list[Cell] = []
    for index, item in enumerate(held):
        cell = _mapping(item)
        if cell.get("cell_type") == "code":
            own = _mapping(_mapping(cell.get("metadata")).get("vscode")).get("languageId")
            cells.append(Cell(index, _text(cell.get("source", cell.get("input"))), own if isinstance(own, str) else ""))
    return Notebook(_kernel_language(_mapping(whole.get("metadata"))), tuple(cells))


def analyze_cells(cells: Sequence[Cell], language: str = DEFAULT_LANGUAGE, path_hint: str = "") -> NotebookReport:
    """The report of a notebook's code cells.

    Args:
        cells: in their order.
        language: of the kernel; a language of the table, or another name that editors know it by.
        path_hint: where the notebook lies; only for telling what kind of program it is.
    """
    known = BY_ID.get(language)
    if known is None:
        problem = f"the notebook's language is {language!r}, which is not analysed"
        return NotebookReport(Report(LANGUAGE, problems=(problem,)))
    lines: list[str] = []
    starts: list[int] = []
    for cell in cells:
        starts.append(len(lines))
        foreign = cell.language not in ("", language, known.name)
        lines += plain_lines(cell.text, is_python=known.name == DEFAULT_LANGUAGE, foreign=foreign)
    source = "\n".join(lines).encode("utf-8", "replace") + b"\n"
    report = replace(analyze(source, known.name, path_hint or SUFFIX), language=LANGUAGE)
    return NotebookReport(report, _by_cells(report, cells, starts))


def analyze_notebook(content: bytes, path_hint: str = "") -> NotebookReport:
    """The report of a notebook in its file format."""
    read = read_cells(content)
    if read.problems:
        return NotebookReport(Report(LANGUAGE, problems=read.problems))
    return analyze_cells(read.cells, read.language, path_hint)


def plain_lines(text: str, *, is_python: bool = True, foreign: bool = False) -> list[str]:
    """The lines of a cell as code of its language; what is not is empty. There are as many as the cell has.

    Args:
        text: of the cell.
        is_python: the kernel knows magics and shell lines.
        foreign: the cell is in another language.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if foreign:
        return [""] * len(lines)
    if not is_python:
        return lines
    first = next((place for place, line in enumerate(lines) if line.strip()), 0)
    head = lines[first].lstrip() if lines else ""
    if head.startswith("%%"):
        words = head[2:].split(None, 1)
        if not words or words[0] not in _SAME_LANGUAGE:
            return [""] * len(lines)
    found: list[str] = []
    goes_on = False  # a shell line that ends in a backslash has another
    for line in lines:
        begins = not goes_on and _MAGIC.match(line) is not None and not line.lstrip().startswith("%(")
        # The body of `if x:` may be nothing but a magic.
        indent = line[: len(line) - len(line.lstrip())] if begins else ""
        if begins or goes_on:
            found.append(f"{indent}pass" if indent else "")
        else:
            found.append(_ASSIGNED_MAGIC.sub(r"\1None", line))
        goes_on = (begins or goes_on) and line.rstrip().endswith("\\")
    return found


def _by_cells(report: Report, cells: Sequence[Cell], starts: Sequence[int]) -> tuple[CellReport, ...]:
    ends = [*starts[1:], 1 << 60][: len(starts)]
    found: list[CellReport] = []
    for cell, start, end in zip(cells, starts, ends, strict=True):
        functions: list[Function] = []
        for function in report.functions:
            if start < function.line <= end and not function.name.startswith("<"):
                functions.append(_moved(function, start, start, end))
            elif function.name.startswith("<"):
                # Code outside functions lies in many cells: each gets its own loops.
                loops = tuple(loop for loop in function.loops if start < loop.line <= end)
                if loops:
                    part = replace(
                        function,
                        line=loops[0].line,
                        end_line=max(loop.end_line for loop in loops),
                        loops=loops,
                        hotness=min(1.0, round(sum(loop.hotness for loop in loops), 6)),
                    )
                    functions.append(_moved(part, start, start, end))
        functions.sort(key=lambda function: function.line)
        found.append(CellReport(cell.index, tuple(functions)))
    return tuple(found)


def _moved(function: Function, first: int, start: int, end: int) -> Function:
    """A function with lines that count within its cell; what points into other cells is left out."""
    return replace(
        function,
        line=function.line - first,
        end_line=max(function.line, min(function.end_line, end)) - first,
        loops=tuple(
            Loop(loop.line - first, min(loop.end_line, end) - first, loop.depth, loop.hotness)
            for loop in function.loops
        ),
        bottlenecks=tuple(
            Bottleneck(item.line - first, item.kind, item.message)
            for item in function.bottlenecks
            if start < item.line <= end
        ),
        evidence=tuple(
            Evidence(item.line - first, _LINE_IN_TEXT.sub(lambda found: f"line {int(found[1]) - first}", item.text))
            for item in function.evidence
            if start < item.line <= end
        ),
    )


def _kernel_language(metadata: Mapping[str, Any]) -> str:
    info, kernel = _mapping(metadata.get("language_info")), _mapping(metadata.get("kernelspec"))
    for given in (info.get("name"), kernel.get("language"), metadata.get("language")):
        if isinstance(given, str) and given:
            return "python" if given.lower() in ("ipython", "python3", "python2") else given.lower()
    return DEFAULT_LANGUAGE


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _text(source: Any) -> str:
    if isinstance(source, str):
        return source
    return "".join(part for part in _list(source) if isinstance(part, str))


def _reason(error: Exception) -> str:
    return str(error) or "it is nested too deeply"
