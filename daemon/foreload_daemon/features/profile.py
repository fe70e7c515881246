"""The profile in the workspace: read, checked while it is written, and sent as numbers. Its texts stay here."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from foreload_core.types import NO_PROFILE, ProfileNumbers
from lsprotocol import types

from foreload_daemon.consent import NotAllowed
from foreload_daemon.daemon import Daemon
from foreload_daemon.history import notes
from foreload_daemon.protocol import NEW_PROFILE, NewProfile, Pattern, ProfileDraft
from foreload_daemon.server import ForeloadServer

if TYPE_CHECKING:
    import sqlite3

    from foreload_core.profile import Problem, Profile

_LOG = logging.getLogger(__name__)

FILE = Path(".foreload/profile.json")
AHEAD = timedelta(days=8)
EXPAND_EVERY = timedelta(days=1)
LOOK_EVERY_SECONDS = 5.0
LARGEST_BYTES = 1024 * 1024


class ProfileBook:
    """The profile that counts: the last one without a problem.

    Attributes:
        profile: None where there is none.
        numbers: its windows of the coming days and its bounds, with ids as they go over the wire.
        window_names: id on the wire -> name.
    """

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self.profile: Profile | None = None
        self.numbers: ProfileNumbers = NO_PROFILE
        self.window_names: Mapping[str, str] = {}
        self._expanded_at: datetime | None = None
        self._stamp: tuple[str, int, int] | None = None
        self._sent: tuple[int, datetime | None] | None = None

    async def look(self) -> None:
        """Reads the file if it has changed, expands it anew each day, and sends what is new."""
        path = next((folder / FILE for folder in self._daemon.workspace if (folder / FILE).is_file()), None)
        stamp = _stamp(path)
        now = self._daemon.clock.now()
        if stamp != self._stamp:
            self._stamp = stamp
            await self._read(path, now)
        elif self._expanded_at is not None and now - self._expanded_at >= EXPAND_EVERY:
            await self._expand(now)
        await self.send()

    async def send(self) -> None:
        """Tells the broker what it has not been told, where that is allowed."""
        gate, link = self._daemon.services.gate, self._daemon.services.link
        state = (self.numbers.revision, self._expanded_at)
        if not gate.allows("automatic_scaling"):
            self._sent = None
            return
        if self.numbers.revision == 0 or self._sent == state:
            return
        from foreload_system.codecs import profile_to_proto

        link.profile_revision = self.numbers.revision
        try:
            await link.keep("profile", profile_to_proto(self.numbers))
        except NotAllowed as refusal:
            _LOG.warning("%s", refusal)
            return
        self._sent = state

    async def _read(self, path: Path | None, now: datetime) -> None:
        from foreload_core.profile import parse_profile

        if path is None:
            gone = self.profile is not None or self.numbers.revision > 0
            self.profile = None
            await self._expand(now, content="" if gone else None)
            return
        text = await asyncio.to_thread(_text, path)
        profile, problems = await asyncio.to_thread(parse_profile, text)
        if profile is None:
            first = problems[0]
            _LOG.warning("%s, line %d: %s The profile before it stays.", path, first.line, first.message)
            return
        self.profile = profile
        await self._expand(now, content=text)

    async def _expand(self, now: datetime, content: str | bytes | None = None) -> None:
        from foreload_core.profile import expand

        database = self._daemon.services.database
        if self.profile is None and content is None:
            return
        salt = await database.run(notes.read, "salt")
        if self.profile is None:
            numbers, names = NO_PROFILE, {}
        else:
            numbers = await asyncio.to_thread(expand, self.profile, now, now + AHEAD)
            names = {wire_id(salt, window_id): name for window_id, name in self.profile.window_names.items()}
        windows = tuple(replace(window, window_id=wire_id(salt, window.window_id)) for window in numbers.windows)
        digest = hashlib.sha256(repr(replace(numbers, revision=0)).encode()).hexdigest()
        revision = await database.run(_revision, digest, now.timestamp())
        self.numbers = replace(numbers, windows=windows, revision=revision)
        self.window_names, self._expanded_at = names, now
        self._daemon.page_changed()


def set_up(server: ForeloadServer, daemon: Daemon) -> None:
    """Registers the request, and watches the file."""

    async def lead() -> None:
        daemon.profiles = book = ProfileBook(daemon)
        server.spawn("the profile", server.every("the profile", LOOK_EVERY_SECONDS, book.look))
        daemon.on_permission.append(lambda: server.spawn("the profile", book.send()) and None)

    daemon.on_lead.append(lead)
    daemon.on_document.append(lambda uri, text: _check(server, uri, text))

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        if _is_profile(params.text_document.uri) and daemon.profiles is not None:
            server.spawn("the profile", daemon.profiles.look())

    @server.request(NEW_PROFILE, NewProfile, local=True)
    async def new_profile(message: NewProfile, _caller: str) -> ProfileDraft:
        from foreload_core.profile import new_profile_text

        name = daemon.workspace[0].name if daemon.workspace else daemon.environment
        text = new_profile_text(name, _time_zone())
        return ProfileDraft(_with_patterns(text, message.patterns) if message.patterns else text)


def _with_patterns(text: str, patterns: list[Pattern]) -> str:
    """A new profile that expects what was seen, in place of the example."""
    document = json.loads(text)
    document["windows"] = [
        {"name": pattern.name, "kind": "peak", "every": pattern.every, "expect": {"cpuCores": pattern.cores}}
        for pattern in patterns
    ]
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def wire_id(salt: str, window_id: str) -> str:
    """A window's id as it leaves: the one in the file may be a word, this one says nothing."""
    return "w-" + hmac.new(bytes.fromhex(salt), f"window\0{window_id}".encode(), hashlib.sha256).hexdigest()[:12]


def diagnostics(problems: list[Problem], text: str) -> list[types.Diagnostic]:
    """The problems at their lines."""
    lines = text.splitlines() or [""]
    found: list[types.Diagnostic] = []
    for problem in problems:
        number = min(max(problem.line, 1), len(lines)) - 1
        line = lines[number]
        start = len(line) - len(line.lstrip())
        span = types.Range(types.Position(number, start), types.Position(number, max(start, len(line.rstrip()))))
        found.append(types.Diagnostic(span, problem.message, types.DiagnosticSeverity.Error, source="Foreload"))
    return found


def _check(server: ForeloadServer, uri: str, text: str) -> None:
    if not _is_profile(uri):
        return
    from foreload_core.profile import parse_profile

    _, problems = parse_profile(text[:LARGEST_BYTES])
    server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics(problems, text)))


def _is_profile(uri: str) -> bool:
    return uri.endswith(f"/{FILE}")


def _stamp(path: Path | None) -> tuple[str, int, int] | None:
    if path is None:
        return None
    try:
        status = path.stat()
    except OSError:
        return None
    return str(path), status.st_mtime_ns, status.st_size


def _text(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST_BYTES)


def _revision(connection: sqlite3.Connection, digest: str, now_seconds: float) -> int:
    """The number of this content: a new one each time it changes, the same while it does not."""
    if notes.read(connection, "profile_digest") != digest:
        notes.write(connection, "profile_digest", digest)
        return notes.next_revision(connection, "profile_revision", now_seconds)
    return int(notes.read(connection, "profile_revision", "0"))


def _time_zone() -> str:
    """This machine's IANA zone, or UTC where it cannot be told."""
    named = os.environ.get("TZ", "")
    if "/" in named:
        return named.lstrip(":")
    try:
        target = Path("/etc/localtime").readlink()
    except OSError:
        return "UTC"
    zone = str(target).partition("zoneinfo/")[2]
    return zone if "/" in zone else "UTC"
