"""Amounts as Kubernetes writes them: `500m`, `1.5`, `256Mi`, `1e3`, `2G`."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

_SUFFIXES = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "": Decimal(1),
    "k": Decimal(10**3), "M": Decimal(10**6), "G": Decimal(10**9), "T": Decimal(10**12),
    "P": Decimal(10**15), "E": Decimal(10**18),
    "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30), "Ti": Decimal(2**40),
    "Pi": Decimal(2**50), "Ei": Decimal(2**60),
}  # fmt: skip
_SHAPE = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([A-Za-z]{0,2})")
_KIB = 1024


def parse_quantity(text: str) -> float:
    """The number that a quantity stands for: cores, bytes or a count.

    Raises:
        ValueError: it is no quantity; the message names it and what is allowed.
    """
    match = _SHAPE.fullmatch(text.strip())
    if match is None or match.group(2) not in _SUFFIXES:
        raise ValueError(f"{text!r} is no Kubernetes quantity; allowed is a number with a suffix, as in 500m or 256Mi")
    try:
        return float(Decimal(match.group(1)) * _SUFFIXES[match.group(2)])
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is no Kubernetes quantity: its number is out of range") from error


def cores_quantity(cores: float) -> str:
    """Cores in thousandths, the finest that the kubelet takes; at least one."""
    return f"{max(1, round(cores * 1000))}m"


def bytes_quantity(amount: float) -> str:
    """Bytes, in KiB or MiB where it is a whole number of them."""
    whole = max(1, int(amount))
    for suffix, size in (("Mi", _KIB * _KIB), ("Ki", _KIB)):
        if whole % size == 0:
            return f"{whole // size}{suffix}"
    return str(whole)
