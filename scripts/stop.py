"""Ends what `npm start` started: IDE, daemon, agent, broker and the environment's cgroup; not the history."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time

from steps.places import VENV
from steps.running import say
from steps.session import Session, clear, foreload

WAIT_SECONDS = 40.0


def main() -> int:
    """Exit code 1 when something could not be ended."""
    session = Session.read()
    if session is None:
        if (VENV / "bin" / "foreload").exists():
            foreload("down")
        say("Nothing of Foreload was running.")
        return 0
    say("Stopping Foreload …")
    if session.alive():
        with contextlib.suppress(ProcessLookupError):
            os.kill(session.pid, signal.SIGTERM)
        until = time.monotonic() + WAIT_SECONDS
        while session.alive() and time.monotonic() < until:
            time.sleep(0.1)
    problems = clear(session) if Session.read() is not None or session.processes() else []
    for problem in problems:
        say(problem)
    say("Some of it is left; see above." if problems else "Stopped: nothing is left running. Your history is kept.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
