"""A container's life as the agent sees it: it may not be there yet, end, come back, and grow while it is lowered."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from foreload_agent.app.applied import AppliedRevisions
from foreload_agent.app.environments import Instruction, ManagedEnvironment
from foreload_agent.app.platforms import open_platform
from foreload_agent.config import EnvironmentEntry, make_settings
from foreload_agent.platforms.docker import DockerActuator, Engine, EnvironmentContainer
from foreload_agent.ports import PlatformUnavailableError
from foreload_agent.shrinking import MemoryMargin
from foreload_core.types import Actuation, Amounts, Resource

MIB = 1024 * 1024
CAPACITY = Amounts(2.0, 8192 * MIB)
INITIAL = Amounts(1.0, 512 * MIB)


def environment_of(engine: Any, name: str, state: Path) -> ManagedEnvironment:
    """The agent's environment for a container of this name."""
    settings = make_settings({"state": state, "docker_host": engine.address})
    entry = EnvironmentEntry.model_validate({"environment_id": "demo", "platform": "docker", "container": name})
    platform = open_platform(entry, settings, CAPACITY)
    applied = AppliedRevisions(settings.applied_file)
    return ManagedEnvironment("demo", platform, Amounts(0.1, 64 * MIB), INITIAL, applied, 0.3, 0.1)


def look_until_report(environment: ManagedEnvironment) -> Any:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        report = environment.look(datetime.now(UTC), time.monotonic())
        if report is not None:
            return report
        time.sleep(0.1)
    raise AssertionError("no report within 10 s")


def test_a_container_is_taken_up_when_it_starts_and_again_when_it_comes_back(
    docker_engine: Any, tmp_path: Path
) -> None:
    environment = environment_of(docker_engine, "fl-comes-back", tmp_path)
    with pytest.raises(PlatformUnavailableError, match="it is taken up once it runs"):
        environment.start()
    assert environment.look(datetime.now(UTC), time.monotonic()) is None

    docker_engine.run(name="fl-comes-back", command="while :; do :; done")
    report = look_until_report(environment)
    assert report.sample.limit.cpu_cores == INITIAL.cpu_cores
    assert report.sample.limit.memory_bytes == INITIAL.memory_bytes
    assert 0.05 < report.sample.used.cpu_cores < 1.5, "it computes, as far as the machine lets it"
    assert report.sample.used.network_rx_bytes_per_second == 0.0

    instruction = Instruction("i-1", "demo", 1, Amounts(cpu_cores=0.5))
    [result] = environment.apply(instruction, lambda: False, lambda: datetime.now(UTC))
    assert result.actuation is Actuation.APPLIED
    assert result.amount == 0.5

    docker_engine.clear()
    assert environment.look(datetime.now(UTC), time.monotonic()) is None
    docker_engine.run(name="fl-comes-back")
    report = look_until_report(environment)
    assert report.sample.limit.cpu_cores == 0.5, "a new one gets the limits that held last"


def test_a_label_names_the_environment_and_two_of_them_are_told(docker_engine: Any) -> None:
    docker_engine.run(name="fl-a", labels={"foreload.environment": "shop"})
    container = EnvironmentContainer(Engine(docker_engine.address), "shop")
    assert container.require().pid > 0
    docker_engine.run(name="fl-b", labels={"foreload.environment": "shop"})
    with pytest.raises(PlatformUnavailableError, match=r"2 containers carry the label .*=shop: fl-a, fl-b"):
        Engine(docker_engine.address).find("shop")


def test_limits_are_changed_in_the_way_in_which_they_were_given(docker_engine: Any) -> None:
    for options in ({"nano_cpus": 1_500_000_000}, {"cpu_quota": 150_000, "cpu_period": 100_000}):
        container = EnvironmentContainer(Engine(docker_engine.address), docker_engine.run(**options))
        actuator = DockerActuator(container, MemoryMargin(0.2, 16 * MIB), 0.5)
        assert actuator.limit().cpu_cores == 1.5
        [outcome] = actuator.apply(Amounts(cpu_cores=0.75), lambda: False)
        assert (outcome.actuation, outcome.amount, outcome.detail) == (Actuation.APPLIED, 0.75, "")


def test_a_container_that_grows_is_never_lowered_below_its_use(docker_engine: Any) -> None:
    step = "dd if=/dev/zero of=/dev/shm/$i bs=1M count=10 2>/dev/null"
    name = docker_engine.run(
        mem_limit=800 * MIB,
        shm_mib=700,
        command=f"for i in $(seq 60); do {step}; done; sleep 600",
    )
    actuator = DockerActuator(
        EnvironmentContainer(Engine(docker_engine.address), name), MemoryMargin(0.2, 64 * MIB), 0.2
    )
    refused, deadline = 0, time.monotonic() + 30
    while refused < 5 and time.monotonic() < deadline:
        [outcome] = actuator.apply(Amounts(memory_bytes=300 * MIB), lambda: False)
        refused += outcome.actuation is Actuation.REFUSED
        actuator.apply(Amounts(memory_bytes=800 * MIB), lambda: False)
    container = docker_engine.client.containers.get(name)
    assert container.status == "running"
    assert container.attrs["State"]["OOMKilled"] is False
    assert refused == 5, "it outgrew the target and must have been refused"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the library leaves its socket open
def test_an_engine_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(PlatformUnavailableError, match="no Docker engine answers at unix://"):
        Engine(f"unix://{tmp_path}/none.sock")
    settings = make_settings({"state": tmp_path, "docker_host": f"unix://{tmp_path}/none.sock"})
    entry = EnvironmentEntry.model_validate({"environment_id": "demo", "platform": "docker"})
    platform = open_platform(entry, settings, CAPACITY)
    assert platform.name == "dry_run"
    assert "no Docker engine answers" in platform.actuator.capabilities()[0].detail
    assert {capability.resource for capability in platform.actuator.capabilities()} == set(Resource)
