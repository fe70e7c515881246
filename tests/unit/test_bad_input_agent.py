"""A trouble of the agent that stays is said once, not with each look or try."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from foreload_agent.api import session as session_module
from foreload_agent.api.outbox import Outbox
from foreload_agent.api.session import Session
from foreload_agent.app.environments import ManagedEnvironment
from foreload_agent.config import unknown_variables
from foreload_agent.ports import EnvironmentGoneError, Platform, PlatformUnavailableError
from foreload_core.types import Amounts
from foreload_system.identity import Identity
from structlog.testing import capture_logs

AMOUNTS = Amounts(cpu_cores=1.0, memory_bytes=1000)


class ReadOnlyGroups:
    """Is gone, and cannot be made again."""

    def measure(self, now: datetime, monotonic: float) -> None:
        raise EnvironmentGoneError("its cgroup is not there")

    def create(self, initial: Amounts) -> bool:
        raise PlatformUnavailableError("/sys/fs/cgroup is read-only")


class NothingRemembered:
    """No revision was ever applied."""

    def revision(self, environment_id: str) -> int:
        return 0


def test_an_environment_that_cannot_be_made_is_said_once() -> None:
    groups = ReadOnlyGroups()
    platform = Platform("cgroup", groups, groups)
    one = ManagedEnvironment("demo", platform, AMOUNTS, AMOUNTS, NothingRemembered(), 10.0, 0.1)
    with capture_logs() as logs:
        for second in range(5):
            one.look(datetime.now(UTC), float(second))
    assert [entry["event"] for entry in logs] == [
        "environment is gone, making it again",
        "environment cannot be made",
    ]
    assert logs[1]["error"] == "/sys/fs/cgroup is read-only"


@pytest.fixture
def session() -> Session:
    def nothing(*_: object) -> None:
        pass

    who = Identity("agent", "one")
    return Session("127.0.0.1:1", who, Path("certs"), nothing, nothing, nothing, nothing, Outbox(1))  # pyright: ignore[reportArgumentType]


def test_the_same_trouble_in_other_words_is_not_said_with_every_try(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = 100.0
    monkeypatch.setattr(session_module.time, "monotonic", lambda: moment)
    with capture_logs() as logs:
        for second in range(50):
            moment = 100.0 + second
            session._complain("the own certificate cannot be used", f"the clock says 14:16:{second:02}")
        session._complain("no broker; limits stay as they are", "nobody answers")
        moment = 300.0
        session._complain("no broker; limits stay as they are", "another authority")
    assert [entry["why"] for entry in logs] == ["the clock says 14:16:00", "nobody answers", "another authority"]


def test_a_mistyped_variable_is_told() -> None:
    given = {"FORELOAD_AGENT_REPORT_SECOND": "5", "FORELOAD_AGENT_REPORT_SECONDS": "5", "FORELOAD_BROKER": "a:1"}
    assert unknown_variables(given) == ["FORELOAD_AGENT_REPORT_SECOND"]
