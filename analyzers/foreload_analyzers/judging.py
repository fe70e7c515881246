"""The judgement of every unit of a file by itself, kept while its text and what it sees around it stay the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType

from foreload_analyzers.algorithms import word_scores
from foreload_analyzers.arguments import callers, given_to, has_start, is_private
from foreload_analyzers.bottlenecks import find_bottlenecks
from foreload_analyzers.callgraph import Edge
from foreload_analyzers.facts import ChunkFacts, ImportFact, Unit
from foreload_analyzers.grammar import Checkpoint, no_checkpoint
from foreload_analyzers.judge import Judgement, judge
from foreload_analyzers.needs import Use, use_of
from foreload_analyzers.report import Bottleneck
from foreload_analyzers.scope import Given
from foreload_analyzers.space import Allocation, allocations
from foreload_analyzers.surroundings import Placed, Surroundings, defined_by, merged, talk_of


@dataclass(slots=True, eq=False)
class Judged:
    """A unit with all that is known of it alone. `paths` are the full paths of all that it calls."""

    unit: Unit
    judgement: Judgement
    held: list[Allocation]
    use: Use
    bottlenecks: tuple[Bottleneck, ...]
    scores: tuple[float, ...]
    paths: frozenset[str]


@dataclass(slots=True)
class Layout:
    """The units of a file, the code outside functions first; for each the first row and the units of its chunk."""

    units: list[Unit]
    rows: list[int]
    fellows: list[range]


class Judging:
    """Judges the units of one document, again and again."""

    def __init__(self, knowledge: ModuleType, checkpoint: Checkpoint = no_checkpoint) -> None:
        self._knowledge = knowledge
        self._checkpoint = checkpoint
        self._module: tuple[list[tuple[ChunkFacts, int]], Unit] | None = None
        self._surroundings: tuple[tuple[ImportFact, ...], Unit, list[Unit], Surroundings] | None = None
        self._talks: dict[str, str] = {}
        self._talk: dict[int, tuple[Unit, str]] = {}  # by the identity of the unit
        self._defined: dict[str, bool] = {}
        self._judged: dict[int, Judged] = {}  # by the identity of the unit, which each value holds
        self._given: dict[int, tuple[list[object], list[bool], Mapping[str, Given]]] = {}
        self._settled: dict[int, tuple[Judged, Judged]] = {}

    def lay_out(self, chunks: Sequence[Placed]) -> Layout:
        """The units of all chunks."""
        pieces = [(chunk.facts, chunk.row) for chunk in chunks if chunk.facts.has_code]
        if self._module is None or self._module[0] != pieces:
            self._module = (pieces, merged(pieces))
        layout = Layout([self._module[1]], [0], [range(0)])
        for chunk in chunks:
            inner = chunk.facts.units[1:]
            if inner:
                first = len(layout.units)
                layout.units.extend(inner)
                layout.rows.extend([chunk.row] * len(inner))
                layout.fellows.extend([range(first, first + len(inner))] * len(inner))
        return layout

    def judge_all(self, layout: Layout, imports: tuple[ImportFact, ...]) -> list[Judged]:
        """The judgements of all units, in their order."""
        surroundings, same = self._look_around(layout, imports)
        judged: list[Judged] = []
        for index, unit in enumerate(layout.units):
            kept = self._judged.get(id(unit))
            if kept is None or not same:
                self._checkpoint()
                kept = self._judge(kept, unit, _around(index, layout), surroundings)
            judged.append(kept)
        self._judged = {id(found.unit): found for found in judged}
        return judged

    def settle(
        self,
        layout: Layout,
        judged: list[Judged],
        edges: list[list[Edge]],
        groups: Sequence[Sequence[int]],
        imports: tuple[ImportFact, ...],
    ) -> list[Judged]:
        """Judges those functions again of whose arguments the calls in the file say something, callers first.

        `judged` and `edges` take the new judgements in; returned is `judged`.
        """
        calls = callers(edges)
        if not calls:
            return judged
        surroundings = self._look_around(layout, imports)[0] if self._surroundings is None else self._surroundings[3]
        starts = has_start(layout.units, edges)
        tables: dict[int, dict[str, Given]] = {}
        settled: dict[int, tuple[Judged, Judged]] = {}
        for group in reversed(groups):
            for index in group:
                unit = layout.units[index]
                table = dict(tables.get(_outer(index, layout), {}))
                if index in calls and (starts or is_private(unit, self._knowledge)):
                    table.update(self._given_to(unit, calls[index], group, judged))
                if not table:
                    continue
                tables[index] = table
                raw = judged[index]
                kept = self._settled.get(id(raw))
                outside = surroundings.of(unit, _around(index, layout), table)
                if kept is not None and outside.still_holds(kept[1].judgement.asked):
                    found = kept[1]
                elif outside.still_holds(raw.judgement.asked):
                    found = raw
                else:
                    found = self._judge(None, unit, _around(index, layout), surroundings, table)
                settled[id(raw)] = (raw, found)
                if found is not raw:
                    judged[index] = found
                    sites = {id(site.fact): site for site in found.judgement.calls}
                    edges[index] = [edge._replace(site=sites[id(edge.site.fact)]) for edge in edges[index]]
        self._settled = settled
        if len(self._given) > 2 * len(layout.units) + 64:
            self._given = {}
        return judged

    def _given_to(
        self, unit: Unit, sites: list[tuple[int, Edge]], group: Sequence[int], judged: Sequence[Judged]
    ) -> Mapping[str, Given]:
        """What the calls of a function give it; worked out anew only where a caller was judged anew."""
        seen: list[object] = [unit, *(part for index, edge in sites for part in (judged[index], edge.site))]
        inside = [index in group for index, _ in sites]
        kept = self._given.get(id(unit))
        if kept is not None and kept[1] == inside and _identical(kept[0], seen):
            return kept[2]
        found = given_to(unit, sites, group, judged)
        self._given[id(unit)] = (seen, inside, found)
        return found

    def _talks_of(self, units: Sequence[Unit]) -> dict[str, str]:
        """The functions that read the input or print, by their names."""
        known = self._talk
        told = [known.get(id(unit)) or (unit, talk_of(unit, self._knowledge)) for unit in units[1:]]
        self._talk = {id(row[0]): row for row in told}
        return {unit.name: words for unit, words in told if words}

    def _look_around(self, layout: Layout, imports: tuple[ImportFact, ...]) -> tuple[Surroundings, bool]:
        """What functions see around them, and whether that is the same as the last time."""
        module, owners = layout.units[0], [unit for unit in layout.units if unit.attributes]
        kept = self._surroundings
        talks = self._talks_of(layout.units)
        defined = defined_by(layout.units)
        same = kept is not None and kept[1] is module and kept[0] == imports
        same = same and self._talks == talks and self._defined == defined
        if kept is not None and same and _identical(kept[2], owners):
            return kept[3], True
        surroundings = Surroundings(module, owners, imports, talks, defined)
        self._surroundings = (imports, module, owners, surroundings)
        self._talks, self._defined = talks, defined
        return surroundings, False

    def _judge(
        self,
        kept: Judged | None,
        unit: Unit,
        around: list[Unit],
        surroundings: Surroundings,
        given: Mapping[str, Given] | None = None,
    ) -> Judged:
        outside = surroundings.of(unit, around, given)
        if kept is not None and outside.still_holds(kept.judgement.asked):
            return kept
        judgement = judge(unit, around, outside, self._knowledge)
        held = allocations(judgement, self._knowledge)
        use = use_of(judgement, held, self._knowledge)
        bottlenecks = find_bottlenecks(judgement, self._knowledge)
        judgement.asked = outside.asked
        paths = frozenset(site.path for site in judgement.calls)
        return Judged(unit, judgement, held, use, bottlenecks, word_scores(unit.words), paths)


def _outer(index: int, layout: Layout) -> int:
    """The function around one, -1 for none."""
    parent = layout.units[index].parent
    return layout.fellows[index][parent - 1] if parent > 0 else -1


def _around(index: int, layout: Layout) -> list[Unit]:
    """The functions around one, innermost first."""
    found: list[Unit] = []
    parent = layout.units[index].parent
    while parent > 0:
        # Indexes of parents count within the chunk, whose first unit is the code outside functions.
        outer = layout.units[layout.fellows[index][parent - 1]]
        found.append(outer)
        parent = outer.parent
    return found


def _identical(one: Sequence[object], other: Sequence[object]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))
