"""Who may speak unasked, and how often: one notice a day, none twice after "don't show again". Time comes in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

DAY_SECONDS = 86400.0
AT_MOST_A_DAY = 1


class Verdict(StrEnum):
    """What becomes of a notice."""

    SHOW = "show"
    MUTED = "muted"
    ONE_IS_OPEN = "one is open"
    ENOUGH_TODAY = "enough today"


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said before; kept over restarts.

    Attributes:
        shown_at: key -> when it was last shown, seconds since 1970; those older than a day are forgotten.
        muted: keys that a person does not want to see again, without the part that names one occurrence.
        open_key: the notice that waits for an answer; empty: none.
    """

    shown_at: Mapping[str, float] = field(default_factory=dict[str, float])
    muted: frozenset[str] = frozenset()
    open_key: str = ""


def decide(spoken: Spoken, key: str, now: datetime) -> tuple[Spoken, Verdict]:
    """Whether a notice may be shown now.

    Args:
        spoken: what was said before.
        key: `kind` or `kind:occurrence`.
        now: UTC. A clock that went back does not let anything through: what lies ahead counts as said now.
    """
    seconds = now.timestamp()
    recent = {each: at for each, at in spoken.shown_at.items() if seconds - at < DAY_SECONDS}
    spoken = replace(spoken, shown_at=recent)
    if kind_of(key) in spoken.muted:
        return spoken, Verdict.MUTED
    if spoken.open_key and spoken.open_key in recent:
        return spoken, Verdict.ONE_IS_OPEN
    if len(recent) >= AT_MOST_A_DAY:
        return spoken, Verdict.ENOUGH_TODAY
    return replace(spoken, shown_at={**recent, key: seconds}, open_key=key), Verdict.SHOW


def answered(spoken: Spoken, key: str, answer: str) -> Spoken:
    """A person has answered, or the notice has gone away."""
    muted = spoken.muted | {kind_of(key)} if answer == "mute" else spoken.muted
    return replace(spoken, muted=muted, open_key="" if spoken.open_key == key else spoken.open_key)


def kind_of(key: str) -> str:
    """What a notice is about, without the occurrence."""
    return key.partition(":")[0]
