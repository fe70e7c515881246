"""The language server: pygls with the editor's own messages read into the classes of `protocol`."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from lsprotocol import converters, types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams, PyglsError
from pygls.lsp.server import LanguageServer
from pygls.protocol import JsonRPCNotification, JsonRPCRequestMessage, JsonRPCResponseMessage

from foreload_daemon import VERSION
from foreload_daemon.wire import BadMessage, read

_LOG = logging.getLogger(__name__)
Message = TypeVar("Message")
EDITOR = "editor"
"""The caller of a handler where it is this window's own editor; other windows are named by their connection."""

Handler = Callable[[Any, str], Awaitable[Any]]
Forward = Callable[[str, Any], Awaitable[Any]]


class ForeloadServer(LanguageServer):
    """One window's server.

    Attributes:
        forward: sends the editor's own messages to the window that leads; None where this window leads.
        handlers: what answers them here, by method.
        option_problems: what is wrong with the settings that the editor started with.
        ready: this window leads or follows; the editor's own messages wait for it.
    """

    def __init__(self) -> None:
        super().__init__(
            "foreload",
            VERSION,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            notebook_document_sync=types.NotebookDocumentSyncOptions(
                notebook_selector=[
                    types.NotebookDocumentFilterWithCells(
                        notebook="jupyter-notebook", cells=[types.NotebookCellLanguage(language="python")]
                    )
                ]
            ),
            converter_factory=_converter,
            max_workers=4,
        )
        self.forward: Forward | None = None
        self.handlers: dict[str, Handler] = {}
        self.ready = asyncio.Event()
        self.option_problems: list[str] = []
        self._said: set[str] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    def request(
        self, method: str, kind: type[Message], *, local: bool = False
    ) -> Callable[[Callable[[Message, str], Awaitable[Any]]], None]:
        """Registers the handler of one of the editor's own requests or notifications.

        Args:
            method: one of `protocol`'s.
            kind: the class of its parameters.
            local: it is about this window, whichever window leads.
        """

        def register(handler: Callable[[Message, str], Awaitable[Any]]) -> None:
            async def answer(params: Any, caller: str) -> Any:
                try:
                    message = read(kind, params)
                except BadMessage as problem:
                    raise JsonRpcInvalidParams.of(problem) from problem
                try:
                    return await handler(message, caller)
                except BadMessage as problem:
                    raise JsonRpcInvalidParams.of(problem) from problem

            async def serve(params: Any) -> Any:
                await self.ready.wait()
                if self.forward is not None and not local:
                    return await self.forward(method, params)
                return await answer(params, EDITOR)

            self.handlers[method] = answer
            self.feature(method)(serve)

        return register

    def spawn(self, name: str, job: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Runs a job beside the others. If it fails, that is logged and shown once, and the rest goes on."""
        task = asyncio.get_running_loop().create_task(job, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._job_ended)
        return task

    async def every(self, name: str, seconds: float | Callable[[], float], job: Callable[[], Awaitable[None]]) -> None:
        """Does a job again and again; one that fails is said once, and tried again."""
        while True:
            try:
                await job()
            except Exception as error:  # noqa: BLE001 - one feature's failure never ends the others
                self.failed(name, error)
            await asyncio.sleep(seconds() if callable(seconds) else seconds)

    def failed(self, name: str, error: BaseException) -> None:
        """Logs a failure of one feature, and shows it once in this window's life."""
        _LOG.error("%s failed", name, exc_info=error)
        self.say_once(
            "failed",  # one is enough to look into the log; all of them are there
            f"Foreload: {name} does not work ({error or type(error).__name__}). The rest goes on; the log says more.",
        )

    def say_once(self, key: str, text: str, kind: types.MessageType = types.MessageType.Warning) -> None:
        """Shows one message to the person, never the same again."""
        if key in self._said:
            return
        self._said.add(key)
        self.window_show_message(types.ShowMessageParams(kind, text))

    def notify(self, method: str, message: Any) -> None:
        """Sends one of the daemon's own notifications to this window's editor."""
        self.protocol.notify(method, message)

    def report_server_error(self, error: Exception, source: type[PyglsError | JsonRpcException]) -> None:
        """A handler failed: the request has its error already, so the person is not told again."""
        _LOG.error("%s: %s", source.__name__, error)

    def stop_jobs(self) -> None:
        """Ends everything that `spawn` started."""
        for task in tuple(self._tasks):
            task.cancel()

    def _job_ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.failed(task.get_name(), error)


def to_plain(message: Any) -> Any:
    """A message as JSON, for the other windows."""
    return (
        dataclasses.asdict(message) if dataclasses.is_dataclass(message) and not isinstance(message, type) else message
    )


def _converter() -> Any:
    """The protocol's own converter; messages that it does not know keep their parameters as JSON gave them."""
    converter = converters.get_converter()
    for kind in (JsonRPCRequestMessage, JsonRPCNotification, JsonRPCResponseMessage):
        converter.register_structure_hook(kind, _as_json)
    return converter


def _as_json(data: dict[str, Any], cls: Any) -> Any:
    return cls(**{field.name: data.get(field.name) for field in cls.__attrs_attrs__})
