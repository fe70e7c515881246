"""A document that is parsed once and then only where it changes."""

from __future__ import annotations

from tree_sitter import Node, Tree

from foreload_analyzers.compose import Composer, Placed
from foreload_analyzers.extract import ChunkReader
from foreload_analyzers.facts import ChunkFacts
from foreload_analyzers.grammar import Match, syntax
from foreload_analyzers.languages import BY_NAME, NodeKinds
from foreload_analyzers.report import Report

MAX_SOURCE_BYTES = 2 * 1024 * 1024  # above this a file is data or made by a program; it is not looked into
MAX_CHUNKS = 20_000
_PROBE_BYTES = 64 * 1024

Point = tuple[int, int]
ChunkKey = tuple[str, str, bytes]


class Document:
    """One source file, kept up to date edit by edit.

    Args:
        language: a name of the language table.
        path_hint: where the file lies; only for telling what kind of program it is.

    Raises:
        KeyError: the language is not known.
    """

    def __init__(self, language: str, path_hint: str = "") -> None:
        self.language = language
        self._kinds: NodeKinds = BY_NAME[language].kinds
        self._syntax = syntax(language)
        self._parser = self._syntax.parser()
        self._tree: Tree | None = None
        self._source = b""
        self._known: dict[ChunkKey, ChunkFacts] = {}
        self._composer = Composer(language, path_hint)
        self._report: Report | None = None

    def open(self, text: bytes) -> None:
        """Takes a new text as a whole."""
        self._source = text
        self._report = None
        self._tree = None if problem_with(text) else self._parser.parse(text)

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
        """Takes one edit: bytes from `start_byte` to `old_end_byte` became those up to `new_end_byte` of `new_source`. Points are rows
        and columns in bytes, from 0. An edit that does not fit the text makes the document be parsed anew."""
        fits = 0 <= start_byte <= old_end_byte <= len(self._source) and start_byte <= new_end_byte <= len(new_source)
        fits = fits and len(new_source) - len(self._source) == new_end_byte - old_end_byte
        if self._tree is None or not fits or problem_with(new_source):
            self.open(new_source)
            return
        self._tree.edit(start_byte, old_end_byte, new_end_byte, start_point, old_end_point, new_end_point)
        self._source = new_source
        self._tree = self._parser.parse(new_source, self._tree)
        self._report = None

    def report(self) -> Report:
        """The report of the text as it is now."""
        if self._report is None:
            self._report = self._make_report()
        return self._report

    def _make_report(self) -> Report:
        problem = problem_with(self._source)
        if problem or self._tree is None:
            return Report(self.language, problems=(problem,) if problem else ())
        root = self._tree.root_node
        problems: tuple[str, ...] = ()
        if root.has_error:
            line = _first_error(root)
            problems = (f"line {line}: the syntax is broken there; the rest of the file is analysed",)
        return self._composer.compose(self._chunks(root), problems)

    def _chunks(self, root: Node) -> list[Placed]:
        nodes = _split(root, self._kinds, self._source)
        keys = [(name, node.type, self._source[node.start_byte : node.end_byte]) for node, name in nodes]
        missing = [index for index, key in enumerate(keys) if key not in self._known]
        known = {key: self._known[key] for key in keys if key in self._known}
        if missing:
            known.update(self._read(root, nodes, keys, missing))
        self._known = known
        # The same text twice is still two functions: each place needs facts of its own.
        placed: list[Placed] = []
        used: set[int] = set()
        for (node, name), key in zip(nodes, keys, strict=True):
            facts = known[key]
            if id(facts) in used:
                facts = self._read(root, [(node, name)], [key], [0])[key]
            used.add(id(facts))
            placed.append(Placed(facts, node.start_point.row))
        return placed

    def _read(
        self, root: Node, nodes: list[tuple[Node, str]], keys: list[ChunkKey], missing: list[int]
    ) -> dict[ChunkKey, ChunkFacts]:
        """The facts of the chunks that are not known, in one pass of the queries from the first to the last of them."""
        first, last = nodes[missing[0]][0].start_byte, nodes[missing[-1]][0].end_byte
        found = self._syntax.matches(root, first, last)
        placed = sorted(((_start(match), order) for order, match in enumerate(found)))
        facts: dict[ChunkKey, ChunkFacts] = {}
        place = 0
        for index in missing:
            node, name = nodes[index]
            while place < len(placed) and placed[place][0] < node.start_byte:
                place += 1
            own: list[Match] = []
            while place < len(placed) and placed[place][0] < node.end_byte:
                own.append(found[placed[place][1]])
                place += 1
            own.sort(key=_start)
            reader = ChunkReader(self._source, self._kinds, node.start_byte, node.start_point.row, name)
            facts[keys[index]] = reader.read(node.start_byte, node.end_byte, node.descendant_count, own)
        return facts


def problem_with(text: bytes) -> str:
    """Why a text is not analysed at all; empty when it is."""
    if len(text) > MAX_SOURCE_BYTES:
        size, limit = len(text) / 1024 / 1024, MAX_SOURCE_BYTES // 1024 // 1024
        return f"the file has {size:.1f} MiB; files above {limit} MiB are not analysed"
    if b"\0" in text[:_PROBE_BYTES]:
        return "the file is binary or not in UTF-8; only UTF-8 source is analysed"
    return ""


def _start(match: Match) -> int:
    nodes = match.nodes
    return (nodes.get("whole") or nodes.get("module") or nodes["name"])[0].start_byte


def _split(root: Node, kinds: NodeKinds, source: bytes) -> list[tuple[Node, str]]:
    """The pieces that are analysed and cached one by one, with the class around each: top-level statements and members of classes."""
    found: list[tuple[Node, str]] = []
    pending: list[tuple[Node, str]] = [(child, "") for child in reversed(root.children)]
    while pending:
        node, name = pending.pop()
        inner = _members(node, kinds) if len(found) + len(pending) < MAX_CHUNKS else None
        if inner is None:
            found.append((node, name))
            continue
        holder, body = inner
        title = holder.child_by_field_name("name")
        own = name if title is None else source[title.start_byte : title.end_byte].decode("utf-8", "replace")
        pending.extend((child, own) for child in reversed(body.children))
    return found


def _members(node: Node, kinds: NodeKinds) -> tuple[Node, Node] | None:
    """The class in a node and its body; None where it is none, or holds nothing."""
    holder = node
    while holder.type in kinds.containers:
        inner = holder.child_by_field_name(kinds.containers[holder.type])
        if inner is None:
            return None
        if holder.type in kinds.class_kinds:
            return (holder, inner) if inner.child_count else None
        holder = inner
    return None


def _first_error(root: Node) -> int:
    """The line of the first broken place, from 1."""
    node = root
    while True:
        broken = next((child for child in node.children if child.has_error or child.is_error or child.is_missing), None)
        if broken is None:
            return node.start_point.row + 1
        node = broken


def analyze(source: bytes, language: str, path_hint: str = "") -> Report:
    """The report of one file, with the cyclomatic complexity where the language has it.

    Args:
        source: the file, in UTF-8. Broken, binary and very large input is told in the report's problems.
        language: a name of the language table.
        path_hint: where the file lies; only for telling what kind of program it is.

    Raises:
        KeyError: the language is not known.
    """
    from foreload_analyzers.metrics import with_radon

    document = Document(language, path_hint)
    document.open(source)
    return with_radon(document.report(), source)
