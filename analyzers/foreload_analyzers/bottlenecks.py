"""Things that cost more than they need to, each with what to do instead."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

from foreload_analyzers.costly_calls import costly_calls
from foreload_analyzers.costs import CONSTANT, LINEAR
from foreload_analyzers.expressions import Expr, names_in, quoted
from foreload_analyzers.judge import WORK_PER_MICROSECOND, CallSite, Judgement
from foreload_analyzers.languages import CALL, INDEX, ITEMS, MEMBER, NAME, TEXT
from foreload_analyzers.report import Bottleneck

SINGLE_CORE = "single_core"
KINDS = {
    "array_growth": "An array is copied on each turn of a loop",
    "await_in_loop": "Independent calls are waited for one after the other",
    "blocking_in_async": "A call that waits stops the event loop",
    "cache_on_method": "A cache keeps objects alive",
    "compile_in_loop": "The same pattern is made on each turn of a loop",
    "device_copy_in_loop": "A value is fetched from the device on each step",
    "elementwise_array": "An array is worked on element by element",
    "length_in_condition": "A text is measured on each turn of a loop",
    "linked_list_index": "A linked list is walked on each turn of a loop",
    "list_front": "A list is moved on each turn of a loop",
    "list_membership": "A list is searched on each turn of a loop",
    "loader_without_workers": "Data are loaded and used by turns",
    "needless_copy": "A whole thing is copied on each turn of a loop",
    "query_per_row": "The database is asked once for each turn of a loop",
    "row_wise_frame": "A table is worked on row by row",
    SINGLE_CORE: "Long work on one core",
    "sort_in_loop": "The same thing is sorted on each turn of a loop",
    "text_concatenation": "A text is copied on each turn of a loop",
    "timer_in_loop": "A timer is made on each turn of a loop",
    "whole_file": "A whole file is taken into memory",
}
MAX_PARTS = 60  # of an expression that is looked through
SHORT_TEXT = 4  # with its quotes: an ending, not a text that grows
_JOINS = frozenset({"numpy.append", "numpy.concatenate", "numpy.vstack", "numpy.hstack", "pandas.concat"})
POOL_WORTH = 3_000_000 * WORK_PER_MICROSECOND  # three seconds of work that would split


def find_bottlenecks(found: Judgement, knowledge: ModuleType) -> tuple[Bottleneck, ...]:
    """The bottlenecks of one function, in the order of their lines; lines count within the chunk, from 0."""
    items: dict[tuple[int, str], Bottleneck] = {}
    for check in (_memberships, _text_growth, _calls, _caches, _elementwise):
        for item in check(found, knowledge):
            items.setdefault((item.line, item.kind), item)
    repeated = frozenset(index for index in range(len(found.unit.loops)) if _grows(found, index))
    for item in costly_calls(found, knowledge, repeated):
        items.setdefault((item.line, item.kind), item)
    return tuple(sorted(items.values(), key=lambda item: (item.line, item.kind)))


def _grows(found: Judgement, loop: int) -> bool:
    """Whether a place lies in a loop that turns often."""
    while loop >= 0:
        bound = found.bounds[loop]
        if bound.factor != CONSTANT or bound.turns > 100:
            return True
        loop = found.unit.loops[loop].parent
    return False


def _memberships(found: Judgement, knowledge: ModuleType) -> list[Bottleneck]:
    items: list[Bottleneck] = []
    for fact in found.unit.memberships:
        if not _grows(found, fact.loop) or found.scope.container(fact.container) not in ("list", "tuple"):
            continue
        if found.sizes.length(fact.container).cost == CONSTANT:
            continue
        name = fact.container.text
        message = f"{quoted('in ' + name)} looks through the whole list on each turn; ask a set of its items instead"
        items.append(Bottleneck(fact.line, "list_membership", message))
    return items


def _text_growth(found: Judgement, knowledge: ModuleType) -> list[Bottleneck]:
    items: list[Bottleneck] = []
    for fact in found.unit.assigns:
        if fact.operator != "+=" or fact.target.kind != NAME or not _grows(found, fact.loop):
            continue
        name = fact.target.name
        if _is_reset(found, name, fact.loop) or (fact.value.kind == TEXT and len(fact.value.text) <= SHORT_TEXT):
            continue
        started = [value for value in found.scope.values(name) if value.kind != NAME]
        if any(found.scope.container(value) == "str" for value in started) or fact.value.kind == TEXT:
            message = f"{quoted(name + ' +=')} copies the text on each turn; collect its parts and join them once"
            items.append(Bottleneck(fact.line, "text_concatenation", message))
        elif any(found.scope.container(value) == "array" for value in started) and fact.value.kind == ITEMS:
            message = f"{quoted(name + ' +=')} copies the array on each turn; collect its parts and join them once"
            items.append(Bottleneck(fact.line, "array_growth", message))
    return items


def _is_reset(found: Judgement, name: str, loop: int) -> bool:
    """Whether the loop gives a name a new value on its turns."""
    inside = found.unit.loops[loop]
    return (
        any(
            fact.operator == "=" and inside.body_start <= fact.start < inside.body_end
            for fact in found.scope.assigned(name)
        )
        or name in inside.target
    )


def _calls(found: Judgement, knowledge: ModuleType) -> list[Bottleneck]:
    items: list[Bottleneck] = []
    for site in found.calls:
        item = _call(found, site, knowledge)
        if item is not None:
            items.append(Bottleneck(site.fact.line, *item))
    return items


def _call(found: Judgement, site: CallSite, knowledge: ModuleType) -> tuple[str, str] | None:
    fact, path = site.fact, site.path
    method = "." + path.rsplit(".", 1)[-1] if "." in path else ""
    repeated = _grows(found, fact.loop)
    if method in knowledge.ROW_WALKS and found.scope.outside.imported("pd") is not None and method == ".iterrows":
        return "row_wise_frame", "`iterrows` builds an object for each row; work on whole columns, or walk `itertuples`"
    axis = fact.keywords.get("axis")
    if method == ".apply" and axis is not None and axis.text in ("1", "'columns'", '"columns"'):
        return "row_wise_frame", "`apply(axis=1)` calls Python for each row; work on whole columns"
    if repeated and path in knowledge.COMPILES and _fixed(found, fact.arguments):
        return (
            "compile_in_loop",
            f"{quoted(fact.shown)} makes the same pattern on each turn; make it once, before the loop",
        )
    if repeated and (path == "sorted" or method == ".sort") and _same_each_turn(found, site):
        return "sort_in_loop", "sorts on each turn; sort once before the loop, or keep a heap or insert by bisection"
    if repeated and method in knowledge.QUERIES and _is_query(found, site, method):
        return (
            "query_per_row",
            f"{quoted(fact.shown)} asks the database once for each turn; ask once for all rows, or use `executemany`",
        )
    if (
        method == ".readlines"
        and not fact.arguments
        and _is_file(found, fact.callee, method)
        and _is_walked(found, site)
    ):
        return (
            "whole_file",
            f"{quoted(fact.shown)} takes the whole file into memory; go through it line by line or in blocks",
        )
    if found.unit.is_async and not fact.awaited and path not in knowledge.BLOCKING_EXEMPT:
        waits = knowledge.WAITS.get(path)
        if waits is not None and waits[0] in knowledge.BLOCKING:
            return (
                "blocking_in_async",
                f"{quoted(fact.shown)} stops the event loop while it waits; await an asynchronous call or a thread",
            )
    if repeated and path in _JOINS and _adds_to_itself(found, site):
        return (
            "array_growth",
            f"{quoted(fact.shown)} copies everything on each turn; collect the parts in a list and join them once",
        )
    if repeated and path == "numpy.dot" and any(argument.kind == INDEX for argument in fact.arguments):
        return "elementwise_array", "multiplies element by element; multiply the whole arrays at once"
    if repeated and method in (".insert", ".pop") and found.scope.container(_owner(fact.callee)) == "list":
        first = fact.arguments[0] if fact.arguments else None
        if first is not None and found.scope.constant(first) == 0:
            return "list_front", f"{quoted(fact.shown + '(0)')} moves the whole list on each turn; use a `deque`"
    return None


def _owner(callee: Expr) -> Expr:
    return callee.parts[0] if callee.kind == MEMBER else callee


def _fixed(found: Judgement, arguments: tuple[Expr, ...]) -> bool:
    return bool(arguments) and (
        arguments[0].kind == TEXT or (arguments[0].kind == NAME and found.scope.loop_of_target(arguments[0].name) < 0)
    )


def _same_each_turn(found: Judgement, site: CallSite) -> bool:
    """Whether what is sorted lives longer than a turn: made outside the loop."""
    fact = site.fact
    sorted_thing = _owner(fact.callee) if fact.callee.kind == MEMBER else fact.arguments[0] if fact.arguments else None
    if sorted_thing is None or sorted_thing.kind not in (NAME, MEMBER):
        return False
    name = sorted_thing.text
    if found.scope.loop_of_target(name) >= 0:
        return False
    facts = found.scope.assigned(name)
    return not any(given.loop == fact.loop and given.operator == "=" for given in facts)


def _is_query(found: Judgement, site: CallSite, method: str) -> bool:
    owner = _owner(site.fact.callee).text.lower()
    if method in (".execute", ".fetchone"):
        return any(word in owner for word in ("cur", "conn", "db", "session", "engine", "sql"))
    return any(word in owner for word in ("objects", "session", "query", "db"))


def _is_file(found: Judgement, callee: Expr, method: str) -> bool:
    if method in (".read_text", ".read_bytes"):
        return False  # small files by habit
    owner = _owner(callee)
    if owner.kind == CALL:
        return owner.name in ("open", "io.open")
    values = found.scope.values(owner.text) if owner.kind == NAME else []
    return any(value.kind == CALL and value.name in ("open", "io.open", "gzip.open") for value in values)


def _adds_to_itself(found: Judgement, site: CallSite) -> bool:
    """Whether what a call gives takes the place of one of the things that it was given."""
    fact = site.fact
    given = {name for argument in fact.arguments for name in names_in(argument)}
    return any(
        other.line == fact.line and other.loop == fact.loop and other.target.kind == NAME and other.target.name in given
        for other in found.unit.assigns
    )


def _is_walked(found: Judgement, site: CallSite) -> bool:
    """Whether a loop goes through what a call gives, and nothing else keeps it."""
    return any(loop.over_start <= site.fact.start < loop.over_end for loop in found.unit.loops)


def _caches(found: Judgement, knowledge: ModuleType) -> list[Bottleneck]:
    unit = found.unit
    if not unit.class_name or unit.name.startswith("__") or (unit.decorators and _is_unbound(unit.decorators)):
        return []
    for decorator in unit.decorators:
        head, _, arguments = decorator.partition("(")
        path = found.scope.path(head.strip())
        unbounded = path in knowledge.UNBOUNDED_CACHES or (path in knowledge.BOUNDED_CACHES and "None" in arguments)
        if unbounded or path in knowledge.BOUNDED_CACHES:
            kept = "for ever, and every result too" if unbounded else "for as long as their results"
            message = f"the cache of {quoted(unit.name)} keeps its objects alive {kept}; cache in the object itself"
            return [Bottleneck(unit.line, "cache_on_method", message)]
    return []


def _is_unbound(decorators: Sequence[str]) -> bool:
    return any(decorator.split("(", 1)[0] in ("staticmethod", "classmethod") for decorator in decorators)


def _elementwise(found: Judgement, knowledge: ModuleType) -> list[Bottleneck]:
    """Loops that count through arrays element by element."""
    items: list[Bottleneck] = []
    for fact in found.unit.assigns:
        if fact.target.kind != INDEX or fact.loop < 0 or not fact.target.parts:
            continue
        base = fact.target.parts[0]
        while base.kind == INDEX and base.parts:
            base = base.parts[0]
        loop = found.unit.loops[fact.loop]
        counted = loop.kind == "for" and found.bounds[fact.loop].factor.n >= LINEAR.n
        uses_target = bool(
            set(loop.target) & {part.text for part in fact.target.parts[1:] for part in (part, *part.parts)}
        )
        whole = _could_be_whole(found, fact.value, base)
        if counted and uses_target and whole and found.scope.container(base) == "array":
            message = f"fills {quoted(base.text)} element by element; work on whole arrays does this in compiled code"
            items.append(Bottleneck(loop.line, "elementwise_array", message))
    return items


def _could_be_whole(found: Judgement, value: Expr, base: Expr) -> bool:
    """Whether an element needs no other element of the array, and no function that works on one thing at a time."""
    pending, steps = [value], 0
    while pending and steps < MAX_PARTS:
        steps += 1
        current = pending.pop()
        if current.kind == INDEX and current.parts and current.parts[0].text == base.text:
            return False
        if current.kind == CALL and not found.scope.path(current.name).startswith(("numpy.", "math.")):
            return current.name in ("abs", "min", "max", "float", "int", "round")
        pending.extend(current.parts)
    return True
