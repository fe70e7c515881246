"""Finds the analysed function that a profile's stack spent its time in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePath

from foreload_analyzers.report import Function, Report

from foreload_cli.analysis.profiles import Frame
from foreload_cli.analysis.profiles.measured import Stack

MODULE = "<module>"
Found = tuple[int, int]
"""An analysed function: the place of its file, and its own place in the report."""

_TEMPLATE = re.compile(r"<[^<>]*>")
_ARGUMENTS = re.compile(r"\([^()]*\)")
_RUST_HASH = re.compile(r"::h[0-9a-f]{16}$")
_CLOSURE = re.compile(r"(::\{+closure[^}]*\}+|\.func\d+(\.\d+)*)+$")
_RUST_IMPL = re.compile(r"^<(?P<kind>[^<>]+?) as [^>]+>")
_GO_RECEIVER = re.compile(r"\(\*?(\w+)\)")


class Matcher:
    """Matches the functions of a profile with those of the analysed files.

    Args:
        files: path and report of each file.
    """

    def __init__(self, files: Sequence[tuple[str, Report]]) -> None:
        self._files = files
        self._by_name: dict[str, list[int]] = {}
        self._functions: dict[str, list[Found]] = {}
        self._parts = [PurePath(Path(path).resolve()).parts for path, _ in files]
        for place, (_, report) in enumerate(files):
            self._by_name.setdefault(self._parts[place][-1], []).append(place)
            for index, function in enumerate(report.functions):
                self._functions.setdefault(_last(function.name), []).append((place, index))

    def find(self, stack: Stack) -> Found | None:
        """The function that the time belongs to: the innermost analysed one, if nothing with a source is inside it."""
        for frame in stack:
            if frame.file:
                place = self._file(frame.file)
                if place is not None:
                    return self._in_file(place, frame)
                if frame.has_source:
                    return None
            else:
                found = self._by_symbol(frame.name)
                if found is not None:
                    return found
        return None

    def _file(self, file: str) -> int | None:
        """The one analysed file that a profile's path can mean: paths may be shortened at the front."""
        parts = PurePath(file).parts
        fitting = [
            place
            for place in self._by_name.get(parts[-1] if parts else "", ())
            if self._parts[place][-len(parts) :] == parts or parts[-len(self._parts[place]) :] == self._parts[place]
        ]
        return fitting[0] if len(fitting) == 1 else None

    def _in_file(self, place: int, frame: Frame) -> Found | None:
        functions = self._files[place][1].functions
        name = _last(frame.name)
        if name == MODULE:
            return _found(place, [index for index, each in enumerate(functions) if each.name == MODULE])
        around = [index for index, each in enumerate(functions) if _holds(each, frame.line)]
        inner = min(around, key=lambda index: functions[index].end_line - functions[index].line, default=None)
        if inner is not None and (name.startswith("<") or _last(functions[inner].name) == name):
            return place, inner
        named = [index for index, each in enumerate(functions) if _last(each.name) == name]
        if frame.line:
            # A decorated function begins at its first decorator for the profiler.
            later = [index for index in named if functions[index].line >= frame.line]
            named = later[:1] or named
        return _found(place, named) or (None if inner is None else (place, inner))

    def _by_symbol(self, symbol: str) -> Found | None:
        """A function of compiled code, known by its symbol alone: only where one function has this name."""
        path = symbol_path(symbol)
        found = self._functions.get(path[-1], []) if path else []
        if len(found) > 1 and len(path) > 1:
            found = [each for each in found if self._name(each).endswith(f"{path[-2]}.{path[-1]}")]
        return found[0] if len(found) == 1 else None

    def _name(self, found: Found) -> str:
        return self._files[found[0]][1].functions[found[1]].name


def symbol_path(symbol: str) -> list[str]:
    """The parts of a symbol's name, outermost first, without arguments, templates and what compilers add."""
    text = _RUST_HASH.sub("", symbol.replace("(anonymous namespace)::", ""))
    text = _RUST_IMPL.sub(lambda found: found["kind"], text)
    text = _CLOSURE.sub("", text)
    text = _GO_RECEIVER.sub(r"\1", text) if re.search(r"\.\(\*?\w+\)\.", text) else text
    for pattern in (_TEMPLATE, _ARGUMENTS):
        while (shorter := pattern.sub("", text)) != text:
            text = shorter
    text = text.removesuffix(" const").strip().rsplit(" ", 1)[-1]  # a template's symbol begins with its return type
    return [part for part in re.split(r"::|[./;$]", text) if part]


def _last(name: str) -> str:
    return name.rsplit(".", 1)[-1]


def _holds(function: Function, line: int) -> bool:
    return function.name != MODULE and function.line <= line <= function.end_line


def _found(place: int, indexes: Sequence[int]) -> Found | None:
    return (place, indexes[0]) if indexes else None
