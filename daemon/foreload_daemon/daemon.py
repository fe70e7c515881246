"""What the features of one window share: settings, what each of them knows, and how it stands as one value."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foreload_core.types import NO_AMOUNTS, Amounts, Prices
from foreload_core.units import GIB
from lsprotocol import types

from foreload_daemon import settings as setting
from foreload_daemon.clock import Clock
from foreload_daemon.protocol import VectorRow
from foreload_daemon.roles import Roles
from foreload_daemon.server import ForeloadServer

if TYPE_CHECKING:
    from foreload_daemon.analysis import Analysis, Opened
    from foreload_daemon.features.decisions import DecisionBook
    from foreload_daemon.features.forecast import ForecastBook
    from foreload_daemon.features.profile import ProfileBook
    from foreload_daemon.pages.situation import Killed, Situation
    from foreload_daemon.pages.warning import MemoryWarning
    from foreload_daemon.runs.book import RunBook


class Daemon(Roles):
    """One window's daemon.

    Attributes:
        workspace: the folders that are open.
        on_settings: called after a change.
        on_report: called with each finished analysis.
        on_document: called with address and text of a document that was opened or changed.
        on_runs: called when a run starts or ends.
        on_page: called when something that the dashboard shows has changed.
        analysis: the open documents; None where the feature could not be set up.
        runs, forecasts, profiles, decisions: what those features know; None before this window leads.
        warning: memory that will be full, where a person must act.
        killed: what the system ended last for want of memory.
        dropped_messages: how many messages were dropped because the broker was away for too long.
    """

    def __init__(
        self, server: ForeloadServer, clock: Clock | None = None, variables: Mapping[str, str] = os.environ
    ) -> None:
        super().__init__(server, clock, variables)
        self.workspace: tuple[Path, ...] = ()
        self.on_settings: list[Callable[[], None]] = []
        self.on_report: list[Callable[[Opened], None]] = []
        self.on_document: list[Callable[[str, str], None]] = []
        self.on_runs: list[Callable[[], None]] = []
        self.on_page: list[Callable[[], None]] = []
        self.analysis: Analysis | None = None
        self.runs: RunBook | None = None
        self.forecasts: ForecastBook | None = None
        self.profiles: ProfileBook | None = None
        self.decisions: DecisionBook | None = None
        self.warning: MemoryWarning | None = None
        self.killed: Killed | None = None
        self.dropped_messages = 0
        self._features: dict[str, float] = {}

    def configure(self, options: Mapping[str, Any], workspace: tuple[Path, ...]) -> list[str]:
        """Takes in the editor's initialization options. Returns what is wrong with them, one sentence each."""
        named = {"broker.address": options.get("broker"), "broker.certificates": options.get("certificates")}
        named["environment"] = options.get("environment")
        given = options.get("settings")
        problems: list[str] = []
        if isinstance(given, Mapping):
            self.settings, problems = setting.read_settings(given)
        self.settings, more = setting.read_settings(
            {key: value for key, value in named.items() if value}, self.settings
        )
        from foreload_system.paths import daemon_directory

        self.environment = setting.environment_id(self.settings, self.variables)
        self.folder = daemon_directory(self.environment)
        self.workspace = workspace
        return [*problems, *more, *setting.variable_problems(self.settings, self.variables)]

    def change_settings(self, given: Mapping[str, Any]) -> list[str]:
        """Takes in changed settings. Returns what is wrong with them."""
        self.settings, problems = setting.read_settings(given, self.settings)
        if self._services is not None:
            link = self._services.link
            link.configure(
                setting.broker_address(self.settings, self.variables),
                setting.certificates_folder(self.settings, self.variables),
            )
        for listener in self.on_settings:
            listener()
        return problems

    def page_changed(self) -> None:
        """Something that the dashboard shows has changed."""
        for listener in self.on_page:
            listener()

    def runs_changed(self) -> None:
        """A run has started or ended."""
        for listener in (*self.on_runs, *self.on_page):
            listener()

    def note_features(self, values: dict[str, float]) -> None:
        """What kind of code is worked on now, in numbers."""
        self._features = values

    def current_features(self) -> dict[str, float]:
        """What kind of code was worked on last; empty where nothing may be analysed."""
        return self._features if self.analysis_allowed else {}

    def window_names(self) -> Mapping[str, str]:
        """Names of the profile's windows, by their id on the wire."""
        return self.profiles.window_names if self.profiles is not None else {}

    def maximum(self) -> Amounts:
        """The profile's maximum."""
        return self.profiles.numbers.maximum if self.profiles is not None else NO_AMOUNTS

    def budget_usd_per_month(self) -> float | None:
        """The profile's budget; None where it has none."""
        return self.profiles.numbers.budget_usd_per_month if self.profiles is not None else None

    def disk(self) -> tuple[int, int] | None:
        """Bytes used and there on the workspace's disk, to a GiB: the gauge is not painted for each file."""
        import shutil

        try:
            usage = shutil.disk_usage(self.workspace[0] if self.workspace else self.folder)
        except OSError:
            return None
        return usage.used // GIB * GIB, usage.total // GIB * GIB

    def machine_capacity(self) -> Amounts:
        """What this machine, or the container that stands for it, has."""
        return self._machine

    def capacity(self) -> Amounts:
        """What the environment can get: what the broker said, and what the machine has where it said nothing."""
        said = self._services.link.standing.capacity if self._services is not None else NO_AMOUNTS
        return said.over(self._machine)

    def prices(self) -> Prices:
        """What resources cost: as the broker said, else the defaults."""
        said = self._services.link.standing.prices if self._services is not None else None
        return said or Prices()

    def cores(self) -> float:
        """Cores that "all cores" comes to: what the environment can get, else what it has."""
        said = self._services.link.standing.capacity.cpu_cores if self._services is not None else None
        return said or self._machine.cpu_cores or float(len(os.sched_getaffinity(0)))

    def limit(self) -> Amounts:
        """The limits of the last sample, and what the machine has where there is none."""
        latest = self._services.sampler.latest if self._services is not None else None
        return latest.limit.over(self._machine) if latest is not None else self._machine

    def forecast_rows(self) -> list[VectorRow]:
        """What of the forecast is or would be sent."""
        from foreload_daemon.features.forecast import forecast_rows

        return forecast_rows(self.forecasts.outlook) if self.forecasts is not None else []

    def situation(self) -> Situation:
        """How it stands now."""
        from foreload_daemon.forecasts import NOTHING_EXPECTED
        from foreload_daemon.pages.situation import RunningRun, Situation

        services = self.services
        latest = services.sampler.latest
        measured = latest is not None and latest.used.cpu_cores is not None
        runs = self.runs.active.values() if self.runs is not None else ()
        return Situation(
            now=self.clock.now(),
            environment=self.environment,
            used=latest.used if latest is not None else NO_AMOUNTS,
            limit=self.limit(),
            measured_at=latest.start + timedelta(seconds=latest.interval_seconds)
            if latest is not None and measured
            else None,
            given=services.gate.given,
            allowed=services.gate.effective,
            link=services.link.state,
            has_broker=bool(services.link.address),
            standing=services.link.standing,
            outlook=self.forecasts.outlook if self.forecasts is not None else NOTHING_EXPECTED,
            warning=self.warning,
            disk=self.disk(),
            killed=self.killed,
            runs=tuple(
                RunningRun(
                    run.what.name or run.what.kind.value,
                    datetime.fromtimestamp(run.started_at_seconds, UTC),
                    run.demand.high.cpu_cores if run.demand is not None else None,
                )
                for run in runs
            ),
            names=self.window_names(),
            dropped_messages=self.dropped_messages,
        )

    def report_changed(self, opened: Opened) -> None:
        """An analysis has finished."""
        for listener in self.on_report:
            listener(opened)

    def document_changed(self, uri: str, text: str) -> None:
        """The editor has opened or changed a document."""
        for listener in self.on_document:
            listener(uri, text)


def show_problems(server: ForeloadServer, problems: list[str]) -> None:
    """Shows each problem of the settings once."""
    for text in problems:
        server.say_once(text, f"Foreload: {text}.", types.MessageType.Warning)
