"""Going through a journal again: a restart, a bug report and a backtest of what was decided are the same thing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from foreload_core.decide import DEFAULT_POLICY, Policy, canonical
from foreload_core.plain import to_plain
from foreload_core.types import Decision
from sqlalchemy import Connection

from foreload_broker.loop.entries import read_delta_entries, read_snapshot_entries
from foreload_broker.loop.standing import Standing, advance
from foreload_broker.store.journal import (
    FIRST_HASH,
    Entry,
    last_snapshot_tick,
    next_hash,
    read_deltas,
    read_snapshot,
)


@dataclass(frozen=True, slots=True)
class Replayed:
    """One tick gone through again.

    Attributes:
        standing: what stands after it.
        decision: what it comes to now.
        hashes: hash of each stream after it, as journalled.
        differences: what is not as it was journalled, one sentence each; empty when all is.
    """

    standing: Standing
    decision: Decision
    hashes: Mapping[str, bytes]
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Journal:
    """A journal as read: the last snapshot, and one list of entries a tick after it."""

    snapshot: Sequence[Entry]
    ticks: Iterable[Sequence[Entry]]


def read_journal(connection: Connection) -> Journal:
    """The journal from its last snapshot on; its ticks are read while they are gone through."""
    tick = last_snapshot_tick(connection)
    snapshot = [] if tick is None else read_snapshot(connection, tick)
    return Journal(snapshot, read_deltas(connection, 0 if tick is None else tick))


def replay(journal: Journal, policy: Policy = DEFAULT_POLICY) -> Iterator[Replayed]:
    """Goes through a journal again, tick by tick; the first result is the snapshot itself.

    Args:
        journal: what `read_journal` read.
        policy: the steps to decide by.

    Raises:
        ValueError: an entry is damaged.
    """
    standing = read_snapshot_entries(journal.snapshot)
    hashes = {entry.stream: entry.chain_hash for entry in journal.snapshot}
    first = standing.tick and Replayed(standing, Decision(journal.snapshot[0].at), dict(hashes))
    if first:
        yield first
    for entries in journal.ticks:
        fleet, deltas = read_delta_entries(entries)
        standing, decision = advance(standing, fleet, deltas, policy)
        differences = _differences(entries, decision, hashes)
        hashes.update((entry.stream, entry.chain_hash) for entry in entries)
        yield Replayed(standing, decision, dict(hashes), differences)


def _differences(entries: Sequence[Entry], decision: Decision, hashes: Mapping[str, bytes]) -> tuple[str, ...]:
    decided = {entry.environment_id: canonical(to_plain(entry)) for entry in decision.environments}
    found: list[str] = []
    for entry in entries:
        whose = f"tick {entry.tick}, {entry.stream or 'fleet'}"
        if next_hash(hashes.get(entry.stream, FIRST_HASH), entry.payload, entry.decision) != entry.chain_hash:
            found.append(f"{whose}: the entry is not the one that was written")
        if decided.pop(entry.stream, "") != entry.decision:
            found.append(f"{whose}: decided otherwise than journalled")
    found += [f"tick {entries[0].tick}, {name}: decided, where nothing was journalled" for name in sorted(decided)]
    return tuple(found)
