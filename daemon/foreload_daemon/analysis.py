"""Open documents and what the analysis says of them: parsed by edits, off the typing path; the newest text wins."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from foreload_analyzers import Document
    from foreload_analyzers.report import Report

_LOG = logging.getLogger(__name__)

PAUSE_SECONDS = 0.12
"""Analysis begins when no key was pressed for this long; typing goes first."""
LONGEST_PAUSE_SECONDS = 1.0
LANGUAGES = {".py": "python", ".pyi": "python", ".pyw": "python"}
DISK_DEADLINE_SECONDS = 2.0


@dataclass(slots=True)
class Opened:
    """One open document.

    Attributes:
        text: as the editor has it.
        version: counts its changes.
        report: of the last analysis that finished; None before the first.
        analysed_version: the version that it is of.
        analysed_at: when it finished, monotonic seconds.
        problem: why there is no report, for a person; empty when there is one.
    """

    uri: str
    language: str
    text: str
    version: int = 0
    report: Report | None = None
    analysed_version: int = -1
    analysed_at: float = 0.0
    problem: str = ""
    document: Document | None = None
    source: bytes = b""
    changed_at: float = 0.0
    waiting: asyncio.TimerHandle | None = None
    working: bool = False


class Analysis:
    """Keeps reports of the open documents fresh.

    Args:
        largest_bytes: files larger than this are not analysed; asked each time.
        allowed: whether code may be analysed now; asked each time.
        on_report: called on the loop with each finished analysis, good or not.
    """

    def __init__(
        self, largest_bytes: Callable[[], int], allowed: Callable[[], bool], on_report: Callable[[Opened], None]
    ) -> None:
        self._largest_bytes, self._allowed, self._on_report = largest_bytes, allowed, on_report
        # One thread for all of it: the grammar's queries may not be used by two at once.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="analysis")
        self.documents: dict[str, Opened] = {}

    def open(self, uri: str, language: str, text: str) -> None:
        """The editor has opened a document."""
        self.documents[uri] = Opened(uri, language, text, changed_at=time.monotonic())
        self._soon(self.documents[uri], 0.0)

    def change(self, uri: str, text: str) -> None:
        """The editor has changed a document; what is being worked on for it is outdated now."""
        opened = self.documents.get(uri)
        if opened is None:
            return
        now = time.monotonic()
        opened.text = text
        opened.version += 1
        if opened.waiting is None:
            opened.changed_at = now
        # A person who types on and on sees a report now and then all the same.
        self._soon(opened, PAUSE_SECONDS if now - opened.changed_at < LONGEST_PAUSE_SECONDS else 0.0)

    def close(self, uri: str) -> None:
        """The editor has closed a document."""
        opened = self.documents.pop(uri, None)
        if opened is not None and opened.waiting is not None:
            opened.waiting.cancel()

    def again(self) -> None:
        """Permission or settings have changed: all are looked at anew."""
        for opened in self.documents.values():
            if not self._allowed():
                opened.report, opened.document, opened.analysed_version = None, None, -1
            self._soon(opened, 0.0)

    def warm_up(self) -> None:
        """Loads the grammar before the first run needs it."""
        if self._allowed():
            self._thread.submit(_warm_up)

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
        language = LANGUAGES.get(path.suffix)
        if language is None:
            return None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(DISK_DEADLINE_SECONDS):
                return await loop.run_in_executor(self._thread, _analyse_file, path, language, self._largest_bytes())
        except TimeoutError:
            return None

    def _soon(self, opened: Opened, seconds: float) -> None:
        if opened.waiting is not None:
            opened.waiting.cancel()
        opened.waiting = asyncio.get_running_loop().call_later(seconds, self._begin, opened)

    def _begin(self, opened: Opened) -> None:
        opened.waiting = None
        if opened.working or self.documents.get(opened.uri) is not opened:
            return
        problem = self._reason_not_to(opened)
        if problem is not None:
            opened.report, opened.document, opened.problem = None, None, problem
            opened.analysed_version = opened.version
            self._on_report(opened)
            return
        opened.working = True
        job = self._thread.submit(_analyse, opened, opened.text, opened.version)
        loop = asyncio.get_running_loop()
        job.add_done_callback(lambda done: loop.call_soon_threadsafe(self._finished, opened, done.result()))

    def _reason_not_to(self, opened: Opened) -> str | None:
        if not self._allowed():
            return "not analysed: not allowed yet"
        size = len(opened.text)
        if size > self._largest_bytes():
            return (
                f"not analysed: {size / 1048576:.1f} MiB are more than the {self._largest_bytes() / 1048576:.1f} MiB "
                "of foreload.analysis.largestFileBytes"
            )
        return None

    def _finished(self, opened: Opened, outcome: Report | str | None) -> None:
        opened.working = False
        if self.documents.get(opened.uri) is not opened:
            return
        if isinstance(outcome, str):
            opened.report, opened.problem = None, outcome
        elif outcome is not None:
            opened.report, opened.problem = outcome, ""
        if outcome is not None:
            opened.analysed_at = time.monotonic()
            self._on_report(opened)
        if opened.version != opened.analysed_version and opened.waiting is None:
            self._soon(opened, 0.0)


def edit_between(old: bytes, new: bytes) -> tuple[int, int, int]:
    """Where two texts differ, as one edit: its start, its end in the old text, its end in the new one."""
    shorter = min(len(old), len(new))
    start = _equal_length(old, new, shorter)
    back = _equal_length(old, new, shorter - start, from_end=True)
    return start, len(old) - back, len(new) - back


def _equal_length(old: bytes, new: bytes, most: int, *, from_end: bool = False) -> int:
    """How many bytes are the same at the beginning (or end), found by halving: each comparison runs at memory speed."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if from_end:
            same = old[len(old) - middle : len(old) - low] == new[len(new) - middle : len(new) - low]
        else:
            same = old[low:middle] == new[low:middle]
        low, high = (middle, high) if same else (low, middle - 1)
    return low


def _point(text: bytes, offset: int) -> tuple[int, int]:
    return text.count(b"\n", 0, offset), offset - (text.rfind(b"\n", 0, offset) + 1)


def _update(document: Document, old: bytes, new: bytes) -> None:
    if old == new:
        return
    start, old_end, new_end = edit_between(old, new)
    document.edit(start, old_end, new_end, _point(old, start), _point(old, old_end), _point(new, new_end), new)


def _analyse(opened: Opened, text: str, version: int) -> Report | str | None:
    """Runs on the worker: the report, why there is none, or None where a newer text waits already."""
    from foreload_analyzers import Document

    try:
        source = text.encode("utf-8", "replace")
        if opened.document is None:
            opened.document = Document(opened.language, opened.uri)
            opened.document.open(source)
        else:
            _update(opened.document, opened.source, source)
        opened.source = source
        if opened.version != version:
            return None
        report = opened.document.report()
    except Exception as error:  # noqa: BLE001 - a file that breaks the analysis must not break the server
        _LOG.exception("the analysis of a document failed")
        opened.document = None
        opened.analysed_version = version
        return f"not analysed: the analysis failed ({type(error).__name__}); the log says more"
    opened.analysed_version = version
    return report


def _warm_up() -> None:
    from foreload_analyzers import Document

    document = Document("python")
    document.open(b"def f(n):\n    return [i for i in range(n)]\n")
    document.report()


def _analyse_file(path: Path, language: str, largest_bytes: int) -> Report | None:
    from foreload_analyzers import Document

    try:
        if path.stat().st_size > largest_bytes:
            return None
        source = path.read_bytes()
    except OSError as error:
        _LOG.info("a run's file cannot be read: %s", error.strerror)
        return None
    document = Document(language, path.name)
    document.open(source)
    return document.report()
