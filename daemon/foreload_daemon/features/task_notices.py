"""What a person is told of tasks that make way: before it, with the offer to keep them."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from foreload_core.tasks import why_text
from foreload_core.types.tasks import TaskState

from foreload_daemon.daemon import Daemon
from foreload_daemon.features.asking import ask
from foreload_daemon.features.notices import SPOKEN_NOTE
from foreload_daemon.history import notes
from foreload_daemon.pages.moments import clock_text
from foreload_daemon.protocol import NOTICE, Notice, Outcome
from foreload_daemon.server import EDITOR, ForeloadServer

if TYPE_CHECKING:
    from foreload_proto.v1 import tasks_pb2

_LOG = logging.getLogger(__name__)
KIND = "task"
TOLD = (TaskState.WARNED, TaskState.LEAVING, TaskState.PAUSING, TaskState.LOST)


def set_up(server: ForeloadServer, daemon: Daemon) -> None:
    """Watches where this window leads."""
    warned: set[str] = set()

    async def lead() -> None:
        daemon.services.link.on_task.append(came)

    def came(status: tasks_pb2.TaskStatus) -> None:
        notice = notice_of(status, said_before=status.task_id in warned)
        if notice is None:
            warned.discard(status.task_id)
            return
        warned.add(status.task_id)
        _LOG.info("%s %s", notice.text, notice.detail)
        server.spawn("task notices", _show(daemon, notice))

    daemon.on_lead.append(lead)


def notice_of(status: tasks_pb2.TaskStatus, *, said_before: bool) -> Notice | None:
    """What to tell of a task; None where there is nothing to tell, or it was told before it made way.

    Args:
        status: what the broker says.
        said_before: the person was warned of this.
    """
    from foreload_system.codecs import reason_from_proto, time_from_proto
    from foreload_system.codecs.tasks import state_from_proto

    state, why = state_from_proto(status.state), why_text(reason_from_proto(status.reason, "task.reason"))
    if state not in TOLD:
        return None
    key = f"{KIND}:{status.task_id}"
    if state is TaskState.LOST:
        return Notice(key, KIND, f"A task on {status.instance_id} is lost.", f"{why[:1].upper()}{why[1:]}.", _OK)
    if state is TaskState.WARNED:
        at = clock_text(time_from_proto(status.leaves_at))
        actions = [("leave", "Let it make way"), ("keep", "Keep it here")]
        return Notice(
            key, KIND, f"At {at} a task on {status.instance_id} makes way.", f"{why[:1].upper()}{why[1:]}.", actions
        )
    if said_before:
        return None
    return Notice(key, KIND, f"A task on {status.instance_id} makes way.", f"{why[:1].upper()}{why[1:]}.", _OK)


async def keep(daemon: Daemon, key: str) -> Outcome:
    """A person wants a task to stay where it is."""
    from foreload_proto.v1 import tasks_pb2

    _, outcome = await ask(daemon, "DeclineMove", tasks_pb2.DeclineMoveRequest(task_id=key.partition(":")[2]))
    return Outcome(True, "The task stays where it is for an hour.") if outcome.done else outcome


async def _show(daemon: Daemon, notice: Notice) -> None:
    """Each is shown: who was not told could not have kept the task. Muting is the person's."""
    spoken = await daemon.services.database.run(notes.read, SPOKEN_NOTE)
    if spoken and KIND in json.loads(spoken)["muted"]:
        return
    focused = [name for name, context in daemon.contexts.items() if context.focused]
    daemon.push(focused[0] if focused else EDITOR, NOTICE, notice)


_OK = [("leave", "OK")]
