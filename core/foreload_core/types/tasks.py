"""Tasks: less critical processes that may be paused or moved, and what their hosts have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from foreload_core.types.decisions import Reason
from foreload_core.types.resources import NO_AMOUNTS, Amounts


class TaskState(StrEnum):
    """Where a task is between its order and its end; `foreload_core.tasks.states` has the transitions."""

    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    WARNED = "warned"
    LEAVING = "leaving"
    PAUSING = "pausing"
    PAUSED = "paused"
    RESUMING = "resuming"
    ENDED = "ended"
    LOST = "lost"


class Criticality(StrEnum):
    """How much a task matters; the least critical ones make way first."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class TaskPhase(StrEnum):
    """What an agent says of a task that it was told about."""

    RUNNING = "running"
    PAUSED = "paused"
    LEFT = "left"
    """Stopped in good order after its checkpoint, to be started again elsewhere."""
    STAYED = "stayed"
    """It was to leave and does not: the checkpoint failed, or it did not end when it was asked to. It goes on."""
    ENDED = "ended"
    REFUSED = "refused"
    """It cannot run on this instance; another may be tried."""
    UNKNOWN = "unknown"
    """The instance does not have it (any more)."""


NO_REASON = Reason("tasks", "")


@dataclass(frozen=True, slots=True)
class Task:
    """One task, without what was submitted: what a decision needs to know.

    Attributes:
        restartable: it may be stopped and started again, and keeps its own progress.
        workspace: digest of the workspace that it works in; empty: it is nowhere but on its own environment's instance.
        asked: what it needs, as its developer says.
        since: when this state began, UTC.
        reason: why it is in this state.
        instance_id: where it is; empty: nowhere.
        attempt: how often it was placed; each place runs its own attempt.
        revision: of the last order to its agent; grows with each.
        used: what it uses, smoothed; absent before the first look.
        leaves_at: when it makes way, UTC; only while it is warned.
        declined_until: its developer wants it to stay until then.
        refused_by: instances that cannot run it.
        exit_code, signal_number: how it ended; a process ended by a signal has no exit code.
    """

    task_id: str
    environment_id: str
    created_at: datetime
    since: datetime
    criticality: Criticality = Criticality.NORMAL
    restartable: bool = False
    workspace: str = ""
    asked: Amounts = NO_AMOUNTS
    state: TaskState = TaskState.WAITING
    reason: Reason = NO_REASON
    instance_id: str = ""
    attempt: int = 0
    revision: int = 0
    used: Amounts = NO_AMOUNTS
    leaves_at: datetime | None = None
    declined_until: datetime | None = None
    refused_by: tuple[str, ...] = ()
    exit_code: int | None = None
    signal_number: int | None = None


@dataclass(frozen=True, slots=True)
class NeedStep:
    """From `at` on the environments of an instance need `amounts` together; `environment_id` is whose need rises."""

    at: datetime
    amounts: Amounts
    environment_id: str = ""


@dataclass(frozen=True, slots=True)
class TaskHost:
    """An instance as tasks see it.

    Attributes:
        capacity: what environments and tasks on it may hold together.
        needs: of its environments; the first step is now, the others are predicted, in order.
        workspaces: environment and digest, joined by a blank, of the workspaces that are mounted there.
    """

    instance_id: str
    capacity: Amounts = NO_AMOUNTS
    needs: tuple[NeedStep, ...] = ()
    workspaces: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """What the operator sets for tasks.

    Attributes:
        horizon_seconds: a predicted peak is looked for this far ahead.
        leave_seconds: a task makes way this long before the peak, so that it is gone when it comes.
        calm_seconds: a paused task goes on at the earliest after this long.
        decline_seconds: a task whose developer declines stays this long.
    """

    horizon_seconds: float = 120.0
    leave_seconds: float = 20.0
    calm_seconds: float = 10.0
    decline_seconds: float = 3600.0


@dataclass(frozen=True, slots=True)
class TaskTick:
    """One look at the fleet, for tasks.

    Attributes:
        hosts: the instances whose agents are there.
        homes: environment -> instance.
    """

    now: datetime
    hosts: Mapping[str, TaskHost] = field(default_factory=dict[str, TaskHost])
    homes: Mapping[str, str] = field(default_factory=dict[str, str])
    settings: TaskSettings = TaskSettings()
