"""The page for Prometheus and for those who ask whether the broker is well: /metrics, /healthz, /readyz."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from foreload_broker.api.addresses import require_free
from foreload_broker.config import split_address

READ_SECONDS = 5.0
LONGEST_LINE_BYTES = 4096
_TEXT = "text/plain; charset=utf-8"
_REASONS = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}


class MetricsPage:
    """A server of three small pages, on the broker's own event loop: it costs nothing while nobody asks."""

    def __init__(self, registry: CollectorRegistry, trouble: Callable[[], str]) -> None:
        self._registry = registry
        self._trouble = trouble
        self._server: asyncio.Server | None = None

    async def start(self, address: str) -> str:
        """Listens, and returns the address with the port that was taken.

        Raises:
            AddressInUseError: the address cannot be had.
        """
        require_free(address, "--metrics")
        host, port = split_address(address)
        self._server = await asyncio.start_server(self._serve, host, port, limit=LONGEST_LINE_BYTES)
        taken = self._server.sockets[0].getsockname()[1]
        return f"[{host}]:{taken}" if ":" in host else f"{host}:{taken}"

    async def stop(self) -> None:
        """Stops listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(READ_SECONDS):
                request = (await reader.readline()).split()
                while (await reader.readline()).strip():
                    pass
            status, kind, body = self._answer(request)
            head = f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
            writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
            await writer.drain()
        except (TimeoutError, ConnectionError, ValueError):
            pass  # a client that is slow, gone or speaks no HTTP gets no answer
        finally:
            writer.close()

    def _answer(self, request: list[bytes]) -> tuple[int, str, bytes]:
        if len(request) < 2 or request[0] != b"GET":
            return 405, _TEXT, b"only GET\n"
        path = request[1].partition(b"?")[0]
        if path == b"/metrics":
            return 200, CONTENT_TYPE_LATEST, generate_latest(self._registry)
        if path == b"/healthz":
            return 200, _TEXT, b"ok\n"
        if path == b"/readyz":
            trouble = self._trouble()
            return (503, _TEXT, f"{trouble}\n".encode()) if trouble else (200, _TEXT, b"ready\n")
        return 404, _TEXT, b"there are /metrics, /healthz and /readyz\n"
