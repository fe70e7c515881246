"""A document in pieces that can be parsed alone, and their chunks, whose facts are kept while the text is the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tree_sitter import Node, Tree

from foreload_analyzers.declared import head_of
from foreload_analyzers.expressions import Reader, Source
from foreload_analyzers.extract import ChunkReader
from foreload_analyzers.facts import ChunkFacts
from foreload_analyzers.grammar import Checkpoint, Match, Syntax, no_checkpoint
from foreload_analyzers.kinds import NodeKinds

MAX_CHUNKS = 20_000
_BYTES_AT_ONCE = 64 * 1024  # so that what waits for this thread waits for milliseconds, and few findings are held

ChunkKey = tuple[str, str, bytes]


@dataclass(slots=True)
class Chunk:
    """A top-level statement or a member of a class.

    `key` is the class around it, the kind of its node and its text; `row` and `start` are the line and the byte of its
    piece where it begins.
    """

    key: ChunkKey
    facts: ChunkFacts
    row: int
    start: int


@dataclass(slots=True)
class Piece:
    """A stretch of whole lines at the top level of a document.

    Attributes:
        size: bytes.
        rows: lines.
        chunks: what it holds; out of date while `is_changed`.
        tree: its own syntax tree, once it has been edited.
        is_changed: it was edited and parsed since its chunks were read.
    """

    size: int
    rows: int
    chunks: list[Chunk]
    tree: Tree | None = None
    is_changed: bool = False


def cut(
    root: Node, source: bytes, syntax: Syntax, known: Iterable[Chunk], checkpoint: Checkpoint = no_checkpoint
) -> list[Piece]:
    """The pieces of a text from its syntax tree.

    Args:
        root: of the tree.
        source: the text that was parsed.
        syntax: of its language.
        known: chunks from before; one with the same text gives its facts to the new one.
        checkpoint: called now and then; what it raises ends the work.
    """
    kinds = syntax.language.kinds
    groups = _groups(root)
    nodes: list[tuple[Node, str]] = []
    sizes: list[int] = []
    for group in groups:
        first = len(nodes)
        _split(group, kinds, source, nodes)
        sizes.append(len(nodes) - first)
    chunks = _chunks(root, source, syntax, nodes, known, checkpoint)
    starts = [(0, 0)] + [(group[0].start_byte, group[0].start_point.row) for group in groups[1:]]
    ends = [*starts[1:], (len(source), source.count(b"\n"))]
    pieces: list[Piece] = []
    place = 0
    for (start, row), (end, next_row), count in zip(starts, ends, sizes or [0], strict=True):
        own = chunks[place : place + count]
        for chunk in own:
            chunk.row -= row
            chunk.start -= start
        pieces.append(Piece(end - start, next_row - row, own))
        place += count
    return pieces


def _groups(root: Node) -> list[list[Node]]:
    """The nodes of the top level, those together that begin on one line."""
    groups: list[list[Node]] = []
    for child in root.children:
        if groups and child.start_point.column > 0:
            groups[-1].append(child)
        else:
            groups.append([child])
    return groups


def _split(group: Sequence[Node], kinds: NodeKinds, source: bytes, found: list[tuple[Node, str]]) -> None:
    """Adds the nodes of a group that are analysed one by one, each with the class around it."""
    pending: list[tuple[Node, str]] = [(node, "") for node in reversed(group)]
    while pending:
        node, name = pending.pop()
        inner = _members(node, kinds) if len(found) < MAX_CHUNKS else None
        if inner is None:
            found.append((node, name))
            continue
        holder, body = inner
        own = name
        if holder.type in kinds.class_kinds:
            title = holder.child_by_field_name("name") or holder.child_by_field_name("type")
            if title is not None:
                own = head_of(source[title.start_byte : title.end_byte].decode("utf-8", "replace"))
        pending.extend((child, own) for child in reversed(body.named_children))


def _members(node: Node, kinds: NodeKinds) -> tuple[Node, Node] | None:
    """The class in a node and its body; None where it is none, or holds nothing."""
    holder = node
    while holder.type in kinds.containers:
        name = kinds.containers[holder.type]
        inner = holder if name == "*" else holder.child_by_field_name(name)
        if inner is None:
            return None
        if holder.type in kinds.class_kinds or inner is holder:
            return (holder, inner) if inner.child_count else None
        holder = inner
    return None


def _chunks(
    root: Node,
    source: bytes,
    syntax: Syntax,
    nodes: Sequence[tuple[Node, str]],
    known: Iterable[Chunk],
    checkpoint: Checkpoint,
) -> list[Chunk]:
    """A chunk for each node, rows counted from the start of the source; only texts that are not known are read."""
    stock: dict[ChunkKey, list[ChunkFacts]] = {}
    for chunk in known:
        stock.setdefault(chunk.key, []).append(chunk.facts)
    keys: list[ChunkKey] = [(name, node.type, source[node.start_byte : node.end_byte]) for node, name in nodes]
    missing: dict[ChunkKey, int] = {}
    for index, key in enumerate(keys):
        if key not in stock:
            missing.setdefault(key, index)
    if missing:
        places = list(missing.values())
        for index, facts in zip(places, _read(root, source, syntax, nodes, places, checkpoint), strict=True):
            stock[keys[index]] = [facts]
    taken: dict[ChunkKey, int] = {}
    chunks: list[Chunk] = []
    for (node, _), key in zip(nodes, keys, strict=True):
        # The same text twice is still two functions: each place has facts of its own.
        turn = taken.get(key, 0)
        taken[key] = turn + 1
        held = stock[key]
        facts = held[turn] if turn < len(held) else held[0].copy()
        facts.text = key[2]
        chunks.append(Chunk(key, facts, node.start_point.row, node.start_byte))
    return chunks


def _read(
    root: Node,
    source: bytes,
    syntax: Syntax,
    nodes: Sequence[tuple[Node, str]],
    places: Sequence[int],
    checkpoint: Checkpoint,
) -> list[ChunkFacts]:
    """The facts of some nodes, in passes of the queries over a stretch of the text each."""
    facts: list[ChunkFacts] = []
    text = Source(source)
    first = 0
    while first < len(places):
        checkpoint()
        start = nodes[places[first]][0].start_byte
        last = first + 1
        while last < len(places) and nodes[places[last]][0].end_byte - start <= _BYTES_AT_ONCE:
            last += 1
        _read_stretch(root, text, syntax, nodes, places[first:last], facts)
        first = last
    return facts


def _read_stretch(
    root: Node,
    text: Source,
    syntax: Syntax,
    nodes: Sequence[tuple[Node, str]],
    places: Sequence[int],
    facts: list[ChunkFacts],
) -> None:
    """Adds the facts of nodes that follow each other, in one pass of the queries."""
    matches = syntax.matches(root, nodes[places[0]][0].start_byte, nodes[places[-1]][0].end_byte)
    matches.sort(key=_start)
    expressions = Reader(text, syntax.language.kinds)
    at = 0
    for place in places:
        node, name = nodes[place]
        start, end = node.start_byte, node.end_byte
        while at < len(matches) and _start(matches[at]) < start:
            at += 1
        first = at
        while at < len(matches) and _start(matches[at]) < end:
            at += 1
        reader = ChunkReader(text, expressions, syntax.language.kinds, start, node.start_point.row, name)
        facts.append(reader.read(start, end, node.descendant_count, matches[first:at]))


def _start(match: Match) -> int:
    nodes = match.nodes
    return (nodes.get("whole") or nodes.get("module") or nodes["name"])[0].start_byte
