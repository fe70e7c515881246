"""What a function shows that tells how much of the file's time it takes: numbers only, the same in all languages."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from math import log10

import numpy as np

from foreload_analyzers.call_flow import Flow, is_public, is_special
from foreload_analyzers.facts import Unit
from foreload_analyzers.growth import Growth
from foreload_analyzers.hot_model import Floats
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
    "makes_objects", "special", "property", "main", "private", "method", "inner", "asynchronous", "generator", "test",
    "trivial", "decorated", "shows", "loopless", "recursive", "start", "uncalled", "branching_recursion", "started",
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
    size = size_of(unit)
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
        (size - unit.own_size) / max(1.0, size),
    )


def size_of(unit: Unit) -> float:
    """Syntax nodes, those of rare branches less."""
    return unit.own_size + sum([loop.own_size for loop in unit.loops])


def plain_work(unit: Unit) -> float:
    """Work with ten turns for every loop."""
    return unit.own_size + sum(
        [loop.own_size * PLAIN_TURNS ** min(loop.depth, _MAX_PLAIN_DEPTH) for loop in unit.loops]
    )


def own_amounts(judgement: Judgement) -> tuple[float, float, float, float]:
    """What the signs of the flow are worked out from: work, plain work, size, and the share of work in loops."""
    unit, work = judgement.unit, judgement.work
    return work, plain_work(unit), size_of(unit), min(1.0, sum(judgement.loop_work) / work) if work else 0.0


def flowing_signs(
    judgements: Sequence[Judgement],
    growths: Sequence[Growth],
    rows: Sequence[Row],
    sure_calls: Sequence[int],
    flow: Flow,
    amounts: Floats,
) -> Floats:
    """The values of FLOWING, a row for each function; the first unit, the code outside functions, has none.

    Args:
        judgements, growths, rows: one a unit.
        sure_calls: calls of each unit that surely go to functions of the file.
        flow: of the file.
        amounts: a row of `own_amounts` for each unit.
    """
    count = len(judgements)
    work, plain, size = amounts[:, 0], amounts[:, 1], amounts[:, 2]
    starts, every = np.array(flow.from_starts), np.array(flow.from_all)
    public, roots = np.array(flow.from_public), np.array(flow.from_roots)
    plain_runs, whole = np.array(flow.plain), np.array(flow.whole_work)
    counted = [
        [growth.cost.n + 5.0 * growth.cost.exp + 0.3 * growth.cost.log for growth in growths],
        [growth.space.n + 5.0 * growth.space.exp for growth in growths],
        [len(row.calls) for row in rows],
        [len(judgement.calls) - sure for judgement, sure in zip(judgements, sure_calls, strict=True)],
    ]
    products = [
        starts * 10.0,
        every,
        public,
        plain_runs,
        roots * 10.0,
        starts * work,
        every * work,
        public * work,
        plain_runs * plain,
        every * plain,
        roots * work,
        every * size,
        plain_runs * size,
    ]
    seen = [
        flow.sites,
        flow.looped_sites,
        np.log10(1.0 + np.array(flow.site_runs)),
        flow.caller_depth,
        flow.callers,
        flow.reach,
        flow.reached_by,
        -np.array(flow.from_start_steps),
        -np.array(flow.from_root_steps),
        np.log10(1.0 + whole),
        np.log10(1.0 + every * whole),
        np.log10((1.0 + work) / (1.0 + whole)),
        np.arange(count) / count,
        flow.taken,
    ]
    return np.column_stack([*counted, *(np.log10(1.0 + values) for values in products), *seen])[1:]


def own_flags(judgement: Judgement) -> tuple[float, ...]:
    """The flags that need nothing but the function itself: those of FLAGS up to `loopless`."""
    unit = judgement.unit
    name = unit.name
    maker = name in _MAKERS or name == unit.class_name
    return (
        float(maker),
        float(is_special(name) and not maker),
        float(any("property" in decorator for decorator in unit.decorators)),
        float(name in _MAIN),
        float(not is_public(unit)),
        float(bool(unit.class_name)),
        float(unit.parent > 0),
        float(unit.is_async),
        float(unit.has_yield),
        float(name.startswith("test")),
        float(size_of(unit) < TRIVIAL_NODES),
        float(bool(unit.decorators)),
        float(name in _SHOWING),
        float(not unit.loops),
    )


def all_flags(own: Floats, growths: Sequence[Growth], flow: Flow, starts: AbstractSet[int]) -> Floats:
    """The values of FLAGS, 0 or 1, a row for each function. `own` holds the rows of `own_flags`."""
    count = len(growths)
    more = (
        flow.recursive,
        [index in starts for index in range(count)],
        [callers == 0 for callers in flow.callers],
        [growth.recursion is not None and growth.recursion.factor.exp > 0 for growth in growths],
        [runs > 0 for runs in flow.from_starts],
    )
    return np.hstack([own, np.column_stack([np.array(column, dtype=np.float64) for column in more])[1:]])


def names_of_signs() -> Sequence[str]:
    """All signs in the order of a model's weights."""
    return (*RANKED, *(f"{name}_below_most" for name in LED), *FLAGS)
