"""How often each function of a file is expected to run, from where calls may begin, and who reaches whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from foreload_analyzers.callgraph import components
from foreload_analyzers.facts import Unit
from foreload_analyzers.judge import Judgement
from foreload_analyzers.likely_calls import Row

RECURSION_RUNS = 10.0  # of a function that calls itself, for each call from outside
MAX_RUNS = 1e15
FAR = 12  # calls away: for a function that nothing reaches
_MAX_TURNS = 1e6


@dataclass(slots=True)
class Flow:
    """What follows from the likely calls, one value a unit. The first unit is the code outside functions.

    Attributes:
        from_starts: runs when the file is run as a program.
        from_all: runs when every function is called once from outside.
        from_public: runs when the code outside and every public function are called once.
        from_roots: runs when the code outside and the public functions that nothing else calls are called once.
        plain: like `from_all`, with ten turns for every loop.
        sites, looped_sites: places that call it, those within loops.
        site_runs: calls of it in one run of each function that calls it.
        caller_depth: deepest nesting of loops around a call.
        callers: functions that call it.
        reach, reached_by: functions that it reaches, that reach it.
        from_start_steps, from_root_steps: calls between it and a start, a root.
        whole_work: work of one run, callees included.
        taken: times that it is kept or given away as a value.
        recursive: it calls itself, over others or not.
    """

    from_starts: list[float]
    from_all: list[float]
    from_public: list[float]
    from_roots: list[float]
    plain: list[float]
    sites: list[float]
    looped_sites: list[float]
    site_runs: list[float]
    caller_depth: list[int]
    callers: list[int]
    reach: list[int]
    reached_by: list[int]
    from_start_steps: list[int]
    from_root_steps: list[int]
    whole_work: list[float]
    taken: list[int]
    recursive: list[bool]


def is_special(name: str) -> bool:
    """Whether the language itself calls a method of that name."""
    return name.startswith("__") and name.endswith("__")


def is_public(unit: Unit) -> bool:
    """Whether a function is meant to be called from outside."""
    return not unit.name.startswith("_") or is_special(unit.name)


class Flows:
    """Works flows out, again and again for one document; the order of the functions stays while their calls do."""

    def __init__(self) -> None:
        self._groups: tuple[list[list[int]], list[list[int]]] = ([], [])
        self._last: tuple[object, Flow] | None = None

    def follow(
        self, units: Sequence[Unit], judgements: Sequence[Judgement], rows: Sequence[Row], starts: Iterable[int]
    ) -> Flow:
        """The flow of a file.

        Args:
            units: all functions, the code outside them first.
            judgements: one each.
            rows: the likely calls, one each.
            starts: where a run of the file as a program begins.
        """
        key = (list(rows), [judgement.work for judgement in judgements], set(starts), [unit.name for unit in units])
        if self._last is None or self._last[0] != key:
            self._last = (key, self._follow(units, judgements, rows, key[2]))
        return self._last[1]

    def _follow(
        self, units: Sequence[Unit], judgements: Sequence[Judgement], rows: Sequence[Row], start_set: set[int]
    ) -> Flow:
        count = len(units)
        callees = [[call.callee for call in row.calls] for row in rows]
        if callees != self._groups[0]:
            self._groups = (callees, components(callees))
        groups = self._groups[1]
        callers: list[list[int]] = [[] for _ in range(count)]
        for index, row in enumerate(callees):
            for callee in row:
                if callee != index:
                    callers[callee].append(index)
        public = [0, *(index for index in range(1, count) if is_public(units[index]))]
        roots = [index for index in public if index == 0 or not callers[index]]
        recursive = [False] * count
        group_of = [0] * count
        for place, group in enumerate(groups):
            for index in group:
                group_of[index] = place
        for group in groups:
            first = group[0]
            turns = len(group) > 1 or any(call.callee == first and call.is_called for call in rows[first].calls)
            for index in group:
                recursive[index] = turns
        links = [
            [
                (call.callee, call.times, call.plain_times)
                for call in row.calls
                if group_of[call.callee] != group_of[index]
            ]
            for index, row in enumerate(rows)
        ]
        flow = Flow(
            from_starts=_spread(count, start_set, groups, recursive, links, 1),
            from_all=_spread(count, range(count), groups, recursive, links, 1),
            from_public=_spread(count, public, groups, recursive, links, 1),
            from_roots=_spread(count, roots, groups, recursive, links, 1),
            plain=_spread(count, range(count), groups, recursive, links, 2),
            sites=[0.0] * count,
            looped_sites=[0.0] * count,
            site_runs=[0.0] * count,
            caller_depth=[0] * count,
            callers=[len(row) for row in callers],
            reach=_reach(groups, callees),
            reached_by=_reach(groups[::-1], callers),
            from_start_steps=_steps(count, sorted(start_set), callees),
            from_root_steps=_steps(count, roots, callees),
            whole_work=_whole(judgements, groups, links),
            taken=[0] * count,
            recursive=recursive,
        )
        for row in rows:
            for call in row.calls:
                flow.sites[call.callee] += call.sites
                flow.looped_sites[call.callee] += call.looped_sites
                flow.site_runs[call.callee] += call.times
                if call.depth > flow.caller_depth[call.callee]:
                    flow.caller_depth[call.callee] = call.depth
            for index in row.taken:
                flow.taken[index] += 1
        return flow


def _spread(
    count: int,
    begins: Iterable[int],
    groups: Sequence[Sequence[int]],
    recursive: Sequence[bool],
    links: Sequence[Sequence[tuple[int, float, float]]],
    which: int,
) -> list[float]:
    """Runs of each function when each of some is called once; groups of functions that call each other as one."""
    runs = [0.0] * count
    for index in begins:
        runs[index] = 1.0
    for group in reversed(groups):
        if recursive[group[0]]:
            entered = sum([runs[index] for index in group])
            for index in group:
                runs[index] = min(max(runs[index], entered * RECURSION_RUNS), MAX_RUNS)
        for index in group:
            here = runs[index]
            if here:
                for link in links[index]:
                    runs[link[0]] = min(runs[link[0]] + here * link[which], MAX_RUNS)
    return runs


def _reach(groups: Sequence[Sequence[int]], following: Sequence[Sequence[int]]) -> list[int]:
    """How many functions each one reaches; `groups` come with those first that reach least."""
    masks = [0] * len(following)
    for group in groups:
        mask = 0
        for index in group:
            mask |= 1 << index
            for other in following[index]:
                mask |= masks[other]
        for index in group:
            masks[index] = mask
    return [mask.bit_count() - 1 for mask in masks]


def _steps(count: int, begins: Iterable[int], callees: Sequence[Sequence[int]]) -> list[int]:
    steps = [FAR] * count
    pending = list(begins)
    for index in pending:
        steps[index] = 0
    for index in pending:
        for callee in callees[index]:
            if steps[callee] == FAR:
                steps[callee] = min(steps[index] + 1, FAR - 1)
                pending.append(callee)
    return steps


def _whole(
    judgements: Sequence[Judgement],
    groups: Sequence[Sequence[int]],
    links: Sequence[Sequence[tuple[int, float, float]]],
) -> list[float]:
    whole = [0.0] * len(judgements)
    for group in groups:
        for index in group:
            below = sum([min(times, _MAX_TURNS) * whole[callee] for callee, times, _plain in links[index]])
            whole[index] = min(judgements[index].work + below, MAX_RUNS)
    return whole
