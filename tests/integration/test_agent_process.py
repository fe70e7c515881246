"""The agent as a process, against a broker that follows a script: it registers, obeys, outlives, and comes back."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import grpc.aio
import pytest
from foreload_agent.platforms.cgroup import find_layout, list_environments
from foreload_agent.ports import PlatformUnavailableError
from foreload_core.types import Actuation, Amounts
from foreload_proto.v1 import agent_pb2, agent_pb2_grpc
from foreload_system import certificates, channels
from foreload_system.codecs import amounts_from_proto, amounts_to_proto, result_from_proto, sample_from_proto
from foreload_system.identity import Identity

MIB = 1024 * 1024
GROUP = f"foreload-test-p{os.getpid()}"
COMMAND = [sys.executable, "-m", "foreload_cli.main", "agent"]


def _why_not() -> str:
    if os.geteuid() != 0:
        return "needs root"
    try:
        layout = find_layout("probe", GROUP)
        layout.create()
        layout.remove(kill=False)
    except (PlatformUnavailableError, OSError) as error:
        return f"cgroups cannot be made here: {error}"
    return ""


real_cgroups = [pytest.mark.root, pytest.mark.skipif(bool(_why_not()), reason=_why_not() or "runs")]


class ScriptedBroker(agent_pb2_grpc.AgentServiceServicer):
    """Takes registrations and measurements, and sends the instructions that a test puts in."""

    def __init__(self, contract_version: int = 1) -> None:
        self.contract_version = contract_version
        self.registered: asyncio.Queue[agent_pb2.Register] = asyncio.Queue()
        self.measured: asyncio.Queue[agent_pb2.Measurement] = asyncio.Queue()
        self.results: asyncio.Queue[agent_pb2.InstructionResults] = asyncio.Queue()
        self.to_send: asyncio.Queue[agent_pb2.AttachResponse] = asyncio.Queue()

    async def Attach(self, request_iterator, context):  # noqa: N802
        assert channels.peer_identity(context) == Identity("agent", "one")
        first = await anext(request_iterator)
        self.registered.put_nowait(first.register)
        yield agent_pb2.AttachResponse(
            registered=agent_pb2.Registered(
                contract_version=self.contract_version, broker_version="test", measure_interval_seconds=1.0
            )
        )
        reading = asyncio.create_task(self._read(request_iterator))
        try:
            while True:
                yield await self.to_send.get()
        finally:
            reading.cancel()

    async def _read(self, requests) -> None:
        async for request in requests:
            kind = request.WhichOneof("message")
            queue = self.measured if kind == "measurement" else self.results
            queue.put_nowait(getattr(request, kind))

    def tell(self, environment_id: str, revision: int, target: Amounts) -> None:
        instruction = agent_pb2.Instruction(
            instruction_id=f"i-{revision}",
            environment_id=environment_id,
            revision=revision,
            target=amounts_to_proto(target),
        )
        self.to_send.put_nowait(agent_pb2.AttachResponse(instruction=instruction))

    async def answer(self, environment_id: str) -> tuple[int, list]:
        message = await asyncio.wait_for(self.results.get(), 20)
        assert message.environment_id == environment_id
        return message.revision, [result_from_proto(one, environment_id) for one in message.results]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    now = datetime.now(UTC)
    authority = tmp_path / "certs" / "authority"
    certificates.create_authority(authority, now)
    certificates.issue(authority, Identity("broker", "local"), tmp_path / "certs" / "broker-local", now)
    return tmp_path


class Served:
    """A broker on a port, which can go and come back."""

    def __init__(self, state: Path, broker: ScriptedBroker) -> None:
        self.state, self.broker, self.port = state, broker, 0
        self.server: grpc.aio.Server | None = None

    async def start(self) -> None:
        self.server = grpc.aio.server(options=channels.SERVER_OPTIONS)
        agent_pb2_grpc.add_AgentServiceServicer_to_server(self.broker, self.server)
        credentials = channels.server_credentials(self.state / "certs" / "broker-local")
        self.port = self.server.add_secure_port(f"127.0.0.1:{self.port}", credentials)
        await self.server.start()

    async def stop(self) -> None:
        if self.server is not None:
            await self.server.stop(None)


@pytest.fixture
async def served(state: Path) -> AsyncIterator[Served]:
    one = Served(state, ScriptedBroker())
    await one.start()
    yield one
    await one.stop()


@pytest.fixture
def launch(state: Path, served: Served) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def start(*environments: dict, report: str = "10") -> subprocess.Popen[str]:
        if environments:
            (state / "agent").mkdir(exist_ok=True)
            (state / "agent" / "environments.json").write_text(json.dumps({"environments": environments}))
        variables = {**os.environ, "FORELOAD_AGENT_GROUP": GROUP, "FORELOAD_AGENT_MEMORY_MARGIN_BYTES": str(16 * MIB)}
        variables |= {"FORELOAD_STATE_DIR": str(state), "FORELOAD_AGENT_REPORT_SECONDS": report}
        options = ["--broker", f"127.0.0.1:{served.port}", "--instance", "one"]
        with (state / "agent.log").open("a") as log:
            process = subprocess.Popen([*COMMAND, *options], env=variables, stderr=log, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
    for name in list_environments(GROUP):
        find_layout(name, GROUP).remove(kill=True)


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for is in another process
            await asyncio.sleep(0.05)


def logged(state: Path) -> str:
    return (state / "agent.log").read_text()


SIMULATED = {"environment_id": "sim", "platform": "simulated", "floor": {"cpu_cores": 0.1, "memory_bytes": MIB}}
SMALL = {
    "environment_id": "demo",
    "platform": "cgroup",
    "floor": {"cpu_cores": 0.1, "memory_bytes": 16 * MIB},
    "initial": {"cpu_cores": 0.5, "memory_bytes": 256 * MIB},
}


async def test_it_registers_measures_and_applies(served: Served, launch, state: Path) -> None:
    process = launch(SIMULATED, {"environment_id": "dry", "platform": "dry_run"})
    register = await asyncio.wait_for(served.broker.registered.get(), 20)
    assert register.contract_version == 1
    assert amounts_from_proto(register.capacity).cpu_cores
    managed = {one.environment_id: one for one in register.environments}
    assert set(managed) == {"sim", "dry"}
    assert {one.can_change for one in managed["dry"].capabilities} == {False}
    assert managed["sim"].applied_revision == 0
    served.broker.tell("sim", 4, Amounts(cpu_cores=3.0, memory_bytes=3 << 30))
    revision, results = await served.broker.answer("sim")
    assert revision == 4
    assert {result.actuation for result in results} == {Actuation.APPLIED}
    assert json.loads((state / "agent" / "applied.json").read_text())["environments"]["sim"]["revision"] == 4
    served.broker.tell("dry", 1, Amounts(cpu_cores=3.0))
    _, [dry] = await served.broker.answer("dry")
    assert dry.actuation is Actuation.NO_CHANGE
    assert "dry run" in dry.detail
    served.broker.tell("nobody", 1, Amounts(cpu_cores=3.0))
    names: set[str] = set()
    while names != {"sim", "dry"}:
        message = await asyncio.wait_for(served.broker.measured.get(), 20)
        sample = sample_from_proto(message.sample)
        assert sample.interval_seconds > 0
        names.add(message.environment_id)
    assert json.loads((state / "run" / "agent.json").read_text())["pid"] == process.pid
    process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(process.wait, 20) == 0
    assert not (state / "run" / "agent.json").exists()
    assert "instruction for an environment that is not here" in logged(state)


async def test_a_broker_that_goes_is_waited_for(served: Served, launch, state: Path) -> None:
    launch(SIMULATED)
    await asyncio.wait_for(served.broker.registered.get(), 20)
    served.broker.tell("sim", 9, Amounts(cpu_cores=3.0))
    await served.broker.answer("sim")
    await served.stop()
    await until(lambda: "limits stay as they are" in logged(state))
    await served.start()
    again = await asyncio.wait_for(served.broker.registered.get(), 20)
    [sim] = again.environments
    assert sim.applied_revision == 9
    assert sim.limit.cpu_cores == 3.0


async def test_a_broker_of_another_contract_is_named(served: Served, launch, state: Path) -> None:
    served.broker.contract_version = 2
    process = launch(SIMULATED)
    await until(lambda: "speaks contract 2, this agent speaks 1; update the older of the two" in logged(state))
    assert process.poll() is None


async def test_an_expired_certificate_is_named_and_a_new_one_taken(served: Served, launch, state: Path) -> None:
    authority, folder, identity = state / "certs" / "authority", state / "certs" / "agent-one", Identity("agent", "one")
    certificates.issue(authority, identity, folder, datetime.now(UTC) - timedelta(days=8))
    (authority / "ca.key").rename(authority / "elsewhere.key")  # an agent whose authority is on another machine
    launch(SIMULATED)
    await until(lambda: "expired at" in logged(state))
    (authority / "elsewhere.key").rename(authority / "ca.key")
    certificates.issue(authority, identity, folder, datetime.now(UTC))
    await asyncio.wait_for(served.broker.registered.get(), 20)


async def test_a_second_agent_on_the_same_state_says_so(served: Served, launch, state: Path) -> None:
    launch(SIMULATED)
    await asyncio.wait_for(served.broker.registered.get(), 20)
    second = launch()
    assert await asyncio.to_thread(second.wait, 20) == 1
    assert "another agent works on" in logged(state)


class TestRealCgroups:
    """With groups of the kernel that is here."""

    pytestmark = real_cgroups

    async def test_limits_survive_kill_9_and_nothing_is_applied_twice(
        self, served: Served, launch, state: Path
    ) -> None:
        layout = find_layout("demo", GROUP)
        revision, held = 0, Amounts()
        for round_number in range(4):
            process = launch(SMALL)
            register = await asyncio.wait_for(served.broker.registered.get(), 20)
            [demo] = register.environments
            assert demo.platform == "cgroup"
            assert demo.applied_revision in (revision, revision - 1)
            if round_number:
                assert amounts_from_proto(demo.limit) == held
            revision += 1
            target = Amounts(cpu_cores=0.5 + revision / 10, memory_bytes=(256 + 16 * revision) * MIB)
            served.broker.tell("demo", revision, target)
            _, results = await served.broker.answer("demo")
            assert {result.actuation for result in results} == {Actuation.APPLIED}
            served.broker.tell("demo", revision, target)
            _, results = await served.broker.answer("demo")
            assert {result.actuation for result in results} == {Actuation.NO_CHANGE}
            # The last one is cut off anywhere between its arrival and its answer.
            revision += 1
            served.broker.tell("demo", revision, Amounts(cpu_cores=0.5 + revision / 10))
            await asyncio.sleep(0.003 * round_number)
            process.kill()
            await asyncio.to_thread(process.wait)
            await asyncio.sleep(0.1)
            while not served.broker.results.empty():
                served.broker.results.get_nowait()
            while not served.broker.to_send.empty():
                served.broker.to_send.get_nowait()
            held = layout.own_limit()
            assert held.memory_bytes == target.memory_bytes
            assert held.cpu_cores in (target.cpu_cores, pytest.approx(0.5 + revision / 10))

    async def test_a_group_removed_by_someone_comes_back_with_its_limits(self, served: Served, launch) -> None:
        launch(SMALL)
        await asyncio.wait_for(served.broker.registered.get(), 20)
        served.broker.tell("demo", 1, Amounts(cpu_cores=0.7))
        await served.broker.answer("demo")
        while (await asyncio.wait_for(served.broker.measured.get(), 20)).sample.limit.cpu_cores != pytest.approx(0.7):
            pass
        layout = find_layout("demo", GROUP)
        layout.remove(kill=False)
        await until(lambda: layout.exists() and layout.own_limit().cpu_cores == pytest.approx(0.7))

    async def test_throttling_is_urgent(self, served: Served, launch) -> None:
        launch({**SMALL, "initial": {"cpu_cores": 0.1, "memory_bytes": 256 * MIB}})
        await asyncio.wait_for(served.broker.registered.get(), 20)
        with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as burner:  # noqa: ASYNC220 - returns at once
            try:
                find_layout("demo", GROUP).join(burner.pid)
                while not (message := await asyncio.wait_for(served.broker.measured.get(), 20)).urgent:
                    pass
            finally:
                burner.kill()
        sample = sample_from_proto(message.sample)
        assert sample.throttled_seconds > 0.1
        assert sample.limit.cpu_cores == pytest.approx(0.1)

    async def test_exec_becomes_the_command_inside_the_group(self, served: Served, launch, state: Path) -> None:
        launch(SMALL)
        await asyncio.wait_for(served.broker.registered.get(), 20)
        says = (
            "import json, os; print(json.dumps([os.getpid(), os.getuid(), os.getgroups(), os.environ['HOME'],"
            " open('/proc/self/cgroup').read(), os.getcwd()]))"
        )
        command = [*COMMAND, "exec", "--environment", "demo", "--group", GROUP, "--user", "nobody", "--"]
        command += ["python3", "-c", says]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/")  # noqa: ASYNC220 - returns at once
        out, _ = await asyncio.to_thread(process.communicate)
        assert process.returncode == 0
        pid, uid, groups, home, memberships, cwd = json.loads(out)
        assert pid == process.pid
        assert uid == 65534
        assert 0 not in groups
        assert home == "/nonexistent"
        assert memberships.count(f"/{GROUP}/demo") >= 3
        assert cwd == "/"
        masks = [
            *COMMAND,
            "exec",
            "--environment",
            "demo",
            "--group",
            GROUP,
            "--",
            "grep",
            "SigIgn",
            "/proc/self/status",
        ]
        # Python ignores SIGPIPE for itself; what it becomes must not inherit that.
        shown = await asyncio.to_thread(subprocess.run, masks, capture_output=True, text=True, check=True)
        assert int(shown.stdout.split()[1], 16) & (1 << (signal.SIGPIPE - 1)) == 0

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--environment", "nope", "--", "true"], "environment 'nope' has no cgroup"),
            (["--environment", "demo", "--user", "nobody-here", "--", "true"], "user 'nobody-here' does not exist"),
            (["--environment", "demo", "--", "no-such-program"], "'no-such-program' cannot be run: No such file"),
            (["--environment", "../x", "--", "true"], "--environment is '../x'; allowed are 1 to 63"),
        ],
    )
    def test_exec_says_what_is_wrong(self, arguments: list[str], message: str) -> None:
        layout = find_layout("demo", GROUP)
        layout.create()
        try:
            command = [*COMMAND, "exec", "--group", GROUP, *arguments]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        finally:
            layout.remove(kill=True)
        assert done.returncode in (1, 2)
        assert message in done.stderr
        assert done.stderr.count("\n") == 1

    @pytest.mark.parametrize("kill", [False, True])
    def test_clean_takes_the_groups_away(self, kill: bool) -> None:
        layout = find_layout("demo", GROUP)
        layout.create()
        with subprocess.Popen(["sleep", "100"]) as sleeper:
            layout.join(sleeper.pid)
            command = [*COMMAND, "clean", "--group", GROUP, "--format", "json", *(["--kill"] if kill else [])]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            try:
                [row] = json.loads(done.stdout)
                assert row["environment_id"] == "demo"
                assert row["process_count"] == 1
                assert row["removed"]
                assert (sleeper.poll() is None) is not kill or sleeper.wait(5) == -9
                assert list_environments(GROUP) == ()
            finally:
                sleeper.kill()
