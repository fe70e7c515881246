"""What the editor shows of a task that makes way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from foreload_core.types import Reason
from foreload_core.types.tasks import Task, TaskState
from foreload_daemon.broker.fields import problems
from foreload_daemon.features.task_notices import notice_of
from foreload_proto.v1 import tasks_pb2
from foreload_system.codecs.tasks import status_to_proto

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def status(state: TaskState, code: str, **numbers: float) -> tasks_pb2.TaskStatus:
    leaves_at = NOW + timedelta(seconds=30) if state is TaskState.WARNED else None
    reason = Reason("tasks", code, numbers)
    task = Task("a" * 16, "dev", NOW, NOW, state=state, reason=reason, instance_id="one", leaves_at=leaves_at)
    return status_to_proto(task, True)


def test_a_warning_offers_to_keep_it_and_the_safe_answer_is_first() -> None:
    notice = notice_of(status(TaskState.WARNED, "moves_before_peak", begins_seconds=50.0, own=1.0), said_before=False)
    assert notice is not None
    assert [answer for answer, _label in notice.actions] == ["leave", "keep"]
    assert "makes way" in notice.text
    assert notice.detail == "Your environment will need the instance in 50 s, so it goes on elsewhere."


def test_what_was_not_warned_of_is_told_when_it_goes() -> None:
    going = status(TaskState.PAUSING, "pauses_before_peak")
    assert notice_of(going, said_before=True) is None
    notice = notice_of(going, said_before=False)
    assert notice is not None
    assert notice.actions == [("leave", "OK")]


def test_a_loss_is_never_silent() -> None:
    notice = notice_of(status(TaskState.LOST, "lost"), said_before=True)
    assert notice is not None
    assert "lost" in notice.detail


@pytest.mark.parametrize("state", [TaskState.RUNNING, TaskState.WAITING, TaskState.ENDED])
def test_the_rest_is_no_news(state: TaskState) -> None:
    assert notice_of(status(state, "placed"), said_before=False) is None


def test_only_the_id_of_a_task_leaves() -> None:
    assert problems(tasks_pb2.DeclineMoveRequest(task_id="0123456789abcdef")) == []
    assert problems(tasks_pb2.DeclineMoveRequest(task_id="my-secret-project"))
