"""Declared types, as far as sizes need them: what kind of container, and of what."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from types import ModuleType
from typing import NamedTuple

MAX_NESTING = 6
_DROPPED = ("const ", "final ", "mut ", "static ", "struct ", "&mut ", "&", "*")
_WRAPPERS = frozenset({"Optional", "Option", "Box", "Rc", "Arc", "unique_ptr", "shared_ptr", "Final", "Annotated"})
_PAIRS = {"<": ">", "[": "]", "(": ")"}


class Shape(NamedTuple):
    """A type.

    Attributes:
        kind: `list`, `dict`, `set`, `str`, `deque`, `number` ...; empty where it is none of them.
        element: the type of its items (of a dictionary's values), None where nothing is said of them.
        name: the type as it is written, without what stands around it.
    """

    kind: str
    element: Shape | None = None
    name: str = ""


class Shapes:
    """Reads declared types of one language.

    Args:
        kinds: name of a type -> kind of container.
    """

    def __init__(self, kinds: Mapping[str, str]) -> None:
        self._kinds = kinds
        self._read = lru_cache(maxsize=512)(self._parse)

    def read(self, declared: str) -> Shape | None:
        """The shape of a type as it is written; None for an empty text."""
        return self._read(declared) if declared else None

    def _parse(self, declared: str, depth: int = 0) -> Shape | None:
        text = declared.strip("\"' \n\t")
        for word in _DROPPED:
            text = text.replace(word, " ") if word == "*" else text.removeprefix(word)
        text = text.strip().rstrip("&?! ").strip()
        if not text or depth > MAX_NESTING:
            return None
        below = depth + 1
        if text.endswith("[]"):
            return Shape("list", self._parse(text[:-2], below), text)
        if text.startswith("[]"):
            return Shape("list", self._parse(text[2:], below), text)
        place = next((index for index, letter in enumerate(text) if letter in _PAIRS), -1)
        if place < 0:
            return Shape(self._kind(text), None, text)
        head = text[:place].strip()
        if not head:
            inner = _split(text[1:].rstrip(_PAIRS[text[place]]))
            return Shape("list" if text[0] == "[" else "tuple", self._parse(inner[0], below) if inner else None, text)
        name = _last(head)
        inner = _split(text[place + 1 : text.rfind(_PAIRS[text[place]])])
        if name in _WRAPPERS:
            return self._parse(inner[0], below) if inner else None
        kind = self._kind(head)
        item = inner[-1] if kind == "dict" and inner else inner[0] if inner else ""
        if not kind and text[place] == "[":  # int[10]
            return Shape("list", self._parse(head, below), text)
        return Shape(kind, self._parse(item, below) if item else None, name)

    def _kind(self, name: str) -> str:
        return self._kinds.get(name, self._kinds.get(_last(name), ""))


@cache
def shapes_of(knowledge: ModuleType) -> Shapes:
    """The reader of a language's declared types."""
    return Shapes(knowledge.CONTAINER_KINDS)


def _last(path: str) -> str:
    return path.replace("::", ".").rsplit(".", 1)[-1].strip()


def _split(text: str) -> list[str]:
    """The parts between commas outside brackets."""
    parts: list[str] = []
    depth, start = 0, 0
    for index, letter in enumerate(text):
        if letter in _PAIRS:
            depth += 1
        elif letter in ">])":
            depth -= 1
        elif letter == "," and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
    rest = text[start:].strip()
    return [*parts, rest] if rest else parts
