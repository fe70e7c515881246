"""What recursion makes of a function's cost."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import NamedTuple

from foreload_analyzers.branching import branching, is_cut
from foreload_analyzers.costs import CONSTANT, EXPONENTIAL, LINEAR, LOG, SQUARE, Cost, product
from foreload_analyzers.expressions import Expr, names_in, quoted
from foreload_analyzers.facts import CallFact
from foreload_analyzers.judge import CallSite, Judgement
from foreload_analyzers.languages import BINARY, CALL, INDEX, MEMBER, NAME, SLICE, UNARY
from foreload_analyzers.movement import parts_of, sets_bits

_VISITED = ("visited", "seen", "visit", "lookup", "used", "explored", "done", "marked")
_MEMO = ("memo", "cache", "dp", "lookup", "table", "known")
_TREE = frozenset({"left", "right", "next", "children", "child", "first", "second", "parent", "rest", "tail"})


_QUERIES = frozenset({"query", "update", "modify", "change", "add", "get", "set", "sum", "find", "insert"})
_UNDOES = frozenset({"pop", "remove", "discard", "pop_back", "erase", "removeLast"})
_PARENTS = frozenset({"parent", "prev", "par", "p", "pre", "father", "fa", "from"})
_TRUTHS = frozenset({"True", "False", "true", "false", "None", "null", "nullptr"})
_COMPARES = frozenset({"==", "!=", "<", ">", "<=", ">=", "and", "or", "&&", "||", "in", "not"})


class Recursion(NamedTuple):
    """What recursion does.

    Attributes:
        calls: how many calls of the function there are, or of those that call it.
        factor: how many times the body runs, as a growth.
        shared: loops around the recursive calls are part of `factor`: all calls together walk everything once.
        depth: growth of the stack.
        words: for evidence.
        symbol: what it grows with.
        kind: `swap`, `links`, `memory`, `halves`, `tree`, `visit`, `chain` or `branches`.
        marks: containers that keep results from one call to the next; empty for those of a decorator.
    """

    calls: int
    factor: Cost
    shared: bool
    depth: Cost
    words: str
    symbol: str = ""
    kind: str = ""
    marks: tuple[str, ...] = ()


def judge_recursion(judgement: Judgement, sites: Sequence[CallSite], knowledge: ModuleType) -> Recursion:
    """How often the body runs, from the recursive calls in it."""
    facts = [site.fact for site in sites]
    count = branching(judgement, facts)
    looped = any(fact.loop >= 0 and judgement.bounds[fact.loop].factor != CONSTANT for fact in facts)
    in_any_loop = any(fact.loop >= 0 for fact in facts)
    varying = _varying(judgement, facts)
    own = {parameter.name for parameter in judgement.unit.parameters}
    if all(fact.arguments and all(part.kind == NAME and part.name in own for part in fact.arguments) for fact in facts):
        words = "calls itself once with its arguments in another order"
        return Recursion(count, CONSTANT, False, CONSTANT, words, kind="swap")
    if _shortens_links(judgement, facts, own):
        words = "follows links that it shortens as it goes, short when seen over all calls"
        return Recursion(count, CONSTANT, False, LOG, words, kind="links")
    halving = all(is_cut(fact.arguments, judgement) for fact in facts)
    sliced = any(_slices(argument) for fact in facts for argument in fact.arguments)
    symbol = next(iter(varying), "")
    memory = memory_of(judgement, knowledge)
    if memory is not None:
        if halving and not sliced:
            words = "remembers results, and each call halves its problem"
            return Recursion(count, LOG, False, LOG, words, symbol, "memory", memory)
        keys = [name for name in varying if not _is_small_key(judgement, name, facts)]
        domain = product(_domain(judgement, name, facts) for name in keys[:3]) if keys else LINEAR
        told = " and ".join([quoted(name) for name in keys[:3]]) or "argument"
        words = f"remembers results: at most one run for each {told}"
        depth = LOG if domain == LOG else LINEAR
        return Recursion(count, domain, False, depth, words, symbol, "memory", memory)
    if halving and not looped and not _walks_tree(facts, judgement):
        part = quoted(symbol or "the problem")
        if count <= 1 or _is_query(judgement):
            words = f"calls itself once on a part of {part}"
            return Recursion(count, LOG, False, LOG, words, symbol, "halves")
        words = f"calls itself {count} times on parts of {part}"
        return Recursion(count, LINEAR, False, LOG, words, symbol, "halves")
    if _walks_tree(facts, judgement):
        words = "visits every node of a tree once"
        return Recursion(count, LINEAR, True, LINEAR, words, _tree_symbol(facts), "tree")
    if _visits(judgement, facts, own):
        factor = SQUARE if _floods(judgement, facts) else LINEAR
        thing = "cell of a table" if factor == SQUARE else "node"
        words = f"visits every {thing} once"
        return Recursion(count, factor, True, factor, words, symbol, "visit")
    if count <= 1 and not in_any_loop:
        words = f"calls itself once for each step of {quoted(symbol or 'the problem')}"
        return Recursion(count, LINEAR, False, LINEAR, words, symbol, "chain")
    times = "in a loop" if in_any_loop else f"{count} times"
    words = f"calls itself {times} and remembers nothing"
    return Recursion(count, EXPONENTIAL, True, LINEAR, words, symbol, "branches")


def _shortens_links(judgement: Judgement, facts: Sequence[CallFact], own: set[str]) -> bool:
    """`parent[x] = find(parent[x])`: the links of a union-find."""
    unit = judgement.unit
    for fact in facts:
        link = fact.arguments[-1] if fact.arguments else None
        if link is None or link.kind != INDEX or len(link.parts) < 2 or not names_in(link.parts[-1]) & own:
            return False
        kept = any(other.target.text == link.text for other in unit.assigns)
        kept = kept or any(link.text in value.value.text and "=" in value.value.text for value in unit.returns)
        if not kept:
            return False
    return bool(facts)


def _is_small_key(judgement: Judgement, name: str, facts: Sequence[CallFact]) -> bool:
    """Whether a parameter only takes a few values: truths, comparisons, remainders of a small number."""
    names = [parameter.name for parameter in judgement.unit.parameters if parameter.name not in ("self", "cls")]
    index = names.index(name)
    given = [fact.arguments[index] for fact in facts if index < len(fact.arguments)]
    return bool(given) and all(_is_small(judgement, argument, name) for argument in given)


def _is_small(judgement: Judgement, argument: Expr, name: str) -> bool:
    if argument.text in _TRUTHS or argument.text == name:
        return True
    if argument.kind == BINARY:
        if argument.name in _COMPARES:
            return True
        if argument.name == "%" and len(argument.parts) == 2:
            return judgement.sizes.magnitude(argument.parts[1]).cost == CONSTANT
        return argument.name in ("^", "&", "|") and judgement.scope.constant(argument.parts[-1]) is not None
    if argument.kind == UNARY:
        return argument.name in ("not", "!")
    if argument.kind == NAME and judgement.scope.loop_of_target(argument.name) >= 0:
        return judgement.bounds[judgement.scope.loop_of_target(argument.name)].factor == CONSTANT
    return False


def _domain(judgement: Judgement, name: str, facts: Sequence[CallFact]) -> Cost:
    """How many values a parameter takes."""
    names = [parameter.name for parameter in judgement.unit.parameters if parameter.name not in ("self", "cls")]
    place = names.index(name)
    for fact in facts:
        if place < len(fact.arguments) and sets_bits(judgement.scope, fact.arguments[place]):
            return EXPONENTIAL
    expr = Expr(NAME, name, name)
    sizes = judgement.sizes
    for loop in judgement.unit.loops:
        # A loop that walks `digits[i]` or up to it: the key counts through the digits.
        for part in parts_of(loop.over):
            if part.kind == INDEX and len(part.parts) == 2 and part.parts[1] == expr:
                length = sizes.length(part.parts[0]).cost
                if length in (LOG, CONSTANT):
                    return length
    return LINEAR


def _is_query(judgement: Judgement) -> bool:
    """Whether a function asks or changes a range of a segment tree: of both halves only two paths are followed."""
    unit = judgement.unit
    words = unit.name.strip("_").lower()
    owner = unit.class_name.lower()
    return ("seg" in owner or "tree" in owner) and any(words.startswith(word) for word in _QUERIES)


def _varying(judgement: Judgement, facts: Sequence[CallFact]) -> list[str]:
    """The parameters that recursive calls change."""
    names = [parameter.name for parameter in judgement.unit.parameters if parameter.name not in ("self", "cls")]
    found: list[str] = []
    for index, name in enumerate(names):
        for fact in facts:
            given = fact.arguments[index] if index < len(fact.arguments) else fact.keywords.get(name)
            if given is not None and given.text != name and name not in _MEMO:
                found.append(name)
                break
    return found


def _slices(argument: Expr) -> bool:
    return argument.kind == INDEX and len(argument.parts) > 1 and argument.parts[1].kind == SLICE


def memory_of(judgement: Judgement, knowledge: ModuleType) -> tuple[str, ...] | None:
    """Where a function keeps its results, empty for a decorator's memory; None where it keeps none."""
    unit = judgement.unit
    for decorator in unit.decorators:
        path = judgement.scope.path(decorator.split("(", 1)[0].strip())
        if path in knowledge.MEMO_DECORATORS or path.rsplit(".", 1)[-1] in knowledge.MEMO_DECORATORS:
            return ()
    # `if key in memo: return memo[key]` and `memo[key] = ...`
    stored = {_root(fact.target) for fact in unit.assigns if fact.target.kind == INDEX} - {""}
    tested = {fact.container.text for fact in unit.memberships}
    returned = {_root(fact.value) for fact in unit.returns if fact.value.kind == INDEX} - {""}
    kept = stored & returned
    if kept and (kept & tested or len(unit.returns) > 1):
        return tuple(sorted(kept))
    named = {name for name in stored if name.split(".")[-1].strip("_").lower().startswith(_MEMO)}
    named &= tested | returned
    return tuple(sorted(named)) or None


def _root(expr: Expr) -> str:
    """The container of an element, however deep."""
    while expr.kind == INDEX and expr.parts:
        expr = expr.parts[0]
    return expr.text if expr.kind in (NAME, MEMBER) else ""


def _walks_tree(facts: Sequence[CallFact], judgement: Judgement) -> bool:
    """Whether all calls go to the children of a node."""

    def child(argument: Expr) -> bool:
        if argument.kind == MEMBER and argument.name in _TREE:
            return True
        if argument.kind == NAME:
            loop = judgement.scope.loop_of_target(argument.name)
            if loop >= 0:
                over = judgement.unit.loops[loop].over
                return any(part.kind == MEMBER and part.name.strip("_") in _TREE for part in parts_of(over))
            return any(value.kind == MEMBER and value.name in _TREE for value in judgement.scope.values(argument.name))
        return False

    return all(any(child(argument) for argument in fact.arguments) for fact in facts if fact.arguments) and any(
        fact.arguments for fact in facts
    )


def _tree_symbol(facts: Sequence[CallFact]) -> str:
    for fact in facts:
        for argument in fact.arguments:
            if argument.kind == MEMBER:
                return argument.parts[0].text
    return ""


def _visits(judgement: Judgement, facts: Sequence[CallFact], own: set[str]) -> bool:
    """Whether the calls go to the neighbours of a node or cell, and none is visited twice."""
    if _undoes(judgement, facts):
        return False
    onward = all(_to_neighbour(judgement, fact, own) for fact in facts)
    if onward and any(parameter.name in _PARENTS for parameter in judgement.unit.parameters):
        return True
    if _marks_visited(judgement):
        return True
    if (onward or _floods(judgement, facts)) and marks_left(judgement):
        return True
    return onward and any(fact.loop >= 0 for fact in facts) and not _collects_paths(judgement)


def _to_neighbour(judgement: Judgement, fact: CallFact, own: set[str]) -> bool:
    """Whether a call is given a neighbour: an item of `graph[node]`."""
    for argument in fact.arguments:
        if argument.kind == NAME:
            loop = judgement.scope.loop_of_target(argument.name)
            if loop >= 0:
                over = judgement.unit.loops[loop].over
                for part in parts_of(over):
                    reaches = part.kind == INDEX or (
                        part.kind == CALL and part.name.rsplit(".", 1)[-1] in ("at", "get")
                    )
                    if reaches and len(part.parts) > 1 and names_in(part.parts[1]) & own:
                        return True
    return False


def _undoes(judgement: Judgement, facts: Sequence[CallFact]) -> bool:
    """Whether something is taken back after a call, the mark of trying everything out."""
    unit = judgement.unit
    last = max(fact.start for fact in facts)
    first = min(fact.start for fact in facts)
    loop = facts[-1].loop
    before = {fact.target.text for fact in unit.assigns if fact.target.kind == INDEX and fact.start < first}
    after = {fact.target.text for fact in unit.assigns if fact.target.kind == INDEX and fact.start > last}
    if before & after:
        return True
    pushed = {
        call.callee.parts[0].text
        for call in unit.calls
        if call.callee.kind == MEMBER and call.start < first and call.name in ("add", "insert")
    }
    return any(
        call.callee.kind == MEMBER
        and call.start > last
        and call.name in _UNDOES
        and call.callee.parts[0].text in pushed
        and (call.loop == loop or loop < 0)
        for call in unit.calls
    )


def _collects_paths(judgement: Judgement) -> bool:
    """Whether something is put on before a call and taken off after it."""
    calls = [call for call in judgement.unit.calls if call.callee.kind == MEMBER]
    taken = {call.callee.parts[0].text for call in calls if call.name in _UNDOES}
    return any(
        call.name in ("append", "push_back", "add", "push") and call.callee.parts[0].text in taken for call in calls
    )


def marks_left(judgement: Judgement) -> bool:
    """Whether a function sets an element of something from outside, by its own parameters."""
    own = {parameter.name for parameter in judgement.unit.parameters}
    scope = judgement.scope
    for fact in judgement.unit.assigns:
        root = _root(fact.target)
        if fact.target.kind == INDEX and root and (names_in(fact.target) - {root}) & own and not scope.assigned(root):
            return True
    return any(
        call.name in ("add", "insert", "emplace")
        and call.callee.kind == MEMBER
        and not scope.assigned(call.callee.parts[0].text)
        for call in judgement.unit.calls
    )


def _marks_visited(judgement: Judgement) -> bool:
    """Whether a function marks what it has visited, by the names it uses."""
    unit = judgement.unit
    for fact in unit.memberships:
        name = fact.container.text.split(".")[-1].split("[")[0].lower()
        if any(word in name for word in _VISITED):
            return True
    for fact in unit.assigns:
        if fact.target.kind == INDEX and fact.target.parts:
            name = fact.target.parts[0].text.split(".")[-1].split("[")[0].lower()
            if any(word in name for word in _VISITED):
                # Marks that are taken back are the mark of backtracking, not of a visit.
                return len([other for other in unit.assigns if other.target.text == fact.target.text]) == 1
    return False


def _floods(judgement: Judgement, facts: Sequence[CallFact]) -> bool:
    """Whether the calls go to the neighbours of a cell: two arguments that are stepped."""
    stepped: set[int] = set()
    for fact in facts:
        for index, argument in enumerate(fact.arguments):
            if argument.kind == BINARY and argument.name in ("+", "-"):
                stepped.add(index)
            elif argument.kind == NAME:
                values = judgement.scope.values(argument.name)
                if any(value.kind == BINARY and value.name in ("+", "-") for value in values):
                    stepped.add(index)
    return len(stepped) >= 2
