"""A small editor: starts the daemon as an editor would, and speaks the language server protocol with it over stdio."""

from __future__ import annotations

import itertools
import json
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

Message = dict[str, Any]


class EditorError(Exception):
    """The daemon went away, was too late, or answered with an error."""


class Editor:
    """One daemon and the conversation with it. After a kill, make a new one.

    Args:
        command: starts the daemon.
        environment: of the daemon's process.
        workspace: the folder that is open.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], workspace: Path) -> None:
        self.process = subprocess.Popen(
            list(command),
            env=dict(environment),
            cwd=workspace,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.notifications: dict[str, Message] = {}
        self._ids = itertools.count(1)
        self._answers: dict[int, Message] = {}
        self._changed = threading.Condition()
        self._gone = False
        self._writing = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()
        folder = workspace.as_uri()
        self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": folder,
                "capabilities": {},
                "workspaceFolders": [{"uri": folder, "name": workspace.name}],
            },
        )
        self.notify("initialized", {})

    def notify(self, method: str, parameters: Message) -> None:
        """Sends a notification; a daemon that is gone does not hear it."""
        self._send({"method": method, "params": parameters})

    def request(self, method: str, parameters: Message, seconds: float = 20.0) -> Any:
        """Sends a request and waits for its answer.

        Raises:
            EditorError: there was none, or it was an error.
        """
        number = next(self._ids)
        self._send({"id": number, "method": method, "params": parameters})
        with self._changed:
            if not self._changed.wait_for(lambda: number in self._answers or self._gone, seconds):
                raise EditorError(f"{method}: no answer within {seconds:.0f} s")
            answer = self._answers.pop(number, None)
        if answer is None:
            raise EditorError(f"{method}: the daemon is gone")
        if "error" in answer:
            raise EditorError(f"{method}: {answer['error']}")
        return answer.get("result")

    def open(self, file: Path) -> None:
        """Opens a Python file."""
        document = {"uri": file.as_uri(), "languageId": "python", "version": 1, "text": file.read_text()}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def close(self) -> None:
        """Kills the daemon if it is still there."""
        self.process.kill()
        self.process.wait()

    def _send(self, message: Message) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        try:
            with self._writing:
                self.process.stdin.write(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
                self.process.stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise EditorError("the daemon is gone") from error

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while True:
            length = 0
            while (line := stream.readline()) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            if not line:
                break
            self._take(cast("Message", json.loads(stream.read(length))))
        with self._changed:
            self._gone = True
            self._changed.notify_all()

    def _take(self, message: Message) -> None:
        if "method" in message and "id" in message:  # a question of the daemon: an editor that wants nothing says null
            asked = message["params"].get("items", []) if message["method"] == "workspace/configuration" else None
            self._send({"id": message["id"], "result": None if asked is None else [None] * len(asked)})
            return
        with self._changed:
            if "method" in message:
                self.notifications[message["method"]] = message.get("params") or {}
            else:
                self._answers[message["id"]] = message
            self._changed.notify_all()
