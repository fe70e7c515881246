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
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from itertools import chain, pairwise
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
_STEP, _SPREAD = 0x01000193, 0x9E3779B1  # of the rolling hash of runs, and of the hash that gives places
_MASK, _WORD_SHIFT = 0xFFFFFFFF, 32 - BLOCK_BITS["words"]
_SAME_SIGNS = {"===": "==", "!==": "!=", "&&": "AND", "||": "OR", "!": "NOT", "->": ".", "::": "."}


class _Token(NamedTuple):
    """What one spelling counts as: its codes as it stands, called, after a dot, and both; its places among the words.

    `words` are places as 16-bit numbers; `head` and `tail` stand for its first and last word, 0 where it has none.
    """

    plain: int
    called: int
    member: int
    method: int
    words: bytes = b""
    head: int = 0
    tail: int = 0


class Tokens:
    """The tokens of a text, in their order.

    Args:
        text: the source.
        language: its name; decides what a comment and a string look like.
    """

    def __init__(self, text: str, language: str) -> None:
        self._text = text
        found: list[str] = _PATTERNS.get(language, _COMPILED).findall(text)
        place = {spelling: index for index, spelling in enumerate(dict.fromkeys(found))}
        comments = {place[spelling]: _WORDS.findall(spelling) for spelling in filter(_is_comment, place)}
        self._ids = np.fromiter(map(place.__getitem__, found), np.intp, len(found))
        starts = np.flatnonzero(np.isin(self._ids, list(comments))).tolist() if comments else []
        words = [comments[self._ids[index]] for index in starts]
        said = list(chain.from_iterable(words))
        for word in said:
            place.setdefault(word, len(place))
        self._spellings = list(place)
        self._tokens = list(map(_token, self._spellings))
        newlines = np.fromiter(map(_newlines, self._spellings), np.intp, len(self._spellings))[self._ids]
        self._lines = np.cumsum(newlines) - newlines  # of the start of each token, from 0
        self._said = np.fromiter(map(place.__getitem__, said), np.intp, len(said))
        self._said_lines = np.repeat(self._lines[np.array(starts, np.intp)], list(map(len, words)))

    def __len__(self) -> int:
        return len(self._ids)

    def bags(self, first_line: int = 0, end_line: int | None = None) -> Bags:
        """The features of some lines, or of all.

        Args:
            first_line: the first line, from 0.
            end_line: the last line, from 0; None: the end of the text.
        """
        codes = self._codes[_between(self._lines, first_line, end_line)]
        said = self._said[_between(self._said_lines, first_line, end_line)]
        used = np.bincount(self._ids[_between(self._lines, first_line, end_line)], minlength=len(self._tokens))
        used += np.bincount(said, minlength=len(self._tokens))
        words, owners = self._words
        parts = self._said_parts[_between(self._said_lines, first_line, end_line)]
        pairs = _pair_places(self._ends[said, 1][:-1], self._ends[said, 0][1:])[parts[1:] == parts[:-1]]
        chars, owners_of_chars = self._chars
        return {
            "grams": _counted("grams", gram_places(codes[codes != _DROPPED])),
            "words": _counted(
                "words", np.concatenate((words, pairs)), np.concatenate((used[owners], np.ones(len(pairs))))
            ),
            "chars": _counted("chars", chars, used[owners_of_chars]),
            "modules": _counted("modules", self._modules),
        }

    @cached_property
    def _codes(self) -> NDArray[np.uint32]:
        """The canonical code of each token; _DROPPED for those that are left out."""
        table = np.array([token[:4] for token in self._tokens], np.uint32).reshape(-1, 4)
        plain = table[self._ids, 0]
        is_dot = plain == _DOT
        # Whether the next token opens a call, and whether the one before is a dot.
        called = np.append(plain[1:] == _OPEN, False)[: len(plain)]
        member = np.append(False, is_dot[:-1])[: len(plain)]
        codes = table[self._ids, called + 2 * member]
        codes[is_dot] = _DROPPED
        return codes

    @cached_property
    def _words(self) -> tuple[NDArray[np.uint16], NDArray[np.intp]]:
        """The places of the words of all distinct tokens, and which token each is of."""
        parts = [token.words for token in self._tokens]
        sizes = np.fromiter(map(len, parts), np.intp, len(parts)) // 2
        return np.frombuffer(b"".join(parts), np.uint16), np.repeat(np.arange(len(parts)), sizes)

    @cached_property
    def _modules(self) -> NDArray[np.intp]:
        """The places of all modules that the text imports, wherever it does."""
        names = [name for names in _MODULE.findall(self._text) for name in names if name]
        features = [feature for name in names for feature in _module_features(name)]
        return np.array([place_of("modules", feature) for feature in features], np.intp)

    @cached_property
    def _said_parts(self) -> NDArray[np.intp]:
        """In which of the texts that a SEPARATOR sets apart each word of a comment is."""
        if "\x02" not in self._text:
            return np.zeros(len(self._said), np.intp)
        breaks = self._lines[self._codes == _BREAK]
        return np.searchsorted(breaks, self._said_lines)

    @cached_property
    def _ends(self) -> NDArray[np.uint32]:
        """The first and the last word of each distinct token."""
        return np.array([(token.head, token.tail) for token in self._tokens], np.uint32).reshape(-1, 2)

    @cached_property
    def _chars(self) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
        """The places of the character runs of all distinct names, and which token each is of."""
        names = [
            (index, f"^{spelling[:_LONGEST_NAME].lower()}$".encode())
            for index, (spelling, token) in enumerate(zip(self._spellings, self._tokens, strict=True))
            if token.head
        ]
        letters = np.frombuffer(b"".join(name for _, name in names), np.uint8)
        sizes = [len(name) for _, name in names]
        owner = np.repeat(np.array([index for index, _ in names], np.intp), sizes)
        places: list[NDArray[np.uint32]] = []
        owners: list[NDArray[np.intp]] = []
        hashed = np.zeros(len(letters), np.uint32)
        for size in range(1, min(_LONGEST_CHARS, len(letters)) + 1):
            count = len(letters) - size + 1
            hashed = (hashed[:count] * np.uint32(_STEP)) ^ letters[size - 1 :]
            if size >= _SHORTEST_CHARS:
                whole = owner[:count] == owner[size - 1 :]
                places.append(_spread("chars", hashed[whole]))
                owners.append(owner[:count][whole])
        if not places:
            return np.zeros(0, np.uint32), np.zeros(0, np.intp)
        return np.concatenate(places), np.concatenate(owners)


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


def _between(lines: NDArray[np.intp], first_line: int, end_line: int | None) -> slice:
    start = int(np.searchsorted(lines, first_line, "left")) if first_line else 0
    return slice(start, len(lines) if end_line is None else int(np.searchsorted(lines, end_line, "right")))


def _counted(block: str, places: NDArray[Any], counts: NDArray[Any] | None = None) -> Bag:
    totals = np.bincount(places, counts, 1 << BLOCK_BITS[block])
    found = np.flatnonzero(totals != 0)  # of truth values it is ten times faster
    return Bag(found, totals[found].astype(np.float32))


def _spread(block: str, hashed: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Places from hashes: the highest bits of a multiplicative hash."""
    return (hashed * np.uint32(_SPREAD)) >> np.uint32(32 - BLOCK_BITS[block])


def _pair_places(firsts: NDArray[np.uint32], seconds: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return _spread("words", (firsts * np.uint32(_STEP)) ^ seconds)


def _is_comment(spelling: str) -> bool:
    return spelling.startswith(_COMMENT_STARTS) and len(spelling) > 1


def _newlines(spelling: str) -> int:
    return spelling.count("\n")


def _token(spelling: str) -> _Token:
    # Comments and strings are hardly ever met twice.
    return _kept_token(spelling) if len(spelling) <= _LONGEST_NAME else _make_token(spelling)


@lru_cache(_CACHED_WORDS)
def _kept_token(spelling: str) -> _Token:
    return _make_token(spelling)


def _make_token(spelling: str) -> _Token:
    first = spelling[0]
    if first.isalpha() or first == "_":
        return _name(spelling)
    if first.isdigit():
        return _number(spelling)
    if first == "\n" or spelling in SILENT or _is_comment(spelling):
        return _alike(_DROPPED)
    if first in "\"'`" and len(spelling) > 1:
        return _alike(_STRING)
    return _alike(_code(_SAME_SIGNS.get(spelling, spelling)))


def _alike(code: int, words: bytes = b"") -> _Token:
    return _Token(code, code, code, code, words)


def _number(spelling: str) -> _Token:
    if spelling.isdecimal() and len(spelling) <= len(str(SMALL_NUMBER)) and int(spelling) <= SMALL_NUMBER:
        code = _code(spelling)
    elif spelling[:2].lower() in {"0x", "0b", "0o"}:
        code = _code("HEX_NUMBER")
    else:
        code = _code("REAL_NUMBER" if "." in spelling else "BIG_NUMBER")
    return _alike(code, np.array([place_of("words", "#" + spelling.lower().replace("_", ""))], np.uint16).tobytes())


def _name(spelling: str) -> _Token:
    words = words_in(spelling[:_LONGEST_NAME])
    hashes = [_code(word) for word in words]
    pairs = [((one * _STEP) & _MASK) ^ other for one, other in pairwise(hashes)]
    places = array("H", [((hashed * _SPREAD) & _MASK) >> _WORD_SHIFT for hashed in chain(hashes, pairs)]).tobytes()
    ends = (places, hashes[0], hashes[-1]) if words else (places, 1, 1)
    keyword = _KEYWORD_CODES.get(spelling)
    if keyword is not None:
        return _Token(keyword, keyword, keyword, keyword, *ends)
    known = _CALL_CODES.get(spelling)
    if known is not None:
        return _Token(_NAME, known, known, known, *ends)
    return _Token(_NAME, _CALLED, _MEMBER, _METHOD, *ends)
