"""The text of `perf script`: one block a sample, the running function first."""

from __future__ import annotations

import re

from foreload_cli.analysis.profiles.measured import BadProfile, Frame, Measured

_HEAD = re.compile(r"^\S.*?\s\d+(?:/\d+)?\s+(?:\[\d+\]\s+)?[\d.]+:\s+(?:(?P<period>\d+)\s+)?(?P<event>[\w/:.=,-]+):")
_CALL = re.compile(r"^\s+[0-9a-f]+\s+(?P<symbol>.+?)(?:\+0x[0-9a-f]+)?\s+\((?P<object>[^()]*|\([^()]*\))\)\s*$")
_SHORT = re.compile(
    r"^\S.*?\s[\d.]+:\s+(?:(?P<period>\d+)\s+)?\S+:\s+[0-9a-f]+\s+(?P<symbol>.+?)(?:\+0x[0-9a-f]+)?\s+\("
)
_PYTHON = re.compile(r"^py::(?P<name>.*):(?P<file>[^:]*)$")


def looks_like_perf(text: str) -> bool:
    """Whether one of the first lines begins a sample of perf."""
    lines = [line for line in text.splitlines()[:200] if not line.startswith("#")]
    return any(_HEAD.match(line) for line in lines)


def read_perf(text: str) -> Measured:
    """The events of each stack; Python's own functions are known by their files where it ran with `-X perf`.

    Raises:
        BadProfile: there are samples, but none with a function.
    """
    measured = Measured("perf", "events")
    frames: list[Frame] = []
    weight = 0.0
    for line in text.splitlines():
        head = None if line[:1].isspace() else _HEAD.match(line)
        if head is not None:
            _close(measured, frames, weight)
            weight = float(head["period"] or 1)
            short = _SHORT.match(line)
            frames = [] if short is None else [_frame(short["symbol"])]
        elif (call := _CALL.match(line)) is not None:
            frames.append(_frame(call["symbol"]))
    _close(measured, frames, weight)
    if not measured.stacks:
        raise BadProfile("the samples of perf name no function; record with perf record -g and print with perf script")
    return measured


def _close(measured: Measured, frames: list[Frame], weight: float) -> None:
    if frames:
        measured.add(tuple(frames), weight)


def _frame(symbol: str) -> Frame:
    python = _PYTHON.match(symbol)
    return Frame(symbol) if python is None else Frame(python["name"], python["file"])
