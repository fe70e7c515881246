"""The stream of one daemon: messages up, acknowledged when durable; allocations and decisions down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import structlog
from foreload_proto.v1 import broker_pb2
from foreload_system.codecs import CONTRACT_VERSION, CodecError, time_to_proto

from foreload_broker import VERSION
from foreload_broker.api.checks import read_content, require_version
from foreload_broker.loop.runner import Loop
from foreload_broker.loop.subscribers import Subscriber
from foreload_broker.ports import FromDaemon, Inadmissible

_LOG = structlog.get_logger(__name__)


async def connect(
    loop: Loop, environment_id: str, requests: AsyncIterator[broker_pb2.ConnectRequest]
) -> AsyncIterator[broker_pb2.ConnectResponse]:
    """Serves one stream until the client or the broker ends it.

    Raises:
        Inadmissible: no hello, an unknown contract version, or a newer stream of the same environment.
        CodecError: a message without a sequence.
    """
    hello = await anext(requests, None)
    if hello is None or hello.WhichOneof("message") != "hello":
        raise Inadmissible("the first message of a stream must be a hello with the contract version")
    require_version(hello.hello.contract_version)
    subscriber = loop.subscribers.join(environment_id)
    _LOG.info("daemon connected", environment_id=environment_id, client_version=hello.hello.client_version[:64])
    reader = asyncio.create_task(_read(loop, subscriber, requests))
    try:
        yield _welcome(loop, environment_id)
        subscriber.allocate(await loop.in_writer(lambda writer, now: writer.allocation(environment_id, now)))
        while (messages := await subscriber.next()) is not None:
            for message in messages:
                yield message
        if subscriber.replaced:
            raise Inadmissible(f"a newer stream of {environment_id} has been opened; one at a time is served")
        if reader.done() and not reader.cancelled():
            reader.result()
    finally:
        reader.cancel()
        loop.subscribers.leave(subscriber)
        _LOG.info("daemon disconnected", environment_id=environment_id)


async def _read(loop: Loop, subscriber: Subscriber, requests: AsyncIterator[broker_pb2.ConnectRequest]) -> None:
    try:
        async for message in requests:
            if message.sequence <= 0:
                raise CodecError(f"sequence is {message.sequence}; it begins at 1 and grows by one with each message")
            try:
                content = read_content(message, loop.now())
            except CodecError as refusal:
                # Its sequence is taken note of all the same: sent again, it would be refused again.
                content = None
                subscriber.reject(message.sequence, str(refusal))
                _LOG.warning("message refused", environment_id=subscriber.environment_id, reason=str(refusal))
            await loop.room()
            loop.post(FromDaemon(subscriber.environment_id, message.sequence, content))
    finally:
        subscriber.close(replaced=subscriber.replaced)


def _welcome(loop: Loop, environment_id: str) -> broker_pb2.ConnectResponse:
    return broker_pb2.ConnectResponse(
        welcome=broker_pb2.Welcome(
            contract_version=CONTRACT_VERSION,
            broker_version=VERSION,
            acknowledged_sequence=loop.acknowledged(environment_id),
            shadow_mode=loop.settings.shadow,
            now=time_to_proto(loop.now()),
        )
    )
