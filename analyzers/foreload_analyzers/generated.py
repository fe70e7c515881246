"""Files that no person edits: made by a program, packed for shipping, or taken over from elsewhere."""

from __future__ import annotations

import re

HEAD_BYTES = 4096
_LONG_LINE = 1000  # bytes of a line on average: nobody writes this by hand
_FOLDERS = re.compile(
    r"(?:^|/)(?:node_modules|bower_components|vendor|third_party|thirdparty|third-party|site-packages|dist-packages"
    r"|dist|build/lib|\.venv|venv|\.tox|\.nox|__pycache__|\.next|\.nuxt|out/_next|target/(?:debug|release|classes)"
    r"|\.cargo/registry|pkg/mod|Pods|Carthage|\.gradle|generated|__generated__|gen-src)/"
)
_NAMES = re.compile(
    r"(?:\.min\.(?:m?js|cjs)|[.-]bundle\.js|\.pb\.(?:go|h|cc|cpp)|_pb2(?:_grpc)?\.pyi?|_pb\.(?:js|ts)|\.pb\.rs"
    r"|_generated\.\w+|\.generated\.\w+|\.g\.\w+|_gen\.go|zz_generated[\w.]*|_string\.go|moc_\w+\.cpp|ui_\w+\.(?:py|h)"
    r"|parsetab\.py|lextab\.py|versioneer\.py)$",
    re.IGNORECASE,
)
_MARKS = re.compile(
    rb"@generated\b|code generated\b.{0,120}\bdo not edit|do not edit\b.{0,80}\b(?:generated|by hand|manually|directly)"
    rb"|\b(?:auto-?|automatically )generated\b|\bgenerated (?:by|with|from|using)\b|\bthis file (?:is|was) generated\b"
    rb"|\bmachine[- ]generated\b|(?-i:\bDO NOT (?:EDIT|MODIFY)\b)|webpackBootstrap|sourceMappingURL=data:",
    re.IGNORECASE,
)
_COMMENT = re.compile(rb"^\s*(?:#|//|/\*|\*|--|;|\"\"\"|'''|<!--|%)")
_MARKED_LINES = 30


def is_generated(path_hint: str, head: bytes = b"") -> bool:
    """Whether a file is generated, packed or vendored, so that nothing in it is worth a word to its reader.

    Args:
        path_hint: where the file lies, relative to the workspace where it can be; may be empty.
        head: the first bytes of the file, HEAD_BYTES are enough.
    """
    path = path_hint.replace("\\", "/")
    if _FOLDERS.search(path) or _NAMES.search(path):
        return True
    head = head[:HEAD_BYTES]
    return _is_packed(head) or _is_marked(head)


def _is_packed(head: bytes) -> bool:
    """Code without line ends, as tools that make it small leave it."""
    if len(head) < _LONG_LINE:
        return False
    lines = head.count(b"\n") + 1
    return len(head) / lines > _LONG_LINE or (lines <= 4 and max(map(len, head.split(b"\n"))) > 3 * _LONG_LINE)


def _is_marked(head: bytes) -> bool:
    """A comment at the top that says so; in the code itself the words mean nothing."""
    is_text = False  # within a comment or text of several lines
    for line in head.split(b"\n")[:_MARKED_LINES]:
        is_comment = is_text or _COMMENT.match(line) is not None
        if is_comment and _MARKS.search(line):
            return True
        opened = line.count(b"/*") + line.count(b'"""') + line.count(b"'''")
        closed = line.count(b"*/") + (line.count(b'"""') + line.count(b"'''") if is_text else 0)
        is_text = (is_text and not closed) or (not is_text and opened % 2 == 1 and not closed)
        if not is_comment and line.strip() and not line.startswith((b"package", b"import", b"from", b"<?")):
            return False
    return False
