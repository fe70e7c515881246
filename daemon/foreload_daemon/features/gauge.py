"""The status bar: pushed to every window when its words change."""

from __future__ import annotations

from foreload_core.types import Sample

from foreload_daemon.daemon import Daemon
from foreload_daemon.pages import gauge as page
from foreload_daemon.pages.warning import LimitWatch, MemoryWarning, outlook
from foreload_daemon.protocol import GAUGE, TRY_BROKER, Gauge
from foreload_daemon.server import ForeloadServer
from foreload_daemon.wire import Nothing


class GaugeBook:
    """What the status bar shows now."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._watch = LimitWatch()
        self._shown: Gauge | None = None

    def sampled(self, _sample: Sample) -> None:
        """A new sample: the warning is looked at, and the words painted anew."""
        found = outlook(self._daemon.services.sampler.recent, self._daemon.limit().memory_bytes)
        if found is not None and self._is_handled(found):
            found = None
        self._daemon.warning = self._watch.look(found, self._daemon.clock.monotonic())
        self.paint()

    def paint(self) -> None:
        """Tells the windows what to show, if that has changed."""
        gauge = page.gauge(self._daemon.situation(), self._daemon.settings.gauge_resources)
        if gauge != self._shown:
            self._shown = gauge
            self._daemon.broadcast(GAUGE, gauge)

    def repeat(self) -> None:
        """A window has come and knows nothing yet."""
        self._shown = None
        self.paint()

    def _is_handled(self, warning: MemoryWarning) -> bool:
        """Whether Foreload will raise the limit by itself: then nobody must act."""
        services = self._daemon.services
        standing = services.link.standing
        if (
            not services.link.connected
            or services.link.state.shadow_mode
            or not services.gate.effective.automatic_scaling
        ):
            return False
        if not standing.agent_connected or self._daemon.situation().paused_until is not None:
            return False
        maximum = self._daemon.maximum().memory_bytes
        ceiling = min(
            (amount for amount in (standing.capacity.memory_bytes, maximum) if amount is not None), default=None
        )
        return ceiling is not None and ceiling > warning.limit_bytes * 1.02


def set_up(server: ForeloadServer, daemon: Daemon) -> None:
    """Starts the gauge where this window leads."""

    async def lead() -> None:
        book = GaugeBook(daemon)
        services = daemon.services
        services.sampler.on_sample.append(book.sampled)
        services.link.on_state.append(book.paint)
        services.link.on_allocation.append(book.paint)
        daemon.on_permission.append(book.paint)
        daemon.on_settings.append(book.paint)
        daemon.on_context.append(book.repeat)

    daemon.on_lead.append(lead)

    @server.request(TRY_BROKER, Nothing)
    async def try_broker(_message: Nothing, _caller: str) -> None:
        daemon.services.link.try_now()
