"""What was applied, over restarts: the highest revision of each environment."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import structlog
from foreload_system.paths import replace_file

_LOG = structlog.get_logger(__name__)


class AppliedRevisions:
    """A file of revisions. One is durable when `remember` returns, and only then is its instruction answered.

    Targets are absolute: an instruction that was applied but not remembered before a crash is applied again, and
    changes nothing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._revisions = _read(path)
        self._lock = threading.Lock()

    def revision(self, environment_id: str) -> int:
        """The highest revision that was applied; 0: none."""
        return self._revisions.get(environment_id, 0)

    def remember(self, environment_id: str, revision: int) -> None:
        """Stores a revision.

        Raises:
            OSError: it could not be stored; what was stored before stands.
        """
        with self._lock:
            revisions = {**self._revisions, environment_id: revision}
            content = {"environments": {name: {"revision": revisions[name]} for name in sorted(revisions)}}
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(self._path, (json.dumps(content, indent=1) + "\n").encode())
            self._revisions = revisions


def _read(path: Path) -> dict[str, int]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["environments"]
        return {str(name): int(entry["revision"]) for name, entry in entries.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        # Targets are absolute, so beginning anew is safe: at worst one instruction is applied a second time.
        aside = path.with_suffix(".broken")
        _LOG.error(
            "applied revisions cannot be read, beginning anew", file=str(path), kept_as=str(aside), error=str(error)
        )
        path.replace(aside)
        return {}
