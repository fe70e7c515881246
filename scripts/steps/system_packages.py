"""Debian packages that the repository's commands need, and what goes without them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from steps.places import ROOT, is_root
from steps.running import StepError, run, say

# Where servers lie is on the PATH of root alone, or on nobody's.
_SEARCH = os.pathsep.join(
    [os.environ.get("PATH", ""), "/usr/sbin", "/sbin", *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
)


@dataclass(frozen=True)
class SystemPackage:
    """A package, how to see that it is there, and what is skipped without it."""

    name: str
    programs: tuple[str, ...]
    purpose: str

    def present(self) -> bool:
        """Whether one of its programs is on PATH."""
        return any(shutil.which(program, path=_SEARCH) for program in self.programs)


BROWSER = SystemPackage("chromium", ("chromium", "chromium-browser", "google-chrome"), "the tests in a real browser")
DOCKER = SystemPackage("docker.io", ("dockerd",), "the tests with a real Docker engine")
BUSYBOX = SystemPackage("busybox-static", ("busybox",), "the tests with a real Docker engine")
POSTGRESQL = SystemPackage("postgresql", ("postgres",), "the tests with a real PostgreSQL")
PROMETHEUS = SystemPackage("prometheus", ("prometheus",), "the tests with a real Prometheus")
COMPILER = SystemPackage(
    "build-essential", ("g++",), "the IDE in the browser, whose terminal is compiled on this machine"
)
FOR_TESTS = (COMPILER, BROWSER, DOCKER, BUSYBOX, POSTGRESQL, PROMETHEUS)


def missing(packages: Sequence[SystemPackage]) -> list[SystemPackage]:
    """Those that are not there."""
    return [package for package in packages if not package.present()]


def _asked_and_declined(packages: Sequence[SystemPackage]) -> bool:
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("CI"):
        return False
    say("These Debian packages are missing:")
    for package in packages:
        say(f"  {package.name:16} for {package.purpose}")
    return input("Install them with apt-get now? [Y/n] ").strip().lower() not in ("", "y", "yes")


def install(packages: Sequence[SystemPackage]) -> str | None:
    """Installs what is missing; asked for on a terminal, at once elsewhere.

    Returns:
        What was left out and what is therefore skipped, or None.
    """
    wanted = missing(packages)
    if not wanted:
        return None
    names = [package.name for package in wanted]
    left_out = "left out: " + "; ".join(f"{package.name} (skips {package.purpose})" for package in wanted)
    apt = shutil.which("apt-get")
    if apt is None:
        return f"{left_out}. There is no apt-get here: install them your system's way"
    prefix = [] if is_root() else ["sudo"]
    if prefix and (not sys.stdin.isatty() or shutil.which("sudo") is None):
        return f"{left_out}. Not root: run `sudo apt-get install {' '.join(names)}`"
    if _asked_and_declined(wanted):
        return left_out
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    lists = Path("/var/lib/apt/lists")
    if not any(lists.glob("*_Packages*")):
        run([*prefix, apt, "update", "-qq"], cwd=ROOT, env=environment, what="Reading Debian's package lists")
    install_command = [*prefix, apt, "install", "-y", "-qq", "--no-install-recommends", *names]
    try:
        run(install_command, cwd=ROOT, env=environment, what=f"Installing {', '.join(names)}")
    except StepError:  # the lists may be older than what the mirror still has
        run([*prefix, apt, "update", "-qq"], cwd=ROOT, env=environment, what="Reading Debian's package lists")
        run(install_command, cwd=ROOT, env=environment, what=f"Installing {', '.join(names)}")
    return None
