"""Where the attempts of tasks ran, and who follows their output from one to the next."""

from __future__ import annotations

import time

from foreload_core.types.tasks import Task
from foreload_proto.v1 import tasks_pb2

from foreload_broker.loop.tasks.followers import Attempt, Follower
from foreload_broker.loop.tasks.hosts import Hosts

KEPT_OUTPUT_SECONDS = 3600.0
"""So long an agent keeps the output of an attempt that is over and that nobody follows."""
GONE_SECONDS = 30.0
"""So long a client waits for output from an agent that is not there, of an attempt that is over."""


class Trails:
    """The attempts of all tasks that agents have, and one follower a task."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts
        self._attempts: dict[str, dict[int, Attempt]] = {}
        self._followers: dict[str, Follower] = {}

    def seen(self, task_id: str, number: int, instance_id: str, output_bytes: int | None) -> None:
        """An attempt is somewhere; where it is over, with all that it has written."""
        attempts = self._attempts.setdefault(task_id, {})
        known = attempts.get(number)
        if known is None:
            known = attempts[number] = Attempt(instance_id)
            follower = self._followers.get(task_id)
            if follower is not None and follower.attempt == number:
                self._want(follower)
        if known.instance_id == instance_id and output_bytes is not None:
            known.output_bytes, known.since = output_bytes, time.monotonic()

    def follow(self, follower: Follower) -> None:
        """A client follows a task; one that did before is replaced."""
        older = self._followers.get(follower.task_id)
        if older is not None:
            older.close(replaced=True)
        self._followers[follower.task_id] = follower
        later = [number for number in self._attempts.get(follower.task_id, {}) if number >= follower.attempt]
        if later and follower.attempt not in later:
            follower.begin(min(later))
        self._want(follower)

    def leave(self, follower: Follower) -> None:
        """A client is gone."""
        if self._followers.get(follower.task_id) is follower:
            del self._followers[follower.task_id]

    def status(self, task: Task, connected: bool) -> None:
        """Shows a task's follower where it stands."""
        follower = self._followers.get(task.task_id)
        if follower is not None:
            follower.status(task, connected)

    def output(self, instance_id: str, frame: tasks_pb2.TaskOutputFrame) -> None:
        """A piece of output has come."""
        follower = self._followers.get(frame.task_id)
        attempt = self._attempts.get(frame.task_id, {}).get(frame.output.attempt)
        if follower is not None and attempt is not None and attempt.instance_id == instance_id:
            follower.output(frame.output)
            self._advance(follower)

    def took_input(self, instance_id: str, message: tasks_pb2.TaskInputTaken) -> None:
        """Input went into a task's pipe."""
        follower = self._followers.get(message.task_id)
        attempt = self._attempts.get(message.task_id, {}).get(message.attempt)
        if follower is not None and attempt is not None and attempt.instance_id == instance_id:
            follower.took_input(message.taken_bytes)

    def received(self, follower: Follower, attempt: int, offset: int) -> None:
        """A client has written output out; more may come."""
        if follower.received(attempt, offset):
            self._want(follower, continues=True)

    def want_from(self, instance_id: str) -> None:
        """An agent has come (back): what is missing is asked for."""
        for follower in self._followers.values():
            attempt = self._attempts.get(follower.task_id, {}).get(follower.attempt)
            if attempt is not None and attempt.instance_id == instance_id:
                self._want(follower)

    def advance(self) -> None:
        """Goes on to later attempts and to the end where all output has come."""
        for follower in list(self._followers.values()):
            self._advance(follower)

    def clean(self) -> None:
        """Has agents forget what nobody has asked for in a long time."""
        now = time.monotonic()
        for task_id, attempts in list(self._attempts.items()):
            for number, attempt in list(attempts.items()):
                over = attempt.output_bytes is not None and now - attempt.since > KEPT_OUTPUT_SECONDS
                if over and task_id not in self._followers:
                    self._forget(task_id, number)

    def close(self) -> None:
        """Ends all streams."""
        for follower in self._followers.values():
            follower.close()

    def _advance(self, follower: Follower) -> None:
        attempts = self._attempts.get(follower.task_id, {})
        attempt = attempts.get(follower.attempt)
        if attempt is not None:
            if attempt.output_bytes is None:
                return
            gone = (
                attempt.instance_id not in self._hosts.by_instance and time.monotonic() - attempt.since > GONE_SECONDS
            )
            if follower.next_offset < attempt.output_bytes and not gone:
                return
            self._forget(follower.task_id, follower.attempt)
        later = [number for number in attempts if number > follower.attempt]
        if later:
            follower.begin(min(later))
            self._want(follower)
        elif follower.waits_for_end:
            follower.end()

    def _want(self, follower: Follower, *, continues: bool = False) -> None:
        attempt = self._attempts.get(follower.task_id, {}).get(follower.attempt)
        if attempt is None:
            return
        first, last = follower.next_offset, follower.window_to
        wanted = tasks_pb2.Wanted(from_offset=first, to_offset=last, continues=continues)
        feed = tasks_pb2.TaskFeed(task_id=follower.task_id, attempt=follower.attempt, wanted=wanted)
        self._hosts.feed(attempt.instance_id, feed)

    def _forget(self, task_id: str, number: int) -> None:
        attempt = self._attempts.get(task_id, {}).pop(number, None)
        if attempt is not None:
            feed = tasks_pb2.TaskFeed(task_id=task_id, attempt=number, forget=True)
            self._hosts.feed(attempt.instance_id, feed)
        if not self._attempts.get(task_id):
            self._attempts.pop(task_id, None)
