"""Things that cost more than they need to, each with what to do instead."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

from foreload_analyzers.costly_calls import costly_calls, is_searched_list, outlives
from foreload_analyzers.costs import CONSTANT
from foreload_analyzers.elementwise import elementwise
from foreload_analyzers.expressions import Expr, names_in, quoted
from foreload_analyzers.facts import AssignFact, CallFact
from foreload_analyzers.judge import WORK_PER_MICROSECOND, CallSite, Judgement
from foreload_analyzers.languages import CALL, ITEMS, MEMBER, NAME, TEXT
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
SHORT_TEXT = 4  # with its quotes: an ending, not a text that grows
_JOINS = frozenset({"numpy.append", "numpy.concatenate", "numpy.vstack", "numpy.hstack", "pandas.concat"})
TEXT_IS_COPIED = frozenset({"python", "java", "go"})  # where a text that grows is another text
POOL_WORTH = 3_000_000 * WORK_PER_MICROSECOND  # three seconds of work that would split


def find_bottlenecks(found: Judgement, knowledge: ModuleType) -> tuple[Bottleneck, ...]:
    """The bottlenecks of one function, in the order of their lines; lines count within the chunk, from 0."""
    items: dict[tuple[int, str], Bottleneck] = {}
    for check in (_memberships, _text_growth, _calls, _caches, elementwise):
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


def _language(knowledge: ModuleType) -> str:
    return knowledge.__name__.rsplit(".", 1)[-1]


def _memberships(found: Judgement, knowledge: ModuleType) -> list[Bottleneck]:
    items: list[Bottleneck] = []
    for fact in found.unit.memberships:
        if not _grows(found, fact.loop) or found.scope.container(fact.container) not in ("list", "tuple"):
            continue
        if found.sizes.length(fact.container).cost == CONSTANT or not is_searched_list(
            found, fact.container, fact.loop
        ):
            continue
        if fact.item.kind == TEXT and _language(knowledge) != "python":
            continue  # a search in a text looks the same
        name = fact.container.text
        message = f"{quoted('in ' + name)} looks through the whole list on each turn; ask a set of its items instead"
        items.append(Bottleneck(fact.line, "list_membership", message))
    return items


def _text_growth(found: Judgement, knowledge: ModuleType) -> list[Bottleneck]:
    items: list[Bottleneck] = []
    copies_text = _language(knowledge) in TEXT_IS_COPIED
    for fact in found.unit.assigns:
        if fact.operator != "+=" or fact.target.kind != NAME or not _grows(found, fact.loop):
            continue
        name = fact.target.name
        if _is_reset(found, name, fact.loop) or (fact.value.kind == TEXT and len(fact.value.text) <= SHORT_TEXT):
            continue
        started = [value for value in found.scope.values(name) if value.kind != NAME]
        if any(found.scope.container(value) == "str" for value in started) or fact.value.kind == TEXT:
            if not copies_text:
                continue  # texts grow in place there, or are put together when they are read
            message = (
                f"{quoted(name + ' +=')} may copy the whole text on each turn; collect its parts and join them once"
            )
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
    if (
        method == ".apply"
        and axis is not None
        and axis.text in ("1", "'columns'", '"columns"')
        and "engine" not in fact.keywords
        and not _owner(fact.callee).text.endswith(".style")
    ):
        return "row_wise_frame", "`apply(axis=1)` calls Python for each row; work on whole columns"
    if repeated and path in knowledge.COMPILES and _fixed(found, fact.arguments, fact.loop):
        return (
            "compile_in_loop",
            f"{quoted(fact.shown)} makes the same pattern on each turn; make it once, before the loop",
        )
    if repeated and path == "sorted" and fact.arguments and _stays_the_same(found, fact.arguments[0], fact.loop):
        return "sort_in_loop", "sorts the same things on each turn; sort them once, before the loop"
    if repeated and method == ".sort" and not fact.keywords and not fact.arguments and _is_sorted_again(found, site):
        return "sort_in_loop", "sorts the whole list for each item that is added; keep a heap, or insert by bisection"
    if repeated and method in knowledge.QUERIES and _is_query(found, site, method) and _asks_for_the_turn(found, fact):
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
    if repeated and method in (".insert", ".pop") and found.scope.container(_owner(fact.callee)) == "list":
        first = fact.arguments[0] if fact.arguments else None
        if first is not None and found.scope.constant(first) == 0 and outlives(found, _owner(fact.callee), fact.loop):
            return "list_front", f"{quoted(fact.shown + '(0)')} moves the whole list on each turn; use a `deque`"
    return None


def _owner(callee: Expr) -> Expr:
    return callee.parts[0] if callee.kind == MEMBER else callee


def _fixed(found: Judgement, arguments: tuple[Expr, ...], loop: int) -> bool:
    """Whether a pattern is the same on each turn: a text without gaps, or a name that the loop gives no value."""
    if not arguments:
        return False
    first = arguments[0]
    if first.kind == TEXT:
        return not ("${" in first.text or first.text[:2].lower() in ('f"', "f'", "rf", "fr"))
    return first.kind == NAME and _stays_the_same(found, first, loop)


def _stays_the_same(found: Judgement, thing: Expr, loop: int, apart: int = -1) -> bool:
    """Whether nothing in the loop gives a thing, or what it is a part of, another value, or changes what it holds.

    The call that starts at `apart` is not looked at.
    """
    if thing.kind not in (NAME, MEMBER) or not outlives(found, thing, loop):
        return False
    inside = found.unit.loops[loop]
    roots = names_in(thing) | {thing.text}
    for fact in found.unit.assigns:
        if inside.body_start <= fact.start < inside.body_end and names_in(fact.target) & roots:
            return False
    return not any(
        inside.body_start <= call.start < inside.body_end
        and call.start != apart
        and call.callee.kind == MEMBER
        and names_in(call.callee) & roots
        for call in found.unit.calls
    )


def _is_sorted_again(found: Judgement, site: CallSite) -> bool:
    """Whether a list is sorted that nothing else in the loop changes, or to which the loop adds items one by one."""
    owner = _owner(site.fact.callee)
    if found.scope.outside.imported(owner.text) is not None:
        return False  # a function of a module
    return _stays_the_same(found, owner, site.fact.loop, site.fact.start) or _is_added_to(found, site)


def _is_added_to(found: Judgement, site: CallSite) -> bool:
    """Whether the loop adds items, one by one, to the list that it sorts."""
    fact, owner = site.fact, _owner(site.fact.callee)
    return outlives(found, owner, fact.loop) and any(
        call.name in ("append", "push", "add")
        and call.loop == fact.loop
        and call.callee.kind == MEMBER
        and _owner(call.callee).text == owner.text
        for call in found.unit.calls
    )


def _asks_for_the_turn(found: Judgement, fact: CallFact) -> bool:
    """Whether a query is made with what the turn is about: a fixed question with values, or the row of a key."""
    targets: set[str] = set()
    index = fact.loop
    while index >= 0:
        targets.update(found.unit.loops[index].target)
        index = found.unit.loops[index].parent
    values = [*fact.arguments, *fact.keywords.values()]
    if fact.name in ("execute", "query", "Query", "QueryRow", "Exec", "executeQuery", "executeUpdate"):
        if not values or not (values[0].kind == TEXT or _fixed(found, fact.arguments, fact.loop)):
            return False
        if values[0].kind == TEXT and values[0].text.lower().lstrip("frbu\"'` \n").startswith(
            ("pragma", "create", "drop", "alter", "set ", "grant")
        ):
            return False
        values = values[1:]
    return any(names_in(value) & targets for value in values)


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
        other.line == fact.line
        and other.loop == fact.loop
        and other.target.kind == NAME
        and other.target.name in given
        and not _is_given_elsewhere(found, other)
        for other in found.unit.assigns
    )


def _is_given_elsewhere(found: Judgement, fact: AssignFact) -> bool:
    """Whether the loop gives a name another value too: then it does not grow from turn to turn."""
    inside = found.unit.loops[fact.loop]
    if fact.target.name in inside.target:
        return True
    return any(
        other is not fact and other.operator == "=" and inside.body_start <= other.start < inside.body_end
        for other in found.scope.assigned(fact.target.name)
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
