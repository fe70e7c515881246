"""Tasks that may be paused or moved: their states, who makes way before a peak, and what is said of them."""

from foreload_core.tasks.needs import EnvironmentLook, need_steps
from foreload_core.tasks.preemption import decide_tasks, workspace_key
from foreload_core.tasks.reports import TaskReport, decline, take_report, take_use, withdraw
from foreload_core.tasks.states import FINAL, ORDERED, PLACED, TRANSITIONS, IllegalTransitionError, moved_to
from foreload_core.tasks.words import state_text, why_text

__all__ = [
    "FINAL",
    "ORDERED",
    "PLACED",
    "TRANSITIONS",
    "EnvironmentLook",
    "IllegalTransitionError",
    "TaskReport",
    "decide_tasks",
    "decline",
    "moved_to",
    "need_steps",
    "state_text",
    "take_report",
    "take_use",
    "why_text",
    "withdraw",
    "workspace_key",
]
