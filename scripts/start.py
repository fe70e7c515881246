"""Sets everything up, then starts broker, agent, and the IDE inside the environment that they manage."""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

import prepare
from steps import extension, ide, ide_python
from steps.ide_user import choose
from steps.places import VENV, is_root
from steps.running import StepError, say
from steps.session import MARK, Session, clear, foreload, state_directory
from steps.workbench import FIRST_PORT, Workbench, free_port

READY_SECONDS = 60.0
WATCH_SECONDS = 5.0


def _on_signal(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="npm start --", description=__doc__)
    parser.add_argument(
        "--user", help="who the IDE runs as when root starts it (default: the caller of sudo, else nobody)"
    )
    parser.add_argument(
        "--port", type=int, default=FIRST_PORT, help=f"port of the IDE in the browser (default: {FIRST_PORT})"
    )
    parser.add_argument("--environment", default="demo", help="id of the environment (default: demo)")
    parser.add_argument("--browser", action="store_true", help="code-server, even where VS Code is installed")
    parser.add_argument("--ide-telemetry", action="store_true", help="leave the IDE's telemetry switch to its settings")
    parser.add_argument("--no-watch", action="store_true", help="do not start broker and agent again when they die")
    return parser.parse_args()


def _up(environment: str, workspace: Path) -> dict[str, str]:
    """Starts broker and agent, or finds them running; returns what the IDE must know of them."""
    ended = foreload("up", "--environment", environment, "--workspace", str(workspace), seconds=120)
    if ended.returncode != 0:
        raise StepError((ended.stderr or ended.stdout).strip())
    broker = json.loads((state_directory() / "run" / "broker.json").read_text())
    return {"FORELOAD_ENVIRONMENT": environment, "FORELOAD_BROKER": broker["address"]}


def _platform(environment: str) -> str:
    """How the agent changes the limits of an environment."""
    listed = json.loads((state_directory() / "agent" / "environments.json").read_text())["environments"]
    return next((str(entry["platform"]) for entry in listed if entry["environment_id"] == environment), "dry_run")


def _desktop(browser: bool) -> str | None:
    has_display = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return None if browser or not has_display else shutil.which("code")


def _launch(
    bench: Workbench, environment_id: str, environment: Mapping[str, str], command: list[str]
) -> subprocess.Popen[bytes]:
    """Starts the IDE inside the environment: the agent joins its cgroup, becomes the user, and then the IDE."""
    whole = ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in environment.items()), *command]
    if _platform(environment_id) == "cgroup":
        foreload_command = str(VENV / "bin" / "foreload")
        join = [foreload_command, "agent", "exec", "--environment", environment_id, "--wait", "20"]
        whole = [*join, "--user", bench.user.name, "--", *whole]
    else:
        say("This machine has no cgroup that may be changed: Foreload watches, decides and shows, and changes no limit")
    log = (bench.folder / "ide.log").open("ab")
    with log:
        return subprocess.Popen(
            whole,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=bench.folder,
        )


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise StepError(
                f"The IDE ended with exit code {process.returncode}:\n{log.read_text(errors='replace')[-2000:]}"
            )
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        time.sleep(0.1)
    raise StepError(f"The IDE did not answer within {READY_SECONDS:.0f} s; its log is {log}")


def _watch(process: subprocess.Popen[bytes], environment: str, workspace: Path, *, again: bool) -> None:
    """Waits for the end of the IDE; starts a dead broker or agent again meanwhile."""
    while process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(WATCH_SECONDS)
        if again and process.poll() is None and foreload("status", "--format", "json").returncode != 0:
            say("Broker or agent is not running: starting it again")
            try:
                _up(environment, workspace)
            except StepError as error:
                say(str(error))


def start(options: argparse.Namespace) -> None:
    """Everything from set-up to the end of the IDE.

    Raises:
        StepError: something could not be set up or started.
        KeyboardInterrupt: a signal asked for the end.
    """
    user = choose(options.user)
    prepare.prepare("start")
    desktop = _desktop(options.browser)
    if desktop is None and not ide.locate().entry.exists():
        raise StepError(
            "There is no IDE: VS Code (`code`) is not on PATH, and the one for the browser was left out above"
        )
    state = state_directory()
    state.mkdir(parents=True, exist_ok=True)
    bench = Workbench(state / "ide" / user.name, user, desktop)
    python = ide_python.locate(user)
    mark = secrets.token_hex(8)
    port, as_wanted = free_port(options.port)
    if not as_wanted and desktop is None:
        say(f"Port {options.port} is in use: the IDE takes {port}")
    address = f"http://127.0.0.1:{port}/" if desktop is None else "the VS Code window"
    Session(os.getpid(), mark, options.environment, address).write()
    say("Starting broker and agent …")
    wired = _up(options.environment, bench.workspace)
    if is_root():
        for folder in (state, state / "ide"):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o711)  # the IDE's user may pass through, and not look around
    say(f"Starting the IDE as {user.name} …")
    bench.make_folders(state / "certs" / f"environment-{options.environment}", python)
    environment = bench.environment(
        {
            **wired,
            MARK: mark,
            "FORELOAD_CERTS": str(bench.certificates),
            "FORELOAD_PYTHON": str(python),
            "PATH": f"{python.parent}:{os.environ.get('FORELOAD_IDE_PATH', '/usr/local/bin:/usr/bin:/bin')}",
        }
    )
    bench.install(environment, extension.vsix(), extension.debugger_vsix())
    process = _launch(bench, options.environment, environment, bench.command(port, telemetry=options.ide_telemetry))
    if desktop is None:
        _wait_until_ready(process, port, bench.folder / "ide.log")
    say(f"\nForeload is ready: {address}")
    say("Try this: open simulate.py, run it in a terminal, watch the limit in the status bar. Ctrl-C ends all.")
    _watch(process, options.environment, bench.workspace, again=not options.no_watch)


def main() -> int:
    """Exit code 0 after an end that was asked for; 1 with one message when it could not start."""
    options = _options()
    running = Session.read()
    if running is not None and running.alive():
        say(f"Foreload is already running: {running.address}\nTo end it: npm run stop")
        return 0
    if running is not None:
        say("Clearing what an earlier start left …")
        clear(running)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _on_signal)
    code = 0
    try:
        start(options)
        say("The IDE has ended.")
    except KeyboardInterrupt:
        say("\nStopping …")
    except StepError as error:
        say(str(error))
        code = 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        session = Session.read()
        problems = clear(session) if session is not None and session.pid == os.getpid() else []
    for problem in problems:
        say(problem)
    say("Some of it is left; see above." if problems else "Stopped: nothing is left running. Your history is kept.")
    return 1 if problems else code


if __name__ == "__main__":
    sys.exit(main())
