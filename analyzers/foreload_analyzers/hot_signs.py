"""What a function shows that tells how much of the file's time it takes: numbers only, the same in all languages."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from math import log10

from foreload_analyzers.call_flow import Flow, is_public, is_special
from foreload_analyzers.facts import Unit
from foreload_analyzers.growth import Growth
from foreload_analyzers.judge import Judgement
from foreload_analyzers.languages import INDEX
from foreload_analyzers.likely_calls import Row

TRIVIAL_NODES = 25
PLAIN_TURNS = 10.0  # for every loop, in the plain measure of work
_MAX_PLAIN_DEPTH = 6

# Compared within the file: the share of the functions that show less of it.
OWN = (
    "lines", "size", "work", "plain_work", "loops", "for_loops", "while_loops", "comprehensions", "loop_depth", "calls",
    "looped_calls", "call_runs", "assigns", "looped_assigns", "updates", "stores", "returns", "parameters", "slices",
    "memberships", "own_growth", "looped_ratio",
)  # fmt: skip
FLOWING = (
    "growth", "space_growth", "callees", "library_calls", "from_starts", "from_all", "from_public", "plain_runs",
    "from_roots", "work_from_starts", "work_from_all", "work_from_public", "plain_work_plain_runs",
    "plain_work_from_all", "work_from_roots", "size_from_all", "size_plain_runs", "sites", "looped_sites", "site_runs",
    "caller_depth", "callers", "reach", "reached_by", "near_start", "near_root", "whole_work", "whole_work_from_all",
    "own_of_whole", "place", "taken",
)  # fmt: skip
RANKED = OWN + FLOWING
# Compared with the function of the file that shows most of it.
LED = (
    "work_from_all", "plain_work_plain_runs", "work_from_starts", "plain_work", "work", "work_from_public",
    "whole_work",
)  # fmt: skip
FLAGS = (
    "recursive", "makes_objects", "special", "property", "main", "private", "method", "inner", "asynchronous",
    "generator", "test", "trivial", "decorated", "start", "shows", "loopless", "uncalled", "branching_recursion",
    "started",
)  # fmt: skip
_MAIN = frozenset({"main", "_main", "run", "test", "_test", "Main"})
_MAKERS = frozenset({"__init__", "constructor", "new"})
_SHOWING = frozenset({"__repr__", "__str__", "toString", "String", "fmt"})


def log_of(value: float) -> float:
    """The logarithm of a count that may be 0."""
    return log10(1.0 + max(0.0, value))


def own_signs(judgement: Judgement) -> tuple[float, ...]:
    """The values of OWN."""
    unit = judgement.unit
    loops, calls, assigns = unit.loops, judgement.calls, unit.assigns
    looped = sum([loop.own_size for loop in loops])
    size = unit.own_size + looped
    kinds = [loop.kind for loop in loops]
    growth = max([cost.n + 5.0 * cost.exp + 0.3 * cost.log for cost in judgement.around], default=0.0)
    return (
        unit.end_line - unit.line + 1,
        size,
        log_of(judgement.work),
        log_of(plain_work(unit)),
        len(loops),
        kinds.count("for"),
        kinds.count("while"),
        kinds.count("comprehension"),
        unit.loop_depth,
        len(calls),
        sum([site.fact.loop >= 0 for site in calls]),
        log_of(sum([site.runs for site in calls])),
        len(assigns),
        sum([fact.loop >= 0 for fact in assigns]),
        sum([fact.operator != "=" for fact in assigns]),
        sum([fact.target.kind == INDEX for fact in assigns]),
        len(unit.returns),
        len(unit.parameters),
        len(unit.slices),
        len(unit.memberships),
        growth,
        looped / max(1.0, size),
    )


def plain_work(unit: Unit) -> float:
    """Work with ten turns for every loop."""
    return unit.own_size + sum(
        [loop.own_size * PLAIN_TURNS ** min(loop.depth, _MAX_PLAIN_DEPTH) for loop in unit.loops]
    )


def flowing_signs(
    index: int, judgement: Judgement, growth: Growth, row: Row, sure_calls: int, flow: Flow, count: int
) -> tuple[float, ...]:
    """The values of FLOWING. `sure_calls` go to functions of the file; `count` is the number of units."""
    unit, work = judgement.unit, judgement.work
    plain = plain_work(unit)
    size = unit.own_size + sum([loop.own_size for loop in unit.loops])
    every, plain_runs, whole = flow.from_all[index], flow.plain[index], flow.whole_work[index]
    return (
        growth.cost.n + 5.0 * growth.cost.exp + 0.3 * growth.cost.log,
        growth.space.n + 5.0 * growth.space.exp,
        len(row.calls),
        len(judgement.calls) - sure_calls,
        log_of(flow.from_starts[index] * 10.0),
        log_of(every),
        log_of(flow.from_public[index]),
        log_of(plain_runs),
        log_of(flow.from_roots[index] * 10.0),
        log_of(flow.from_starts[index] * work),
        log_of(every * work),
        log_of(flow.from_public[index] * work),
        log_of(plain_runs * plain),
        log_of(every * plain),
        log_of(flow.from_roots[index] * work),
        log_of(every * size),
        log_of(plain_runs * size),
        flow.sites[index],
        flow.looped_sites[index],
        log_of(flow.site_runs[index]),
        flow.caller_depth[index],
        flow.callers[index],
        flow.reach[index],
        flow.reached_by[index],
        -flow.from_start_steps[index],
        -flow.from_root_steps[index],
        log_of(whole),
        log_of(every * whole),
        log10((1.0 + work) / (1.0 + whole)),
        index / count,
        flow.taken[index],
    )


def flags(index: int, judgement: Judgement, growth: Growth, flow: Flow, starts: AbstractSet[int]) -> tuple[float, ...]:
    """The values of FLAGS, 0 or 1."""
    unit = judgement.unit
    name = unit.name
    special = is_special(name)
    size = unit.own_size + sum([loop.own_size for loop in unit.loops])
    recursion = growth.recursion
    maker = name in _MAKERS or name == unit.class_name
    return (
        float(flow.recursive[index]),
        float(maker),
        float(special and not maker),
        float(any("property" in decorator for decorator in unit.decorators)),
        float(name in _MAIN),
        float(not is_public(unit)),
        float(bool(unit.class_name)),
        float(unit.parent > 0),
        float(unit.is_async),
        float(unit.has_yield),
        float(name.startswith("test")),
        float(size < TRIVIAL_NODES),
        float(bool(unit.decorators)),
        float(index in starts),
        float(name in _SHOWING),
        float(not unit.loops),
        float(flow.callers[index] == 0),
        float(recursion is not None and recursion.factor.exp > 0),
        float(flow.from_starts[index] > 0),
    )


def names_of_signs() -> Sequence[str]:
    """All signs in the order of a model's weights."""
    return (*RANKED, *(f"{name}_below_most" for name in LED), *FLAGS)
