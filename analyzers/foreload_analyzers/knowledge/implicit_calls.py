"""Methods that a language calls without their names being written, and method names that its containers have too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Implicit:
    """What one language calls by itself.

    Attributes:
        operators: operator -> the methods that may be behind it, the likeliest first.
        functions: built-in function -> the method that it calls.
        subscript, stored, membership, walk, turn: methods behind `a[i]`, `a[i] = x`, `in`, a loop's start and its turn.
        makers: methods that run when an object is made.
        usual: names of methods that containers, texts and files have.
    """

    operators: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    functions: Mapping[str, str] = field(default_factory=dict[str, str])
    subscript: str | None = None
    stored: str | None = None
    membership: str | None = None
    walk: str | None = None
    turn: str | None = None
    makers: tuple[str, ...] = ()
    usual: frozenset[str] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """All methods that are called without their names."""
        single = {self.subscript, self.stored, self.membership, self.walk, self.turn} - {None}
        behind = {method for methods in self.operators.values() for method in methods}
        return frozenset({*behind, *self.functions.values(), *self.makers, *(name for name in single if name)})


_BINARY = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow", "@": "matmul",
    "<<": "lshift", ">>": "rshift", "&": "and", "|": "or", "^": "xor",
}  # fmt: skip
_COMPARED = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_PYTHON = Implicit(
    operators={
        **{sign: (f"__{name}__", f"__r{name}__") for sign, name in _BINARY.items()},
        **{sign: (f"__{name}__",) for sign, name in _COMPARED.items()},
    },
    functions={
        "len": "__len__", "str": "__str__", "repr": "__repr__", "int": "__int__", "float": "__float__",
        "bool": "__bool__", "iter": "__iter__", "next": "__next__", "hash": "__hash__", "abs": "__abs__",
        "getattr": "__getattr__", "setattr": "__setattr__", "sorted": "__lt__", "sum": "__add__", "print": "__str__",
        "divmod": "__divmod__", "pow": "__pow__", "reversed": "__reversed__",
    },
    subscript="__getitem__",
    stored="__setitem__",
    membership="__contains__",
    walk="__iter__",
    turn="__next__",
    makers=("__init__", "__new__", "__post_init__"),
    usual=frozenset({
        "get", "items", "keys", "values", "append", "add", "pop", "update", "read", "write", "join",
        "split", "strip", "format", "copy", "index", "count", "sort", "close", "open", "clear", "extend",
        "insert", "remove", "setdefault", "encode", "decode", "replace", "find", "startswith", "endswith",
        "lower", "upper", "group", "match", "search", "sub", "end", "start", "send", "put", "next", "seek",
        "tell", "flush", "readline", "lines", "load", "dump", "loads", "dumps", "parse", "run",
    }),
)  # fmt: skip
_JAVA = Implicit(
    functions={},
    usual=frozenset({
        "get", "put", "add", "remove", "size", "isEmpty", "contains", "containsKey", "set", "equals",
        "hashCode", "toString", "length", "charAt", "substring", "next", "hasNext", "iterator", "append",
        "insert", "push", "pop", "peek", "poll", "offer", "clear", "values", "keySet", "entrySet", "getKey",
        "getValue",
    }),
)  # fmt: skip
_CPP = Implicit(
    operators={
        sign: (f"operator{sign}",) for sign in ("+", "-", "*", "/", "%", "==", "!=", "<", ">", "<=", ">=", "<<")
    },
    subscript="operator[]",
    usual=frozenset({
        "size", "empty", "begin", "end", "push_back", "pop_back", "push", "pop", "front", "back", "top",
        "insert", "erase", "find", "count", "clear", "at", "resize", "reserve", "c_str", "substr", "length",
        "emplace_back", "emplace",
    }),
)  # fmt: skip
_JAVASCRIPT = Implicit(
    makers=("constructor",),
    usual=frozenset({
        "get", "set", "has", "add", "delete", "push", "pop", "shift", "unshift", "slice", "splice", "map",
        "filter", "forEach", "reduce", "indexOf", "includes", "join", "split", "replace", "match", "test",
        "exec", "then", "catch", "keys", "values", "entries", "toString", "concat", "find", "some", "every",
        "sort",
    }),
)  # fmt: skip
_GO = Implicit(usual=frozenset({
        "String", "Error", "Len", "Less", "Swap", "Read", "Write", "Close", "Lock", "Unlock", "Add", "Done",
        "Wait", "Get", "Set",
    }))  # fmt: skip
_RUST = Implicit(
    operators={
        "+": ("add",), "-": ("sub",), "*": ("mul",), "/": ("div",), "%": ("rem",), "==": ("eq",), "<": ("partial_cmp",),
    },
    subscript="index",
    stored="index_mut",
    turn="next",
    usual=frozenset({
        "get", "insert", "push", "pop", "len", "is_empty", "iter", "contains", "remove", "clone",
        "into_iter", "map", "filter", "collect", "unwrap", "as_str", "to_string", "fmt", "default", "from",
        "new", "next",
    }),
)  # fmt: skip
IMPLICIT_CALLS: Mapping[str, Implicit] = {
    "python": _PYTHON,
    "java": _JAVA,
    "cpp": _CPP,
    "javascript": _JAVASCRIPT,
    "typescript": _JAVASCRIPT,
    "tsx": _JAVASCRIPT,
    "go": _GO,
    "rust": _RUST,
}
