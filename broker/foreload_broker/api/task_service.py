"""The service of tasks: developers run those of their own environment, agents host them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import structlog
from foreload_core.tasks import workspace_key
from foreload_proto.v1 import tasks_pb2, tasks_pb2_grpc
from foreload_system.channels import peer_identity
from foreload_system.codecs import CodecError, amounts_from_proto
from foreload_system.codecs.tasks import report_from_proto, status_to_proto
from foreload_system.identity import NAME_RULE, is_name

from foreload_broker.api import task_lists
from foreload_broker.api.checks import require_version
from foreload_broker.api.task_checks import read_signal, read_submission
from foreload_broker.loop.runner import Loop
from foreload_broker.loop.tasks.board import TaskBoard
from foreload_broker.loop.tasks.followers import Follower
from foreload_broker.loop.tasks.hosts import Host
from foreload_broker.ports import Inadmissible, Unavailable

_LOG = structlog.get_logger(__name__)
MOST_WORKSPACES = 10_000


class TaskService(tasks_pb2_grpc.TaskServiceServicer):
    """What it raises, the interceptors turn into status codes."""

    def __init__(self, loop: Loop, board: TaskBoard) -> None:
        self._loop = loop
        self._board = board

    async def Run(  # noqa: N802 - gRPC's name, as of all methods here
        self, request_iterator: AsyncIterator[tasks_pb2.RunRequest], context: Any
    ) -> AsyncIterator[tasks_pb2.RunResponse]:
        """One task, from its submission (or from where a client goes on) to its end.

        Raises:
            Inadmissible: the first message is neither.
            CodecError: a message that cannot be.
            NoData: there is no such task of the caller's environment.
        """
        environment_id = peer_identity(context).name
        requests = aiter(request_iterator)
        first = await anext(requests, None)
        kind = None if first is None else first.WhichOneof("message")
        if first is None or kind not in ("submission", "attachment"):
            raise Inadmissible("the first message of a stream must be a submission or an attachment")
        if kind == "submission":
            require_version(first.submission.contract_version)
            task, command = read_submission(environment_id, first.submission, self._loop.now())
            await self._board.submit(task, command)
            follower = Follower(task.task_id, 0, 0)
        else:
            attachment = first.attachment
            task = self._board.own(environment_id, attachment.task_id)
            follower = Follower(task.task_id, attachment.attempt, attachment.offset)
        async for response in self._follow(environment_id, follower, requests):
            yield response

    async def ListTasks(self, request: tasks_pb2.ListTasksRequest, context: Any) -> Any:  # noqa: N802
        """The tasks of the caller's environment; an operator sees all, without commands."""
        return await task_lists.list_tasks(self._loop, self._board, peer_identity(context), request)

    async def DeclineMove(self, request: tasks_pb2.DeclineMoveRequest, context: Any) -> Any:  # noqa: N802
        """A task stays where it is for a while."""
        task = await self._board.decline(peer_identity(context).name, request.task_id)
        return tasks_pb2.DeclineMoveResponse(task=status_to_proto(task, self._board.connected(task)))

    async def SignalTask(self, request: tasks_pb2.SignalTaskRequest, context: Any) -> Any:  # noqa: N802
        """Signals a task without following it."""
        number = read_signal(request.signal_number)
        await self._board.signal(peer_identity(context).name, request.task_id, number)
        return tasks_pb2.SignalTaskResponse()

    async def Host(  # noqa: N802
        self, request_iterator: AsyncIterator[tasks_pb2.HostRequest], context: Any
    ) -> AsyncIterator[tasks_pb2.HostResponse]:
        """Takes reports and output in, hands orders and input out.

        Raises:
            Inadmissible: no registration, an unknown contract version, or a newer stream of the same instance.
            CodecError: a message that cannot be.
        """
        instance_id = peer_identity(context).name
        requests = aiter(request_iterator)
        first = await anext(requests, None)
        if first is None or first.WhichOneof("message") != "registration":
            raise Inadmissible("the first message of a stream must be a registration with the contract version")
        require_version(first.registration.contract_version)
        host = self._board.hosts.join(instance_id)
        reader: asyncio.Task[None] | None = None
        try:
            self._register(host, first.registration)
            reader = asyncio.create_task(self._read_host(host, requests))
            yield tasks_pb2.HostResponse(registered=True)
            while (messages := await host.next()) is not None:
                for message in messages:
                    yield message
            if reader.done() and not reader.cancelled():
                reader.result()
            if host.replaced:
                raise Inadmissible(f"a newer stream of {instance_id} has been opened; one at a time is served")
        finally:
            if reader is not None:
                reader.cancel()
            self._board.hosts.leave(host)
            self._board.wake()

    async def _follow(
        self, environment_id: str, follower: Follower, requests: AsyncIterator[tasks_pb2.RunRequest]
    ) -> AsyncIterator[tasks_pb2.RunResponse]:
        task = self._board.own(environment_id, follower.task_id)
        follower.status(task, self._board.connected(task))
        self._board.trails.follow(follower)
        self._board.trails.advance()
        reader = asyncio.create_task(self._read_client(environment_id, follower, requests))
        try:
            while (messages := await follower.next()) is not None:
                for message in messages:
                    yield message
            if follower.replaced:
                raise Inadmissible(f"another client follows {follower.task_id} now; one at a time is served")
            if reader.done() and not reader.cancelled():
                reader.result()
        finally:
            reader.cancel()
            self._board.trails.leave(follower)

    async def _read_client(
        self, environment_id: str, follower: Follower, requests: AsyncIterator[tasks_pb2.RunRequest]
    ) -> None:
        try:
            async for message in requests:
                await self._client_said(environment_id, follower, message)
        except BaseException:
            follower.close()
            raise

    async def _client_said(self, environment_id: str, follower: Follower, message: tasks_pb2.RunRequest) -> None:
        match message.WhichOneof("message"):
            case "received":
                self._board.trails.received(follower, message.received.attempt, message.received.offset)
            case "signal_number":
                try:
                    await self._board.signal(environment_id, follower.task_id, read_signal(message.signal_number))
                except Unavailable as why:
                    _LOG.warning("signal not delivered", task=follower.task_id, why=str(why))
            case "input" | "window":
                self._feed(environment_id, follower.task_id, message)
            case _:
                raise CodecError("message says nothing that is needed after the first one")

    def _feed(self, environment_id: str, task_id: str, message: tasks_pb2.RunRequest) -> None:
        task = self._board.own(environment_id, task_id)
        feed = tasks_pb2.TaskFeed(task_id=task_id, attempt=task.attempt)
        if message.WhichOneof("message") == "input":
            feed.input.CopyFrom(message.input)
        else:
            feed.window.CopyFrom(message.window)
        self._board.feed(task, feed)

    async def _read_host(self, host: Host, requests: AsyncIterator[tasks_pb2.HostRequest]) -> None:
        try:
            async for message in requests:
                match message.WhichOneof("message"):
                    case "registration":
                        self._register(host, message.registration)
                    case "report":
                        report = report_from_proto(message.report)
                        self._board.reported(host.instance_id, report, message.report.output_bytes)
                    case "output":
                        self._board.trails.output(host.instance_id, message.output)
                    case "input_taken":
                        self._board.trails.took_input(host.instance_id, message.input_taken)
                    case _:
                        raise CodecError("message says nothing; needed is one of registration, report, output")
        finally:
            host.close()

    def _register(self, host: Host, message: tasks_pb2.HostRegistration) -> None:
        if len(message.workspaces) > MOST_WORKSPACES:
            raise CodecError(
                f"registration.workspaces are {len(message.workspaces)}; up to {MOST_WORKSPACES} are taken"
            )
        for workspace in message.workspaces:
            if not is_name(workspace.environment_id):
                raise CodecError(f"workspaces.environment_id is {workspace.environment_id!r}; use {NAME_RULE}")
        host.capacity = amounts_from_proto(message.capacity, "registration.capacity")
        host.workspaces = frozenset(
            workspace_key(workspace.environment_id, workspace.workspace[:64]) for workspace in message.workspaces
        )
        reports = [(report_from_proto(report), report.output_bytes) for report in message.tasks]
        self._board.registered(host, reports)
        _LOG.info("tasks' agent registered", instance_id=host.instance_id, tasks=len(reports))
