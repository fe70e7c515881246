"""The counted features of a whole document, kept up to date chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from foreload_analyzers.facts import ChunkFacts
from foreload_analyzers.linear_model import Bag, Bags
from foreload_analyzers.tokens import BLOCK_BITS, SEPARATOR, Tokens


class Counting:
    """Counts the features of one document, again and again; only the chunks that came or went are read.

    Each chunk counts as if it were alone, so that the result does not depend on the edits that led to it.

    Args:
        language: its name.
    """

    def __init__(self, language: str) -> None:
        self._language = language
        self._known: dict[int, ChunkFacts] = {}  # by identity
        self._names: tuple[str, ...] = ()
        self._totals: dict[str, NDArray[np.float64]] = {}
        self._bags: Bags = {}

    def bags(self, chunks: Sequence[ChunkFacts]) -> Bags:
        """The features of all chunks together."""
        now = {id(facts): facts for facts in chunks}
        names = tuple(dict.fromkeys(facts.units[0].class_name for facts in chunks))
        come = [facts for key, facts in now.items() if key not in self._known]
        gone = [facts for key, facts in self._known.items() if key not in now]
        if self._totals and not come and not gone and names == self._names:
            return self._bags
        if len(gone) + len(come) > len(now) or not self._totals:
            self._totals = {block: np.zeros(1 << bits) for block, bits in BLOCK_BITS.items()}
            self._add([*_texts(now.values()), _headers(names)], 1.0)
        else:
            self._add(_texts(gone), -1.0)
            self._add(_texts(come), 1.0)
            if names != self._names:
                self._add([_headers(self._names)], -1.0)
                self._add([_headers(names)], 1.0)
        self._known, self._names = now, names
        self._bags = {block: _bag(totals) for block, totals in self._totals.items()}
        return self._bags

    def _add(self, texts: Sequence[str], sign: float) -> None:
        if texts:
            for block, bag in Tokens(SEPARATOR.join(texts), self._language).bags().items():
                self._totals[block][bag.places] += sign * bag.counts


def bags_of(chunks: Sequence[ChunkFacts], language: str) -> Bags:
    """The features of a document that is read once."""
    return Counting(language).bags(chunks)


def _texts(chunks: Iterable[ChunkFacts]) -> list[str]:
    return [facts.text.decode("utf-8", "replace") for facts in chunks]


def _headers(names: Sequence[str]) -> str:
    """What stands for the heads of the classes, which are in no chunk."""
    return "".join(f"class {name}\n" for name in names if name)


def _bag(totals: NDArray[np.float64]) -> Bag:
    places = np.flatnonzero(totals > 0)
    return Bag(places, totals[places].astype(np.float32))
