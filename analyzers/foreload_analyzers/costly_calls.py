"""Calls that cost more than they need to where they stand, in all languages; bottlenecks.py puts them in order."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

from foreload_analyzers.expressions import Expr, names_in, quoted
from foreload_analyzers.judge import CallSite, Judgement
from foreload_analyzers.languages import CALL, INDEX, ITEMS, MEMBER, NAME, NUMBER, SLICE, SPREAD, TEXT
from foreload_analyzers.report import Bottleneck

_MOVES = frozenset({".shift", ".unshift"})  # at the front of a list, whatever their arguments
_FRONT = frozenset({".remove", ".insert", ".add", ".splice", ".erase", ".removeFirst", ".removeAt"})
_BEGINS = (".begin()", ".cbegin()")
_SEARCHES = frozenset({".indexOf", ".lastIndexOf", ".contains"})
_EITHER = frozenset({"slice", "concat", "shift", "pop", "at", "substring", "trim"})  # of a list or of a text
_LENGTHS = frozenset({"strlen", "wcslen"})
_ARGUMENTS = frozenset({"argv", "args"})  # what a program is started with is short
_QUICK = ("existsSync", "statSync", "accessSync", "chmodSync", "mkdirSync", "unlinkSync", "renameSync", "realpathSync")
_LIST_TYPES = ("list", "List", "Sequence", "tuple", "Tuple", "[]", "Vec", "slice", "Array", "vector")
_CLONES = frozenset({".clone", ".to_vec"})
_TO_HOST = frozenset({".item", ".cpu", ".numpy", ".tolist"})
_TRAINS = frozenset({".backward"})
_TIMERS = frozenset({"time.After"})
_LOADERS = frozenset({"torch.utils.data.DataLoader", "torch.utils.data.dataloader.DataLoader"})
_WAITED_FOR = frozenset({"network", "database"})


def costly_calls(found: Judgement, knowledge: ModuleType, repeated: frozenset[int]) -> Iterator[Bottleneck]:
    """The findings of one function. `repeated` are its loops that turn often, or lie in one that does."""
    trains = any("." + site.path.rsplit(".", 1)[-1] in _TRAINS for site in found.calls if "." in site.path)
    for site in found.calls:
        fact = site.fact
        method = "." + site.path.rsplit(".", 1)[-1] if "." in site.path else ""
        item = _alone(found, site)
        if item is None and fact.loop in repeated:
            item = (
                _front(found, site, method)
                or _search(found, site, method, knowledge)
                or _copy(found, site, method)
                or _wait(found, site, knowledge)
                or (_to_host(found, site, method) if trains else None)
            )
        if item is not None:
            yield Bottleneck(fact.line, *item)
    for index, loop in enumerate(found.unit.loops):
        if index in repeated and any(part.kind == CALL and part.name in _LENGTHS for part in _parts(loop.over)):
            yield Bottleneck(
                loop.line,
                "length_in_condition",
                "measures the text again on each turn; take its length once, before the loop",
            )
    yield from _shrinking(found, repeated)


def _alone(found: Judgement, site: CallSite) -> tuple[str, str] | None:
    if site.path in _LOADERS and "num_workers" not in site.fact.keywords and len(site.fact.arguments) < 6:
        return (
            "loader_without_workers",
            "loads and trains by turns in one process; give `num_workers` so that data are ready in time",
        )
    if (
        site.path.endswith("Sync")
        and not site.path.endswith(_QUICK)
        and found.unit.is_async
        and site.path.split(".", 1)[0] in ("fs", "child_process")
    ):
        return (
            "blocking_in_async",
            f"{quoted(site.fact.shown)} stops the event loop while it waits; await the call that gives a promise",
        )
    return None


def _front(found: Judgement, site: CallSite, method: str) -> tuple[str, str] | None:
    """Taking from or adding to the front of a list that lives longer than a turn."""
    fact = site.fact
    owner = _owner(fact.callee)
    if owner is None or found.scope.container(owner) != "list" or not outlives(found, owner, fact.loop):
        return None
    if owner.text.rsplit(".", 1)[-1] in _ARGUMENTS:
        return None
    first = fact.arguments[0] if fact.arguments else None
    at_front = first is not None and (found.scope.constant(first) == 0 or first.text.endswith(_BEGINS))
    if method == ".add" and len(fact.arguments) < 2:
        at_front = False
    if (
        method in _MOVES
        or (method in _FRONT and at_front)
        or (method == ".removeFirst" and "LinkedList" not in site.path)
    ):
        if site.path.startswith(("LinkedList.", "list.", "ArrayDeque.")):
            return None
        return (
            "list_front",
            f"{quoted(fact.shown)} moves the whole list on each turn; use a queue with two ends, or go backwards",
        )
    return None


def _search(found: Judgement, site: CallSite, method: str, knowledge: ModuleType) -> tuple[str, str] | None:
    fact = site.fact
    owner = _owner(fact.callee)
    if method == ".get" and site.path == "LinkedList.get":
        return (
            "linked_list_index",
            f"{quoted(fact.shown)} walks the list from its end on each turn; walk it once, or use an `ArrayList`",
        )
    if method not in _SEARCHES or owner is None or found.scope.container(owner) != "list":
        return None
    if not is_searched_list(found, owner, fact.loop) or (fact.arguments and fact.arguments[0].kind == TEXT):
        return None
    if method != ".contains" and any(
        other.line == fact.line and other.value.kind == CALL and other.value.name == fact.path
        for other in found.unit.assigns
    ):
        return None  # the place is asked for, which a set does not know
    if method == ".contains" and knowledge.__name__.endswith("javascript"):
        return None  # a list has no such method there
    return (
        "list_membership",
        f"{quoted(fact.shown)} looks through the whole list on each turn; ask a set or a map of its items instead",
    )


def _copy(found: Judgement, site: CallSite, method: str) -> tuple[str, str] | None:
    fact = site.fact
    owner = _owner(fact.callee)
    if method in _CLONES and owner is not None and owner.kind in (NAME, MEMBER) and fact.weight >= 1.0:
        held = found.scope.container(owner) in ("list", "dict", "set")
        if held and outlives(found, owner, fact.loop):
            return ("needless_copy", f"{quoted(fact.shown)} copies a whole container on each turn; borrow it instead")
    if site.path in _TIMERS:
        return (
            "timer_in_loop",
            "makes a timer on each turn that lives until it fires; make one before the loop and reset it",
        )
    return None


def _wait(found: Judgement, site: CallSite, knowledge: ModuleType) -> tuple[str, str] | None:
    """Waiting for one item after the other where nothing says that they depend on each other."""
    fact = site.fact
    loop = found.unit.loops[fact.loop]
    waits = knowledge.WAITS.get(site.path)
    if not fact.awaited or waits is None or waits[0] not in _WAITED_FOR or loop.kind != "for" or loop.has_break:
        return None
    uses = {name for argument in (*fact.arguments, *fact.keywords.values()) for name in names_in(argument)}
    if not uses & set(loop.target) or fact.weight < 1.0:
        return None
    return (
        "await_in_loop",
        f"{quoted(fact.shown)} is waited for once a turn; start all of them, then wait for all together",
    )


def _to_host(found: Judgement, site: CallSite, method: str) -> tuple[str, str] | None:
    if method not in _TO_HOST or site.fact.arguments or site.fact.weight < 1.0:
        return None
    scope = found.scope.outside
    if scope.imported("torch") is None:
        return None
    return (
        "device_copy_in_loop",
        f"{quoted(site.fact.shown)} waits for the device on each step; keep the value there and fetch it now and then",
    )


def _shrinking(found: Judgement, repeated: frozenset[int]) -> Iterator[Bottleneck]:
    """`rows = rows[1:]` and `rows = [...rows, row]`: the rest is copied on each turn."""
    for fact in found.unit.assigns:
        if fact.operator != "=" or fact.loop not in repeated or fact.target.kind not in (NAME, MEMBER):
            continue
        value, name = fact.value, fact.target.text
        inside = found.unit.loops[fact.loop]
        given = [other for other in found.scope.assigned(name) if inside.body_start <= other.start < inside.body_end]
        if len(given) > 1 or name in inside.target:
            continue
        if (
            value.kind == INDEX
            and len(value.parts) == 2
            and value.parts[0].text == name
            and value.parts[1].kind == SLICE
        ):
            start, stop = value.parts[1].parts[:2]
            if found.scope.constant(start) == 1 and not stop.text and found.scope.container(value.parts[0]) == "list":
                message = f"{quoted(name + '[1:]')} copies the rest on each turn; move an index on, or use a queue"
                yield Bottleneck(fact.line, "needless_copy", message)
        elif value.kind == ITEMS and any(
            part.kind == SPREAD and part.parts and part.parts[0].text == name for part in value.parts
        ):
            message = f"{quoted(name)} is copied whole to add to it on each turn; add to it in place"
            yield Bottleneck(fact.line, "needless_copy", message)


def _owner(callee: Expr) -> Expr | None:
    return callee.parts[0] if callee.kind == MEMBER and callee.parts else None


def outlives(found: Judgement, thing: Expr, loop: int) -> bool:
    """Whether something lives longer than one turn of a loop: not given a value within it."""
    index = loop
    while index >= 0:
        if set(found.unit.loops[index].target) & names_in(thing):
            return False
        index = found.unit.loops[index].parent
    inside = found.unit.loops[loop]
    return not any(
        fact.operator == "=" and inside.body_start <= fact.start < inside.body_end
        for fact in found.scope.assigned(thing.text)
    )


def is_searched_list(found: Judgement, thing: Expr, loop: int) -> bool:
    """Whether something is surely a list, lives longer than a turn, and is not one of a few items written down."""
    if thing.kind not in (NAME, MEMBER) or not outlives(found, thing, loop) or _is_fixed(found, thing):
        return False
    values = found.scope.values(thing.text)
    if found.scope.is_parameter(thing.text) and not found.scope.assigned(thing.text):
        declared = next((one.declared for one in found.unit.parameters if one.name == thing.text), "")
        if not any(word in declared for word in _LIST_TYPES):
            return False  # a default says little of what callers give
    if any(value.kind == CALL and value.name.rsplit(".", 1)[-1] in _EITHER for value in values):
        return False
    kinds = {found.scope.container(value) for value in values if value.kind not in (NAME, NUMBER)}
    return not kinds - {"list", "tuple", ""}


def _is_fixed(found: Judgement, thing: Expr) -> bool:
    """Whether a container has few items, all of them written down."""
    values = found.scope.values(thing.text)
    return bool(values) and all(value.kind == ITEMS and value.size > 0 for value in values)


def _parts(expr: Expr) -> Iterator[Expr]:
    pending, steps = [expr], 0
    while pending and steps < 40:
        steps += 1
        current = pending.pop()
        yield current
        pending.extend(current.parts)
