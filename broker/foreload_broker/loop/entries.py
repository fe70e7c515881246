"""What stands and what a tick brings as entries of the journal, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from foreload_core.decide import (
    Policy,
    State,
    canonical,
    environment_from_json,
    environment_to_json,
    tick_from_json,
    tick_to_json,
)
from foreload_core.plain import from_plain, to_plain
from foreload_core.types import Amounts, Decision, Placement, Tick

from foreload_broker.loop.standing import Adoption, EnvironmentDelta, FleetDelta, Standing
from foreload_broker.store.journal import FIRST_HASH, Entry, next_hash
from foreload_broker.store.tables import FLEET_STREAM

FLEET_PARTS = ("capacities", "prices", "settings", "tenancy")


def delta_entries(
    tick: int,
    fleet: FleetDelta,
    deltas: Mapping[str, EnvironmentDelta],
    decision: Decision,
    hashes: Mapping[str, bytes],
    policy: Policy,
) -> list[Entry]:
    """One tick's entries: the fleet's, and one for each environment that it brought something or decided something for.

    Args:
        tick: its number.
        fleet, deltas, decision: what it brought and came to.
        hashes: hash of each stream before it.
        policy: what decided; its version is journalled.
    """
    decided = {entry.environment_id: canonical(to_plain(entry)) for entry in decision.environments}
    payloads = {name: _environment_payload(delta) for name, delta in deltas.items()}
    payloads.update((name, "{}") for name in decided if name not in payloads)
    payloads[FLEET_STREAM] = _fleet_payload(fleet, policy)
    entries: list[Entry] = []
    for stream in sorted(payloads):
        payload, outcome = payloads[stream], decided.get(stream, "")
        chain_hash = next_hash(hashes.get(stream, FIRST_HASH), payload, outcome)
        entries.append(Entry(stream, tick, fleet.now, payload, outcome, chain_hash))
    return entries


def read_delta_entries(entries: Iterable[Entry]) -> tuple[FleetDelta, dict[str, EnvironmentDelta]]:
    """What `delta_entries` made entries of.

    Raises:
        ValueError: an entry is damaged; the message names its stream and tick.
    """
    fleet: FleetDelta | None = None
    deltas: dict[str, EnvironmentDelta] = {}
    for entry in entries:
        plain = _load(entry)
        if entry.stream == FLEET_STREAM:
            fleet = _read_fleet(plain, entry)
            continue
        adoption = plain.get("adoption")
        deltas[entry.stream] = EnvironmentDelta(
            tick=tick_from_json(plain["tick"]) if "tick" in plain else Tick(entry.at),
            allowed=plain.get("allowed"),
            gone=plain.get("gone", False),
            adoption=None if adoption is None else from_plain(Adoption, adoption, "adoption"),
            reset=plain.get("reset", False),
        )
    if fleet is None:
        raise ValueError(
            "a tick of the journal has lost the entry of the fleet; a snapshot after it can be replayed from"
        )
    return fleet, deltas


def snapshot_entries(standing: Standing, fleet: FleetDelta, hashes: Mapping[str, bytes]) -> list[Entry]:
    """All that stands, one entry a stream."""
    world = Tick(
        fleet.now,
        capacities=standing.capacities,
        prices=standing.prices,
        settings=standing.settings,
        tenancy=standing.tenancy,
    )
    payloads = {FLEET_STREAM: canonical({"world": tick_to_json(world)})}
    for name in sorted({*standing.state.environments, *standing.placements, *standing.allowed}):
        plain: dict[str, Any] = {"allowed": name in standing.allowed}
        if name in standing.placements:
            plain["placement"] = to_plain(standing.placements[name])
        if name in standing.state.environments:
            plain["state"] = environment_to_json(standing.state.environments[name])
        payloads[name] = canonical(plain)
    return [
        Entry(stream, standing.tick, fleet.now, payload, "", hashes.get(stream, FIRST_HASH))
        for stream, payload in payloads.items()
    ]


def read_snapshot_entries(entries: Sequence[Entry]) -> Standing:
    """What `snapshot_entries` made entries of.

    Raises:
        ValueError: an entry is damaged; the message names its stream and tick.
    """
    standing = Standing()
    environments, placements, allowed = {}, dict[str, Placement](), set[str]()
    for entry in entries:
        plain = _load(entry)
        standing = replace(standing, tick=entry.tick)
        if entry.stream == FLEET_STREAM:
            world = tick_from_json(plain["world"])
            standing = replace(
                standing,
                capacities=world.capacities,
                prices=world.prices,
                settings=world.settings,
                tenancy=world.tenancy,
            )
            continue
        if "state" in plain:
            environments[entry.stream] = environment_from_json(plain["state"])
        if "placement" in plain:
            placements[entry.stream] = from_plain(Placement, plain["placement"], "placement")
        if plain.get("allowed"):
            allowed.add(entry.stream)
    return replace(standing, state=State(environments), placements=placements, allowed=frozenset(allowed))


def _environment_payload(delta: EnvironmentDelta) -> str:
    plain: dict[str, Any] = {"tick": tick_to_json(delta.tick)}
    if delta.allowed is not None:
        plain["allowed"] = delta.allowed
    if delta.gone:
        plain["gone"] = True
    if delta.adoption is not None:
        plain["adoption"] = to_plain(delta.adoption)
    if delta.reset:
        plain["reset"] = True
    return canonical(plain)


def _fleet_payload(fleet: FleetDelta, policy: Policy) -> str:
    plain: dict[str, Any] = {"now": to_plain(fleet.now), "policy": policy.version}
    for name in FLEET_PARTS:
        value = getattr(fleet, name)
        if value is not None:
            plain[name] = to_plain(value)
    return canonical(plain)


def _read_fleet(plain: Mapping[str, Any], entry: Entry) -> FleetDelta:
    # Each part is read through a tick: the one class that has all of them as its fields.
    whole = tick_from_json({name: plain[name] for name in ("now", *FLEET_PARTS) if name in plain})
    capacities: Mapping[str, Amounts] | None = whole.capacities if "capacities" in plain else None
    return FleetDelta(
        now=entry.at,
        capacities=capacities,
        prices=whole.prices if "prices" in plain else None,
        settings=whole.settings if "settings" in plain else None,
        tenancy=whole.tenancy if "tenancy" in plain else None,
    )


def _load(entry: Entry) -> dict[str, Any]:
    try:
        plain = json.loads(entry.payload)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"journal entry {entry.stream or 'of the fleet'}, tick {entry.tick}, is damaged: {error}"
        ) from error
    return plain
