"""What a person may get wrong with the commands, one message each: run as a person runs them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from foreload_broker.api.interceptors import Errors
from foreload_system.certificates import create_authority, issue
from foreload_system.identity import Identity

TRACE = Path(__file__).resolve().parents[1] / "fixtures" / "core" / "morning.csv"
COMMAND = [sys.executable, "-m", "foreload_cli.main"]


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder with an authority and all certificates, and a foreign one beside it."""
    for name in ("state", "foreign"):
        certs, now = tmp_path / name / "certs", datetime.now(UTC)
        create_authority(certs / "authority", now)
        for kind, who in (("broker", "local"), ("agent", "local"), ("environment", "demo"), ("operator", "me")):
            issue(certs / "authority", Identity(kind, who), certs / f"{kind}-{who}", now)
    (tmp_path / "state" / "agent").mkdir()
    write_environments(tmp_path / "state", [{"environment_id": "demo", "platform": "dry_run"}])
    return tmp_path / "state"


def fill_up(path: Path) -> None:
    """Writes until there is no room for one more page."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def write_environments(state: Path, content: object) -> None:
    whole = {"environments": content} if isinstance(content, list) else content
    (state / "agent" / "environments.json").write_text(whole if isinstance(whole, str) else json.dumps(whole))


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    own = {"FORELOAD_STATE_DIR": str(tmp_path / "state"), "FORELOAD_DAEMON_DIR": str(tmp_path / "daemon")}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FORELOAD_")}
    return {**inherited, **own}


@pytest.fixture
def foreload(variables: dict[str, str]) -> Callable[..., tuple[int, str]]:
    """Runs a command that must end: its exit code, and its one line of complaint."""

    def run(*arguments: str, **more: str) -> tuple[int, str]:
        ended = subprocess.run(
            [*COMMAND, *arguments], env={**variables, **more}, check=False, capture_output=True, text=True, timeout=60
        )
        lines = ended.stderr.splitlines()
        assert len(lines) == 1, ended.stderr
        return ended.returncode, lines[0]

    return run


@pytest.fixture
def broker(state: Path, variables: dict[str, str]) -> Iterator[str]:
    """A real broker; gives its address."""
    address = free_address()
    options = ["--listen", address, "--metrics", free_address(), "--state", str(state)]
    process = subprocess.Popen([*COMMAND, "broker", *options], env=variables, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not (state / "run" / "broker.json").exists():
        assert time.monotonic() < deadline, "the broker did not start"
        time.sleep(0.05)
    yield address
    process.send_signal(signal.SIGTERM)
    process.wait(20)


def test_a_broker_of_another_authority_is_not_taken_for_one_that_is_down(
    broker: str, state: Path, foreload: Callable[..., tuple[int, str]]
) -> None:
    foreign = state.parent / "foreign" / "certs"
    code, said = foreload("decisions", "--broker", broker, "--certificates", str(foreign / "operator-me"))
    assert code == 1
    assert said.startswith(f"foreload: the broker at {broker} has a certificate of another authority than {foreign}")


def test_an_agent_says_a_foreign_certificate_once_and_in_words(
    broker: str, state: Path, variables: dict[str, str]
) -> None:
    foreign = state.parent / "foreign" / "certs" / "agent-local"
    (state / "certs" / "authority" / "ca.key").unlink()  # with it, the agent would renew the certificate by itself
    options = ["--broker", broker, "--certificates", str(foreign), "--state", str(state)]
    with (state / "agent.log").open("w") as log:
        process = subprocess.Popen([*COMMAND, "agent", *options], env=variables, stderr=log)
    time.sleep(5)  # some five tries
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    lines = [json.loads(line) for line in (state / "agent.log").read_text().splitlines()]
    complaints = [line for line in lines if line["level"] != "info"]
    assert len(complaints) == 1
    assert f"certificate of another authority than {foreign / 'ca.pem'}" in complaints[0]["why"]


def test_a_broker_needs_a_broker_s_certificate(state: Path, foreload: Callable[..., tuple[int, str]]) -> None:
    code, said = foreload("broker", "--certificates", str(state / "certs" / "agent-local"))
    assert code == 1
    assert "is the certificate of agent local; needed is that of a broker" in said
    shutil.rmtree(state / "certs" / "broker-local")
    code, said = foreload("broker")
    assert code == 1
    assert said.endswith(
        "broker-local/ca.pem is missing; issue the certificate with: foreload certs issue broker/local"
    )


def test_a_damaged_database_is_kept_and_named(state: Path, foreload: Callable[..., tuple[int, str]]) -> None:
    database = state / "broker" / "broker.db"
    database.parent.mkdir()
    database.write_bytes(b"no database at all" * 1000)
    code, said = foreload("broker", "--listen", free_address(), "--metrics", free_address())
    assert code == 1
    assert f"{database} does not work: file is not a database; move it aside to begin anew" in said
    assert database.read_bytes().startswith(b"no database")


@pytest.mark.parametrize("command", [("broker",), ("agent",), ("up",), ("certs", "init"), ("status",)])
def test_a_state_folder_that_is_a_file(
    command: tuple[str, ...], state: Path, foreload: Callable[..., tuple[int, str]]
) -> None:
    blocked = state.parent / "blocked"
    blocked.write_text("")
    more = ["--environments", str(state / "agent" / "environments.json")] if command == ("agent",) else []
    code, said = foreload(*command, "--state", str(blocked), *more)
    assert code == 1
    assert str(blocked) in said
    assert "Errno" not in said
    assert "FORELOAD_DEBUG" not in said


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount a small file system")
def test_a_full_disk_is_named_by_every_program(state: Path, foreload: Callable[..., tuple[int, str]]) -> None:
    small = state.parent / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)], check=False, capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    try:
        shutil.copytree(state / "certs", small / "certs")
        fill_up(small / "filler")
        environments = str(state / "agent" / "environments.json")
        for arguments, words in (
            (("broker", "--listen", free_address(), "--metrics", free_address()), "no room left in"),
            (("agent", "--environments", environments), "cannot be written (No space left on device); make room"),
            (("certs", "issue", "agent/two"), "cannot be written (No space left on device); make room"),
            (("up",), "cannot be written (No space left on device)"),
        ):
            code, said = foreload(*arguments, "--state", str(small))
            assert (code, words in said, str(small) in said) == (1, True, True), said
        code, said = foreload("history", "import", str(TRACE), FORELOAD_DAEMON_DIR=str(small / "daemon"))
        assert code == 1
        assert "cannot be written: the disk is full" in said
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is no JSON"),
        ("[" * 200_000, "is no JSON"),
        ([{"environment_id": 7}], "environments.0.environment_id is 7: allowed is a text"),
        ([{"environment_id": "a", "floor": {"cpu_cores": "x"}}], "floor.cpu_cores is 'x': allowed is a number"),
        ([{"environment_id": "a", "initial": [1]}], "initial is [1]: allowed is an object in braces"),
        ({"environments": [], "more": 1}, "more is not known"),
    ],
)
def test_a_bad_list_of_environments(
    content: object, words: str, state: Path, foreload: Callable[..., tuple[int, str]]
) -> None:
    write_environments(state, content)
    code, said = foreload("agent", "--broker", free_address())
    assert code == 1
    assert f"{state / 'agent' / 'environments.json'}" in said
    assert words in said


def test_bad_settings_of_the_agent_are_bad_usage_and_named_as_they_were_given(
    state: Path, foreload: Callable[..., tuple[int, str]]
) -> None:
    code, said = foreload("agent", "--broker", "nowhere")
    assert code == 2
    assert "--broker is 'nowhere': allowed is HOST:PORT with a port from 1 to 65535, as in 127.0.0.1:7443" in said
    assert foreload("agent", FORELOAD_AGENT_REPORT_SECONDS="soon") == (
        2,
        "foreload: agent: FORELOAD_AGENT_REPORT_SECONDS is 'soon': allowed is a number",
    )


def test_bad_variables_of_an_environment(tmp_path: Path, foreload: Callable[..., tuple[int, str]]) -> None:
    for variable, value in (("FORELOAD_ENVIRONMENT", "Not A Name"), ("FORELOAD_BROKER", "nowhere")):
        code, said = foreload("doctor", **{variable: value})
        assert code == 2
        assert f"{variable} is '{value}'; allowed is" in said


def test_a_pipe_is_not_waited_for(tmp_path: Path, foreload: Callable[..., tuple[int, str]]) -> None:
    pipe = tmp_path / "pipe.py"
    os.mkfifo(pipe)
    assert foreload("analyze", str(pipe)) == (
        1,
        f"foreload analyze: {pipe}: this is no file; name a file or a folder",
    )


def test_a_picture_that_cannot_be_written_is_said_before_the_work(foreload: Callable[..., tuple[int, str]]) -> None:
    code, said = foreload("forecast", str(TRACE), "--plot", "/nonexistent/out.png")
    assert code == 2
    assert "--plot is /nonexistent/out.png; its folder does not exist" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("analyze", "--format", "xml", "."), "'--format': 'xml' is not one of 'table', 'json', 'sarif'. See:"),
        (("analyze", "--jobs", "0", "."), "'--jobs': it must be greater than or equal to 1. See:"),
        (("profile", "chek"), "Did you mean 'check'?"),
    ],
)
def test_bad_usage_reads_as_a_sentence(
    arguments: tuple[str, ...], words: str, foreload: Callable[..., tuple[int, str]]
) -> None:
    code, said = foreload(*arguments)
    assert code == 2
    assert words in said


def test_a_client_that_is_refused_again_and_again_fills_no_log() -> None:
    errors = Errors()
    reasons = ["contract version 7 is not spoken here"] * 50 + ["another reason"]
    assert [errors._worth_saying("/Connect", reason) for reason in reasons].count(True) == 2


def test_what_a_table_says_of_a_bad_certificate_is_not_cut(state: Path, variables: dict[str, str]) -> None:
    (state / "certs" / "agent-local" / "cert.pem").write_text("hello")
    ended = subprocess.run(
        [*COMMAND, "certs", "list"], env={**variables, "COLUMNS": "80"}, check=False, capture_output=True, text=True
    )
    assert ended.returncode == 0
    assert "…" not in ended.stdout
