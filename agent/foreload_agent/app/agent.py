"""The agent's main loop: one task an environment to measure it, one to resize it, and one stream to the broker."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from typing import IO

import structlog
from foreload_core.types import Amounts
from foreload_core.units import format_time
from foreload_proto.v1 import agent_pb2
from foreload_system.certificates import CertificateError, renew_if_due
from foreload_system.codecs import CONTRACT_VERSION, CodecError, amounts_from_proto, amounts_to_proto
from foreload_system.enrolment import EnrolmentError, renew_when_due
from foreload_system.identity import Identity
from foreload_system.paths import authority_directory, replace_file
from foreload_system.telemetry import capacity_of_machine

from foreload_agent.api.messages import managed_to_proto, measurement_to_proto, results_to_proto
from foreload_agent.api.outbox import Outbox
from foreload_agent.api.session import Session
from foreload_agent.app.applied import AppliedRevisions
from foreload_agent.app.environments import Instruction, ManagedEnvironment
from foreload_agent.app.hosting import TaskHosting
from foreload_agent.app.platforms import open_platform
from foreload_agent.config import AgentSettings, EnvironmentEntry, read_environments, unknown_variables
from foreload_agent.ports import PlatformUnavailableError

_LOG = structlog.get_logger(__name__)

KEPT_MEASUREMENTS = 60
RENEWAL_LOOK_SECONDS = 600.0


class AgentRunningError(Exception):
    """Another agent already works on this state folder."""


class Agent:
    """One agent.

    Args:
        settings: its settings.
        entries: the environments of this instance.
    """

    def __init__(self, settings: AgentSettings, entries: tuple[EnvironmentEntry, ...]) -> None:
        self._settings = settings
        self._identity = Identity("agent", settings.instance)
        handed_out = Amounts(settings.capacity_cpu_cores, settings.capacity_memory_bytes)
        self._capacity = handed_out.over(capacity_of_machine())
        self._outbox = Outbox(KEPT_MEASUREMENTS * max(1, len(entries)))
        applied = AppliedRevisions(settings.applied_file)
        self._environments: dict[str, ManagedEnvironment] = {}
        self._waiting: dict[str, asyncio.Queue[Instruction]] = {}
        self._newest: dict[str, int] = {}
        for entry in entries:
            self._environments[entry.environment_id] = ManagedEnvironment(
                entry.environment_id,
                open_platform(entry, settings, self._capacity),
                entry.floor_amounts(self._capacity),
                entry.initial_amounts(self._capacity),
                applied,
                settings.report_seconds,
                settings.urgent_throttled_ratio,
            )
            self._waiting[entry.environment_id] = asyncio.Queue()
            self._newest[entry.environment_id] = 0
        self.session = Session(
            settings.broker,
            self._identity,
            settings.certificate_folder,
            self._renew_certificate,
            self._registration,
            self._registered,
            self._instructed,
            self._outbox,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop`, then leaves the limits as they are (or takes the groups away, where that is set)."""
        tasks: list[asyncio.Task[None]] = []
        for environment in self._environments.values():
            with contextlib.suppress(PlatformUnavailableError):  # said by the environment, tried again with each look
                environment.start()
            tasks.append(asyncio.create_task(self._measure(environment, stop)))
            tasks.append(asyncio.create_task(self._carry_out(environment)))
        tasks.append(asyncio.create_task(self._keep_certificate()))
        tasks.append(asyncio.create_task(TaskHosting(self._settings, self._identity, self._capacity).run(stop)))
        try:
            await self.session.run(stop)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._settings.remove_on_exit:
                self._remove_groups()
        _LOG.info("agent stopped")

    async def _measure(self, environment: ManagedEnvironment, stop: asyncio.Event) -> None:
        """Looks at one environment at even intervals. Its troubles are its own."""
        due = time.monotonic()
        trouble = ""
        while not stop.is_set():
            try:
                # Off the loop: a Docker engine that hangs must not hold the other environments up.
                report = await asyncio.to_thread(environment.look, datetime.now(UTC), time.monotonic())
            except Exception as error:  # noqa: BLE001 - one environment's trouble must not stop the others
                said = f"{type(error).__name__}: {error}"
                if said != trouble:  # once, not with each look
                    _LOG.exception("environment cannot be measured", environment=environment.environment_id)
                trouble = said
            else:
                trouble = ""
                if report is not None:
                    name = environment.environment_id
                    self._outbox.put_measurement(measurement_to_proto(name, report.sample, report.urgent))
            # Looks that were missed (a suspended machine) are not caught up with.
            due = max(due + self._settings.measure_seconds, time.monotonic())
            await asyncio.sleep(due - time.monotonic())

    async def _carry_out(self, environment: ManagedEnvironment) -> None:
        """Carries one environment's instructions out in their order, off the loop: a shrink may have to wait."""
        queue = self._waiting[environment.environment_id]
        while True:
            instruction = await queue.get()
            name, revision = instruction.environment_id, instruction.revision

            def superseded(name: str = name, revision: int = revision) -> bool:
                return self._newest[name] > revision

            results = await asyncio.to_thread(environment.apply, instruction, superseded, lambda: datetime.now(UTC))
            self._outbox.put_results(results_to_proto(name, revision, results))

    def _registration(self) -> agent_pb2.Register:
        managed = [
            managed_to_proto(
                environment.environment_id,
                environment.platform.name,
                environment.limit(),
                environment.floor,
                environment.capabilities(),
                environment.applied_revision,
            )
            for environment in self._environments.values()
        ]
        return agent_pb2.Register(
            contract_version=CONTRACT_VERSION,
            agent_version=version("foreload"),
            capacity=amounts_to_proto(self._capacity),
            environments=managed,
        )

    def _registered(self, registered: agent_pb2.Registered) -> None:
        if 0 < registered.measure_interval_seconds <= 600:
            for environment in self._environments.values():
                environment.report_seconds = registered.measure_interval_seconds

    def _instructed(self, message: agent_pb2.Instruction) -> None:
        queue = self._waiting.get(message.environment_id)
        if queue is None:
            _LOG.error("instruction for an environment that is not here", environment=message.environment_id)
            return
        try:
            target = amounts_from_proto(message.target, "instruction.target")
        except CodecError as error:
            _LOG.error("instruction cannot be read", environment=message.environment_id, error=str(error))
            return
        self._newest[message.environment_id] = max(self._newest[message.environment_id], message.revision)
        queue.put_nowait(Instruction(message.instruction_id, message.environment_id, message.revision, target))

    async def _keep_certificate(self) -> None:
        while True:
            await asyncio.sleep(RENEWAL_LOOK_SECONDS)
            await asyncio.to_thread(self._renew_certificate)
            await self._renew_at_broker()

    def _renew_certificate(self) -> None:
        """Renews the own certificate where the authority is on this machine and may be used."""
        authority = authority_directory(self._settings.state)
        if not os.access(authority / "ca.key", os.R_OK):
            return
        folder = self._settings.certificate_folder
        try:
            if renew_if_due(authority, self._identity, folder, datetime.now(UTC)):
                _LOG.info("certificate issued", folder=str(folder))
        except (CertificateError, OSError) as error:
            _LOG.error("certificate cannot be renewed", folder=str(folder), error=str(error))

    async def _renew_at_broker(self) -> None:
        """Asks the broker for the next certificate where the authority is not here, while the last one still holds."""
        folder = self._settings.certificate_folder
        try:
            if await renew_when_due(self._settings.broker, folder, datetime.now(UTC)):
                _LOG.info("certificate renewed by the broker", folder=str(folder))
        except (CertificateError, EnrolmentError, OSError) as error:
            _LOG.error("certificate cannot be renewed", folder=str(folder), error=str(error))

    def _remove_groups(self) -> None:
        for environment in self._environments.values():
            try:
                environment.platform.actuator.remove(kill=False)
            except PlatformUnavailableError as error:
                _LOG.error("group cannot be removed", environment=environment.environment_id, error=str(error))


def run_agent(settings: AgentSettings) -> None:
    """Runs an agent in this process until SIGTERM or SIGINT.

    Raises:
        ConfigurationError: the environments' file cannot be used.
        AgentRunningError: another agent has the state folder.
        OSError: the state folder cannot be written.
    """
    entries = read_environments(settings.environments_file)
    for name in unknown_variables():
        _LOG.warning("unknown setting in the environment", variable=name)
    with _locked(settings):
        asyncio.run(_run_until_signalled(settings, entries))


async def _run_until_signalled(settings: AgentSettings, entries: tuple[EnvironmentEntry, ...]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    agent = Agent(settings, entries)
    _LOG.info("agent started", instance=settings.instance, broker=settings.broker, environments=len(entries))
    await agent.run(stop)


@contextlib.contextmanager
def _locked(settings: AgentSettings) -> Iterator[None]:
    """Holds the state folder for this process, and says in run/agent.json who does."""
    folder, run = settings.state / "agent", settings.state / "run"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    said = run / "agent.json"
    with (folder / "lock").open("a+") as lock:
        _take(lock, folder)
        content = {
            "pid": os.getpid(),
            "instance_id": settings.instance,
            "broker_address": settings.broker,
            "started_at": format_time(datetime.now(UTC)),
        }
        replace_file(said, (json.dumps(content) + "\n").encode(), mode=0o644)
        try:
            yield
        finally:
            said.unlink(missing_ok=True)


def _take(lock: IO[str], folder: object) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise AgentRunningError(f"another agent works on {folder}; stop it, or use another state folder") from None
