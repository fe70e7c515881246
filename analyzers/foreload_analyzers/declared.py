"""Declared types, down to the one name that tells what kind of thing a variable holds."""

from __future__ import annotations

import re
from functools import lru_cache

SEQUENCE = "[]"  # the head of every array type, however it is written
_QUALIFIERS = re.compile(
    r"^(?:(?:const|final|static|volatile|mutable|constexpr|struct|class|enum|typename|unsigned|signed|readonly|mut|dyn|impl"
    r"|inline|register|extern|thread_local)\s+|[&*:?\s]+|'\w+\s+)+"
)


@lru_cache(maxsize=4096)
def head_of(declared: str) -> str:
    """The name of a type without qualifiers, references, path and arguments: `Map` of `final java.util.Map<K, V>`.

    Arrays of all kinds, `int[]`, `[]int`, `&[T]`, `int...`, are `[]`.
    """
    text = _QUALIFIERS.sub("", declared.strip().strip("\"'"))
    if text.startswith("["):
        return SEQUENCE
    text = text.rstrip("&* ?")
    if text.endswith(("[]", "...")):
        return SEQUENCE
    for stop in ("<", "[", " ", "("):
        text = text.split(stop, 1)[0]
    return text.replace("::", ".").rsplit(".", 1)[-1].strip("\"' ")
