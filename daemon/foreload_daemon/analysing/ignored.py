"""What a person does not want to be told again: findings of a function or of a file, kept beside the local history.

Nothing is written into the source. Functions are known by name, so that an entry holds while lines move.
"""

from __future__ import annotations

import json
import logging
import secrets
from pathlib import Path
from typing import Any

_LOG = logging.getLogger(__name__)
FILE_NAME = "ignored.json"
WHOLE_FILE = "*"
LENS = "lens"
"""Stands for the line above a function, where bottlenecks go by their kind."""


class Ignored:
    """The entries, by file.

    Args:
        folder: where the file of entries lies. What cannot be read or written there is logged, and holds until the end.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._entries: dict[str, set[tuple[str, str]]] = _read(self._path)

    def holds(self, uri: str, function: str, kind: str) -> bool:
        """Whether a finding is not to be shown."""
        entries = self._entries.get(uri)
        return entries is not None and ((function, kind) in entries or (WHOLE_FILE, kind) in entries)

    def add(self, uri: str, function: str, kind: str) -> None:
        """Ignores a kind of finding in a function, or with `WHOLE_FILE` in the file."""
        # Another window may have written meanwhile.
        self._entries = {**_read(self._path), **self._entries}
        self._entries.setdefault(uri, set()).add((function, kind))
        self._write()

    def clear(self, uri: str) -> int:
        """Shows everything of a file again. Returns how many entries there were."""
        gone = len(self._entries.pop(uri, ()))
        self._write()
        return gone

    def count(self, uri: str) -> int:
        """How many entries a file has."""
        return len(self._entries.get(uri, ()))

    def _write(self) -> None:
        plain = {uri: sorted(map(list, entries)) for uri, entries in sorted(self._entries.items())}
        waiting = self._path.with_name(f"{FILE_NAME}.{secrets.token_hex(4)}")
        try:
            waiting.write_text(json.dumps(plain, indent=1), encoding="utf-8")
            waiting.replace(self._path)
        except OSError as error:
            _LOG.warning("what is ignored cannot be kept and holds until the editor closes: %s", error)


def _read(path: Path) -> dict[str, set[tuple[str, str]]]:
    try:
        plain: Any = json.loads(path.read_text(encoding="utf-8"))
        return {str(uri): {(str(name), str(kind)) for name, kind in entries} for uri, entries in plain.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        _LOG.warning("%s cannot be read and is left aside: %s", path.name, error)
        return {}
