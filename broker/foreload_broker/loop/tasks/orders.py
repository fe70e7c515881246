"""What an agent is told of a task."""

from __future__ import annotations

from collections.abc import Callable

from foreload_core.types.tasks import Task, TaskState
from foreload_proto.v1 import tasks_pb2
from foreload_system.codecs.tasks import CRITICALITIES


def order_for(task: Task, command: Callable[[], tasks_pb2.TaskCommand]) -> tasks_pb2.TaskOrder | None:
    """The order that a task's state stands for; None where nothing is to be done.

    Args:
        task: as it stands.
        command: what was submitted.
    """
    order = tasks_pb2.TaskOrder(task_id=task.task_id, attempt=task.attempt, revision=task.revision)
    match task.state:
        case TaskState.STARTING:
            order.start.CopyFrom(
                tasks_pb2.StartTask(
                    environment_id=task.environment_id,
                    command=command(),
                    workspace=task.workspace,
                    criticality=CRITICALITIES[task.criticality],
                )
            )
        case TaskState.PAUSING:
            order.pause = True
        case TaskState.RESUMING:
            order.resume = True
        case TaskState.LEAVING:
            order.leave = True
        case _:
            return None
    return order
