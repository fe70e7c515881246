"""The work of the analysis, as it is done on its own thread."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from foreload_daemon.analysing.edits import update

if TYPE_CHECKING:
    from foreload_analyzers import Document
    from foreload_analyzers.exported import Around, Exported, Exports
    from foreload_analyzers.report import Report

_LOG = logging.getLogger(__name__)


class Superseded(Exception):  # noqa: N818 - it says what happened to the work
    """A newer text waits: what was begun is given up."""


@dataclass(slots=True)
class Workpiece:
    """What the thread keeps of one document between two reports; nobody else touches it.

    Attributes:
        document: None before the first text, and after a failure.
        source: the text that it is of.
        largest_bytes: that the document was made with.
        checkpoint: of the work that goes on now.
    """

    language: str
    path_hint: str
    document: Document | None = None
    source: bytes = b""
    largest_bytes: int = 0
    checkpoint: Callable[[], None] | None = None

    def check(self) -> None:
        """Ends the work that goes on now, where a newer text waits.

        Raises:
            Superseded: it does.
        """
        if self.checkpoint is not None:
            self.checkpoint()


@dataclass(frozen=True, slots=True)
class Done:
    """What came of one analysis.

    Attributes:
        version: of the text.
        report: None where there is none.
        problem: why there is none, for a person.
        seconds: how long it took.
        superseded: it was given up for a newer text.
        exports: its functions as other open documents may see them.
        outgoing: the functions of other documents that it calls, by their place.
    """

    version: int
    report: Report | None = None
    problem: str = ""
    seconds: float = 0.0
    superseded: bool = False
    exports: Exports = field(default_factory=dict[str, "Exported"])
    outgoing: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])


def analyse(
    piece: Workpiece,
    text: str,
    version: int,
    largest_bytes: int,
    is_current: Callable[[], bool],
    tables: Mapping[str, Exports] | None = None,
    called: frozenset[str] = frozenset(),
) -> Done:
    """Makes the report of a text, from what is known of the text before.

    Args:
        piece: of the document.
        text: as the editor has it now.
        version: of the text.
        largest_bytes: a text larger than this is only parsed.
        is_current: whether the text is still the newest; asked while the work goes on.
        tables: what the other open documents say of their functions, by place.
        called: the document's own functions that they call.
    """
    began = time.monotonic()
    if not is_current():
        return Done(version, superseded=True)

    def checkpoint() -> None:
        if not is_current():
            raise Superseded

    try:
        source = text.encode("utf-8", "replace")
        piece.checkpoint = checkpoint
        if piece.document is None or piece.largest_bytes != largest_bytes:
            piece.largest_bytes = largest_bytes
            piece.document = _new_document(piece)
            piece.source = source
            piece.document.open(source)
        else:
            before, piece.source = piece.source, source
            update(piece.document, before, source)
        piece.document.look_around(_around(tables or {}, called))
        report = piece.document.report()
        exports, outgoing = piece.document.exports(), piece.document.outgoing
    except Superseded:
        return Done(version, superseded=True)
    except Exception as error:  # noqa: BLE001 - a file that breaks the analysis must not break the server
        _LOG.exception("the analysis of a document failed")
        piece.document = None
        return Done(version, problem=f"not analysed: the analysis failed ({type(error).__name__}); the log says more")
    seconds = time.monotonic() - began
    return Done(version, report, seconds=seconds, exports=exports, outgoing=outgoing)


def _around(tables: Mapping[str, Exports], called: frozenset[str]) -> Around:
    from foreload_analyzers.exported import Around

    return Around(tables, called)


def _new_document(piece: Workpiece) -> Document:
    from foreload_analyzers import Document

    return Document(piece.language, piece.path_hint, piece.largest_bytes, piece.check)


def weigh(piece: Workpiece) -> Report | None:
    """The last report with the growth of the whole file weighed by the fitted models; None where there is none."""
    if piece.document is None:
        return None
    piece.checkpoint = None
    try:
        return piece.document.whole_report()
    except Exception:  # noqa: BLE001 - somebody who looks sees what the rules say
        _LOG.exception("the weighing of a document failed")
        return None


def warm_up() -> None:
    """Loads the grammar before the first run needs it."""
    from foreload_analyzers import Document

    document = Document("python")
    document.open(b"def f(n):\n    return [i for i in range(n)]\n")
    document.report()


def analyse_file(path: Path, language: str, largest_bytes: int) -> Report | None:
    """The report of a file on the disk; None where it cannot be read or is too large."""
    from foreload_analyzers import analyze

    try:
        if path.stat().st_size > largest_bytes:
            return None
        source = path.read_bytes()
    except OSError as error:
        _LOG.info("a run's file cannot be read: %s", error.strerror)
        return None
    return analyze(source, language, path.name)
