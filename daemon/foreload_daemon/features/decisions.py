"""The log of decisions: kept here as it comes, explained in words, and acted on: pin, unpin, undo, not this time."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from foreload_core.types import NO_AMOUNTS

from foreload_daemon.broker.link import BrokerUnavailable
from foreload_daemon.broker.news import decision_rows, parse_decisions
from foreload_daemon.consent import NotAllowed
from foreload_daemon.daemon import Daemon
from foreload_daemon.features.asking import ask, new_id
from foreload_daemon.history import decided as cache
from foreload_daemon.history import samples
from foreload_daemon.pages.decision_rows import Decided, what_text
from foreload_daemon.protocol import ACT, EXPLAIN, Act, Explain, Explanation, Outcome
from foreload_daemon.server import ForeloadServer
from foreload_daemon.wire import BadMessage

if TYPE_CHECKING:
    import sqlite3

    from foreload_proto.v1 import broker_pb2, common_pb2

_LOG = logging.getLogger(__name__)
ACTIONS = ("pin", "unpin", "undo", "decline")
FETCHED = 200
SHOWN = 50
FINE_UNTIL_SECONDS = 12 * 3600.0


class DecisionBook:
    """The newest decisions, in core's form, newest first."""

    def __init__(self, daemon: Daemon, server: ForeloadServer) -> None:
        self._daemon, self._server = daemon, server
        self.recent: list[Decided] = []
        self.total = 0
        self.changes_today = 0
        link = daemon.services.link
        link.on_decision.append(self._came)
        link.on_state.append(self._state_changed)
        self._was_connected = False

    async def load(self) -> None:
        """Reads the local cache."""
        database, now = self._daemon.services.database, self._daemon.clock.now()
        messages = await database.run(cache.newest, SHOWN)
        self.recent = [decided_of(message) for message in parse_decisions(messages)] if messages else []
        self.total = max(self.total, await database.run(cache.count))
        midnight = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        self.changes_today = await database.run(cache.count, midnight.timestamp())
        self._daemon.page_changed()

    def find(self, decision_id: str) -> Decided | None:
        """A decision of those that are shown."""
        return next((item for item in self.recent if item.decision.decision_id == decision_id), None)

    def _came(self, decision: common_pb2.Decision) -> None:
        self.total += 1
        self._server.spawn("the log of decisions", self._keep([decision]))

    async def _keep(self, decisions: list[common_pb2.Decision]) -> None:
        await self._daemon.services.database.run(cache.put, decision_rows(decisions))
        await self.load()

    def _state_changed(self) -> None:
        connected = self._daemon.services.link.connected
        if connected and not self._was_connected:
            self._server.spawn("the log of decisions", self._fetch())
        self._was_connected = connected

    async def _fetch(self) -> None:
        """What was decided while this daemon was away."""
        from foreload_proto.v1 import broker_pb2

        try:
            answer = await self._daemon.services.link.call(
                "ListDecisions", broker_pb2.ListDecisionsRequest(limit=FETCHED)
            )
        except (BrokerUnavailable, NotAllowed) as problem:
            _LOG.info("decisions were not fetched: %s", problem)
            return
        self.total = answer.total
        await self._keep(list(answer.decisions))


def set_up(server: ForeloadServer, daemon: Daemon) -> None:
    """Registers the requests."""

    async def lead() -> None:
        daemon.decisions = DecisionBook(daemon, server)
        server.spawn("the log of decisions", daemon.decisions.load())

    daemon.on_lead.append(lead)

    @server.request(EXPLAIN, Explain)
    async def explain(message: Explain, _caller: str) -> Explanation:
        return await _explain(daemon, message.decisionId)

    @server.request(ACT, Act)
    async def act(message: Act, _caller: str) -> Outcome:
        if message.action not in ACTIONS:
            raise BadMessage(f"Act.action is {message.action!r}; allowed are {', '.join(ACTIONS)}")
        return await _act(daemon, message)


async def _explain(daemon: Daemon, decision_id: str) -> Explanation:
    from foreload_proto.v1 import broker_pb2

    problem = ""
    try:
        answer = await daemon.services.link.call(
            "ExplainDecision", broker_pb2.ExplainDecisionRequest(decision_id=decision_id)
        )
    except (BrokerUnavailable, NotAllowed) as refusal:
        problem = str(refusal)
        message = await daemon.services.database.run(cache.one, decision_id)
        if message is None:
            text = f"This decision is not known here. {problem}"
            return Explanation("Why", text, daemon.environment, decision_id, lead=text, problem=problem)
        answer = broker_pb2.ExplainDecisionResponse(decision=parse_decisions([message])[0])
    page = await daemon.services.database.run(_page, daemon, answer)
    if not problem:
        return page
    return replace(page, markdown=f"{page.markdown}\n\n*{problem} This is what is known here.*", problem=problem)


def _page(connection: sqlite3.Connection, daemon: Daemon, answer: broker_pb2.ExplainDecisionResponse) -> Explanation:
    from foreload_daemon.pages.decision_page import Around, decision_page

    situation = daemon.situation()
    now = situation.now.timestamp()

    def past(start: float, end: float) -> Sequence[samples.Row]:
        resolution = samples.FINE_SECONDS if now - start < FINE_UNTIL_SECONDS else samples.MINUTE_SECONDS
        return samples.read(connection, resolution, start, end)

    decided = list(daemon.decisions.recent) if daemon.decisions is not None else []
    if all(item.decision.decision_id != answer.decision.decision_id for item in decided):
        decided.append(decided_of(answer.decision))
    can_act = situation.allowed.automatic_scaling and daemon.services.link.connected
    return decision_page(
        answer,
        Around(
            daemon.environment,
            daemon.window_names(),
            situation.now,
            past,
            decided,
            situation.standing.pinned,
            can_act,
            daemon.prices(),
        ),
    )


async def _act(daemon: Daemon, message: Act) -> Outcome:
    from foreload_proto.v1 import broker_pb2
    from foreload_system.codecs import amounts_to_proto

    if message.action == "unpin":
        _, outcome = await ask(daemon, "PinLimit", broker_pb2.PinLimitRequest(request_id=new_id()))
        return outcome if not outcome.done else Outcome(True, "Nothing is pinned any more.")
    if message.action == "decline":
        request = broker_pb2.DeclineDecisionRequest(request_id=new_id(), reference=message.decisionId)
        _, outcome = await ask(daemon, "DeclineDecision", request)
        return outcome if not outcome.done else Outcome(True, "Not this time.")
    book = daemon.decisions
    item = book.find(message.decisionId) if book is not None else None
    if item is None:
        return Outcome(False, f"The decision {message.decisionId} is not known here.")
    if message.action == "undo":
        request = broker_pb2.UndoDecisionRequest(request_id=new_id(), decision_id=message.decisionId)
        answer, outcome = await ask(daemon, "UndoDecision", request)
        if answer is not None and book is not None and answer.HasField("decision"):
            await daemon.services.database.run(cache.put, decision_rows([answer.decision]))
            await book.load()
        return outcome if not outcome.done else Outcome(True, f"Undone: {what_text(item.decision.changes)}.")
    pinned = NO_AMOUNTS
    for change in item.decision.changes:
        pinned = pinned.with_amount(change.resource, change.to_amount)
    _, outcome = await ask(
        daemon, "PinLimit", broker_pb2.PinLimitRequest(request_id=new_id(), amounts=amounts_to_proto(pinned))
    )
    return outcome if not outcome.done else Outcome(True, f"Pinned: {what_text(item.decision.changes)}.")


def decided_of(message: common_pb2.Decision) -> Decided:
    """A decision of the wire in core's form."""
    from foreload_system.codecs import decision_from_proto, result_from_proto

    results = tuple(result_from_proto(result, message.environment_id) for result in message.results)
    return Decided(decision_from_proto(message), results, message.undone, message.dry_run)
