"""How a cost grows: powers of one size `n`, and the names of the classes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Cost(NamedTuple):
    """Growth as a product of powers: 2^n to `exp`, n to `n`, log n to `log`; compared in that order."""

    exp: float = 0.0
    n: float = 0.0
    log: float = 0.0

    def times(self, other: Cost) -> Cost:
        """The cost of doing one inside the other."""
        return Cost(self.exp + other.exp, self.n + other.n, self.log + other.log)

    def power(self, exponent: float) -> Cost:
        """The cost multiplied with itself."""
        return Cost(self.exp * exponent, self.n * exponent, self.log * exponent)


CONSTANT = Cost()
LOG = Cost(log=1.0)
ROOT = Cost(n=0.5)
LINEAR = Cost(n=1.0)
SORT = Cost(n=1.0, log=1.0)
SQUARE = Cost(n=2.0)
EXPONENTIAL = Cost(exp=1.0)


def product(costs: Iterable[Cost]) -> Cost:
    """The cost of a nest."""
    total = CONSTANT
    for cost in costs:
        total = total.times(cost)
    return total


def label(cost: Cost) -> str:
    """The class of a cost, one of COMPLEXITIES; what lies between two goes to the nearer one, or the larger."""
    if cost.exp > 0:
        return "exponential"
    if cost.n >= 2.75:
        return "cubic"
    if cost.n >= 1.5:
        return "quadratic"
    if cost.n >= 1.0:
        return "nlogn" if cost.log > 0 else "linear"
    if cost.n > 0:
        return "linear"
    return "logn" if cost.log > 0 else "constant"


BIG_O = {
    "constant": "O(1)",
    "logn": "O(log n)",
    "linear": "O(n)",
    "nlogn": "O(n log n)",
    "quadratic": "O(n²)",
    "cubic": "O(n³)",
    "exponential": "O(2ⁿ)",
}
