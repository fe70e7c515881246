"""A profile's text as JSON values that know their lines."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from foreload_core.profile.document import Problem

MOST_BYTES = 1_000_000
MOST_DEPTH = 16


class _RefusedError(ValueError):
    """Something that the library takes for JSON and we do not."""


_PART = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|\n|[^\s{}\[\],:"]+')


def read_json(text: str | bytes) -> tuple[Any, dict[str, int]] | Problem:
    """The text's value and the line (from 1) of every path in it; or what is wrong with the text as a whole."""
    if len(text) > MOST_BYTES:
        return Problem("", f"The profile has {len(text) / 1e6:.1f} MB; at most {MOST_BYTES / 1e6:.0f} MB is allowed.")
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            return Problem("", f"The profile is no text: byte {error.start} is not UTF-8. Write it as JSON in UTF-8.")
    text = text.removeprefix("\ufeff")
    if not text.strip():
        return Problem("", "The profile is empty; at least version, name and timeZone are needed.")
    depth, line = _depth(text)
    if depth > MOST_DEPTH:
        return Problem("", f"Values are nested more than {MOST_DEPTH} deep; a profile needs 5.", line)
    try:
        value = json.loads(text, object_pairs_hook=_object_without_twins, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        return Problem("", _syntax_message(text, error), error.lineno)
    except _RefusedError as error:
        return Problem("", f"The profile is not JSON: {error}.")
    except ValueError:
        return Problem("", "The profile is not JSON: a number in it has thousands of digits.")
    return value, _lines(text)


def _depth(text: str) -> tuple[int, int]:
    """The greatest depth of nesting, up to one past the limit, and the line where it is reached."""
    depth, deepest, line, at = 0, 0, 1, 1
    for part in _PART.findall(text):
        if part == "\n":
            line += 1
        elif part in ("{", "["):
            depth += 1
            if depth > deepest:
                deepest, at = depth, line
            if depth > MOST_DEPTH:
                break
        elif part in ("}", "]"):
            depth -= 1
    return deepest, at


def _object_without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _RefusedError(f"“{name}” is given twice in one object; keep one")
        found[name] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise _RefusedError(f"{name} is no number that JSON knows")


def _syntax_message(text: str, error: json.JSONDecodeError) -> str:
    before = text[: error.pos].rstrip()
    if before.endswith(",") and text[error.pos : error.pos + 1] in ("}", "]"):
        return f"Not JSON at column {error.colno}: remove the comma before “{text[error.pos]}”."
    if text[error.pos : error.pos + 2] in ("//", "/*"):
        return f"Not JSON at column {error.colno}: comments are not allowed here."
    return f"Not JSON at column {error.colno}: {error.msg[:1].lower()}{error.msg[1:]}."


def _lines(text: str) -> dict[str, int]:
    """Path -> line, for text that is known to be JSON and not nested deep."""
    lines: dict[str, int] = {}
    stack: list[tuple[str, int | None]] = []  # path of the container, and the next index where it is a list
    path, line, name = "", 1, None
    for part in _PART.findall(text):
        if part == "\n":
            line += 1
        elif part in ("}", "]"):
            stack.pop()
            name = None
        elif part == ",":
            name = None
        elif part == ":":
            continue
        elif stack and stack[-1][1] is None and name is None:
            name = str(json.loads(part))
            container = stack[-1][0]
            path = f"{container}.{name}" if container else name
            lines[path] = line
        else:
            if stack and stack[-1][1] is not None:
                container, index = stack[-1][0], stack[-1][1] or 0
                stack[-1] = (container, index + 1)
                path = f"{container}[{index}]"
                lines[path] = line
            if part in ("{", "["):
                stack.append((path if stack else "", 0 if part == "[" else None))
                name = None
    return lines
