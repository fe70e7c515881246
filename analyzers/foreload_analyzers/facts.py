"""What the syntax says of a function: plain values, made once for each text and kept while it stays the same.

Lines count from 0 and bytes from 0, both from the start of the chunk; an index of -1 means "none".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from foreload_analyzers.expressions import Expr


@dataclass(slots=True)
class LoopFact:
    """A loop.

    `own_size` counts the syntax nodes of its body outside inner loops and functions, those of rare branches less.
    """

    kind: str
    line: int
    end_line: int
    parent: int
    depth: int
    target: tuple[str, ...]
    over: Expr
    start: int
    body_start: int
    body_end: int
    over_start: int
    over_end: int
    own_size: float
    weight: float
    has_break: bool = False


@dataclass(slots=True)
class CallFact:
    """A call. `weight` is how often its branch is taken in one pass of the innermost loop around it, 0..1."""

    path: str
    callee: Expr
    arguments: tuple[Expr, ...]
    keywords: Mapping[str, Expr]
    line: int
    start: int
    end: int
    loop: int
    weight: float
    awaited: bool = False

    @property
    def shown(self) -> str:
        """The path for a sentence."""
        return self.path.removeprefix("?.")

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rsplit(".", 1)[-1]


@dataclass(slots=True)
class AssignFact:
    """A value that goes to a name, member or element. `operator` is `=` or that of an update, `+=`."""

    target: Expr
    operator: str
    value: Expr
    line: int
    start: int
    loop: int


@dataclass(slots=True)
class MembershipFact:
    """A test whether something is in a container."""

    item: Expr
    container: Expr
    line: int
    start: int
    loop: int


@dataclass(slots=True)
class SliceFact:
    """A copied part of a sequence."""

    value: Expr
    bounds: Expr
    line: int
    start: int
    loop: int


@dataclass(slots=True)
class ReturnFact:
    """What a function gives back."""

    value: Expr
    line: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ImportFact:
    """An imported module, or a name from it under the name by which the code knows it."""

    module: str
    name: str
    alias: str


@dataclass(slots=True)
class Parameter:
    """A parameter with its declared type, empty where there is none."""

    name: str
    declared: str


@dataclass(slots=True, eq=False)
class Unit:
    """A function, or a piece of code outside all functions (then `name` is empty).

    Attributes:
        own_size: syntax nodes outside loops and inner functions, weighted by how rare their branch is.
        parent: index of the function around it in the same chunk, -1 for none.
        words: how often each word occurs in its names, comments and texts.
        declared: variable -> its type as the code declares it, parameters among them, in languages that do.
        is_entry: the program starts with it.
        implicit_self: members of its object are named without it.
        attributes: members that it sets, `self.x`, with their values.
    """

    name: str = ""
    class_name: str = ""
    line: int = 0
    end_line: int = 0
    parent: int = -1
    is_async: bool = False
    has_yield: bool = False
    own_size: float = 0.0
    parameters: tuple[Parameter, ...] = ()
    decorators: list[str] = field(default_factory=list[str])
    loops: list[LoopFact] = field(default_factory=list[LoopFact])
    calls: list[CallFact] = field(default_factory=list[CallFact])
    assigns: list[AssignFact] = field(default_factory=list[AssignFact])
    memberships: list[MembershipFact] = field(default_factory=list[MembershipFact])
    slices: list[SliceFact] = field(default_factory=list[SliceFact])
    returns: list[ReturnFact] = field(default_factory=list[ReturnFact])
    words: Mapping[str, int] = field(default_factory=dict[str, int])
    attributes: list[tuple[str, Expr]] = field(default_factory=list[tuple[str, Expr]])
    declared: dict[str, str] = field(default_factory=dict[str, str])
    is_entry: bool = False
    implicit_self: bool = False

    @property
    def loop_depth(self) -> int:
        """The deepest nesting of its loops."""
        return max([loop.depth for loop in self.loops]) if self.loops else 0

    @property
    def full_name(self) -> str:
        """`Class.method` for methods, else the name."""
        return f"{self.class_name}.{self.name}" if self.class_name else self.name


@dataclass(slots=True, eq=False)
class ChunkFacts:
    """All units of one chunk; the first is its code outside functions, `has_code` says whether there is any.

    `text` is what the chunk was read from.
    """

    units: list[Unit]
    imports: tuple[ImportFact, ...] = ()
    has_main_guard: bool = False
    text: bytes = b""
    has_code: bool = field(init=False)

    def __post_init__(self) -> None:
        piece = self.units[0]
        self.has_code = bool(
            piece.loops or piece.calls or piece.assigns or piece.memberships or piece.slices or piece.declared
        )

    def copy(self) -> ChunkFacts:
        """The same facts as other objects."""
        return ChunkFacts([replace(unit) for unit in self.units], self.imports, self.has_main_guard)
