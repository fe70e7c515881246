"""From the facts of all chunks to the report. What has not changed since the last time is taken from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from foreload_analyzers.algorithms import choose_algorithm, settle_algorithm
from foreload_analyzers.applications import Applications
from foreload_analyzers.build import Builder
from foreload_analyzers.call_flow import is_public
from foreload_analyzers.callgraph import Calls, Edge
from foreload_analyzers.complexity_signs import Composed
from foreload_analyzers.costs import label
from foreload_analyzers.counting import Counting
from foreload_analyzers.exported import Abroad
from foreload_analyzers.facts import ChunkFacts, Unit
from foreload_analyzers.features import features_of
from foreload_analyzers.grammar import Checkpoint, no_checkpoint
from foreload_analyzers.growth import Growth, grow
from foreload_analyzers.hotness import Hotness
from foreload_analyzers.judging import Judged, Judging
from foreload_analyzers.languages import BY_NAME
from foreload_analyzers.linear_model import Bags
from foreload_analyzers.needs import Demand
from foreload_analyzers.outside import Outside, with_uses
from foreload_analyzers.package_data import knowledge_of
from foreload_analyzers.report import Report
from foreload_analyzers.surroundings import Placed


class Composer:
    """Composes the reports of one document, and keeps what stays valid from one to the next.

    Args:
        language: a name of the language table.
        path_hint: where the file lies; may be empty.
        checkpoint: called now and then; what it raises ends the work.
    """

    def __init__(self, language: str, path_hint: str = "", checkpoint: Checkpoint = no_checkpoint) -> None:
        self._language = language
        self._knowledge = knowledge_of(BY_NAME[language].knowledge)
        self._judging = Judging(self._knowledge, checkpoint)
        self._calls = Calls()
        self.hotness = Hotness(language)
        self._builder = Builder()
        self._grown: dict[int, tuple[Judged, object, Growth]] = {}
        self._counting = Counting(language)
        self._algorithm: tuple[Bags, tuple[str | None, float]] = ({}, (None, 0.0))
        self.composed: Composed | None = None  # what the last report was made of
        self.outside = Outside(path_hint, language)
        self.applications = Applications(path_hint)

    def compose(self, chunks: Sequence[Placed], problems: tuple[str, ...], gaps: Sequence[bytes] = ()) -> Report:
        """The report of the whole document.

        Args:
            chunks: of the document, with their first rows.
            problems: what the report says could not be analysed.
            gaps: what lies between the chunks; given where `words` will be asked for next.
        """
        imports = tuple([fact for chunk in chunks for fact in chunk.facts.imports])
        layout = self._judging.lay_out(chunks)
        judged = self._judging.judge_all(layout, imports)
        judgements = [found.judgement for found in judged]
        edges, groups = self._calls.between(layout.units, judgements, layout.fellows)
        judged = self._judging.settle(layout, judged, edges, groups, imports)
        judgements = [found.judgement for found in judged]
        abroad = self.outside.calls(judged, imports)
        growths = self._grow(judged, edges, groups, layout.units, abroad)
        called = self.outside.called_units(layout.units)
        shares = self.hotness.share_out(judgements, layout.fellows, edges, groups, growths, called)
        modules = frozenset(fact.module for fact in imports) | {
            f"{fact.module}.{fact.name}" for fact in imports if fact.name
        }
        demand = Demand(with_uses([found.use for found in judged], abroad), edges, groups, modules, self._knowledge)
        is_program = len(shares.reached) > 1
        entries = shares.starts if is_program else _roots(layout.units, edges)
        self.outside.note(layout.units, growths, demand.whole)
        functions = self._builder.build(judged, layout.rows, growths, shares, demand, entries)
        # A library starts nothing by itself: then all its functions count.
        reached = sorted(shares.reached | _started(layout.units)) if is_program else range(len(judged))
        self.composed = Composed(judged, edges, groups, growths, reached)
        slowest = growths[max(reached, key=lambda index: growths[index].cost)]
        largest = growths[max(reached, key=lambda index: growths[index].space)]
        classes = [(function.algorithm_class, function.hotness) for function in functions]
        algorithm, algorithm_confidence = settle_algorithm(self._choose_algorithm(chunks, gaps), classes)
        application = self.applications.choose([chunk.facts for chunk in chunks], judged, imports)
        report = Report(
            language=self._language,
            functions=functions,
            application_type=application.kind,
            application_type_confidence=application.confidence,
            complexity=label(slowest.cost),
            complexity_confidence=round(slowest.confidence, 3),
            space_complexity=label(largest.space),
            space_complexity_confidence=round(largest.space_confidence, 3),
            algorithm_class=algorithm,
            algorithm_class_confidence=algorithm_confidence,
            needs=demand.of_program({0} | entries, shares.work, shares.waiting),
            problems=problems,
            notes=(application.sentence,) if application.why else (),
        )
        depth = max([unit.loop_depth for unit in layout.units if unit.loops], default=0)
        bottlenecks = sum([len(function.bottlenecks) for function in functions])
        return replace(report, features=features_of(report, len(layout.units) - 1, depth, bottlenecks))

    def _grow(
        self,
        judged: Sequence[Judged],
        edges: Sequence[Sequence[Edge]],
        groups: Sequence[Sequence[int]],
        units: Sequence[Unit],
        abroad: Mapping[int, Sequence[Abroad]],
    ) -> list[Growth]:
        """The growth of each unit; only those change that changed themselves or call one whose growth did."""
        known: dict[int, Growth] = {}
        grown: dict[int, tuple[Judged, object, Growth]] = {}
        for group in groups:
            fresh: dict[int, Growth] = {}
            for index in group:
                item, row = judged[index], edges[index]
                outward = abroad.get(index, ())
                inputs = (row, [known.get(edge.callee) for edge in row], outward)
                kept = self._grown.get(index)
                if kept is not None and kept[0] is item and kept[1] == inputs:
                    growth = kept[2]
                else:
                    growth = grow(item.judgement, row, known, units, group, item.held, self._knowledge, outward)
                grown[index] = (item, inputs, growth)
                fresh[index] = growth
            if len(group) > 1:
                # Functions that call each other cost what the dearest of them costs.
                dearest = max(fresh.values(), key=lambda growth: growth.cost)
                for index, growth in fresh.items():
                    fresh[index] = growth._replace(cost=dearest.cost, symbol=growth.symbol or dearest.symbol)
            known.update(fresh)
        self._grown = grown
        return [known[index] for index in range(len(judged))]

    def words(self, chunks: Sequence[ChunkFacts], gaps: Sequence[bytes]) -> Bags:
        """Runs of tokens and words of the text as it stands."""
        return self._counting.whole(chunks, gaps)

    def _choose_algorithm(self, chunks: Sequence[Placed], gaps: Sequence[bytes]) -> tuple[str | None, float]:
        bags = self._counting.bags([chunk.facts for chunk in chunks], gaps)
        if self._algorithm[0] is not bags:
            self._algorithm = (bags, choose_algorithm(bags))
        return self._algorithm[1]


def _roots(units: Sequence[Unit], edges: Sequence[Sequence[Edge]]) -> frozenset[int]:
    """The public functions of a library that none of its own calls."""
    called = {edge.callee for index, row in enumerate(edges) for edge in row if edge.callee != index}
    return frozenset(index for index, unit in enumerate(units) if index and index not in called and is_public(unit))


def _started(units: Sequence[Unit]) -> set[int]:
    """The methods that a thread runs: no call of the file names them."""
    if not any(unit.implicit_self and unit.is_entry for unit in units):
        return set()
    return {index for index, unit in enumerate(units) if unit.implicit_self and unit.name in ("run", "call")}
