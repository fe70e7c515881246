"""What people see of tasks: those that stand, and what became of them."""

from __future__ import annotations

from foreload_core.tasks import FINAL
from foreload_proto.v1 import tasks_pb2
from foreload_system.codecs import reason_to_proto, time_to_proto
from foreload_system.codecs.tasks import STATES, status_to_proto
from foreload_system.identity import Identity

from foreload_broker.loop.runner import Loop
from foreload_broker.loop.tasks.board import TaskBoard
from foreload_broker.store import tasks as store


async def list_tasks(
    loop: Loop, board: TaskBoard, identity: Identity, request: tasks_pb2.ListTasksRequest
) -> tasks_pb2.ListTasksResponse:
    """The tasks that a caller may see, oldest first; an operator sees those of all, without their commands."""
    own = identity.kind != "operator"
    name = identity.name if own else None

    def read() -> list[store.TaskEvent]:
        with loop.database.reading() as connection:
            return store.read_events(connection, name)

    shown = [
        task
        for task in sorted(board.tasks.values(), key=lambda task: (task.created_at, task.task_id))
        if (name is None or task.environment_id == name) and (request.all or task.state not in FINAL)
    ]
    named = {task.task_id for task in shown}
    return tasks_pb2.ListTasksResponse(
        tasks=[
            status_to_proto(task, board.connected(task), tuple(board.command(task.task_id).arguments) if own else ())
            for task in shown
        ],
        events=[
            tasks_pb2.TaskEvent(
                at=time_to_proto(event.at),
                task_id=event.task_id,
                from_state=STATES[event.from_state],
                to_state=STATES[event.to_state],
                instance_id=event.instance_id,
                reason=reason_to_proto(event.reason),
            )
            for event in await loop.in_reader(read)
            if event.task_id in named
        ],
    )
