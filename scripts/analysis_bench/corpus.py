"""Source code of all languages from what this machine has: installed packages, and labelled programs where given."""

from __future__ import annotations

import json
import random
import sysconfig
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MEGABYTE = 1_000_000
LEAST_BYTES, MOST_BYTES = 500, 1_000_000
WANTED_MEGABYTES = {"python": 10.0, "javascript": 4.0, "typescript": 4.0, "tsx": 1.0, "c": 4.0, "cpp": 4.0}
OTHERS_MEGABYTES = 1.0


def corpus(data: Path | None) -> dict[str, list[tuple[str, bytes]]]:
    """Name and content of files by language, drawn the same way each time.

    Args:
        data: the benchmark folder, whose programs stand for languages that no package here has sources of.
    """
    found: dict[str, list[tuple[str, bytes]]] = {}
    places = [Path(sysconfig.get_path("purelib")), ROOT / "node_modules", Path("/usr/include")]
    paths = sorted(path for place in places if place.is_dir() for path in place.rglob("*") if path.suffix)
    random.Random(7).shuffle(paths)  # noqa: S311 - no secret
    taken: dict[str, int] = {}
    for name, content in (*_read(paths), *_programs(data)):
        language = _language(name)
        if language is None or not LEAST_BYTES <= len(content) <= MOST_BYTES or b"\0" in content:
            continue
        if taken.get(language, 0) < WANTED_MEGABYTES.get(language, OTHERS_MEGABYTES) * MEGABYTE:
            found.setdefault(language, []).append((name, content))
            taken[language] = taken.get(language, 0) + len(content)
    return found


def _language(name: str) -> str | None:
    from foreload_analyzers import language_of

    return language_of(name)


def _read(paths: list[Path]) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        if _language(path.name) is not None and path.is_file():
            yield str(path), path.read_bytes()


def _programs(data: Path | None) -> Iterator[tuple[str, bytes]]:
    suffixes = {"java": ".java", "go": ".go", "rust": ".rs"}
    for name in ("algo", "complexity") if data is not None else ():
        path = data / "dev" / f"{name}.jsonl" if data is not None else Path()
        for number, line in enumerate(path.read_text().splitlines()):
            program = json.loads(line)
            if program.get("language") in suffixes:
                yield f"{name}{number}{suffixes[program['language']]}", program["code"].encode()
