"""From an edit to fresh tags: one character typed into a long Python file, a few hundred times."""

from __future__ import annotations

import gc
import json
import statistics
import time

from foreload_analyzers import Document
from foreload_daemon.start import ALLOCATIONS_PER_COLLECTION

EDITS = 200
FUNCTION = '''
def work_{number}(rows, limit):
    """Joins rows that belong together."""
    found = []
    for first in rows:
        for second in rows:
            if first[0] == second[1] and len(found) < limit:
                found.append((first, second))
    total = 0
    for row in found:
        total += row[0][0]
    return total, sorted(found)
'''


def edit_milliseconds(lines: int) -> list[float]:
    """Times of single edits spread over a file of about so many lines."""
    functions = lines // (FUNCTION.count("\n") + 1)
    text = "\n".join(FUNCTION.format(number=number) for number in range(functions)).encode()
    document = Document("python")
    document.open(text)
    document.report()
    times: list[float] = []
    for number in range(EDITS):
        at = text.index(b"total += row", (number * 7919 * 37) % (len(text) - 1000))
        changed = text[:at] + b"x" + text[at:]
        row = text.count(b"\n", 0, at)
        column = at - text.rfind(b"\n", 0, at) - 1
        began = time.perf_counter()
        document.edit(at, at, at + 1, (row, column), (row, column), (row, column + 1), changed)
        document.report()
        times.append((time.perf_counter() - began) * 1000)
        text = changed
    return times


def main() -> None:
    """Prints one row for each length."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS_PER_COLLECTION, 20, 100)  # as the daemon does
    rows: list[dict[str, object]] = []
    for lines, bar in ((2_000, 5.0), (12_000, 25.0)):
        times = edit_milliseconds(lines)
        name = f"edit to fresh tags, {lines} lines"
        middle, slow = statistics.median(times), sorted(times)[int(len(times) * 0.95)]
        rows.append({"name": f"{name}, p50", "value": middle, "unit": "ms", "bar": bar})
        rows.append({"name": f"{name}, p95", "value": slow, "unit": "ms", "bar": round(3 * middle, 2)})
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
