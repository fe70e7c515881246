"""The ledger's page: what left, by which permission, when something was allowed or taken back, and all of it as CSV."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from foreload_core.units import format_time

from foreload_daemon.consent import ANY_SHARING, CALLS, REVOKING, STREAM_KINDS
from foreload_daemon.history import choices, ledger
from foreload_daemon.history.choices import NO_CHOICE, Choice
from foreload_daemon.history.ledger import Entry
from foreload_daemon.protocol import Ledger, LedgerChoice, LedgerHour, LedgerRow

SWITCHES = {"": "", "automaticScaling": "automatic_scaling", "shareFeatures": "share_features"}
"""Names of the query's switches, as the gate has them; empty: all."""
WORDS = {
    "analysis": "Read open code",
    "share_features": "Kind of code",
    "automatic_scaling": "Automatic scaling",
    "cohort_history": "Similar environments",
}
WEEK_HOURS = 7 * 24
EVERYTHING = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Confirmations:
    """What the broker said: the last answer is confirmed; a deletion is to come; when and how much it deleted."""

    answer: bool
    purge_pending: bool
    last_purge: tuple[float, int] | None


def ledger_page(
    connection: sqlite3.Connection,
    environment: str,
    now: datetime,
    switch: str,
    limit: int,
    confirmations: Confirmations,
) -> Ledger:
    """The page.

    Args:
        connection: the history.
        environment: its name.
        now: UTC.
        switch: a key of SWITCHES.
        limit: most rows.
        confirmations: of the broker.
    """
    kinds = _kinds(SWITCHES[switch])
    entries = ledger.newest(connection, limit, kinds)
    total, total_bytes = ledger.totals(connection)
    counts = ledger.by_kind(connection, 0.0)
    deleted_at = confirmations.last_purge[0] if confirmations.last_purge else 0.0
    durable = {words for _, words in STREAM_KINDS.values()}
    held = [(kind, count) for kind, count in ledger.by_kind(connection, deleted_at).items() if kind in durable]
    return Ledger(
        environment=environment,
        rows=[_row(entry) for entry in entries],
        shown=sum(counts.get(kind, 0) for kind in kinds) if kinds else total,
        total=total,
        totalBytes=total_bytes,
        since=ledger.first_at(connection),
        hours=_hours(connection, now),
        sent=[(kind, f"{count:,} {'message' if count == 1 else 'messages'}") for kind, count in held],
        choices=_choices(choices.all_of(connection), confirmations, now),
    )


def csv_text(connection: sqlite3.Connection) -> str:
    """Every message that is kept, oldest first: time, what, by which permission, bytes, and its fields as JSON."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["time", "what", "allowed_by", "bytes", "fields"])
    for entry in reversed(ledger.newest(connection, EVERYTHING)):
        at = format_time(datetime.fromtimestamp(entry.at_seconds, UTC))
        fields = json.dumps(dict(entry.fields), ensure_ascii=False, sort_keys=True)
        writer.writerow([at, entry.kind, _allowed_by(entry.kind), entry.bytes, fields])
    return out.getvalue()


def _kinds(switch: str) -> list[str]:
    every = [*STREAM_KINDS.values(), *CALLS.values()]
    return [words for needs, words in every if needs == switch] if switch else []


def _allowed_by(kind: str) -> str:
    for switch, words in (*STREAM_KINDS.values(), *CALLS.values()):
        if words == kind:
            return {ANY_SHARING: "any that sends", REVOKING: "your answer itself"}.get(
                switch, WORDS.get(switch, switch).lower()
            )
    return ""


def _row(entry: Entry) -> LedgerRow:
    fields = [(name, _value(value)) for name, value in entry.fields.items()]
    return LedgerRow(entry.at_seconds, entry.kind, _allowed_by(entry.kind), entry.bytes, fields)


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _hours(connection: sqlite3.Connection, now: datetime) -> list[LedgerHour]:
    last = int(now.timestamp()) // 3600 * 3600
    first = last - (WEEK_HOURS - 1) * 3600
    sizes = ledger.by_hour(connection, first)
    return [LedgerHour(float(hour), sizes.get(hour, 0)) for hour in range(first, last + 1, 3600)]


def _choices(found: Sequence[Choice], confirmations: Confirmations, now: datetime) -> list[LedgerChoice]:
    said: list[LedgerChoice] = []
    for place, choice in enumerate(found):
        before = found[place + 1] if place + 1 < len(found) else NO_CHOICE
        words = _change_words(before, choice)
        said.append(LedgerChoice(choice.at_seconds, words, _confirmed(place, confirmations)))
    if confirmations.last_purge is not None:
        at, count = confirmations.last_purge
        text = f"broker confirmed: {count:,} rows deleted" if count else "broker confirmed: it held nothing"
        said.append(LedgerChoice(at, "Everything deleted at the broker", text))
    elif confirmations.purge_pending:
        said.append(
            LedgerChoice(now.timestamp(), "Everything to be deleted at the broker", "asked as soon as it answers")
        )
    return sorted(said, key=lambda each: -each.at)


def _change_words(before: Choice, after: Choice) -> str:
    allowed = [text for name, text in WORDS.items() if getattr(after, name) and not getattr(before, name)]
    taken = [text for name, text in WORDS.items() if getattr(before, name) and not getattr(after, name)]
    parts: list[str] = []
    if allowed:
        parts.append(f"{_listed(allowed)} allowed, text {after.text_version}")
    if taken:
        parts.append(f"{_listed(taken)} taken back")
    return "; ".join(parts) or f"Answered again, text {after.text_version}: nothing changed"


def _listed(names: Sequence[str]) -> str:
    quoted = [f"“{name}”" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _confirmed(place: int, confirmations: Confirmations) -> str:
    if place > 0:
        return ""
    return "broker confirmed" if confirmations.answer else "the broker hears of it when it is reached"
