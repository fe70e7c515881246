"""What a loop shows that tells how much of the file's time its own turns take, the loops inside left out.

Five logarithms, so that their weighted sum is that of a product: how much time the function takes, what one turn does
by itself, and how often it turns. Numbers of turns that are written down count by themselves too, for those are sure
while the others are typical ones; so do assignments, which are the work that an interpreter cannot leave to a library.
Code outside functions mostly runs once.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

import numpy as np
from numpy.typing import NDArray

from foreload_analyzers.hot_model import Floats
from foreload_analyzers.hot_signs import log_of
from foreload_analyzers.judge import Judgement

RANKED: tuple[str, ...] = ()
LED: tuple[str, ...] = ()
FLAGS = ("function_share", "own_work", "runs", "stated_turns", "stores", "outside")
_LEAST = 1e-6
_TINY = 1e-300
_ROUNDS = 8
_FEWEST_TURNS = 0.5

LoopSigns = list[tuple[float, ...]]  # of each loop the values of FLAGS but for the first


def loop_signs(judgement: Judgement) -> LoopSigns:
    """The signs of the loops of one function."""
    unit = judgement.unit
    stores = [0] * len(unit.loops)
    for fact in unit.assigns:
        if fact.loop >= 0:
            stores[fact.loop] += 1
    found: LoopSigns = []
    stated: list[float] = []
    for place, loop in enumerate(unit.loops):
        bound, runs = judgement.bounds[place], judgement.runs[place]
        above = stated[loop.parent] if loop.parent >= 0 else 0.0
        stated.append(above + (log10(max(bound.turns, _FEWEST_TURNS)) if bound.stated else 0.0))
        own_work = judgement.loop_work[place] / runs if runs else 0.0
        found.append((log_of(own_work), log_of(runs), stated[place], log_of(stores[place]), float(not unit.name)))
    return found


def loop_table(signs: Floats, owners: NDArray[np.intp], shares: Sequence[float] | Floats) -> Floats:
    """The values of FLAGS for all loops of a file, unit by unit.

    Args:
        signs: of each loop.
        owners: the unit of each loop.
        shares: of each unit, as the model of functions gives them.
    """
    return np.column_stack([np.log10(_LEAST + np.array(shares))[owners], signs])


def settled(shares: Floats, owners: NDArray[np.intp], limits: Sequence[float] | Floats) -> Floats:
    """Shares of loops where those of one function are together no more than its own; others take what is cut off.

    Args:
        shares: of each loop, all together what is to be given out.
        owners: the function of each loop.
        limits: the share of each function.
    """
    room = np.array(limits)
    found, wanted = shares.copy(), float(shares.sum())
    for _ in range(_ROUNDS):
        held = np.bincount(owners, found, len(room))
        cut = np.minimum(1.0, room / np.maximum(held, _TINY))
        found = found * cut[owners]
        is_open = (cut == 1.0)[owners]
        rest, free = wanted - float(found.sum()), float(found[is_open].sum())
        if rest <= wanted * _LEAST or free <= 0.0:
            break
        found[is_open] *= 1.0 + rest / free
    held = np.bincount(owners, found, len(room))
    return found * np.minimum(1.0, room / np.maximum(held, _TINY))[owners]
