"""The counted features of a whole document, kept up to date chunk by chunk.

Of a document of more than LARGEST_COUNTED bytes a share is counted: chunks drawn by what they hold, so that an edit
changes the draw hardly ever, and the first lines of very long ones. What kind of program it is shows in a part as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import repeat
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from foreload_analyzers.facts import ChunkFacts
from foreload_analyzers.linear_model import Bag, Bags
from foreload_analyzers.tokens import BLOCK_BITS, SEPARATOR, Tokens, View

LARGEST_COUNTED = 12 * 1024
_LONG_CHUNK = 4 * 1024
_BREAK, _BLANK = "\x02", " "


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
        self.halvings = 0
        self._totals: dict[str, NDArray[np.float64]] = {}
        self._bags: Bags = {}
        self._passage: Passage | None = None

    def bags(self, chunks: Sequence[ChunkFacts], gaps: Sequence[bytes] = ()) -> Bags:
        """The features of all chunks together.

        Args:
            chunks: of the document, in their order.
            gaps: what lies before each chunk and after the last; where it is given, `whole` can be asked next.
        """
        now = {id(facts): facts for facts in chunks}
        names = _class_names(chunks)
        come = [facts for key, facts in now.items() if key not in self._known]
        gone = [facts for key, facts in self._known.items() if key not in now]
        if self._bags and not come and not gone and names == self._names:
            return self._bags
        halvings = _halvings(chunks)
        self._passage = None
        if len(gone) + len(come) > len(now) or not self._bags or halvings != self.halvings:
            passage = Passage(chunks, gaps, self._language)
            self._totals, self._bags = {}, passage.alone()
            self._passage = passage if gaps else None
        else:
            self._update(come, gone, names, halvings)
        self._known, self._names, self.halvings = now, names, halvings
        return self._bags

    def whole(self, chunks: Sequence[ChunkFacts], gaps: Sequence[bytes]) -> Bags:
        """Runs of tokens and words of the text as it stands, gaps and all."""
        passage, self._passage = self._passage or Passage(chunks, gaps, self._language), None
        return passage.whole()

    def _update(
        self, come: Sequence[ChunkFacts], gone: Sequence[ChunkFacts], names: tuple[str, ...], halvings: int
    ) -> None:
        changes = [(counted_texts(gone, halvings), -1.0), (counted_texts(come, halvings), 1.0)]
        if names != self._names:
            changes += [([_headers(self._names)], -1.0), ([_headers(names)], 1.0)]
        changes = [(texts, sign) for texts, sign in changes if any(texts)]
        if not changes:
            return
        if not self._totals:
            self._totals = {block: np.zeros(1 << bits) for block, bits in BLOCK_BITS.items()}
            for block, bag in self._bags.items():
                self._totals[block][bag.places] = bag.counts
        for texts, sign in changes:
            for block, bag in Tokens(SEPARATOR.join(texts), self._language).bags().items():
                self._totals[block][bag.places] += sign * bag.counts
        self._bags = {block: _bag(totals) for block, totals in self._totals.items()}


class Passage:
    """The text of a document, read once to be counted in two ways.

    Args:
        chunks: of the document.
        gaps: what lies before each chunk and after the last; empty: not known.
        language: its name.
    """

    def __init__(self, chunks: Sequence[ChunkFacts], gaps: Sequence[bytes], language: str) -> None:
        halvings = _halvings(chunks)
        texts = counted_texts(chunks, halvings)
        is_chunk = [True] * len(texts)
        if gaps and not halvings:
            # A gap before each chunk, and one at the end.
            texts = [part for pair in zip(map(_text, gaps), [*texts, ""], strict=True) for part in pair][:-1]
            is_chunk = [False, True] * len(is_chunk) + [False]
        self._own = np.array([*is_chunk, True])
        self._whole = np.array([*repeat(True, len(is_chunk)), False])
        self._tokens = Tokens(SEPARATOR.join([*texts, _headers(_class_names(chunks))]), language)

    def alone(self) -> Bags:
        """All features of the chunks, each as if it were alone, and of the classes' names."""
        return self._tokens.bags(View(self._own))

    def whole(self, blocks: Collection[str] = ("grams", "words")) -> Bags:
        """Features of the text as it stands."""
        return self._tokens.bags(View(self._whole, apart=False), blocks)


def bags_of(chunks: Sequence[ChunkFacts], language: str) -> Bags:
    """The features of a document that is read once."""
    return Counting(language).bags(chunks)


def counted_texts(chunks: Iterable[ChunkFacts], halvings: int) -> list[str]:
    """What of each chunk is counted, empty for nothing, when a share of 2 ** -halvings is."""
    if not halvings:
        return [_text(facts.text) for facts in chunks]
    return [_text(_share(facts.text, halvings)) for facts in chunks]


def _share(text: bytes, halvings: int) -> bytes:
    if len(text) <= _LONG_CHUNK:
        return b"" if crc32(text) & ((1 << halvings) - 1) else text
    least = len(text) >> halvings
    end = text.find(b"\n", least, least + _LONG_CHUNK)
    return text[: end if end > 0 else least]


def _halvings(chunks: Sequence[ChunkFacts]) -> int:
    """How often the text is halved until little enough of it is counted."""
    size, halvings = sum([len(facts.text) for facts in chunks]), 0
    while size >> halvings > LARGEST_COUNTED:
        halvings += 1
    return halvings


def _text(text: bytes) -> str:
    return text.decode("utf-8", "replace").replace(_BREAK, _BLANK)


def _class_names(chunks: Sequence[ChunkFacts]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([facts.units[0].class_name for facts in chunks]))


def _headers(names: Sequence[str]) -> str:
    """What stands for the heads of the classes, which are in no chunk."""
    return "".join([f"class {name}\n" for name in names if name])


def _bag(totals: NDArray[np.float64]) -> Bag:
    places = np.flatnonzero(totals > 0)
    return Bag(places, totals[places].astype(np.float32))
