"""Checks of a set-up, one function each: what is so, and what to do about it. Runs without a daemon, too."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from foreload_daemon.history.choices import Choice
from foreload_daemon.protocol import Check

if TYPE_CHECKING:
    from foreload_system.certificates import Bundle

GOOD, WARNING, BAD = "good", "warning", "bad"
OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
CONNECT_SECONDS = 2.0
SOON_HOURS = 24
LARGEST_SKEW_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the checks look at.

    Attributes:
        environment: its name.
        folder: where history and socket lie.
        address: host:port of the broker; empty: none is named.
        certificates: folder of the certificate; empty: none is named.
        now: UTC.
        history_problem: what is wrong with the history, where a daemon has it open; None: nobody has.
        choice: what the developer allowed; None: not asked, or not answered.
        skew_seconds: the broker's clock minus this one, where it is known.
    """

    environment: str
    folder: Path
    address: str
    certificates: str
    now: datetime
    history_problem: str | None = None
    choice: Choice | None = None
    skew_seconds: float | None = None


def all_checks(surroundings: Surroundings) -> list[Check]:
    """All checks, in order; one that fails to run says so."""
    found: list[Check] = []
    for name, check in CHECKS:
        try:
            found.append(check(surroundings))
        except Exception as error:  # noqa: BLE001 - the doctor examines broken set-ups; a check must never end the others
            found.append(
                Check(name, BAD, f"This could not be checked: {error or type(error).__name__}", "Show the log.")
            )
    return found


def python(_surroundings: Surroundings) -> Check:
    """The interpreter's version."""
    version = sys.version_info[:2]
    text = f"Python {sys.version.split()[0]} in {sys.prefix}"
    if OLDEST_PYTHON <= version <= NEWEST_PYTHON:
        return Check("Python", GOOD, text, "")
    return Check("Python", BAD, text, "Use Python 3.11 to 3.13: set foreload.python.interpreter.")


def container(_surroundings: Surroundings) -> Check:
    """Whether the container's own use and limits can be read."""
    from foreload_system.cgroup import NoCgroupError, locate

    try:
        reading = locate("self").read()
    except NoCgroupError as error:
        return Check(
            "Container",
            WARNING,
            f"{error}. The whole machine is shown instead.",
            "Run the IDE in a container or with foreload up.",
        )
    limits = []
    if reading.cpu_limit_cores is not None:
        limits.append(f"{reading.cpu_limit_cores:.1f} cores")
    if reading.memory_limit_bytes is not None:
        limits.append(f"{reading.memory_limit_bytes / 1024**3:.1f} GiB")
    return Check("Container", GOOD, f"Its limits are read: {', '.join(limits) if limits else 'none is set'}.", "")


def limits_changeable(surroundings: Surroundings) -> Check:
    """Whether this process runs in a group that an agent manages."""
    text = Path("/proc/self/cgroup").read_text("utf-8")
    if any(line.rstrip().endswith(f"/{surroundings.environment}") for line in text.splitlines()):
        return Check(
            "Limits", GOOD, f"This runs in the environment {surroundings.environment} that the agent manages.", ""
        )
    return Check(
        "Limits",
        WARNING,
        "This process is in no group that an agent of Foreload manages, so limits here cannot be changed.",
        f"Start the IDE inside it: foreload agent exec --environment {surroundings.environment} -- CMD",
    )


def history(surroundings: Surroundings) -> Check:
    """Whether the history can be written."""
    if surroundings.history_problem:
        return Check("History", BAD, surroundings.history_problem, "")
    folder = surroundings.folder
    existing = folder if folder.exists() else next(parent for parent in folder.parents if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return Check(
            "History",
            BAD,
            f"{folder} cannot be written.",
            "Make it writable, or set FORELOAD_DAEMON_DIR to another folder.",
        )
    status = os.statvfs(existing)
    free = status.f_bavail * status.f_frsize
    if free < 64 * 1024 * 1024:
        return Check("History", BAD, f"{folder} has {free / 1024**2:.0f} MiB free.", "Free some space.")
    return Check("History", GOOD, f"It is kept in {folder}.", "")


def certificate(surroundings: Surroundings) -> Check:
    """Whether the environment's certificate is there, its own and valid."""
    from foreload_system.certificates import CertificateError, bundle_problems, read_bundle
    from foreload_system.identity import Identity

    if not surroundings.certificates:
        return Check(
            "Certificate",
            WARNING,
            "No certificate is named, so no broker can be asked.",
            "Set FORELOAD_CERTS or foreload.broker.certificates.",
        )
    try:
        bundle = read_bundle(Path(surroundings.certificates))
    except CertificateError as error:
        return Check("Certificate", BAD, *_text_and_fix(str(error)))
    problems = bundle_problems(bundle, surroundings.now, Identity("environment", surroundings.environment))
    if problems:
        return Check("Certificate", BAD, *_text_and_fix(problems[0]))
    hours = (bundle.not_after - surroundings.now).total_seconds() / 3600
    if hours < SOON_HOURS:
        return Check(
            "Certificate",
            WARNING,
            f"It is that of {bundle.identity} and ends in {hours:.0f} h.",
            "foreload certs renew",
        )
    return Check("Certificate", GOOD, f"It is that of {bundle.identity}, valid for {hours / 24:.0f} days.", "")


def broker(surroundings: Surroundings) -> Check:
    """Whether the broker answers, and whether it and this environment trust each other."""
    from foreload_system.reaching import active_broker, find_obstacle

    if not surroundings.address:
        return Check(
            "Broker",
            WARNING,
            "No broker is named, so limits stay as they are.",
            "Set FORELOAD_BROKER or foreload.broker.address.",
        )
    bundle = _usable_bundle(surroundings)
    address = active_broker(surroundings.address)
    found = find_obstacle(address, bundle, CONNECT_SECONDS)
    if found is not None:
        return Check("Broker", BAD, *_text_and_fix(found.text))
    if bundle is None:
        return Check("Broker", GOOD, f"Something listens at {address}.", "")
    return Check("Broker", GOOD, f"It answers at {address}, and each trusts the other's certificate.", "")


def _usable_bundle(surroundings: Surroundings) -> Bundle | None:
    """The certificate to shake hands with; None where it is not there or not good, as another check says."""
    from foreload_system.certificates import CertificateError, bundle_problems, read_bundle

    if not surroundings.certificates:
        return None
    try:
        bundle = read_bundle(Path(surroundings.certificates))
    except CertificateError:
        return None
    return None if bundle_problems(bundle, surroundings.now) else bundle


def _text_and_fix(problem: str) -> tuple[str, str]:
    """What is wrong and what to do, which messages name after a semicolon."""
    text, _, fix = problem.partition("; ")
    return f"{text[:1].upper()}{text[1:]}.", f"{fix[:1].upper()}{fix[1:]}"


def permission(surroundings: Surroundings) -> Check:
    """What the developer has allowed."""
    choice = surroundings.choice
    if choice is None:
        return Check("Permission", WARNING, "Nothing is allowed yet.", "Run “Foreload: Permission” in the editor.")
    names = {
        "analysis": "reading open code",
        "share_features": "sending the kind of code",
        "automatic_scaling": "automatic scaling",
        "cohort_history": "learning from similar environments",
    }
    allowed = [words for name, words in names.items() if getattr(choice, name)]
    if not choice.automatic_scaling:
        text = f"Allowed: {', '.join(allowed)}." if allowed else "Nothing is allowed."
        return Check(
            "Permission", WARNING, f"{text} Limits are not changed.", "Run “Foreload: Permission” in the editor."
        )
    return Check("Permission", GOOD, f"Allowed: {', '.join(allowed)}.", "")


def clock(surroundings: Surroundings) -> Check:
    """Whether this machine and the broker agree about the time."""
    skew = surroundings.skew_seconds
    if skew is None:
        return Check(
            "Clock", GOOD if not surroundings.address else WARNING, "It is compared when the broker answers.", ""
        )
    if abs(skew) > LARGEST_SKEW_SECONDS:
        ahead = "behind" if skew > 0 else "ahead of"
        return Check(
            "Clock",
            BAD,
            f"This machine's clock is {abs(skew):.0f} s {ahead} the broker's.",
            "Set the clock (timedatectl set-ntp true).",
        )
    return Check("Clock", GOOD, f"It agrees with the broker's to {abs(skew):.1f} s.", "")


def moving_tasks(_surroundings: Surroundings) -> Check:
    """Whether a process could be carried over to another machine with its memory."""
    instead = "Tasks that make way are moved by their own checkpoint, or paused."
    program = shutil.which("criu", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        return Check("Moving tasks", GOOD, f"There is no CRIU here. {instead}", "")
    try:
        done = subprocess.run([program, "check"], capture_output=True, timeout=CONNECT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return Check("Moving tasks", GOOD, f"CRIU does not answer here. {instead}", "")
    works = "would work here, and this version does not use it" if done.returncode == 0 else "does not work here"
    return Check("Moving tasks", GOOD, f"CRIU {works}. {instead}", "")


CHECKS: tuple[tuple[str, Callable[[Surroundings], Check]], ...] = (
    ("Python", python),
    ("Container", container),
    ("Limits", limits_changeable),
    ("History", history),
    ("Certificate", certificate),
    ("Broker", broker),
    ("Permission", permission),
    ("Clock", clock),
    ("Moving tasks", moving_tasks),
)
"""The checks, in the order in which they are shown."""
