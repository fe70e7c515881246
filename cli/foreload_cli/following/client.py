"""One task followed over a stream that may break: it is opened again and goes on where it was."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import grpc
import grpc.aio
from foreload_core.tasks import why_text
from foreload_core.types.tasks import TaskState
from foreload_proto.v1 import tasks_pb2, tasks_pb2_grpc
from foreload_system.certificates import CertificateError, read_bundle, require_valid
from foreload_system.channels import open_channel
from foreload_system.codecs import reason_from_proto
from foreload_system.codecs.tasks import state_from_proto
from foreload_system.reaching import active_broker, find_obstacle

from foreload_cli.calls import Target
from foreload_cli.failure import CommandFailed
from foreload_cli.following import terminal

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
RETRY_SECONDS = 1.0
ACKNOWLEDGE_BYTES = 128 * 1024
PIECES_ON_THE_WAY = 8
"""So many pieces of input may be on their way to the task's pipe."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a task ended."""

    exit_code: int | None
    signal_number: int | None
    lost: str = ""


class Client:
    """Follows one task from its submission, or from its beginning, to its end.

    Args:
        target: the broker, and as which environment.
        task_id: the task.
        submission: None: it is there already.
        raw: this side's terminal passes keys on as they are.
        quiet: nothing is said of pauses and moves.
    """

    def __init__(
        self, target: Target, task_id: str, submission: tasks_pb2.Submission | None, raw: bool, quiet: bool
    ) -> None:
        self._target = target
        self._task_id = task_id
        self._submission = submission
        self._raw = raw
        self._quiet = quiet
        self._attempt = self._offset = self._acknowledged = 0
        self._known = submission is None
        self._outgoing: deque[tasks_pb2.RunRequest] = deque()
        self._woken = asyncio.Event()
        self._room = threading.Semaphore(PIECES_ON_THE_WAY)
        self._sent_bytes = self._taken_bytes = 0
        self._pieces: deque[int] = deque()
        self._connected = self._troubled = False
        self._state: tuple[TaskState, str, int, str] | None = None
        self._given_up = asyncio.Event()

    async def run(self) -> Ending:
        """Until the task has ended.

        Raises:
            CommandFailed: the broker refuses, or the person gave up while it was away.
        """
        loop = asyncio.get_running_loop()
        for number in FORWARDED:
            loop.add_signal_handler(number, self._signalled, number)
        if self._raw:
            loop.add_signal_handler(signal.SIGWINCH, self._resized)
        terminal.read_input(lambda data: loop.call_soon_threadsafe(self._typed, data) and None, self._room)
        while True:
            try:
                ending = await self._one_stream()
            except CertificateError as error:
                raise CommandFailed(str(error)) from error
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise CommandFailed(f"the broker refuses: {error.details()}") from error
                if not self._known:
                    raise CommandFailed(await self._obstacle(error)) from error
                ending = None
            finally:
                self._connected = False
            if ending is not None:
                return ending
            if not self._troubled:
                self._troubled = True
                self._say(f"the broker does not answer; task {self._task_id} goes on, and this waits for the broker")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._given_up.wait(), RETRY_SECONDS)
                raise CommandFailed(f"task {self._task_id} goes on; follow it with: foreload tasks attach", 130)

    async def _one_stream(self) -> Ending | None:
        bundle = await asyncio.to_thread(read_bundle, self._target.certificates)
        require_valid(bundle, datetime.now(UTC))
        address = await asyncio.to_thread(active_broker, self._target.address)
        async with open_channel(address, bundle) as channel:
            call = tasks_pb2_grpc.TaskServiceStub(channel).Run()
            if self._submission is not None and not self._known:
                first = tasks_pb2.RunRequest(submission=self._submission)
            else:
                where = tasks_pb2.Attachment(task_id=self._task_id, attempt=self._attempt, offset=self._offset)
                first = tasks_pb2.RunRequest(attachment=where)
            sender = None
            try:
                await call.write(first)
                sender = asyncio.create_task(self._send(call))
                while isinstance(response := await call.read(), tasks_pb2.RunResponse):
                    self._known = self._connected = True
                    self._troubled = False
                    ending = self._take(response)
                    if ending is not None:
                        return ending
                if await call.code() is not grpc.StatusCode.OK:
                    raise CommandFailed(f"the broker refuses: {await call.details()}")
                return None
            finally:
                if sender is not None:
                    sender.cancel()
                    await asyncio.gather(sender, return_exceptions=True)
                call.cancel()

    async def _send(self, call: Any) -> None:
        while True:
            while self._outgoing:
                await call.write(self._outgoing[0])
                self._outgoing.popleft()
            self._woken.clear()
            await self._woken.wait()

    def _take(self, response: tasks_pb2.RunResponse) -> Ending | None:
        match response.WhichOneof("message"):
            case "output":
                output = response.output
                terminal.write_out(output.stream, output.data)
                if output.attempt != self._attempt:
                    self._attempt, self._acknowledged = output.attempt, 0
                self._offset = output.next_offset
                if self._offset - self._acknowledged >= ACKNOWLEDGE_BYTES:
                    self._acknowledged = self._offset
                    where = tasks_pb2.Attachment(task_id=self._task_id, attempt=self._attempt, offset=self._offset)
                    self._put(tasks_pb2.RunRequest(received=where))
            case "status":
                return self._stands(response.status)
            case "input_taken_bytes":
                self._taken(response.input_taken_bytes)
            case _:
                pass
        return None

    def _stands(self, status: tasks_pb2.TaskStatus) -> Ending | None:
        state, reason = state_from_proto(status.state), reason_from_proto(status.reason, "status.reason")
        before, self._state = self._state, (state, reason.code, status.attempt, status.instance_id)
        if state is TaskState.LOST:
            return Ending(None, None, why_text(reason))
        if state is TaskState.ENDED:
            return Ending(
                status.exit_code if status.HasField("exit_code") else None,
                status.signal_number if status.HasField("signal_number") else None,
            )
        if self._state != before:
            text = _notice(state, status, before, why_text(reason))
            if text:
                self._say(text)
        return None

    def _taken(self, total: int) -> None:
        self._taken_bytes = total
        while self._pieces and self._pieces[0] <= total:
            self._pieces.popleft()
            self._room.release()

    def _typed(self, data: bytes) -> None:
        self._sent_bytes += len(data)
        self._pieces.append(self._sent_bytes)
        self._put(tasks_pb2.RunRequest(input=tasks_pb2.TaskInput(data=data, ended=not data)))

    def _signalled(self, number: int) -> None:
        if self._known and self._connected:
            self._put(tasks_pb2.RunRequest(signal_number=number))
        elif number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._given_up.set()

    def _resized(self) -> None:
        rows, columns = terminal.window_size()
        self._put(tasks_pb2.RunRequest(window=tasks_pb2.WindowSize(rows=rows, columns=columns)))

    def _put(self, request: tasks_pb2.RunRequest) -> None:
        self._outgoing.append(request)
        self._woken.set()

    def _say(self, text: str) -> None:
        if not self._quiet:
            terminal.say(text, self._raw)

    async def _obstacle(self, error: grpc.aio.AioRpcError) -> str:
        bundle = await asyncio.to_thread(read_bundle, self._target.certificates)
        address = await asyncio.to_thread(active_broker, self._target.address)
        found = await asyncio.to_thread(find_obstacle, address, bundle)
        return f"the broker at {address} does not answer ({error.details()})" if found is None else found.text


def _notice(
    state: TaskState, status: tasks_pb2.TaskStatus, before: tuple[TaskState, str, int, str] | None, why: str
) -> str:
    """What its developer is told of a step; empty: nothing."""
    match state:
        case TaskState.WAITING if before is not None or status.reason.code:
            return f"the task waits: {why}"
        case TaskState.WARNED:
            at = status.leaves_at.ToDatetime(UTC).astimezone()
            return f"at {at:%H:%M:%S} the task makes way: {why}. To keep it: foreload tasks keep {status.task_id}"
        case TaskState.PAUSED:
            return f"the task is paused on {status.instance_id}: {why}"
        case TaskState.LEAVING:
            return f"the task leaves {status.instance_id}: {why}"
        case TaskState.RUNNING if status.reason.code in ("room_again", "peak_gone", "declined"):
            return f"the task goes on on {status.instance_id}: {why}"
        case TaskState.RUNNING if status.attempt > 1:
            return f"the task was started again on {status.instance_id}"
        case _:
            return ""
