"""Files of any encoding, as the UTF-8 that the grammars read. Lines stay where they are."""

from __future__ import annotations

import re

_PROBE_BYTES = 64 * 1024
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# PEP 263: on one of the first two lines; editors of other languages follow the same habit.
_DECLARED = re.compile(rb"^[ \t\f]*(?:#|//|/\*|\*).*?coding[:=][ \t]*([-\w.]+)", re.MULTILINE)
_MOSTLY = 0.4  # of the characters of a text without a mark: plain ASCII in two bytes


def to_utf8(content: bytes) -> bytes:
    """The content in UTF-8.

    A byte order mark decides; then UTF-8 itself, where it is valid; then a declared encoding; else each byte is taken
    for one character (Latin-1), which keeps all that is ASCII and every line. Binary content comes back as it is.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _encoded(content.decode(encoding, "replace"))
    probe = content[:_PROBE_BYTES]
    if b"\0" in probe:
        encoding = _two_bytes(probe)
        return _encoded(content.decode(encoding, "replace")) if encoding else content
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return _encoded(_decoded(content))
    return content


def _decoded(content: bytes) -> str:
    declared = _DECLARED.search(b"\n".join(content.split(b"\n", 2)[:2])[:1000])
    if declared is not None:
        try:
            return content.decode(declared[1].decode("ascii"))
        except (LookupError, UnicodeError, ValueError):
            pass  # no such encoding, or not true: as if it were not declared
    return content.decode("latin-1")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _two_bytes(probe: bytes) -> str:
    """UTF-16 without a mark, known by the zeros that make up every other byte of ASCII; empty: it is binary."""
    even, odd = probe[0::2], probe[1::2]
    if odd and odd.count(0) > _MOSTLY * len(odd) and even.count(0) == 0:
        return "utf-16-le"
    if even and even.count(0) > _MOSTLY * len(even) and odd.count(0) == 0:
        return "utf-16-be"
    return ""
