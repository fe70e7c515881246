"""`foreload agent exec`: this process joins an environment and becomes the command; nobody sees the step between."""

from __future__ import annotations

import os
import pwd
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from foreload_agent.platforms.cgroup import Layout, find_layout
from foreload_agent.platforms.cgroup.find import IN_SCOPE_VARIABLE
from foreload_agent.platforms.cgroup.groups import refusal_text

POLL_SECONDS = 0.05


class JoinError(Exception):
    """The process could not become the command: why, and what to do."""


@dataclass(frozen=True, slots=True)
class User:
    """Whom to run as."""

    name: str
    uid: int
    gid: int
    home: str


def find_user(text: str) -> User:
    """A user by name or number.

    Raises:
        JoinError: there is none.
    """
    try:
        entry = pwd.getpwuid(int(text)) if text.isdecimal() else pwd.getpwnam(text)
    except (KeyError, OverflowError):
        raise JoinError(f"user {text!r} does not exist here; allowed are names and numbers of /etc/passwd") from None
    return User(entry.pw_name, entry.pw_uid, entry.pw_gid, entry.pw_dir)


def wait_for_group(environment_id: str, group: str, wait_seconds: float) -> Layout:
    """The environment's group, once it is there.

    Raises:
        JoinError: it is not there after `wait_seconds`.
        PlatformUnavailableError: this machine or user has no groups to join.
    """
    deadline = time.monotonic() + wait_seconds
    layout = find_layout(environment_id, group)
    while not layout.exists():
        if time.monotonic() >= deadline:
            raise JoinError(
                f"environment {environment_id!r} has no cgroup; start the agent that lists it: foreload agent"
            )
        time.sleep(POLL_SECONDS)
    return layout


def become(layout: Layout, command: Sequence[str], user: User | None, environment: Mapping[str, str]) -> NoReturn:
    """Joins the group, becomes the user, and then the command, in this process.

    Args:
        layout: the environment's group.
        command: program and arguments; the program is looked for on PATH.
        user: None stays whoever this is.
        environment: environment variables; HOME, USER and LOGNAME are the user's where one is given.

    Raises:
        JoinError: one of the steps failed.
    """
    try:
        layout.join(os.getpid())
    except OSError as error:
        raise JoinError(f"the cgroup cannot be joined: {refusal_text(error)}") from error
    variables = {name: value for name, value in environment.items() if name != IN_SCOPE_VARIABLE}
    if user is not None:
        _become_user(user)
        variables.update(HOME=user.home, USER=user.name, LOGNAME=user.name)
    # Python ignores these two for itself, and an ignored signal is inherited: `yes | head` would never end.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execvpe(command[0], list(command), variables)  # noqa: S606 - no shell is what is wanted
    except OSError as error:
        raise JoinError(
            f"{command[0]!r} cannot be run: {error.strerror}; needed is a program on PATH or its path"
        ) from error


def _become_user(user: User) -> None:
    if os.geteuid() == user.uid and os.getegid() == user.gid:
        return
    try:
        os.initgroups(user.name, user.gid)
        os.setgid(user.gid)
        os.setuid(user.uid)
    except PermissionError as error:
        raise JoinError(f"only root may run as {user.name}; leave --user out, or run this as root") from error
