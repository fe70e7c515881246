"""The daemons' and operators' service. The environment is the one in the caller's certificate."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from foreload_core.decide import EnvironmentState
from foreload_core.types import Wish
from foreload_proto.v1 import broker_pb2, broker_pb2_grpc
from foreload_system.channels import peer_identity
from foreload_system.codecs import CodecError, amounts_from_proto, amounts_to_proto, time_from_proto, time_to_proto
from sqlalchemy import Connection

from foreload_broker.api import log_service, status
from foreload_broker.api.checks import read_consent, require_id
from foreload_broker.api.connect import connect
from foreload_broker.api.log_service import decision_message, split_decision_id
from foreload_broker.loop.requests import ConsentRequest, WishRequest
from foreload_broker.loop.runner import Loop
from foreload_broker.loop.writer import Writer
from foreload_broker.ports import Consent, Inadmissible, NoData
from foreload_broker.store.decisions import LoggedDecision, read_decision

LONGEST_PAUSE = timedelta(days=31)
_RESUME = datetime(1970, 1, 1, tzinfo=UTC)


class BrokerService(broker_pb2_grpc.BrokerServiceServicer):
    """Serves daemons and operators. What it raises, the interceptors turn into status codes."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    async def Connect(  # noqa: N802 - gRPC's name, as of all methods here
        self, request_iterator: AsyncIterator[broker_pb2.ConnectRequest], context: Any
    ) -> AsyncIterator[broker_pb2.ConnectResponse]:
        """The daemon's stream."""
        async for response in connect(self._loop, peer_identity(context).name, aiter(request_iterator)):
            yield response

    async def ListDecisions(self, request: broker_pb2.ListDecisionsRequest, context: Any) -> Any:  # noqa: N802
        """The log, newest first."""
        return await log_service.list_decisions(self._loop, peer_identity(context), request)

    async def ExplainDecision(self, request: broker_pb2.ExplainDecisionRequest, context: Any) -> Any:  # noqa: N802
        """One decision and what it was made on."""
        return await log_service.explain_decision(self._loop, peer_identity(context), request)

    async def PinLimit(self, request: broker_pb2.PinLimitRequest, context: Any) -> Any:  # noqa: N802
        """Holds limits at what the developer says."""
        name = peer_identity(context).name
        pinned = amounts_from_proto(request.amounts, "amounts")

        def check(_connection: Connection, _state: EnvironmentState, allowed: bool) -> None:
            _require_allowed(allowed, "pinned")

        def answer(state: EnvironmentState) -> broker_pb2.PinLimitResponse:
            return broker_pb2.PinLimitResponse(pinned=amounts_to_proto(state.pinned))

        wish = Wish(name, _RESUME, pinned=pinned)
        return await self._wish(name, request.request_id, "PinLimit", wish, check, answer, broker_pb2.PinLimitResponse)

    async def UndoDecision(self, request: broker_pb2.UndoDecisionRequest, context: Any) -> Any:  # noqa: N802
        """Takes a decision back, and holds it off for an hour."""
        name = peer_identity(context).name
        environment_id, revision = split_decision_id(request.decision_id)
        found: list[LoggedDecision] = []

        def check(connection: Connection, state: EnvironmentState, allowed: bool) -> None:
            _require_allowed(allowed, "undone")
            entry = read_decision(connection, name, revision) if environment_id == name else None
            if entry is None:
                raise NoData(f"there is no decision {request.decision_id!r} of this environment")
            if not any(change.revision == revision for change in state.past):
                raise Inadmissible(
                    f"decision {request.decision_id} is too long ago to be taken back; pin the limit instead"
                )
            found.append(entry)

        def answer(_state: EnvironmentState) -> broker_pb2.UndoDecisionResponse:
            message = decision_message(found[-1])
            message.undone = True
            return broker_pb2.UndoDecisionResponse(decision=message)

        wish = Wish(name, _RESUME, undo_decision_id=request.decision_id)
        kind = broker_pb2.UndoDecisionResponse
        return await self._wish(name, request.request_id, "UndoDecision", wish, check, answer, kind)

    async def DeclineDecision(self, request: broker_pb2.DeclineDecisionRequest, context: Any) -> Any:  # noqa: N802
        """A signal, window or decision is not acted on this time."""
        name = peer_identity(context).name
        wish = Wish(name, _RESUME, decline_reference=require_id(request.reference, "reference"))
        kind = broker_pb2.DeclineDecisionResponse
        return await self._wish(
            name, request.request_id, "DeclineDecision", wish, _no_check, lambda _state: kind(), kind
        )

    async def PauseScaling(self, request: broker_pb2.PauseScalingRequest, context: Any) -> Any:  # noqa: N802
        """Changes nothing by ourselves until a time; without one, goes on."""
        name = peer_identity(context).name
        until = time_from_proto(request.until) if request.HasField("until") else _RESUME
        latest = self._loop.now() + LONGEST_PAUSE
        if until > latest:
            raise CodecError(
                f"until is {until:%Y-%m-%d %H:%M}; allowed is up to {latest:%Y-%m-%d %H:%M}, a month ahead"
            )

        def answer(state: EnvironmentState) -> broker_pb2.PauseScalingResponse:
            message = broker_pb2.PauseScalingResponse()
            if state.paused_until is not None:
                message.paused_until.CopyFrom(time_to_proto(state.paused_until))
            return message

        wish = Wish(name, _RESUME, paused_until=until)
        kind = broker_pb2.PauseScalingResponse
        return await self._wish(name, request.request_id, "PauseScaling", wish, _no_check, answer, kind)

    async def SetConsent(self, request: broker_pb2.SetConsentRequest, context: Any) -> Any:  # noqa: N802
        """Replaces the developer's switches; what was kept with one that is off now is deleted."""
        name = peer_identity(context).name
        consent = read_consent(request.consent)
        await self._loop.ask(ConsentRequest(name, consent))
        return broker_pb2.SetConsentResponse(consent=_consent_message(consent))

    async def Purge(self, request: broker_pb2.PurgeRequest, context: Any) -> Any:  # noqa: N802
        """Deletes everything of the environment, in the database's file too. The second time there is nothing left."""
        name = peer_identity(context).name
        require_id(request.request_id, "request_id")

        def purge(writer: Writer, now: datetime) -> tuple[dict[str, int], datetime, broker_pb2.Allocation]:
            deleted = writer.purge(name, now)
            return deleted, now, writer.allocation(name, now)

        deleted, at, allocation = await self._loop.in_writer(purge)
        subscriber = self._loop.subscribers.get(name)
        if subscriber is not None:
            subscriber.allocate(allocation)
        return broker_pb2.PurgeResponse(deleted=deleted, at=time_to_proto(at))

    async def GetStatus(self, request: broker_pb2.GetStatusRequest, context: Any) -> Any:  # noqa: N802
        """The fleet, for operators."""
        return await status.get_status(self._loop)

    async def _wish(
        self, environment_id: str, request_id: str, method: str, wish: Wish, check: Any, answer: Any, kind: Any
    ) -> Any:
        require_id(request_id, "request_id")
        request = WishRequest(environment_id, request_id, method, wish, check, answer)
        return kind.FromString(await self._loop.ask(request))


def _no_check(_connection: Connection, _state: EnvironmentState, _allowed: bool) -> None:
    """Nothing stands against it."""


def _require_allowed(allowed: bool, what: str) -> None:
    if not allowed:
        raise Inadmissible(f"nothing can be {what} while automatic scaling is not allowed; allow it first")


def _consent_message(consent: Consent) -> broker_pb2.Consent:
    return broker_pb2.Consent(
        revision=consent.revision,
        text_version=consent.text_version,
        share_features=consent.share_features,
        automatic_scaling=consent.automatic_scaling,
        cohort_history=consent.cohort_history,
    )
