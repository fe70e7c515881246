"""What is committed names no machine and no registry, says nothing unfinished, and stays small enough to read."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path

MACHINE_PATH = re.compile(r"(?<![\w.$}~/-])/(?:" + "|".join(("work", "root", "home/[a-z]")) + r")(?=/)")
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "manager", "misc", "stuff"}
NOT_ON_SCREEN = re.compile(r"\b(?:Oops|[Pp]lease|[Ee]rror occurred|[Ss]omething went wrong|quota|allocation)\b")
LONGEST_LINES = 400
# More than one thing each, and known to be: they are to be taken apart, and until then may only shrink.
OVERDUE = {
    "analyzers/foreload_analyzers/bounds.py": 705,
    "analyzers/foreload_analyzers/expressions.py": 509,
    "analyzers/foreload_analyzers/extract.py": 572,
    "analyzers/foreload_analyzers/knowledge/python.py": 417,
    "analyzers/foreload_analyzers/scope.py": 518,
    "analyzers/foreload_analyzers/sizes.py": 550,
}
USUAL_LINES = 150


def test_no_machine_path(written: dict[Path, str]) -> None:
    found = [
        f"{path}:{number}: {line.strip()[:100]}"
        for path, text in written.items()
        for number, line in enumerate(text.splitlines(), 1)
        if MACHINE_PATH.search(line)
    ]
    assert not found, "\n".join(found)


def test_locks_name_no_registry(root: Path) -> None:
    for name in ("package-lock.json", "scripts/ide/package-lock.json", "scripts/ide/workbench-lock.json"):
        packages = json.loads((root / name).read_text())["packages"]
        assert not [key for key, entry in packages.items() if "resolved" in entry], name
    for name in ("requirements/dev.txt", "requirements/runtime.txt"):
        options = re.findall(r"^--\S+|https?://\S+", (root / name).read_text(), re.MULTILINE)
        assert not options, f"{name}: {options}"
    assert "registry=" not in (root / ".npmrc").read_text()


def test_nothing_unfinished(written: dict[Path, str]) -> None:
    own = Path(__file__).name
    found = [
        f"{path}: {UNFINISHED.findall(text)}"
        for path, text in written.items()
        if path.name != own and UNFINISHED.search(text)
    ]
    assert not found, found


def test_names_say_what_is_inside(files: tuple[Path, ...]) -> None:
    empty = [
        path
        for path in files
        if path.stem.lower() in EMPTY_NAMES or EMPTY_NAMES & {part.lower() for part in path.parts}
    ]
    assert not empty, empty


def test_words_of_the_screen(root: Path, written: dict[Path, str]) -> None:
    """Words that a person reads: the extension's texts, the manifest, and the sentences of decisions."""
    shown = {
        path: text for path, text in written.items() if path.parts[:2] == ("extension", "src") and path.suffix == ".ts"
    }
    texts = {str(path): re.findall(r"'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`", text) for path, text in shown.items()}
    texts["package.nls.json"] = list(json.loads((root / "package.nls.json").read_text()).values())
    found = [f"{name}: {text[:120]}" for name, parts in texts.items() for text in parts if NOT_ON_SCREEN.search(text)]
    assert not found, "\n".join(found)


def test_files_are_short(written: dict[Path, str]) -> None:
    code = {
        path: text.count("\n")
        for path, text in written.items()
        if path.suffix in {".py", ".ts", ".mjs", ".js"} and path.parts[0] not in {"tests", "samples"}
    }
    too_long = {str(path): lines for path, lines in code.items() if lines > OVERDUE.get(path.as_posix(), LONGEST_LINES)}
    assert not too_long, f"past {LONGEST_LINES} lines: {too_long}"
    longish = sum(lines > USUAL_LINES * 1.5 for lines in code.values())
    if longish > len(code) / 4:
        warnings.warn(
            f"{longish} of {len(code)} files are much longer than {USUAL_LINES} lines", DeprecationWarning, stacklevel=1
        )
