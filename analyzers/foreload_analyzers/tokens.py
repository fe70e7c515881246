"""The tokens of a text in any of the languages, read once in one pass and shared by all models.

A model counts features of some of four blocks:

* `grams`: runs of one to three canonical tokens: names of the program's own are all alike, library calls, keywords and
  types that mean the same in several languages are the same token;
* `words`: the words inside names and comments, `camelCase` and `snake_case` taken apart, in lower case and without
  endings, pairs of neighbours, and the numbers as they are written;
* `chars`: runs of three to five characters of names and comment words;
* `modules`: what is imported, by its whole name and by its first parts.

Features are hashed: a block counts into a fixed number of places.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from itertools import chain, compress, pairwise
from struct import Struct
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from foreload_analyzers.knowledge.canonical import CALLS, KEYWORDS, SILENT
from foreload_analyzers.linear_model import Bag, Bags

# Places of each block, as a power of two.
BLOCK_BITS: Mapping[str, int] = {"grams": 14, "words": 14, "chars": 15, "modules": 12}
SEPARATOR = "\n\x02\n"  # between texts that are counted together as if each were alone

SMALL_NUMBER = 10  # numbers up to this keep their value in canonical tokens
LONGEST_GRAM = 3
_SHORTEST_CHARS, _LONGEST_CHARS = 3, 5
_LONGEST_NAME = 40  # what is longer is data
_CACHED_WORDS = 20_000

_STRINGS = r'"(?:[^"\\\n]|\\.)*"'
_CHARACTER = r"'(?:[^'\\\n]|\\.[^'\n]{0,8})'"
_QUOTED = r"'(?:[^'\\\n]|\\.)*'"
_TEMPLATE = r"`[^`\x02]*`"
_NAMES = r"[^\W\d]\w*"
_NUMBERS = r"0[xXbBoO][0-9a-fA-F_]+|(?:\d[\d_]*)(?:\.\d+)?(?:[eE][+-]?\d+)?"
_SIGNS = r"\n|->|=>|::|\+\+|--|<<=?|>>>?=?|&&|\|\||\*\*|//|[-+*/%&|^<>=!:]=|[^\s\w]"
_SLASHES = r"//[^\n]*|/\*[^\x02]*?(?:\*/|(?=\x02)|\Z)"
_DOCUMENTED = r'"""[^\x02]*?(?:"""|(?=\x02)|\Z)' + r"|'''[^\x02]*?(?:'''|(?=\x02)|\Z)"


def _pattern(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(parts))


_PYTHON = _pattern(_NAMES, _NUMBERS, r"#[^\n]*", _DOCUMENTED, _STRINGS, _QUOTED, _SIGNS)
_SCRIPT = _pattern(_NAMES, _NUMBERS, _SLASHES, _STRINGS, _QUOTED, _TEMPLATE, _SIGNS)
_COMPILED = _pattern(_NAMES, _NUMBERS, _SLASHES, _STRINGS, _CHARACTER, _SIGNS)
_GO = _pattern(_NAMES, _NUMBERS, _SLASHES, _STRINGS, _CHARACTER, _TEMPLATE, _SIGNS)
_PATTERNS = {"python": _PYTHON, "javascript": _SCRIPT, "typescript": _SCRIPT, "tsx": _SCRIPT, "go": _GO}
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+|\d+")
_MODULE = re.compile(
    r"""^[ \t]*(?:from|import|use|using)[ \t]+(?:static[ \t]+)?([\w.:]+)|\b(?:require|import)\s*\(\s*['"]([^'"\n]+)"""
    r"""|\bfrom\s+['"]([^'"\n]+)|^[ \t]*import[ \t]+['"]([^'"\n]+)|^[ \t]*#[ \t]*include[ \t]*[<"]([^>"\n]+)""",
    re.MULTILINE,
)
_COMMENT_STARTS = ("//", "/*", '"""', "'''", "#")
_WORDS = re.compile(_NAMES)
_SHORTEST_STEM = 3
_ENDINGS = ("ations", "ation", "ings", "ing", "ies", "ers", "ed", "es", "er", "s")


def _code(name: str) -> int:
    return crc32(name.encode())


def _codes(table: Mapping[str, str]) -> dict[str, int]:
    return {word: _code(name) for name, words in table.items() for word in words.split()}


_KEYWORD_CODES, _CALL_CODES = _codes(KEYWORDS), _codes(CALLS)
_NAME, _CALLED, _MEMBER, _METHOD = _code("V"), _code("V("), _code(".V"), _code(".V(")
_STRING, _OPEN, _BREAK = _code("STRING"), _code("("), _code("\x02")
_DROPPED = 0  # the code of a token that is left out
_DOT = _code(".")
_LAST = ord("$")  # stands at the end of each name in the text whose runs of characters are counted
_SIX = Struct("=6I")
_STEP, _SPREAD = 0x01000193, 0x9E3779B1  # of the rolling hash of runs, and of the hash that gives places
_MASK, _WORD_SHIFT = 0xFFFFFFFF, 32 - BLOCK_BITS["words"]
_SAME_SIGNS = {"===": "==", "!==": "!=", "&&": "AND", "||": "OR", "!": "NOT", "->": ".", "::": "."}


class _Token(NamedTuple):
    """What one spelling counts as.

    `codes` are six numbers of 32 bits: its code as it stands, called, after a dot, and both; then what stands for its
    first and last word, 0 where it has none. `words` are the places of its words as 16-bit numbers.
    """

    codes: bytes
    words: bytes = b""


class View(NamedTuple):
    """Which of the texts that a SEPARATOR sets apart are counted, and whether each counts as if it were alone.

    Attributes:
        inside: one truth value a text; None: all of them.
        apart: runs of tokens and pairs of words end where a text does.
    """

    inside: NDArray[np.bool_] | None = None
    apart: bool = True


_ALL = View()


class Tokens:
    """The tokens of a text, in their order.

    Args:
        text: the source, or several with a SEPARATOR between.
        language: its name; decides what a comment and a string look like.
    """

    def __init__(self, text: str, language: str) -> None:
        self._text = text
        place = _Places()
        ids = list(map(place.__getitem__, _PATTERNS.get(language, _COMPILED).findall(text)))
        self._ids = np.array(ids, np.intp)
        comments = {at: _WORDS.findall(spelling) for spelling, at in place.items() if _is_comment(spelling)}
        starts = [index for index, one in enumerate(ids) if one in comments] if comments else []
        words = [comments[ids[index]] for index in starts]
        self._said = np.array(list(map(place.__getitem__, chain.from_iterable(words))), np.intp)
        self._said_starts = np.repeat(np.array(starts, np.intp), list(map(len, words)))
        self._spellings = list(place)
        self._last_used: tuple[View, NDArray[np.intp]] | None = None
        kept = list(map(_KEPT.__getitem__, place))
        self._words = [token.words for token in kept]
        self._table = np.frombuffer(b"".join([token.codes for token in kept]), np.uint32).reshape(-1, 6)

    def __len__(self) -> int:
        return len(self._ids)

    def bags(self, view: View = _ALL, blocks: Collection[str] = BLOCK_BITS.keys()) -> Bags:
        """The features of some of the texts.

        Args:
            view: which of them, and how they hang together.
            blocks: which features are wanted.
        """
        ways = {"grams": self._grams, "words": self._word_bag, "chars": self._chars, "modules": self._modules}
        return {block: ways[block](view) for block in blocks}

    def _grams(self, view: View) -> Bag:
        codes = self._codes if view.inside is None else self._codes[view.inside[self._sections]]
        if not view.apart:
            codes = codes[codes != _BREAK]
        return _counted("grams", gram_places(codes[codes != _DROPPED]))

    def _word_bag(self, view: View) -> Bag:
        sizes = np.array(list(map(len, self._words)), np.intp) // 2
        places = np.frombuffer(b"".join(self._words), np.uint16)
        said, sections = self._said, self._said_sections
        if view.inside is not None:
            seen = view.inside[sections]
            said, sections = said[seen], sections[seen]
        pairs = _pair_places(self._table[said[:-1], 5], self._table[said[1:], 4])
        if view.apart:
            pairs = pairs[sections[1:] == sections[:-1]]
        counts = np.concatenate((np.repeat(self._used(view), sizes), np.ones(len(pairs), np.intp)))
        return _counted("words", np.concatenate((places, pairs)), counts)

    def _chars(self, view: View) -> Bag:
        """The character runs of all distinct names."""
        named = np.flatnonzero(self._table[:, 4]).tolist()
        names = [self._spellings[index] for index in named]
        names = f"^{'$^'.join([name[:_LONGEST_NAME] for name in names])}$".lower() if names else ""
        letters = np.frombuffer(names.encode(), np.uint8)
        ends = np.flatnonzero(letters == _LAST)
        owner = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=-1))
        used = self._used(view)[named]
        places: list[NDArray[np.uint32]] = []
        counts: list[NDArray[np.intp]] = []
        hashed = np.zeros(len(letters), np.uint32)
        for size in range(1, min(_LONGEST_CHARS, len(letters)) + 1):
            count = len(letters) - size + 1
            hashed = (hashed[:count] * np.uint32(_STEP)) ^ letters[size - 1 :]
            if size >= _SHORTEST_CHARS:
                whole = np.flatnonzero(owner[:count] == owner[size - 1 :])
                places.append(_spread("chars", hashed[whole]))
                counts.append(used[owner[whole]])
        if not places:
            return Bag(np.zeros(0, np.intp), np.zeros(0, np.float32))
        return _counted("chars", np.concatenate(places), np.concatenate(counts))

    def _modules(self, view: View) -> Bag:
        """All modules that the texts import, wherever they do."""
        text = self._text
        if view.inside is not None:
            text = SEPARATOR.join(compress(text.split(SEPARATOR), view.inside))
        names = [name for names in _MODULE.findall(text) for name in names if name]
        features = [feature for name in names for feature in _module_features(name)]
        return _counted("modules", np.array([place_of("modules", feature) for feature in features], np.intp))

    def _used(self, view: View) -> NDArray[np.intp]:
        """How often each distinct token occurs, in comments too."""
        if self._last_used is None or self._last_used[0] is not view:
            self._last_used = (view, self._count(view))
        return self._last_used[1]

    def _count(self, view: View) -> NDArray[np.intp]:
        ids, said = self._ids, self._said
        if view.inside is not None:
            ids, said = ids[view.inside[self._sections]], said[view.inside[self._said_sections]]
        return np.bincount(np.concatenate((ids, said)), minlength=len(self._spellings))

    @cached_property
    def _codes(self) -> NDArray[np.uint32]:
        """The canonical code of each token; _DROPPED for those that are left out."""
        plain = self._table[self._ids, 0]
        is_dot = plain == _DOT
        # Whether the next token opens a call, and whether the one before is a dot.
        way = np.zeros(len(plain), np.intp)
        way[:-1] = plain[1:] == _OPEN
        way[1:] += 2 * is_dot[:-1]
        codes = self._table[self._ids, way]
        codes[is_dot] = _DROPPED
        return codes

    @cached_property
    def _sections(self) -> NDArray[np.intp]:
        """In which of the texts that a SEPARATOR sets apart each token is."""
        return np.cumsum(self._codes == _BREAK)

    @cached_property
    def _said_sections(self) -> NDArray[np.intp]:
        """In which of the texts each word of a comment is."""
        return self._sections[self._said_starts]


def merge(bags: Iterable[Bags]) -> Bags:
    """The features of several texts together."""
    parts = list(bags)
    return {
        block: _counted(
            block,
            np.concatenate([part[block].places for part in parts] or [np.zeros(0, np.intp)]),
            np.concatenate([part[block].counts for part in parts] or [np.zeros(0, np.float32)]),
        )
        for block in BLOCK_BITS
    }


def gram_places(codes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The places of all runs of one to LONGEST_GRAM codes."""
    runs: list[NDArray[np.uint32]] = []
    hashed = np.zeros(len(codes), np.uint32)
    breaks = np.append(0, np.cumsum(codes == _BREAK))  # no run goes past a separator
    for size in range(1, min(LONGEST_GRAM, len(codes)) + 1):
        hashed = (hashed[: len(codes) - size + 1] * np.uint32(_STEP)) ^ codes[size - 1 :]
        whole = breaks[size:] == breaks[:-size]
        runs.append(_spread("grams", hashed[whole]))
    return np.concatenate(runs) if runs else hashed


def place_of(block: str, feature: str) -> int:
    """The place of a feature that has a name."""
    return crc32(feature.encode()) & ((1 << BLOCK_BITS[block]) - 1)


def _module_features(name: str) -> list[str]:
    parts = [part for part in re.split(r"[./:]+", name) if part]
    return list(dict.fromkeys((".".join(parts), ".".join(parts[:2]), *parts[:1])))


def words_in(text: str) -> list[str]:
    """The words inside a name or a text, in their order, lower case and without endings."""
    return [stem(word.lower()) for word in _PARTS.findall(text)]


def stem(word: str) -> str:
    """A word without its ending, so that `sorting`, `sorted` and `sorts` count together."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM and not word.endswith("ss"):
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word


def _counted(block: str, places: NDArray[Any], counts: NDArray[Any] | None = None) -> Bag:
    totals = np.bincount(places, counts, 1 << BLOCK_BITS[block])
    found = (totals != 0).nonzero()[0]  # of truth values it is ten times faster
    return Bag(found, totals[found].astype(np.float32))


def _spread(block: str, hashed: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Places from hashes: the highest bits of a multiplicative hash."""
    return (hashed * np.uint32(_SPREAD)) >> np.uint32(32 - BLOCK_BITS[block])


def _pair_places(firsts: NDArray[np.uint32], seconds: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return _spread("words", (firsts * np.uint32(_STEP)) ^ seconds)


def _is_comment(spelling: str) -> bool:
    return spelling.startswith(_COMMENT_STARTS) and len(spelling) > 1


class _WordCodes(dict[str, int]):
    """The codes of words without their endings."""

    def __missing__(self, word: str) -> int:
        code = _code(stem(word.lower()))
        if len(self) >= _CACHED_WORDS:
            self.clear()
        self[word] = code
        return code


_WORD_CODES = _WordCodes()


class _Places(dict[str, int]):
    """A number for each spelling, counted from 0 in the order in which they come."""

    def __missing__(self, spelling: str) -> int:
        place = self[spelling] = len(self)
        return place


class _Kept(dict[str, _Token]):
    """What spellings count as. Comments and strings are hardly ever met twice, so they are not kept."""

    def __missing__(self, spelling: str) -> _Token:
        token = _make_token(spelling)
        if len(spelling) <= _LONGEST_NAME:
            if len(self) >= _CACHED_WORDS:
                self.clear()
            self[spelling] = token
        return token


_KEPT = _Kept()


def _make_token(spelling: str) -> _Token:
    first = spelling[0]
    if first.isalpha() or first == "_":
        return _name(spelling)
    if first.isdigit():
        return _number(spelling)
    if first == "\n" or spelling in SILENT or _is_comment(spelling):
        return _SILENT_TOKEN
    if first in "\"'`" and len(spelling) > 1:
        return _STRING_TOKEN
    return _alike(_code(_SAME_SIGNS.get(spelling, spelling)))


def _alike(code: int, words: bytes = b"") -> _Token:
    return _Token(_SIX.pack(code, code, code, code, 0, 0), words)


_SILENT_TOKEN, _STRING_TOKEN = _alike(_DROPPED), _alike(_STRING)


def _number(spelling: str) -> _Token:
    if spelling.isdecimal() and len(spelling) <= len(str(SMALL_NUMBER)) and int(spelling) <= SMALL_NUMBER:
        code = _code(spelling)
    elif spelling[:2].lower() in {"0x", "0b", "0o"}:
        code = _code("HEX_NUMBER")
    else:
        code = _code("REAL_NUMBER" if "." in spelling else "BIG_NUMBER")
    return _alike(code, array("H", [place_of("words", "#" + spelling.lower().replace("_", ""))]).tobytes())


def _name(spelling: str) -> _Token:
    hashes = list(map(_WORD_CODES.__getitem__, _PARTS.findall(spelling[:_LONGEST_NAME])))
    pairs = [((one * _STEP) & _MASK) ^ other for one, other in pairwise(hashes)]
    places = array("H", [((hashed * _SPREAD) & _MASK) >> _WORD_SHIFT for hashed in chain(hashes, pairs)]).tobytes()
    head, tail = (hashes[0], hashes[-1]) if hashes else (1, 1)
    keyword = _KEYWORD_CODES.get(spelling)
    known = _CALL_CODES.get(spelling)
    if keyword is not None:
        codes = _SIX.pack(keyword, keyword, keyword, keyword, head, tail)
    elif known is not None:
        codes = _SIX.pack(_NAME, known, known, known, head, tail)
    else:
        codes = _SIX.pack(_NAME, _CALLED, _MEMBER, _METHOD, head, tail)
    return _Token(codes, places)
