"""Around every call: who may make it, and what a failure looks like to the caller."""

from __future__ import annotations

import inspect
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import structlog
from foreload_system.channels import peer_identity
from foreload_system.codecs import CodecError
from foreload_system.identity import IdentityError

from foreload_broker.ports import Inadmissible, NoData, Unavailable
from foreload_broker.security.access import NEWCOMERS_METHODS, Denied, require_method

_LOG = structlog.get_logger(__name__)

CODES: tuple[tuple[type[Exception], grpc.StatusCode], ...] = (
    (IdentityError, grpc.StatusCode.UNAUTHENTICATED),
    (Denied, grpc.StatusCode.PERMISSION_DENIED),
    (CodecError, grpc.StatusCode.INVALID_ARGUMENT),
    (NoData, grpc.StatusCode.NOT_FOUND),
    (Inadmissible, grpc.StatusCode.FAILED_PRECONDITION),
    (Unavailable, grpc.StatusCode.UNAVAILABLE),
)
"""What an exception becomes; the first that fits. Its message is made for the caller."""

SAY_AGAIN_SECONDS = 60.0
MOST_REASONS = 1000
_KINDS = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")
Around = Callable[[str, Any], Any]


class _Wrapping(grpc.aio.ServerInterceptor, ABC):
    """Wraps every kind of handler in one asynchronous context."""

    @abstractmethod
    def around(self, method: str, context: Any) -> Any:
        """The context that a call runs in."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Called by gRPC for each call."""
        handler: Any = await continuation(handler_call_details)
        if handler is None:
            return handler
        kind = next(name for name in _KINDS if getattr(handler, name) is not None)
        wrapped = self._wrapped(getattr(handler, kind), str(handler_call_details.method))
        make: Any = getattr(grpc, f"{kind}_rpc_method_handler")
        return make(wrapped, handler.request_deserializer, handler.response_serializer)

    def _wrapped(self, behaviour: Callable[..., Any], method: str) -> Callable[..., Any]:
        if inspect.isasyncgenfunction(behaviour):

            async def stream(request: Any, context: Any) -> AsyncIterator[Any]:
                async with self.around(method, context):
                    async for response in behaviour(request, context):
                        yield response

            return stream

        async def single(request: Any, context: Any) -> Any:
            async with self.around(method, context):
                return await behaviour(request, context)

        return single


class Authorisation(_Wrapping):
    """Only who may call a method does."""

    @asynccontextmanager
    async def around(self, method: str, context: Any) -> AsyncIterator[None]:
        """Checks the caller, then lets the call go on."""
        require_method(peer_identity(context), method)
        yield


class NewcomersOnly(_Wrapping):
    """What who has no certificate may call."""

    @asynccontextmanager
    async def around(self, method: str, context: Any) -> AsyncIterator[None]:
        """Lets the few methods go on that are for newcomers."""
        if method not in NEWCOMERS_METHODS:
            raise Denied(f"{method} is not for newcomers; it is on the broker's other listener, with a certificate")
        yield


class Errors(_Wrapping):
    """Exceptions become status codes with their message; what nobody foresaw becomes a number that the log has too."""

    def __init__(self) -> None:
        self._said_at: dict[tuple[str, str], float] = {}

    @asynccontextmanager
    async def around(self, method: str, context: Any) -> AsyncIterator[None]:
        """Lets the call go on and answers for what it raises."""
        try:
            yield
        except grpc.aio.AbortError:
            raise
        except Exception as error:  # noqa: BLE001 - nothing but a status may leave the server
            await self._answer(method, context, error)

    async def _answer(self, method: str, context: Any, error: Exception) -> None:
        for kind, code in CODES:
            if isinstance(error, kind):
                if self._worth_saying(method, str(error)):
                    _LOG.info("call refused", method=method, code=code.name, reason=str(error))
                await context.abort(code, str(error))
        reference = uuid.uuid4().hex[:8]
        _LOG.error("call failed", method=method, reference=reference, exc_info=error)
        await context.abort(grpc.StatusCode.INTERNAL, f"the broker failed; its log says why under {reference}")

    def _worth_saying(self, method: str, reason: str) -> bool:
        """Whether the log has not had it lately: a client that is refused tries again every few seconds."""
        now = time.monotonic()
        if now - self._said_at.get((method, reason), -SAY_AGAIN_SECONDS) < SAY_AGAIN_SECONDS:
            return False
        if len(self._said_at) >= MOST_REASONS:
            self._said_at.clear()
        self._said_at[method, reason] = now
        return True
