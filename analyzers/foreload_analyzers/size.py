"""A size as a growth, with a name for what grows."""

from __future__ import annotations

from typing import NamedTuple

from foreload_analyzers.costs import CONSTANT, LINEAR, Cost
from foreload_analyzers.expressions import Expr
from foreload_analyzers.scope import SMALL_LITERAL


class Size(NamedTuple):
    """A size.

    Attributes:
        cost: its growth.
        symbol: what grows, as the code names it.
        exact: the number itself where it is written down.
        nature: `neighbours`, `group` (one of several that together make up one whole), `input`, `unknown` (what some
            call gives), or empty.
    """

    cost: Cost
    symbol: str = ""
    exact: float | None = None
    nature: str = ""


ONE = Size(CONSTANT, "", 1.0)


def literal(count: float) -> Size:
    """A number that is written down: a constant while it is small, else a size of its own."""
    cost = CONSTANT if count <= SMALL_LITERAL else LINEAR
    return Size(cost, "" if cost == CONSTANT else f"{count:,.0f}".replace(",", " "), count)


def larger(sizes: list[Size]) -> Size:
    """The largest of several sizes; one for none."""
    return max(sizes, key=lambda size: (size.cost, size.exact or 0.0), default=ONE)


def call_name(expr: Expr) -> str:
    """What a call gives, for a sentence: the call itself where it is short, else the name of what is called."""
    return expr.text if len(expr.text) < 30 else expr.name.rsplit(".", 1)[-1]
