"""What runs before anything is installed: finding Python, skipped steps, one clear message for what goes wrong."""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def scripts_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))


def node(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("node")
    assert program is not None
    return subprocess.run(
        [program, str(ROOT / "scripts" / "python.mjs"), *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_python_is_found_and_gets_its_arguments() -> None:
    ended = node("-c", "import sys; print(sys.version_info[:2] >= (3, 11), sys.argv[1:])", "one", "two")
    assert ended.stdout.strip() == "True ['one', 'two']"
    assert ended.returncode == 0


def test_the_exit_code_is_the_scripts() -> None:
    assert node("-c", "raise SystemExit(7)").returncode == 7


def test_no_python_is_one_clear_message(tmp_path: Path) -> None:
    missing = tmp_path / "python3"
    ended = node("-c", "print(1)", FORELOAD_PYTHON=str(missing))
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert str(missing) in ended.stderr
    assert "3.11" in ended.stderr


def test_an_old_python_is_refused(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nprintf '3\\t8\\tvenv\\t/bin/sh\\n'\n")
    old.chmod(0o755)
    ended = node("-c", "print(1)", FORELOAD_PYTHON=str(old))
    assert ended.returncode == 1
    assert "3.11 to 3.13" in ended.stderr


def test_a_step_is_done_once_for_the_same_inputs(tmp_path: Path) -> None:
    from steps.running import Step, run_steps

    done: list[str] = []
    inputs = ["first"]

    def act() -> None:
        done.append(inputs[0])

    step = Step("a step", tmp_path / "made" / ".stamp", lambda: inputs[0], act)
    run_steps([step])
    run_steps([step])
    assert done == ["first"]
    inputs[0] = "second"
    run_steps([step])
    assert done == ["first", "second"]


def test_a_step_that_fails_is_not_remembered(tmp_path: Path) -> None:
    from steps.running import Step, StepError, run, run_steps

    def act() -> None:
        run([sys.executable, "-c", "raise SystemExit(3)"], cwd=tmp_path, what="Failing")

    step = Step("a step", tmp_path / ".stamp", lambda: "same", act)
    for _ in range(2):
        with pytest.raises(StepError, match="exit code 3"):
            run_steps([step])
    assert not (tmp_path / ".stamp").exists()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("npm error code EAI_AGAIN", "needs the network"),
        ("Temporary failure in name resolution", "needs the network"),
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("something else", "exit code 1"),
    ],
)
def test_what_went_wrong_is_said_once_and_clearly(tmp_path: Path, said: str, expected: str) -> None:
    from steps.running import StepError, run

    code = f"print({said!r}); raise SystemExit(1)"
    with pytest.raises(StepError) as caught:
        run([sys.executable, "-c", code], cwd=tmp_path, what="Installing things")
    assert str(caught.value).startswith("Installing things: ")
    assert expected in str(caught.value)
    assert said in str(caught.value)


def test_a_program_that_hangs_is_ended(tmp_path: Path) -> None:
    from steps.running import StepError, run

    with pytest.raises(StepError, match="did not end within"):
        run([sys.executable, "-c", "import time; time.sleep(60)"], cwd=tmp_path, what="Waiting", seconds=1.0)


def test_a_port_in_use_gives_the_next_free_one() -> None:
    from steps.workbench import free_port

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found, as_wanted = free_port(port)
    assert found > port
    assert not as_wanted


def test_what_is_missing_without_root_is_named_with_what_it_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    from steps import system_packages

    absent = system_packages.SystemPackage("no-such-package", ("no-such-program",), "a thing")
    monkeypatch.setattr(system_packages, "is_root", lambda: False)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    left_out = system_packages.install([absent])
    assert left_out is not None
    assert "no-such-package (skips a thing)" in left_out


def test_the_ide_never_runs_as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    from steps import ide_user
    from steps.running import StepError

    monkeypatch.setattr(ide_user, "is_root", lambda: True)
    monkeypatch.delenv("SUDO_USER", raising=False)
    assert ide_user.choose(None).uid != 0
    with pytest.raises(StepError, match="--user is root"):
        ide_user.choose("root")
    with pytest.raises(StepError, match="no such user"):
        ide_user.choose("nobody-of-that-name")


def test_the_browser_ide_listens_on_loopback_only(tmp_path: Path) -> None:
    from steps.ide_user import IdeUser
    from steps.workbench import Workbench

    bench = Workbench(tmp_path, IdeUser("somebody", os.geteuid(), os.getegid()), None)
    command = bench.command(9000, telemetry=False)
    assert command[command.index("--bind-addr") + 1] == "127.0.0.1:9000"


def test_locks_fit_what_they_were_made_from() -> None:
    ended = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "lock.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
