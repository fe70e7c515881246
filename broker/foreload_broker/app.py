"""Puts the broker together and runs it: the one place where the parts meet."""

from __future__ import annotations

import asyncio
import fcntl
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import structlog
from foreload_core.tasks import FINAL
from foreload_core.units import format_time
from foreload_system.certificates import CertificateError, read_bundle, require_valid
from foreload_system.paths import replace_file

from foreload_broker import VERSION
from foreload_broker.api.metrics_page import MetricsPage
from foreload_broker.api.server import NewcomersServer, Server
from foreload_broker.config import BrokerSettings, SettingsError, unknown_variables
from foreload_broker.loop.measures import Measures
from foreload_broker.loop.pool import PoolKeeper
from foreload_broker.loop.restart import load
from foreload_broker.loop.runner import Loop
from foreload_broker.loop.tasks.board import TaskBoard
from foreload_broker.loop.writer import Writer
from foreload_broker.platforms.agents import AgentConnections
from foreload_broker.platforms.dry_run import DryRun
from foreload_broker.ports import Platform, Provider
from foreload_broker.providers.command import CommandProvider
from foreload_broker.providers.local import LocalProvider
from foreload_broker.store.database import Database
from foreload_broker.tenure import Tenure, first_set

_LOG = structlog.get_logger(__name__)
GRACE_SECONDS = 2.0


class AlreadyRunningError(Exception):
    """Another broker uses this state folder."""


class NoClusterError(Exception):
    """Pods are to be environments, and no cluster is configured."""


class Broker:
    """One broker, from start to stop.

    Attributes:
        loop: what it does; there once it has started.
        address, metrics_address, enrolment_address: where it listens; empty: it does not.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        platforms: Callable[[Loop], Sequence[Platform]] | None = None,
        database: Database | None = None,
    ) -> None:
        """Prepares a broker.

        Args:
            settings: all of them.
            platforms: beside connected agents; for tests and simulations.
            database: left open at the end; None: the one of the settings, closed at the end.
        """
        self._settings = settings
        self._given = database
        self._more_platforms = platforms
        self._connections = AgentConnections()
        self._watching: list[asyncio.Task[None]] = []
        self._pool_running: asyncio.Task[None] | None = None
        self.address = self.metrics_address = self.enrolment_address = ""

    async def start(self) -> None:
        """Opens the database, reads what stands, and listens.

        Raises:
            AlreadyRunningError, StoreError, CertificateError, AddressInUseError, NoClusterError: why it cannot.
        """
        settings = self._settings
        bundle = read_bundle(settings.certificate_folder)
        require_valid(bundle, datetime.now(UTC))
        if bundle.identity.kind != "broker":
            raise CertificateError(
                f"{bundle.folder / 'cert.pem'} is the certificate of {bundle.identity}; needed is that of a broker"
            )
        self._database = self._given or Database(settings.database)
        measures = Measures()
        writer = Writer(self._database, settings, load(self._database))
        self.loop = Loop(self._database, settings, writer, measures)
        more = [*(self._more_platforms(self.loop) if self._more_platforms else ())]
        if settings.kubernetes:
            more.append(self._watch_cluster(settings))
        if settings.prometheus:
            more.append(self._watch_prometheus(settings))
        shadow = DryRun(self.loop.post, self.loop.now)
        self.loop.platforms = (shadow,) if settings.shadow else (self._connections, *more)
        measures.environments.set_function(lambda: len(writer.fleet.placements))
        self.tasks = TaskBoard(self.loop, settings.tasks)
        await self.tasks.load()
        self.loop.after_decision = self.tasks.wake
        self._server = Server(self.loop, self._connections, self.tasks, settings.authority_folder)
        self._newcomers = NewcomersServer(self.loop, settings.authority_folder)
        self._page = MetricsPage(measures.registry, lambda: self.loop.trouble)
        self._running = asyncio.create_task(self.loop.run())
        self._tasks_running = asyncio.create_task(self.tasks.run())
        try:
            self.address = await self._server.start(settings.listen, settings.certificate_folder)
            if settings.enrolment:
                self.enrolment_address = await self._newcomers.start(settings.enrolment, settings.certificate_folder)
            self.metrics_address = await self._page.start(settings.metrics)
        except BaseException:
            await self.stop()
            raise
        self._keep_pool(settings)
        _LOG.info("broker ready", address=self.address, metrics=self.metrics_address, version=VERSION)

    def _keep_pool(self, settings: BrokerSettings) -> None:
        provider, instance_type = self._provider(settings), settings.pool_type
        if provider is None or instance_type is None or settings.shadow:
            return
        self.loop.pool = PoolKeeper(self.loop, provider, instance_type, settings.pool, self._tasks_by_instance)
        self._pool_running = asyncio.create_task(self.loop.pool.run(settings.pool_look_seconds))

    def _provider(self, settings: BrokerSettings) -> Provider | None:
        if settings.provider == "command":
            return CommandProvider(settings.provider_command)
        if settings.provider == "local":
            return LocalProvider(settings.state, settings.authority_folder, self.address)
        return None

    def _tasks_by_instance(self) -> dict[str, int]:
        """Where tasks are that have not ended."""
        counts: dict[str, int] = {}
        for task in self.tasks.tasks.values():
            if task.instance_id and task.state not in FINAL:
                counts[task.instance_id] = counts.get(task.instance_id, 0) + 1
        return counts

    def _watch_cluster(self, settings: BrokerSettings) -> Platform:
        # Only here: its client is not needed, and not paid for, where there is no cluster.
        from foreload_broker.platforms.kubernetes import Cluster, ClusterError, Kubernetes

        try:
            cluster = Cluster.open(settings.kubernetes_namespace, settings.kubernetes_config)
        except ClusterError as error:
            raise NoClusterError(str(error)) from error
        kubernetes = Kubernetes(cluster, settings.policy, self.loop.post, self.loop.now, settings.tick_seconds)
        self._watching.append(asyncio.create_task(kubernetes.run()))
        return kubernetes

    def _watch_prometheus(self, settings: BrokerSettings) -> Platform:
        from foreload_broker.platforms.prometheus import Prometheus, Source, SourceError

        try:
            source = Source(
                settings.prometheus,
                settings.prometheus_label,
                settings.prometheus_where,
                settings.prometheus_seconds,
                settings.prometheus_token,
                settings.prometheus_authority,
            )
        except SourceError as error:
            raise SettingsError(str(error)) from error
        prometheus = Prometheus(source, self.loop.post, self.loop.now)
        self._watching.append(asyncio.create_task(prometheus.run()))
        return prometheus

    async def stop(self) -> None:
        """Ends streams, stores what is in the inbox, closes the database."""
        for watching in self._watching:
            watching.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        if self._pool_running is not None:
            self._pool_running.cancel()
            await asyncio.gather(self._pool_running, return_exceptions=True)
        self._connections.close()
        self.tasks.close()
        self.loop.subscribers.close()
        await asyncio.gather(self._server.stop(GRACE_SECONDS), self._newcomers.stop(GRACE_SECONDS))
        await self._page.stop()
        self._tasks_running.cancel()
        await asyncio.gather(self._tasks_running, return_exceptions=True)
        self.loop.stop()
        await self._running
        self.loop.close()
        if self._given is None:
            self._database.close()


def run(settings: BrokerSettings) -> None:
    """Runs a broker until SIGTERM or SIGINT.

    Raises:
        AlreadyRunningError, StoreError, CertificateError, AddressInUseError, NoClusterError: why it does not start.
    """
    _log_json(settings.log_level)
    for name in unknown_variables():
        _LOG.warning("unknown setting in the environment", variable=name)
    with _only_one(settings.state):
        asyncio.run(_serve(settings))


async def _serve(settings: BrokerSettings) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    while not stopping.is_set():
        database = await asyncio.to_thread(Database, settings.database)
        tenure = Tenure(database, settings.lease_seconds)
        try:
            if await _stand_by(tenure, database, settings, stopping):
                await _be_active(Broker(settings, database=database), settings, stopping, tenure)
        finally:
            await tenure.end()
            database.close()


async def _stand_by(tenure: Tenure, database: Database, settings: BrokerSettings, stopping: asyncio.Event) -> bool:
    """Waits until this broker is the active one, and says meanwhile that it is not ready, and why."""
    if not database.shared:
        return True
    page = MetricsPage(Measures().registry, lambda: tenure.waiting_for or "not active yet")
    await page.start(settings.metrics)
    try:
        return await tenure.begin(stopping)
    finally:
        await page.stop()


async def _be_active(broker: Broker, settings: BrokerSettings, stopping: asyncio.Event, tenure: Tenure) -> None:
    await broker.start()
    run_file = settings.state / "run" / "broker.json"
    _write_run_file(run_file, broker)
    try:
        await first_set(stopping, tenure.over, broker.loop.deposed)
    finally:
        await broker.stop()
        _LOG.info("broker stopped")
        with suppress(FileNotFoundError):
            run_file.unlink()


def _write_run_file(path: Path, broker: Broker) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = {
        "pid": os.getpid(),
        "address": broker.address,
        "metrics_address": broker.metrics_address,
        "enrolment_address": broker.enrolment_address,
        "started_at": format_time(broker.loop.started_at),
    }
    replace_file(path, (json.dumps(content) + "\n").encode(), mode=0o644)


@contextmanager
def _only_one(state: Path) -> Iterator[None]:
    """Two brokers on one state folder would each decide for half of the fleet."""
    path = state / "broker" / "lock"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRunningError(
                f"another broker uses {state}; stop it with foreload down, or choose another folder with --state"
            ) from error
        yield


def _log_json(level: str) -> None:
    """One JSON object a line on stderr, also for what libraries log."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared = (
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    )
    renderer = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    # Libraries speak at warning and above: their chatter is not ours.
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)
