"""From the facts of all chunks to the report. What has not changed since the last time is taken from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType

from foreload_analyzers.algorithms import choose, module_scores, total, word_scores
from foreload_analyzers.applications import choose_application
from foreload_analyzers.bottlenecks import POOL_WORTH, SINGLE_CORE, find_bottlenecks
from foreload_analyzers.callgraph import Edge, Names, components
from foreload_analyzers.costs import CONSTANT, label
from foreload_analyzers.expressions import Expr
from foreload_analyzers.extract import root_names
from foreload_analyzers.facts import ChunkFacts, ImportFact, Unit
from foreload_analyzers.features import features_of
from foreload_analyzers.growth import NO_GROWTH, Fact, Growth, grow
from foreload_analyzers.hotness import Shares, share_out
from foreload_analyzers.judge import Judgement, judge
from foreload_analyzers.languages import INDEX, MEMBER, NAME
from foreload_analyzers.needs import Demand, Use, use_of
from foreload_analyzers.report import Bottleneck, Evidence, Function, Loop, Needs, Report
from foreload_analyzers.scope import Outside, import_table, value_for
from foreload_analyzers.space import Allocation, allocations


@dataclass(frozen=True, slots=True)
class Placed:
    """A chunk's facts and where the chunk begins (row from 0)."""

    facts: ChunkFacts
    row: int


@dataclass(slots=True)
class Judged:
    """A unit with all that is known of it alone."""

    judgement: Judgement
    held: list[Allocation]
    use: Use
    bottlenecks: tuple[Bottleneck, ...]
    scores: tuple[float, ...]
    around: tuple[int, ...]


@dataclass(slots=True)
class Composer:
    """Composes reports of one document, keeping judgements between them."""

    language: str
    path_hint: str = ""
    _kept: dict[int, tuple[Unit, Judged]] = field(default_factory=dict[int, tuple[Unit, Judged]])
    _scores: dict[int, tuple[ChunkFacts, tuple[float, ...]]] = field(
        default_factory=dict[int, tuple[ChunkFacts, tuple[float, ...]]]
    )
    _functions: dict[int, tuple[object, Function]] = field(default_factory=dict[int, tuple[object, Function]])
    _grown: dict[int, tuple[object, Growth]] = field(default_factory=dict[int, tuple[object, Growth]])

    def compose(self, chunks: Sequence[Placed], problems: tuple[str, ...]) -> Report:
        """The report of the whole document."""
        knowledge = _knowledge(self.language)
        imports = tuple(fact for chunk in chunks for fact in chunk.facts.imports)
        units, rows, siblings = self._units(chunks)
        outside = _Surroundings(units, imports)
        judged = [self._judged(unit, units, siblings[index], outside, knowledge) for index, unit in enumerate(units)]
        self._kept = {id(unit): (unit, found) for unit, found in zip(units, judged, strict=True)}
        judgements = [found.judgement for found in judged]
        names = Names(units)
        edges = [names.edges(index, judgement, siblings[index]) for index, judgement in enumerate(judgements)]
        groups = components([[edge.callee for edge in row] for row in edges])
        growths = self._growths(judged, edges, groups, units, knowledge)
        shares = share_out(judgements, edges, groups, growths)
        modules = frozenset(fact.module for fact in imports) | {
            f"{fact.module}.{fact.name}" for fact in imports if fact.name
        }
        demand = Demand([found.use for found in judged], edges, modules, knowledge)
        functions = self._build(judged, rows, growths, shares, demand)
        return self._report(chunks, judged, growths, shares, demand, functions, modules, problems)

    # --- parts ---

    def _units(self, chunks: Sequence[Placed]) -> tuple[list[Unit], list[int], list[tuple[int, ...]]]:
        """All units, the code outside functions as one in front; the row of each one's chunk; its fellows in the chunk."""
        units, rows, siblings = [_merged(chunks)], [0], [()]
        for chunk in chunks:
            first = len(units)
            inner = chunk.facts.units[1:]
            fellows = tuple(range(first, first + len(inner)))
            for unit in inner:
                units.append(unit)
                rows.append(chunk.row)
                siblings.append(fellows)
        return units, rows, siblings

    def _judged(
        self,
        unit: Unit,
        units: Sequence[Unit],
        fellows: tuple[int, ...],
        surroundings: _Surroundings,
        knowledge: ModuleType,
    ) -> Judged:
        around: list[Unit] = []
        parent = unit.parent
        while parent > 0 and fellows:
            # Indexes of parents count within the chunk, whose first unit is the code outside functions.
            outer = units[fellows[0] + parent - 1]
            around.append(outer)
            parent = outer.parent
        outside = surroundings.of(unit, around)
        kept = self._kept.get(id(unit))
        if kept is not None and kept[0] is unit and outside.still_holds(kept[1].judgement.asked):
            return kept[1]
        judgement = judge(unit, around, outside, knowledge)
        held = allocations(judgement, knowledge)
        use = use_of(judgement, held, knowledge)
        found = find_bottlenecks(judgement, knowledge)
        judgement.asked = dict(outside.asked)
        return Judged(judgement, held, use, found, word_scores(unit.words), tuple(id(outer) for outer in around))

    def _growths(
        self,
        judged: Sequence[Judged],
        edges: Sequence[Sequence[Edge]],
        groups: Sequence[Sequence[int]],
        units: Sequence[Unit],
        knowledge: ModuleType,
    ) -> list[Growth]:
        known: dict[int, Growth] = {}
        grown: dict[int, tuple[object, Growth]] = {}
        for group in groups:
            for index in group:
                found = judged[index]
                inputs = [
                    (edge.callee in group, id(edge.site), edge.handed_over, known.get(edge.callee))
                    for edge in edges[index]
                ]
                key = (id(found), inputs, [units[edge.callee].full_name for edge in edges[index]])
                before = self._grown.get(id(found))
                if before is not None and before[0] == key:
                    growth = before[1]
                else:
                    growth = grow(found.judgement, edges[index], known, units, group, found.held, knowledge)
                grown[id(found)] = (key, growth)
                known[index] = growth
            self._spread_in_group(group, known)
        self._grown = grown
        return [known.get(index, NO_GROWTH) for index in range(len(judged))]

    def _spread_in_group(self, group: Sequence[int], known: dict[int, Growth]) -> None:
        """Functions that call each other cost what the dearest of them costs."""
        if len(group) < 2:
            return
        dearest = max((known[index] for index in group), key=lambda growth: growth.cost)
        for index in group:
            known[index] = known[index]._replace(cost=dearest.cost, symbol=known[index].symbol or dearest.symbol)

    def _build(
        self, judged: Sequence[Judged], rows: Sequence[int], growths: Sequence[Growth], shares: Shares, demand: Demand
    ) -> tuple[Function, ...]:
        built: dict[int, tuple[object, Function]] = {}
        functions: list[Function] = []
        for index in range(1, len(judged)):
            found, growth = judged[index], growths[index]
            work = found.judgement.work
            needs = demand.of_function(index, work, sum(found.judgement.waiting.values()))
            hotness = round(shares.hotness[index], 3)
            loops = tuple(round(share, 3) for share in shares.loops[index])
            is_long = shares.runs[index] * work > POOL_WORTH
            key = (rows[index], hotness, loops, growth, needs, is_long)
            before = self._functions.get(id(found))
            function = (
                before[1]
                if before is not None and before[0] == key
                else _function(found, rows[index], growth, hotness, loops, needs, is_long=is_long)
            )
            built[id(found)] = (key, function)
            functions.append(function)
        self._functions = built
        functions.sort(key=lambda function: (function.line, function.name))
        return tuple(functions)

    def _report(
        self,
        chunks: Sequence[Placed],
        judged: Sequence[Judged],
        growths: Sequence[Growth],
        shares: Shares,
        demand: Demand,
        functions: tuple[Function, ...],
        modules: frozenset[str],
        problems: tuple[str, ...],
    ) -> Report:
        reached = shares.reached if len(shares.reached) > 1 or len(judged) == 1 else frozenset(range(len(judged)))
        timed = max(sorted(reached), key=lambda index: growths[index].cost)
        spaced = max(sorted(reached), key=lambda index: growths[index].space)
        algorithm, algorithm_confidence = choose(total([*self._chunk_scores(chunks), module_scores(modules)]))
        words = _main_words(chunks)
        calls = frozenset(site.path for found in judged for site in found.judgement.calls)
        application, application_confidence = choose_application(modules, calls, words, self.path_hint)
        needs = demand.of_program(shares.reached, shares.work, shares.waiting)
        loop_depth = max((loop.depth for found in judged for loop in found.judgement.unit.loops), default=0)
        report = Report(
            language=self.language,
            functions=functions,
            application_type=application,
            application_type_confidence=application_confidence,
            complexity=label(growths[timed].cost),
            complexity_confidence=round(growths[timed].confidence, 3),
            space_complexity=label(growths[spaced].space),
            space_complexity_confidence=round(growths[spaced].space_confidence, 3),
            algorithm_class=algorithm,
            algorithm_class_confidence=algorithm_confidence,
            needs=needs,
            problems=problems,
        )
        found = sum(len(item.bottlenecks) for item in judged)
        return _with_features(report, features_of(report, loop_depth, found))

    def _chunk_scores(self, chunks: Sequence[Placed]) -> list[tuple[float, ...]]:
        scores: dict[int, tuple[ChunkFacts, tuple[float, ...]]] = {}
        for chunk in chunks:
            before = self._scores.get(id(chunk.facts))
            known = (
                before[1]
                if before is not None and before[0] is chunk.facts
                else word_scores(chunk.facts.units[0].words)
            )
            scores[id(chunk.facts)] = (chunk.facts, known)
        self._scores = scores
        return [scores[id(chunk.facts)][1] for chunk in chunks]


class _Surroundings:
    """What functions see of the file around them."""

    def __init__(self, units: Sequence[Unit], imports: Sequence[ImportFact]) -> None:
        self._imports = import_table(imports)
        self._constants = _constants(units[0])
        self._attributes: dict[str, dict[str, Expr]] = {}
        for unit in units[1:]:
            if unit.class_name:
                table = self._attributes.setdefault(unit.class_name, {})
                for fact in unit.assigns:
                    if fact.target.kind == MEMBER and fact.operator == "=":
                        table.setdefault(fact.target.text, fact.value)

    def of(self, unit: Unit, around: Sequence[Unit]) -> Outside:
        """What one function sees; inner functions see the attributes of the method around them."""
        name = unit.class_name or next((outer.class_name for outer in around if outer.class_name), "")
        return Outside(self._constants, self._attributes.get(name, {}), self._imports)


def _constants(module: Unit) -> Mapping[str, Expr]:
    """Names that the module gives exactly one value."""
    values: dict[str, Expr] = {}
    spoiled: set[str] = set()
    for fact in module.assigns:
        for name in root_names(fact.target):
            value = value_for(fact, name)
            if fact.operator != "=" or fact.target.kind == INDEX or name in values or value is None or fact.loop >= 0:
                spoiled.add(name)
            else:
                values[name] = value
    return {name: value for name, value in values.items() if name not in spoiled or value.kind == NAME}


def _merged(chunks: Sequence[Placed]) -> Unit:
    """The code outside functions of all chunks as one unit, its lines counted from the start of the file."""
    merged = Unit(end_line=chunks[-1].row if chunks else 0)
    shift = 0
    for chunk in chunks:
        _append(merged, chunk.facts.units[0], chunk.row, shift)
        # Bytes count from the chunk; an offset larger than any chunk keeps the chunks apart and in order.
        shift += 1 << 26
    return merged


def _append(merged: Unit, piece: Unit, row: int, shift: int) -> None:
    from dataclasses import replace

    first = len(merged.loops)

    def at(loop: int) -> int:
        return loop + first if loop >= 0 else -1

    merged.own_size += piece.own_size
    for loop in piece.loops:
        merged.loops.append(
            replace(
                loop,
                line=loop.line + row,
                end_line=loop.end_line + row,
                parent=at(loop.parent),
                start=loop.start + shift,
                body_start=loop.body_start + shift,
                body_end=loop.body_end + shift,
                over_start=loop.over_start + shift,
                over_end=loop.over_end + shift,
            )
        )
    for name in ("calls", "assigns", "memberships", "slices"):
        facts = getattr(merged, name)
        for fact in getattr(piece, name):
            moved = {"line": fact.line + row, "start": fact.start + shift, "loop": at(fact.loop)}
            if name == "calls":
                moved["end"] = fact.end + shift
            facts.append(replace(fact, **moved))


def _function(
    found: Judged, row: int, growth: Growth, hotness: float, loops: tuple[float, ...], needs: Needs, *, is_long: bool
) -> Function:
    unit = found.judgement.unit
    first = row + 1
    cost_class, space_class = label(growth.cost), label(growth.space)
    algorithm, _ = choose(found.scores, 8.0)
    bottlenecks = [Bottleneck(item.line + first, item.kind, item.message) for item in found.bottlenecks]
    if is_long and needs.parallel_workers is None and not needs.parallel_all_cores and loops:
        hottest = max(range(len(loops)), key=lambda index: loops[index])
        message = (
            "computes for long on one core; if its turns do not depend on each other, a process pool would split them"
        )
        bottlenecks.append(Bottleneck(unit.loops[hottest].line + first, SINGLE_CORE, message))
    return Function(
        name=unit.full_name,
        line=unit.line + first,
        end_line=unit.end_line + first,
        complexity=cost_class,
        complexity_confidence=round(growth.confidence, 3),
        space_complexity=space_class,
        space_complexity_confidence=round(growth.space_confidence, 3),
        grows_with=growth.symbol if growth.cost != CONSTANT else "",
        algorithm_class=algorithm,
        hotness=hotness,
        cyclomatic=0,
        loops=tuple(
            Loop(loop.line + first, loop.end_line + first, loop.depth, share)
            for loop, share in zip(unit.loops, loops, strict=True)
        ),
        bottlenecks=tuple(bottlenecks),
        evidence=tuple(_evidence(fact, first) for fact in growth.facts),
        needs=needs,
    )


def _evidence(fact: Fact, first: int) -> Evidence:
    text = f"line {fact.line + first} {fact.words}"
    if fact.inside >= 0:
        text += f", inside line {fact.inside + first}"
        if fact.same:
            text += ", which walks it too" if fact.words.startswith("walks") else ", which does so too"
    return Evidence(fact.line + first, text)


def _main_words(chunks: Sequence[Placed]) -> Mapping[str, int]:
    """The words of the file that tell its kind; those of long files from its first chunks."""
    words: dict[str, int] = {}
    for chunk in chunks[:40]:
        for word, count in chunk.facts.units[0].words.items():
            words[word] = words.get(word, 0) + count
    return words


def _with_features(report: Report, features: Mapping[str, float]) -> Report:
    from dataclasses import replace

    return replace(report, features=features)


def _knowledge(language: str) -> ModuleType:
    from foreload_analyzers.languages import BY_NAME

    return import_module(f"foreload_analyzers.knowledge.{BY_NAME[language].knowledge}")
