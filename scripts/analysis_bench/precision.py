"""How right the bottlenecks are: a fixed sample of findings in well-known libraries, each judged by reading its code.

A finding is right where what its message says happens there, and what it advises would do. Whether it matters there is
another question: a list that is searched may be short. The record holds no code: the file, the line, the kind and the
verdict. `sample` 1 was judged before the last changes of the rules, 2 after them.
"""

from __future__ import annotations

import json
import sysconfig
from collections import Counter
from pathlib import Path
from typing import Any

from foreload_analyzers import Document, language_of

from analysis_bench.rows import Row, missing, row

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "tests" / "records" / "bottleneck_verdicts.json"
FOLDERS = {"site-packages": Path(sysconfig.get_paths()["purelib"]), "node_modules": ROOT / "node_modules"}
BAR = 0.9
FEW = 5  # with fewer judged findings a kind has no bar


def precision_rows() -> list[Row]:
    """Precision by kind over the judged findings that the analysis still tells of, in the files that are here."""
    verdicts: list[dict[str, Any]] = json.loads(RECORD.read_text())
    told: dict[Path, set[tuple[int, str]]] = {}
    right: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    absent = 0
    for verdict in verdicts:
        path = FOLDERS[verdict["in"]] / verdict["file"]
        if path not in told:
            told[path] = _findings(path)
        if not path.is_file():
            absent += 1
        elif (verdict["line"], verdict["kind"]) in told[path]:
            seen[verdict["kind"]] += 1
            right[verdict["kind"]] += verdict["right"]
    if not seen:
        return [missing("bottlenecks: precision", "none of the judged files is installed here")]
    found = [
        row(
            f"bottlenecks, {kind}: precision",
            right[kind] / count,
            "",
            BAR if count >= FEW else None,
            at_least=True,
            note=f"{count} judged",
        )
        for kind, count in sorted(seen.items())
    ]
    note = f"{seen.total()} of {len(verdicts)} judged findings are still told; {absent} lie in files that are not here"
    found.append(row("bottlenecks: precision", right.total() / seen.total(), "", BAR, at_least=True, note=note))
    return found


def _findings(path: Path) -> set[tuple[int, str]]:
    language = language_of(path.name)
    if language is None or not path.is_file():
        return set()
    document = Document(language, path.name)
    document.open(path.read_bytes())
    return {(item.line, item.kind) for function in document.report().functions for item in function.bottlenecks}
