"""Sets the repository up, each step only when its inputs changed: packages, the built extension, the IDE."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from steps import extension, ide, node_packages, python_environment
from steps.places import ROOT, cache_directory
from steps.running import Step, StepError, one_at_a_time, run_steps, say
from steps.system_packages import COMPILER, FOR_TESTS, SystemPackage, install, missing

PURPOSES = ("check", "start", "test")


def _system_step(packages: Sequence[SystemPackage]) -> Step:
    """Remembers what was declined, so that it is asked for once and not at every start."""
    stamp = cache_directory() / f"asked-{'-'.join(package.name for package in packages)}"
    return Step(
        "System packages",
        stamp,
        lambda: " ".join(package.name for package in missing(packages)),
        lambda: install(packages),
    )


def prepare(purpose: str) -> None:
    """Sets up what a purpose needs.

    Args:
        purpose: `check` for linters and quick tests, `start` for the IDE too, `test` for the browser too.

    Raises:
        StepError: a step could not be done.
    """
    steps: list[Step] = []
    if purpose != "check":
        steps.append(_system_step(FOR_TESTS if purpose == "test" else [COMPILER]))
    steps += [*python_environment.steps(), node_packages.step()]
    if purpose != "check":
        steps += [*extension.steps(), ide.step()]
    with one_at_a_time(ROOT):
        run_steps(steps)
        python_environment.compile_sources()


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints progress; exit code 1 and one message when a step fails."""
    parser = argparse.ArgumentParser(prog="prepare", description=__doc__)
    parser.add_argument(
        "--for", dest="purpose", choices=PURPOSES, default="test", help="what to set up for (default: test)"
    )
    purpose: str = parser.parse_args(arguments).purpose
    os.chdir(ROOT)
    try:
        prepare(purpose)
    except StepError as failure:
        say(str(failure))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
