"""What is said of a task: its state and why, as a sentence."""

from __future__ import annotations

from collections.abc import Mapping

from foreload_core.types.decisions import Reason
from foreload_core.types.tasks import TaskState
from foreload_core.units import duration_text

_SENTENCES: Mapping[str, str] = {
    "": "it was submitted",
    "placed": "there is room for it",
    "placed_again": "there is room for it here",
    "no_room": "no instance has room for it now; it starts as soon as one has",
    "no_instance": "its workspace is mounted on no instance whose agent is there",
    "refused": "the instance could not take it",
    "no_workspace": "its workspace is not mounted there",
    "not_allowed": "the agent may not start it there",
    "peak_gone": "the peak is not expected any more",
    "room_again": "the peak is over",
    "declined": "you asked for it to stay",
    "withdrawn": "it was ended before it had started",
    "ended": "it has ended",
    "not_started": "it could not be started",
    "checkpoint_failed": "its checkpoint failed, so it is paused and not moved",
    "did_not_leave": "it did not end when it was asked to, so it is paused and not moved",
    "instance_lost_it": "its instance does not have it any more; it starts again from its last checkpoint",
    "lost": "its instance does not have it any more, and it is not restartable: its work since the start is lost",
}


def why_text(reason: Reason) -> str:
    """Why a task is in its state, in words for its developer."""
    if reason.code in ("moves_before_peak", "pauses_before_peak"):
        seconds = reason.numbers.get("begins_seconds", 0.0)
        who = "your environment" if reason.numbers.get("own") else "an environment beside it"
        when = f"in {duration_text(seconds)}" if seconds >= 1 else "now"
        end = "it goes on elsewhere" if reason.code == "moves_before_peak" else "it is paused until that is over"
        return f"{who} will need the instance {when}, so {end}"
    return _SENTENCES.get(reason.code, reason.code.replace("_", " "))


def state_text(state: TaskState, instance_id: str) -> str:
    """A task's state with its place."""
    where = f" on {instance_id}" if instance_id else ""
    return {
        TaskState.WARNED: f"running{where}, makes way soon",
        TaskState.WAITING: "waiting for room",
    }.get(state, f"{state.value}{where}")
