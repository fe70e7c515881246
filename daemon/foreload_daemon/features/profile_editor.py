"""The profile's editor: its page, its changes, what was seen in the history, and what each preference would cost."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from foreload_core.types import Amounts, Sample
from foreload_core.units import GIB

from foreload_daemon.daemon import Daemon
from foreload_daemon.history import notes, samples
from foreload_daemon.pages import cost
from foreload_daemon.protocol import (
    CHANGE_PROFILE,
    DECLINE_PATTERN,
    GET_PATTERNS,
    GET_PROFILE,
    GET_STOPS,
    Outcome,
    Pattern,
    Patterns,
    ProfileChange,
    ProfileChanged,
    ProfileDraft,
    ProfilePage,
    Stops,
)
from foreload_daemon.server import ForeloadServer

if TYPE_CHECKING:
    import sqlite3

    from foreload_daemon.pages.profile.patterns import WeekOfUse

DECLINED_NOTE = "patterns_declined"
MOST_DECLINED = 200
PAST = timedelta(days=28)
STEP_SECONDS = 300
LEAST_PAST_SECONDS = 86400.0
NO_STOPS = Stops([], "Cost and risk are worked out anew.")
FLOOR = Amounts(1.0, 2 * GIB)
"""What an agent keeps for the editor where nothing else is said."""


def set_up(server: ForeloadServer, daemon: Daemon) -> None:
    """Registers the requests."""
    simulations = Simulations(daemon)

    @server.request(GET_PROFILE, ProfileDraft)
    async def get_profile(draft: ProfileDraft, _caller: str) -> ProfilePage:
        from foreload_daemon.pages.profile.page import profile_page
        from foreload_daemon.pages.profile.reading import read_half

        zone = read_half(draft.text).zone
        use, spent_text, declined = await daemon.services.database.run(_known, daemon, zone)
        return profile_page(draft.text, daemon.environment, daemon.clock.now(), use, spent_text, declined)

    @server.request(CHANGE_PROFILE, ProfileChange, local=True)
    async def change_profile(change: ProfileChange, _caller: str) -> ProfileChanged:
        from foreload_daemon.pages.profile.changes import changed

        return changed(change)

    @server.request(GET_PATTERNS, ProfileDraft)
    async def get_patterns(draft: ProfileDraft, _caller: str) -> Patterns:
        from foreload_daemon.pages.profile.page import open_patterns
        from foreload_daemon.pages.profile.patterns import week_start
        from foreload_daemon.pages.profile.reading import read_half

        half = read_half(draft.text)
        use, _, declined = await daemon.services.database.run(_known, daemon, half.zone)
        found = open_patterns(half, use, week_start(daemon.clock.now(), half.zone), declined)
        if found:
            return Patterns(found, "")
        days = f"{use.days:.0f} {'day was' if round(use.days) == 1 else 'days were'}"
        return Patterns([], f"No time needs clearly more week after week; {days} measured in the last 4 weeks.")

    @server.request(DECLINE_PATTERN, Pattern)
    async def decline_pattern(pattern: Pattern, _caller: str) -> Outcome:
        await daemon.services.database.run(_decline, pattern.key)
        return Outcome(True, "It is not asked again.")

    @server.request(GET_STOPS, ProfileDraft)
    async def get_stops(draft: ProfileDraft, _caller: str) -> Stops:
        return await simulations.of(draft.text)


class Simulations:
    """One simulation at a time: a newer text ends that of the text before. The last result is kept."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._key = ""
        self._task: asyncio.Task[Stops] | None = None

    async def of(self, text: str) -> Stops:
        """The stops of a text; of one that was replaced meanwhile, none."""
        key = _simulated_alike(text) + self._daemon.clock.now().date().isoformat()
        if key != self._key or self._task is None:
            if self._task is not None:
                self._task.cancel()
            self._key = key
            self._task = asyncio.get_running_loop().create_task(_stops(self._daemon, text))
        task = self._task
        await asyncio.wait([task])
        return NO_STOPS if task.cancelled() else task.result()


def _known(connection: sqlite3.Connection, daemon: Daemon, zone: str) -> tuple[WeekOfUse, str, list[str]]:
    from foreload_daemon.pages.profile.patterns import week_of_use

    now = daemon.clock.now()
    rows = samples.read(connection, samples.QUARTER_SECONDS, (now - PAST).timestamp(), now.timestamp())
    month = [row for row in rows if row.start_seconds >= cost.month_start(now).timestamp()]
    spent = cost.spent(month, daemon.capacity(), daemon.prices())
    return week_of_use(rows, zone), f"about {cost.money(spent.usd)} spent", _declined(connection)


def _declined(connection: sqlite3.Connection) -> list[str]:
    return json.loads(notes.read(connection, DECLINED_NOTE, "[]"))


def _decline(connection: sqlite3.Connection, key: str) -> None:
    keys = [*_declined(connection), key][-MOST_DECLINED:]
    notes.write(connection, DECLINED_NOTE, json.dumps(keys))


def _simulated_alike(text: str) -> str:
    """The same for texts that differ in what the simulation does not look at: the preference itself, above all."""
    from foreload_core.profile import parse_profile

    profile, problems = parse_profile(text)
    return repr(replace(profile, preference_ratio=0.5, name="") if profile is not None else problems)


async def _stops(daemon: Daemon, text: str) -> Stops:
    from foreload_core.profile import expand, parse_profile

    from foreload_daemon.pages.profile.preference import StopsRequest, stops

    now = daemon.clock.now()
    demand = await daemon.services.database.run(_demand, now)
    measured = sum(sample.interval_seconds for sample in demand)
    if measured < LEAST_PAST_SECONDS:
        return Stops([], "Cost and risk are worked out from your own use; that takes a day of it.")
    profile, _ = parse_profile(text)
    if profile is None:
        return Stops([], "Cost and risk are worked out again when the profile is right.")
    numbers = expand(profile, demand[0].start, now)
    capacity = daemon.capacity()
    made = await stops(
        StopsRequest(
            demand=demand,
            capacity=capacity,
            floor=_within(FLOOR, capacity),
            initial=_within(Amounts(2.0, 4 * GIB), capacity),
            profile=replace(numbers, budget_usd_per_month=None),
            prices=daemon.prices(),
        )
    )
    if made is None:
        return Stops([], "Cost and risk could not be worked out; the log says why.")
    days = round(measured / 86400)
    return Stops(made, f"Worked out from your own last {days} {'day' if days == 1 else 'days'}, this profile included.")


def _demand(connection: sqlite3.Connection, now: datetime) -> tuple[Sample, ...]:
    """The past in steps; a step that was not measured is left out, and the time closes over it."""
    rows = samples.read(connection, samples.QUARTER_SECONDS, (now - PAST).timestamp(), now.timestamp())
    fine = samples.read(connection, samples.MINUTE_SECONDS, (now - PAST).timestamp(), now.timestamp())
    first_fine = fine[0].start_seconds if fine else int(now.timestamp())
    steps: dict[int, list[samples.Row]] = {}
    for row in [*(row for row in rows if row.start_seconds + samples.QUARTER_SECONDS <= first_fine), *fine]:
        steps.setdefault(row.start_seconds // STEP_SECONDS * STEP_SECONDS, []).append(row)
    found: list[Sample] = []
    for start, group in sorted(steps.items()):
        cores = [row.used.cpu_cores for row in group if row.used.cpu_cores is not None]
        memory = [row.used.memory_bytes for row in group if row.used.memory_bytes is not None]
        if not cores or not memory:
            continue
        used = Amounts(sum(cores) / len(cores), max(memory))
        repeats = samples.QUARTER_SECONDS // STEP_SECONDS if start < first_fine else 1
        for place in range(repeats):
            moment = datetime.fromtimestamp(start + place * STEP_SECONDS, UTC)
            found.append(Sample(moment, float(STEP_SECONDS), used, Amounts(), 0.0, 0))
    return tuple(found)


def _within(wanted: Amounts, capacity: Amounts) -> Amounts:
    cores, memory = capacity.cpu_cores or 0.0, capacity.memory_bytes or 0
    return Amounts(min(wanted.cpu_cores or 0.0, cores), min(wanted.memory_bytes or 0, memory))
