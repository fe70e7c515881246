"""Open documents and what the analysis says of them: parsed by edits, off the typing path; the newest text wins."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from foreload_daemon.analysing.edits import Move, edit_between, moved_line
from foreload_daemon.analysing.languages import language_of_document
from foreload_daemon.analysing.work import Done, Workpiece, analyse, analyse_file, warm_up, weigh

if TYPE_CHECKING:
    from foreload_analyzers.exported import Exported, Exports
    from foreload_analyzers.report import Report

    from foreload_daemon.analysing.ignored import Ignored

__all__ = ["Analysis", "Opened", "Place", "edit_between"]

PAUSE_SECONDS = 0.12
"""Analysis begins when no key was pressed for this long; typing goes first."""
LONGEST_PAUSE_SECONDS = 1.0
SLOW_SECONDS = 0.3
"""A file whose last analysis took longer waits in proportion for a longer pause, and the language status says so."""
PAUSE_PER_SECOND = 4.0
PARSED_TIMES = 4
"""Files up to this many times the largest size are still parsed, and say where their syntax is broken."""
MOST_GIVEN_UP = 2
"""So often in a row work may be given up for a newer text; then it is done to its end."""
DISK_DEADLINE_SECONDS = 2.0
LOOK_DEADLINE_SECONDS = 0.5
RESETTLE_SECONDS = 0.3
"""So long after a document's functions changed, those that may call them are looked at again."""


@dataclass(slots=True)
class Opened:
    """One open document.

    Attributes:
        text: as the editor has it.
        version: counts its changes.
        report: of the last analysis that finished; None before the first.
        analysed_version: the version that it is of.
        changed_at: when the text was last changed, monotonic seconds.
        problem: why there is no report, for a person; empty when there is one.
        slow: the analysis takes long, and waits for longer pauses.
        moves: the changes that the report does not know yet.
        shown: names of the functions with a line above them; None before the first time.
        piece: what the analysis keeps of it.
        exports: its functions as other open documents may see them.
        outgoing: the functions of other documents that it calls, by their place.
    """

    uri: str
    language: str
    text: str
    version: int = 0
    report: Report | None = None
    analysed_version: int = -1
    changed_at: float = 0.0
    problem: str = ""
    slow: bool = False
    moves: list[Move] = field(default_factory=list[Move])
    shown: frozenset[str] | None = None
    piece: Workpiece = field(default_factory=lambda: Workpiece("", ""))
    burst_at: float = 0.0
    pause_seconds: float = PAUSE_SECONDS
    waiting: asyncio.TimerHandle | None = None
    working: bool = False
    given_up: int = 0
    again: bool = False
    exports: Exports = field(default_factory=dict[str, "Exported"])
    outgoing: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])

    def line_now(self, line: int) -> int:
        """Where a line of the report (from 1) stands in the text as it is now, from 0."""
        return moved_line(line - 1, self.moves)


class Place(NamedTuple):
    """Where a document of the editor stands in one that is analysed: a whole file, or a cell of a notebook.

    Attributes:
        opened: what is analysed.
        first: its first line in that, from 0.
        lines: how many it has; None: all from there on.
    """

    opened: Opened
    first: int = 0
    lines: int | None = None

    def line_now(self, line: int) -> int | None:
        """Where a line of the report (from 1) stands in this document, from 0; None: in another cell."""
        now = self.opened.line_now(line) - self.first
        return now if now >= 0 and (self.lines is None or now < self.lines) else None


class Analysis:
    """Keeps reports of the open documents fresh.

    Args:
        largest_bytes: files larger than this are not analysed; asked each time.
        allowed: whether code may be analysed now; asked each time.
        on_report: called on the loop with each finished analysis, good or not.

    Attributes:
        documents: by their address; a notebook is one, all its cells together.
        cells: address of a cell -> that of its notebook, its first line in it, and how many it has.
        on_close: called with the address of each document that was closed.
        ignored: what a person does not want to be told again; None before it is first asked for.
    """

    def __init__(
        self, largest_bytes: Callable[[], int], allowed: Callable[[], bool], on_report: Callable[[Opened], None]
    ) -> None:
        self._largest_bytes, self._allowed, self._on_report = largest_bytes, allowed, on_report
        # One thread for all of it: the grammar's queries may not be used by two at once.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="analysis")
        self.documents: dict[str, Opened] = {}
        self.cells: dict[str, tuple[str, int, int]] = {}
        self.on_close: list[Callable[[str], None]] = []
        self.ignored: Ignored | None = None

    def place_of(self, uri: str) -> Place | None:
        """Where a document of the editor is analysed; None: nowhere."""
        cell = self.cells.get(uri)
        opened = self.documents.get(uri if cell is None else cell[0])
        if opened is None:
            return None
        return Place(opened) if cell is None else Place(opened, cell[1], cell[2])

    def uris_of(self, opened: Opened) -> list[str]:
        """The editor's documents that one report is about: the file, or the cells of a notebook."""
        return [uri for uri, cell in self.cells.items() if cell[0] == opened.uri] or [opened.uri]

    def open(self, uri: str, language: str, text: str) -> None:
        """The editor has opened a document."""
        opened = Opened(uri, language, text, changed_at=time.monotonic(), piece=Workpiece(language, uri))
        self.documents[uri] = opened
        self._soon(opened, 0.0)

    def change(self, uri: str, text: str, moves: Iterable[Move] = ()) -> None:
        """The editor has changed a document; what is being worked on for it is outdated now.

        Args:
            uri: of the document.
            text: as it is now.
            moves: how lines moved, in the order of the changes; their version is set here.
        """
        opened = self.documents.get(uri)
        if opened is None:
            return
        now = time.monotonic()
        opened.text = text
        opened.version += 1
        opened.changed_at = now
        opened.moves.extend(move._replace(version=opened.version) for move in moves)
        if opened.waiting is None:
            opened.burst_at = now
        # A person who types on and on sees a report now and then all the same.
        longest = max(LONGEST_PAUSE_SECONDS, opened.pause_seconds)
        self._soon(opened, opened.pause_seconds if now - opened.burst_at < longest else 0.0)

    def close(self, uri: str) -> None:
        """The editor has closed a document."""
        opened = self.documents.pop(uri, None)
        if opened is not None and opened.waiting is not None:
            opened.waiting.cancel()
        if opened is not None and (opened.exports or opened.outgoing):
            self._resettle(opened)
        for listener in self.on_close if opened is not None else ():
            listener(uri)

    def again(self) -> None:
        """Permission or settings have changed: all are looked at anew."""
        for opened in self.documents.values():
            if not self._allowed():
                self._forget(opened)
            self._soon(opened, 0.0)

    async def load(self) -> None:
        """Loads the analysis on its own thread: two threads that load it at once can come between each other."""
        await asyncio.get_running_loop().run_in_executor(self._thread, warm_up)

    def warm_up(self) -> None:
        """Loads the grammar before the first run needs it."""
        if self._allowed():
            self._thread.submit(warm_up)

    def report_of(self, path: Path) -> Report | None:
        """The report of an open document, by its file."""
        from pygls.uris import from_fs_path

        opened = self.documents.get(from_fs_path(str(path)) or "")
        return opened.report if opened is not None else None

    async def report_of_file(self, path: Path) -> Report | None:
        """The report of a file, of the open document where it is open, else from the disk; None where there is none."""
        known = self.report_of(path)
        if known is not None or not self._allowed():
            return known
        language = language_of_document("", path.as_posix())
        if language is None:
            return None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(DISK_DEADLINE_SECONDS):
                return await loop.run_in_executor(self._thread, analyse_file, path, language, self._largest_bytes())
        except TimeoutError:
            return None

    async def whole_report_of(self, opened: Opened) -> Report | None:
        """The report with the whole file weighed, for somebody who looks; None where that takes too long."""
        if opened.report is None or opened.version != opened.analysed_version or opened.working:
            return None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(LOOK_DEADLINE_SECONDS):
                return await loop.run_in_executor(self._thread, weigh, opened.piece)
        except TimeoutError:
            return None

    def _soon(self, opened: Opened, seconds: float) -> None:
        if opened.waiting is not None:
            opened.waiting.cancel()
        opened.waiting = asyncio.get_running_loop().call_later(seconds, self._begin, opened)

    def _begin(self, opened: Opened) -> None:
        opened.waiting = None
        if self.documents.get(opened.uri) is not opened:
            return
        if opened.working:
            opened.again = True
            return
        opened.again = False
        problem = self._reason_not_to(opened)
        if problem is not None:
            self._forget(opened)
            opened.problem, opened.analysed_version = problem, opened.version
            self._on_report(opened)
            return
        opened.working = True
        version = opened.version
        largest = self._largest_bytes()
        job = self._thread.submit(
            analyse,
            opened.piece,
            opened.text,
            version,
            largest,
            lambda: self._is_current(opened, version),
            *self._around(opened),
        )
        loop = asyncio.get_running_loop()
        job.add_done_callback(lambda done: loop.call_soon_threadsafe(self._finished, opened, done.result()))

    def _is_current(self, opened: Opened, version: int) -> bool:
        """Whether a text is still worth its work; asked by the thread that does it.

        A document's first analysis goes on to its end, whatever is typed: all later ones are made from it.
        """
        if self.documents.get(opened.uri) is not opened:
            return False
        return opened.version == version or opened.report is None or opened.given_up >= MOST_GIVEN_UP

    def _around(self, opened: Opened) -> tuple[dict[str, Exports], frozenset[str]]:
        """What the other open documents say of their functions, and which of this one's they call."""
        others = [other for other in self.documents.values() if other is not opened]
        called = frozenset[str]().union(*(other.outgoing.get(opened.uri, frozenset()) for other in others))
        return {other.uri: other.exports for other in others if other.exports}, called

    def _resettle(self, changed: Opened, before: AbstractSet[str] = frozenset()) -> None:
        """Looks again at the documents that may depend on one whose functions, or calls, are others than before."""
        from foreload_analyzers.across import FAMILIES

        family = FAMILIES.get(changed.language)
        callees = before | changed.outgoing.keys()
        for other in self.documents.values():
            if other is changed or other.report is None or other.waiting is not None:
                continue
            if FAMILIES.get(other.language) == family or other.uri in callees:
                self._soon(other, RESETTLE_SECONDS)

    def _reason_not_to(self, opened: Opened) -> str | None:
        if not self._allowed():
            return "not analysed: not allowed yet"
        size = len(opened.text)
        if size > self._largest_bytes() * PARSED_TIMES:
            return (
                f"not analysed: {size / 1048576:.1f} MiB are more than the {self._largest_bytes() / 1048576:.1f} MiB "
                "of foreload.analysis.largestFileBytes"
            )
        return None

    def _forget(self, opened: Opened) -> None:
        opened.report, opened.analysed_version, opened.slow = None, -1, False
        opened.piece = Workpiece(opened.language, opened.uri)
        opened.exports, opened.outgoing = {}, {}

    def _finished(self, opened: Opened, done: Done) -> None:
        opened.working = False
        if self.documents.get(opened.uri) is not opened:
            return
        opened.given_up = opened.given_up + 1 if done.superseded else 0
        if not done.superseded and self._allowed():
            is_new = done.report != opened.report or opened.analysed_version != done.version
            opened.report, opened.problem = done.report, done.problem
            opened.analysed_version = done.version
            opened.moves = [move for move in opened.moves if move.version > done.version]
            opened.slow = done.seconds > SLOW_SECONDS
            opened.pause_seconds = max(PAUSE_SECONDS, done.seconds * PAUSE_PER_SECOND if opened.slow else 0.0)
            if is_new:
                self._on_report(opened)
            self._tell_others(opened, done)
        if (opened.version != opened.analysed_version or opened.again) and opened.waiting is None:
            self._soon(opened, 0.0 if done.superseded else opened.pause_seconds)

    def _tell_others(self, opened: Opened, done: Done) -> None:
        """Keeps what a document says to others; where that changed, those that may depend on it are looked at again."""
        if done.exports == opened.exports and done.outgoing == opened.outgoing:
            return
        before = opened.outgoing.keys()
        opened.exports, opened.outgoing = done.exports, done.outgoing
        self._resettle(opened, before)
