"""Profiles in the JSON format of speedscope, sampled or as events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from foreload_cli.analysis.profiles.measured import BadProfile, Frame, Measured


def read_speedscope(content: Any) -> Measured:
    """The time of each stack over all threads.

    Raises:
        BadProfile: it is JSON of another kind, or not whole.
    """
    if not isinstance(content, dict) or "profiles" not in content or "shared" not in content:
        kind = "Chrome's traces" if isinstance(content, dict) and "traceEvents" in content else "this kind of JSON"
        raise BadProfile(f"{kind} is not read; allowed is py-spy record --format speedscope")
    measured = Measured("speedscope", "samples")
    try:
        frames = [
            Frame(str(each["name"]), str(each.get("file") or ""), int(each.get("line") or 0))
            for each in content["shared"]["frames"]
        ]
        for profile in content["profiles"]:
            if profile["unit"] != "none":
                measured.unit = str(profile["unit"])
            if profile["type"] == "sampled":
                _add_samples(measured, frames, profile)
            elif profile["type"] == "evented":
                _add_events(measured, frames, profile)
            else:
                raise BadProfile(f"a profile of type {profile['type']!r}; allowed are sampled and evented")
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise BadProfile(f"the JSON of speedscope is not whole ({type(error).__name__}: {error})") from error
    return measured


def _add_samples(measured: Measured, frames: Sequence[Frame], profile: dict[str, Any]) -> None:
    samples: list[list[int]] = profile["samples"]
    for sample, weight in zip(samples, profile["weights"], strict=True):
        measured.add(tuple(frames[index] for index in reversed(sample)), float(weight))


def _add_events(measured: Measured, frames: Sequence[Frame], profile: dict[str, Any]) -> None:
    """Events open (`O`) and close (`C`) functions; the time between two belongs to the innermost open one."""
    stack: list[Frame] = []
    before = float(profile["startValue"])
    for event in profile["events"]:
        now = float(event["at"])
        if stack and now > before:
            measured.add(tuple(reversed(stack)), now - before)
        before = now
        if event["type"] == "O":
            stack.append(frames[event["frame"]])
        else:
            stack.pop()
