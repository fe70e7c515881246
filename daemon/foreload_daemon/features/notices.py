"""What a person is told unasked: memory that will be full, and what the system ended for want of it."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from foreload_core.types import Sample
from foreload_core.units import GIB, gib_text, memory_text

from foreload_daemon.daemon import Daemon
from foreload_daemon.history import notes
from foreload_daemon.pages.announcer import Spoken, Verdict, answered, decide
from foreload_daemon.pages.moments import clock_text
from foreload_daemon.pages.situation import Killed
from foreload_daemon.protocol import (
    ANSWER_NOTICE,
    GET_HOLDERS,
    NOTICE,
    Announce,
    Holder,
    Holders,
    Notice,
    NoticeAnswer,
    Outcome,
)
from foreload_daemon.server import EDITOR, ForeloadServer
from foreload_daemon.wire import BadMessage, Nothing

if TYPE_CHECKING:
    import sqlite3

    from foreload_daemon.holders import Held

_LOG = logging.getLogger(__name__)

SPOKEN_NOTE = "spoken"
WATCH_FROM_RATIO = 0.75
"""From this part of the limit on it is remembered who holds the memory, so that it can be said who was ended."""
MORE_RATIO = 1.25
STEP_BYTES = GIB // 2
RAISE_MINUTES = 4 * 60
ANSWERS = ("leave", "raise", "holders", "mute", "keep")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a notice offers: memory to raise to, in bytes."""

    key: str
    memory_bytes: int


class NoticeBook:
    """Looks at each sample, and speaks where it must and may."""

    def __init__(self, daemon: Daemon, server: ForeloadServer) -> None:
        self._daemon, self._server = daemon, server
        self._held: list[Held] = []
        self._looked_at = 0.0
        self.wanted: Wanted | None = None

    def sampled(self, sample: Sample) -> None:
        """A new sample."""
        self._remember_holders(sample)
        if sample.oom_kills > 0:
            self._server.spawn("notices", self._killed(sample))
        elif self._daemon.warning is not None:
            self._server.spawn("notices", self._will_be_full())

    def _remember_holders(self, sample: Sample) -> None:
        used, limit = sample.used.memory_bytes, self._daemon.limit().memory_bytes
        now = self._daemon.clock.monotonic()
        if not used or not limit or used < limit * WATCH_FROM_RATIO or now - self._looked_at < 1.0:
            return
        self._looked_at = now
        from foreload_daemon.holders import held_by

        self._held = held_by(self._daemon.services.sampler.cgroup)

    async def _killed(self, sample: Sample) -> None:
        from foreload_daemon.holders import held_by

        everyone = await asyncio.to_thread(held_by, self._daemon.services.sampler.cgroup, 10_000)
        alive = {each.process_id for each in everyone}
        gone = [each for each in self._held if each.process_id not in alive]
        self._held = []
        limit = sample.limit.memory_bytes or self._daemon.limit().memory_bytes or 0
        name = gone[0].name if gone else "a program"
        at = clock_text(self._daemon.clock.now())
        needed = self._more(limit)
        said = f"The system ended {name} at {at} for want of memory: {gib_text(limit)} GiB is the limit."
        held = f" It held {memory_text(gone[0].memory_bytes)}." if gone else ""
        text = f"{said}{held} About {memory_text(needed)} would have held."
        self._daemon.killed = Killed(text, self._daemon.clock.now(), needed if needed > limit else None)
        await self.offer(f"oom:{int(sample.start.timestamp())}", text, limit, needed)

    async def _will_be_full(self) -> None:
        from foreload_daemon.pages.gauge import note

        situation = self._daemon.situation()
        if situation.warning is None:
            return
        limit = situation.warning.limit_bytes
        await self.offer("memoryFull", note(situation, "warning"), limit, self._more(limit))

    def _more(self, limit: int) -> int:
        """What to raise to: a quarter more, in halves of a GiB, never above what can be had."""
        wanted = -(-int(limit * MORE_RATIO) // STEP_BYTES) * STEP_BYTES
        capacity = self._daemon.capacity().memory_bytes
        return min(wanted, capacity) if capacity else wanted

    async def offer(self, key: str, text: str, limit: int, needed: int) -> None:
        """Shows a notice where that may be; else the safe default holds, and the log says so."""
        self.wanted = Wanted(key, needed)
        verdict = await self._daemon.services.database.run(_ask, key, self._daemon)
        self._daemon.page_changed()
        if verdict is not Verdict.SHOW:
            _LOG.info("not shown (%s), so the limit stays: %s", verdict.value, text)
            return
        actions = [("leave", f"Leave it at {gib_text(limit)} GiB")]
        can_raise = needed > limit and self._daemon.services.link.connected
        if can_raise and self._daemon.services.gate.effective.automatic_scaling:
            actions.append(("raise", f"Raise to {gib_text(needed)} GiB"))
        actions.append(("holders", "Show what uses it"))
        detail = f"Without an answer {gib_text(limit)} GiB stay."
        self._daemon.push(self._window(), NOTICE, Notice(key, key.partition(":")[0], text, detail, actions))

    def _window(self) -> str:
        """The window that has the keyboard, else this one."""
        focused = [name for name, context in self._daemon.contexts.items() if context.focused]
        return focused[0] if focused else EDITOR


def set_up(server: ForeloadServer, daemon: Daemon) -> None:
    """Registers the requests, and watches where this window leads."""
    books: list[NoticeBook] = []

    async def lead() -> None:
        book = NoticeBook(daemon, server)
        books[:] = [book]
        daemon.services.sampler.on_sample.append(book.sampled)

    daemon.on_lead.append(lead)

    @server.request(ANSWER_NOTICE, NoticeAnswer)
    async def answer_notice(message: NoticeAnswer, _caller: str) -> Outcome:
        if message.answer not in ANSWERS:
            raise BadMessage(f"NoticeAnswer.answer is {message.answer!r}; allowed are {', '.join(ANSWERS)}")
        await daemon.services.database.run(_answered, message)
        if message.answer == "keep":
            from foreload_daemon.features.task_notices import keep

            return await keep(daemon, message.key)
        wanted = books[0].wanted if books else None
        if message.answer != "raise":
            return Outcome(True, "It is not said again." if message.answer == "mute" else "The limit stays.")
        if wanted is None or message.key not in ("", wanted.key):
            return Outcome(False, "This offer is over; “I am about to run something big” asks for more.")
        return await _raise(daemon, wanted.memory_bytes)

    @server.request(GET_HOLDERS, Nothing)
    async def get_holders(_message: Nothing, _caller: str) -> Holders:
        from foreload_daemon.holders import held_by

        found = await asyncio.to_thread(held_by, daemon.services.sampler.cgroup)
        total = sum(each.memory_bytes for each in found) or 1
        rows = [
            Holder(each.process_id, each.name, memory_text(each.memory_bytes), f"{each.memory_bytes / total:.0%}")
            for each in found
        ]
        return Holders(rows, "Seen here only; names don’t leave this machine.")


async def _raise(daemon: Daemon, memory_bytes: int) -> Outcome:
    """Asks for more memory, as “I am about to run something big” does."""
    maximum = daemon.maximum().memory_bytes
    if maximum is not None and maximum < memory_bytes:
        most = gib_text(maximum)
        return Outcome(False, f"Your maximum is {most} GiB. Raise it in the profile first: maximum.memoryGib.")
    from foreload_daemon.features.announce import announce_demand

    return await announce_demand(daemon, Announce(None, memory_bytes, RAISE_MINUTES))


def _ask(connection: sqlite3.Connection, key: str, daemon: Daemon) -> Verdict:
    spoken, verdict = decide(_read(connection), key, daemon.clock.now())
    if verdict is Verdict.SHOW:
        _write(connection, spoken)
    return verdict


def _answered(connection: sqlite3.Connection, message: NoticeAnswer) -> None:
    _write(connection, answered(_read(connection), message.key, message.answer))


def _read(connection: sqlite3.Connection) -> Spoken:
    text = notes.read(connection, SPOKEN_NOTE)
    if not text:
        return Spoken()
    value = json.loads(text)
    return Spoken(dict(value["shown_at"]), frozenset(value["muted"]), str(value["open_key"]))


def _write(connection: sqlite3.Connection, spoken: Spoken) -> None:
    value = {"shown_at": dict(spoken.shown_at), "muted": sorted(spoken.muted), "open_key": spoken.open_key}
    notes.write(connection, SPOKEN_NOTE, json.dumps(value))
