"""A document that is parsed once and then only where it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tree_sitter import Node, Tree

from foreload_analyzers.algorithms import algorithm_sentence
from foreload_analyzers.complexity_model import weigh
from foreload_analyzers.complexity_signs import Composed
from foreload_analyzers.compose import Composer
from foreload_analyzers.decoding import to_utf8
from foreload_analyzers.exported import Around, Exports
from foreload_analyzers.facts import ChunkFacts
from foreload_analyzers.generated import HEAD_BYTES, is_generated
from foreload_analyzers.grammar import Checkpoint, UnreadableError, no_checkpoint, parse, syntax
from foreload_analyzers.linear_model import Bags
from foreload_analyzers.outline import outline
from foreload_analyzers.pieces import Chunk, Piece, cut
from foreload_analyzers.report import Report
from foreload_analyzers.surroundings import Placed

MAX_SOURCE_BYTES = 2 * 1024 * 1024  # above this a file is data or made by a program; it is not looked into
PARSED_TIMES = 4  # files up to this many times the largest size are still parsed, and say where their syntax is broken
_PROBE_BYTES = 64 * 1024

Point = tuple[int, int]


class Document:
    """One source file, kept up to date edit by edit.

    Args:
        language: a name of the language table.
        path_hint: where the file lies; only for telling what kind of program it is.
        largest_bytes: a larger text is only parsed, one of more than `PARSED_TIMES` times as much not even that.
        checkpoint: called now and then during long work; what it raises ends the work, and the document stays usable.

    Raises:
        KeyError: the language is not known.
    """

    def __init__(
        self,
        language: str,
        path_hint: str = "",
        largest_bytes: int = MAX_SOURCE_BYTES,
        checkpoint: Checkpoint = no_checkpoint,
    ) -> None:
        self.language = language
        self._largest_bytes = largest_bytes
        self._checkpoint = checkpoint
        self._syntax = syntax(language)
        self._parser = self._syntax.parser()
        self._source = b""
        self._path_hint = path_hint
        self._is_generated = False
        # The tree of the whole text. Edits inside one piece are noted in it but parsed only in the piece's own tree.
        self._tree: Tree | None = None
        self._is_behind = False
        self._pieces: list[Piece] = []
        self._can_split = False
        self._composer = Composer(language, path_hint, checkpoint)
        self._report: Report | None = None
        self._is_read_whole = False  # the words of the whole text will be asked for next
        self._unreadable = ""
        self._settled: tuple[str, ...] | None = None  # problems of the last report, while its text is still the same

    def open(self, text: bytes) -> None:
        """Takes a new text as a whole."""
        self._is_generated = is_generated(self._path_hint, text[:HEAD_BYTES])
        self._source = text
        self._report = self._tree = self._settled = None
        self._can_split = self._is_behind = False
        if self._is_parsed(text):
            self._tree = self._parse(text, None)

    def edit(
        self,
        start_byte: int,
        old_end_byte: int,
        new_end_byte: int,
        start_point: Point,
        old_end_point: Point,
        new_end_point: Point,
        new_source: bytes,
    ) -> None:
        """Takes one edit: bytes from `start_byte` to `old_end_byte` became those up to `new_end_byte` of `new_source`.

        Points are rows and columns in bytes, from 0. An edit that does not fit the text has it parsed anew.
        """
        fits = 0 <= start_byte <= old_end_byte <= len(self._source) and start_byte <= new_end_byte <= len(new_source)
        fits = fits and len(new_source) - len(self._source) == new_end_byte - old_end_byte
        if self._tree is None or not fits or not self._is_parsed(new_source):
            self.open(new_source)
            return
        edit = (start_byte, old_end_byte, new_end_byte, start_point, old_end_point, new_end_point)
        self._tree.edit(*edit)
        self._source = new_source
        self._report = self._settled = None
        self._is_behind = self._can_split and self._edit_piece(*edit)
        if not self._is_behind:
            self._can_split = False
            old, self._tree = self._tree, None  # if the work is ended, the next edit begins anew
            self._tree = self._parse(new_source, old)

    def _parse(self, text: bytes, old: Tree | None) -> Tree | None:
        """The tree of a text; None where the parser finds no end, which is then said in the report."""
        self._unreadable = ""
        try:
            return parse(self._parser, text, old, self._checkpoint)
        except UnreadableError as reason:
            self._unreadable = f"{reason}; the file is not analysed"
            return None

    def report(self) -> Report:
        """The report of the text as it is now."""
        if self._report is None:
            made = self._make_report() if self._settled is None else self._compose(self._settled)
            self._report = replace(made, is_generated=True) if self._is_generated else made
        return self._report

    def look_around(self, around: Around) -> bool:
        """Takes what other open files say of their functions; True where the next report may be another one."""
        changed = self._composer.outside.look(around)
        if changed and self._settled is not None:
            self._report = None
        return changed

    def exports(self) -> Exports:
        """The functions of the last report for other files; see `across`."""
        return self._composer.outside.exports() if self._settled is not None else {}

    @property
    def outgoing(self) -> Mapping[str, frozenset[str]]:
        """The functions of other files that are called, by the place of their file."""
        return self._composer.outside.outgoing

    @property
    def composed(self) -> Composed | None:
        """What the last report was made of."""
        return self._composer.composed

    def whole_report(self) -> Report:
        """The report with the growth of the whole file weighed by fitted models; dearer than `report`."""
        self._is_read_whole = self._report is None
        report, composed = self.report(), self.composed
        self._is_read_whole = False
        if composed is None or problem_with(self._source, self._largest_bytes):
            return report
        report = weigh(report, composed, self.words())
        why = algorithm_sentence(report.algorithm_class, [facts.units[0].words for facts in self.chunks()])
        return replace(report, notes=(*report.notes, why)) if why else report

    def words(self) -> Bags:
        """Runs of tokens and words of the whole text, as of the last report."""
        return self._composer.words(self.chunks(), self._gaps())

    def _gaps(self) -> list[bytes]:
        """What lies before each chunk and after the last."""
        gaps: list[bytes] = []
        first = at = 0
        for piece in self._pieces:
            for chunk in piece.chunks:
                gaps.append(self._source[at : first + chunk.start])
                at = first + chunk.start + len(chunk.facts.text)
            first += piece.size
        return [*gaps, self._source[at:]]

    def _edit_piece(
        self, start: int, old_end: int, new_end: int, start_point: Point, old_end_point: Point, new_end_point: Point
    ) -> bool:
        """Parses the one piece that an edit lies in; False where there is none, or it is not whole by itself."""
        first, row = 0, 0
        for piece in self._pieces:
            if start < first + piece.size:
                break
            first += piece.size
            row += piece.rows
        else:
            return False
        # At its first byte, an edit could make a piece part of the one before; at its end, of the one after.
        if start <= first or old_end >= first + piece.size or start_point[0] < row:
            return False
        size = piece.size + new_end - old_end
        text = self._source[first : first + size]
        if text.endswith(b"\\\n"):
            return False
        if piece.tree is not None:
            points = [(point[0] - row, point[1]) for point in (start_point, old_end_point, new_end_point)]
            piece.tree.edit(start - first, old_end - first, new_end - first, *points)
        try:
            tree = parse(self._parser, text, piece.tree)
        except UnreadableError:
            return False
        if tree.root_node.has_error:
            return False
        piece.size, piece.rows, piece.tree, piece.is_changed = size, text.count(b"\n"), tree, True
        return True

    def _make_report(self) -> Report:
        problem = problem_with(self._source, self._largest_bytes)
        if self._tree is None:
            problem = problem or self._unreadable
            return Report(self.language, problems=(problem,) if problem else ())
        problems: tuple[str, ...] = ()
        if self._is_behind and not problem:
            self._refresh()
            return self._compose(problems)
        root = self._tree.root_node
        if root.has_error:
            rest = "" if problem else "; the rest of the file is analysed"
            problems = (f"line {_first_error(root)}: the syntax is broken there{rest}",)
        if problem:
            functions = outline(root, self._source, self._syntax)
            return Report(self.language, functions, problems=(problem, *problems))
        known = [chunk for piece in self._pieces for chunk in piece.chunks]
        self._pieces = cut(root, self._source, self._syntax, known, self._checkpoint)
        self._can_split = self._syntax.language.splits and not root.has_error
        return self._compose(problems)

    def _compose(self, problems: tuple[str, ...]) -> Report:
        self._settled = problems
        return self._composer.compose(self._placed(), problems, self._gaps() if self._is_read_whole else ())

    def _is_parsed(self, text: bytes) -> bool:
        return len(text) <= self._largest_bytes * PARSED_TIMES and not _is_binary(text)

    def _refresh(self) -> None:
        """Reads the chunks of the pieces that were edited; one that fell apart becomes several."""
        pieces: list[Piece] = []
        first = 0
        for piece in self._pieces:
            if piece.is_changed and piece.tree is not None:
                text = self._source[first : first + piece.size]
                parts = cut(piece.tree.root_node, text, self._syntax, piece.chunks)
                if len(parts) == 1:
                    parts[0].tree = piece.tree
                pieces.extend(parts)
            else:
                pieces.append(piece)
            first += piece.size
        self._pieces = pieces

    def chunks(self) -> list[ChunkFacts]:
        """The facts of all chunks, as of the last report."""
        return [chunk.facts for piece in self._pieces for chunk in piece.chunks]

    def _placed(self) -> list[Placed]:
        placed: list[Placed] = []
        row = 0
        for piece in self._pieces:
            chunks: list[Chunk] = piece.chunks
            placed.extend([Placed(chunk.facts, row + chunk.row) for chunk in chunks])
            row += piece.rows
        return placed


def problem_with(text: bytes, largest_bytes: int = MAX_SOURCE_BYTES) -> str:
    """Why a text is not analysed, or only parsed; empty when it is."""
    if len(text) > largest_bytes:
        size, limit = len(text) / 1024 / 1024, f"{largest_bytes / 1024 / 1024:.1f}".removesuffix(".0")
        step = "only parsed" if len(text) <= largest_bytes * PARSED_TIMES else "not analysed"
        return f"the file has {size:.1f} MiB; files above {limit} MiB are {step}"
    if _is_binary(text):
        return "the file is binary; only source code is analysed"
    return ""


def _is_binary(text: bytes) -> bool:
    return b"\0" in text[:_PROBE_BYTES]


def _first_error(root: Node) -> int:
    """The line of the first broken place, from 1."""
    node = root
    while True:
        broken = next((child for child in node.children if child.has_error or child.is_error or child.is_missing), None)
        if broken is None:
            return node.start_point.row + 1
        node = broken


def analyze(source: bytes, language: str, path_hint: str = "") -> Report:
    """The report of one file; radon's counts are not in it (see `with_radon`).

    Args:
        source: the file, in any encoding. Broken, binary and very large input is told in the report's problems.
        language: a name of the language table.
        path_hint: where the file lies; only for telling what kind of program it is.

    Raises:
        KeyError: the language is not known.
    """
    document = Document(language, path_hint)
    document.open(to_utf8(source) if len(source) <= MAX_SOURCE_BYTES else source)
    return document.whole_report()
