"""`foreload agent clean`: takes the groups of environments away."""

from __future__ import annotations

import fcntl
from dataclasses import dataclass
from pathlib import Path

from foreload_agent.platforms.cgroup import find_layout, list_environments
from foreload_agent.platforms.cgroup.groups import refusal_text


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What became of one environment's group.

    Attributes:
        environment_id: the environment.
        process_count: how many processes were in it.
        removed: whether it is gone.
        detail: for a person: what became of the processes, or why it is still there.
    """

    environment_id: str
    process_count: int
    removed: bool
    detail: str


def clean(group: str, only: str | None, kill: bool, root: Path = Path("/")) -> tuple[Cleaned, ...]:
    """Removes the groups of all environments, or of one.

    Args:
        group: name of the folder that holds those of all environments.
        only: one environment; None: all.
        kill: kill what runs in them; otherwise it goes on, in the group above, without limits.
        root: where proc and sys lie.

    Raises:
        PlatformUnavailableError: this machine or user has no groups.
    """
    names = list_environments(group, root) if only is None else (only,)
    return tuple(_clean_one(name, group, kill, root) for name in names)


def agent_is_running(state: Path) -> bool:
    """Whether an agent works on this state folder: it would make the groups again."""
    path = state / "agent" / "lock"
    if not path.exists():
        return False
    with path.open("r") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _clean_one(name: str, group: str, kill: bool, root: Path) -> Cleaned:
    layout = find_layout(name, group, root)
    count = len(layout.process_ids())
    try:
        layout.remove(kill)
    except OSError as error:
        return Cleaned(name, count, False, refusal_text(error))
    if not count:
        return Cleaned(name, 0, True, "nothing ran in it")
    return Cleaned(name, count, True, "killed" if kill else "they go on without limits, in the group above")
