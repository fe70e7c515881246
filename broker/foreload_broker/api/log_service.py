"""Reading the log of decisions."""

from __future__ import annotations

from foreload_proto.v1 import broker_pb2, common_pb2
from foreload_system.codecs import CodecError, decision_to_proto
from foreload_system.identity import Identity, is_name

from foreload_broker.loop.runner import Loop
from foreload_broker.ports import NoData
from foreload_broker.security.access import Denied, require_own
from foreload_broker.store.decisions import LoggedDecision, read_decision
from foreload_broker.store.decisions import list_decisions as list_logged

USUAL_LIMIT, HIGHEST_LIMIT = 50, 500


def decision_message(entry: LoggedDecision) -> common_pb2.Decision:
    """One entry of the log as a message."""
    return decision_to_proto(entry.decision, entry.results, undone=entry.undone, dry_run=entry.dry_run)


def split_decision_id(decision_id: str) -> tuple[str, int]:
    """Environment and revision in a decision's id.

    Raises:
        CodecError: it is no such id.
    """
    environment_id, _, revision = decision_id.rpartition("-")
    if not is_name(environment_id) or not revision.isdecimal() or len(revision) > 18:
        raise CodecError(f"decision_id is {decision_id!r}; it reads ENVIRONMENT-NUMBER, as in checkout-api-17")
    return environment_id, int(revision)


async def list_decisions(
    loop: Loop, identity: Identity, request: broker_pb2.ListDecisionsRequest
) -> broker_pb2.ListDecisionsResponse:
    """A page of the log, newest first.

    Raises:
        Denied: another environment's log.
        CodecError: a limit or id that cannot be.
    """
    if not 0 <= request.limit <= HIGHEST_LIMIT:
        raise CodecError(f"limit is {request.limit}; allowed is 1 to {HIGHEST_LIMIT}, or 0 for {USUAL_LIMIT}")
    environment_id = request.environment_id
    if identity.kind != "operator":
        if environment_id not in ("", identity.name):
            raise Denied(f"the log of {environment_id} is not of {identity}; each environment sees its own only")
        environment_id = identity.name
    before = split_decision_id(request.before_decision_id) if request.before_decision_id else None
    if before is not None:
        require_own(identity, before[0], f"decision {request.before_decision_id}")

    def read() -> tuple[list[LoggedDecision], int]:
        with loop.database.reading() as connection:
            return list_logged(connection, environment_id, request.limit or USUAL_LIMIT, before)

    entries, total = await loop.in_reader(read)
    return broker_pb2.ListDecisionsResponse(decisions=[decision_message(entry) for entry in entries], total=total)


async def explain_decision(
    loop: Loop, identity: Identity, request: broker_pb2.ExplainDecisionRequest
) -> broker_pb2.ExplainDecisionResponse:
    """One decision and what it was made on.

    Raises:
        Denied: another environment's.
        NoData: there is none of that id.
    """
    environment_id, revision = split_decision_id(request.decision_id)
    require_own(identity, environment_id, f"decision {request.decision_id}")

    def read() -> LoggedDecision | None:
        with loop.database.reading() as connection:
            return read_decision(connection, environment_id, revision)

    entry = await loop.in_reader(read)
    if entry is None:
        raise NoData(f"there is no decision {request.decision_id!r}; it may have been deleted with age or on request")
    message = broker_pb2.ExplainDecisionResponse()
    message.CopyFrom(entry.explanation)
    message.decision.CopyFrom(decision_message(entry))
    return message
