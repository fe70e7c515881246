"""What the developer allowed, each answer kept as one row, the last one valid."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to the permission page. `revision` grows with each; 0: never answered."""

    revision: int = 0
    at_seconds: float = 0.0
    text_version: int = 0
    analysis: bool = False
    share_features: bool = False
    automatic_scaling: bool = False
    cohort_history: bool = False


NO_CHOICE = Choice()


def latest(connection: sqlite3.Connection) -> Choice:
    """The valid answer; all off where none was ever given."""
    row = connection.execute("SELECT * FROM consent ORDER BY revision DESC LIMIT 1").fetchone()
    if row is None:
        return NO_CHOICE
    switches = {name: bool(row[name]) for name in ("analysis", "share_features", "automatic_scaling", "cohort_history")}
    return Choice(row["revision"], row["at_seconds"], row["text_version"], **switches)


def all_of(connection: sqlite3.Connection, limit: int = 50) -> list[Choice]:
    """The last answers, newest first."""
    switches = ("analysis", "share_features", "automatic_scaling", "cohort_history")
    rows = connection.execute("SELECT * FROM consent ORDER BY revision DESC LIMIT ?", (limit,))
    return [
        Choice(row["revision"], row["at_seconds"], row["text_version"], **{name: bool(row[name]) for name in switches})
        for row in rows
    ]


def put(connection: sqlite3.Connection, choice: Choice) -> Choice:
    """Keeps an answer. Returns it with its revision."""
    cursor = connection.execute(
        "INSERT INTO consent (at_seconds, text_version, analysis, share_features, automatic_scaling, cohort_history) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            choice.at_seconds,
            choice.text_version,
            choice.analysis,
            choice.share_features,
            choice.automatic_scaling,
            choice.cohort_history,
        ),
    )
    return Choice(
        int(cursor.lastrowid or 0),
        choice.at_seconds,
        choice.text_version,
        choice.analysis,
        choice.share_features,
        choice.automatic_scaling,
        choice.cohort_history,
    )
