"""What being there costs the editor: keys and completions with Foreload and without, activation, the bundle."""

from __future__ import annotations

import json
import random
import statistics
import subprocess
from pathlib import Path

from steps.places import DIST, ROOT

DRAWS = 2000
BUNDLE_LIMIT_KILOBYTES = 600.0
ACTIVATION_LIMIT_MILLISECONDS = 150.0


def interval(rounds: list[tuple[list[float], list[float]]], percent: float) -> tuple[float, float]:
    """95 % interval of the difference (with minus without) of a percentile; rounds and keys are drawn anew."""
    chance = random.Random(7)  # noqa: S311 - the same draws each time

    def at(values: list[float]) -> float:
        return sorted(values)[min(len(values) - 1, int(len(values) * percent))]

    differences: list[float] = []
    for _ in range(DRAWS):
        chosen = [chance.choice(rounds) for _ in rounds]
        drawn = [
            [value for pair in chosen for value in chance.choices(pair[side], k=len(pair[side]))] for side in (0, 1)
        ]
        differences.append(at(drawn[0]) - at(drawn[1]))
    differences.sort()
    return differences[int(DRAWS * 0.025)], differences[int(DRAWS * 0.975)]


def bundle_kilobytes() -> float:
    """What the extension ships beside its wheels."""
    files = [
        path for path in DIST.rglob("*") if path.is_file() and "wheels" not in path.parts and path.suffix != ".map"
    ]
    return sum(path.stat().st_size for path in files) / 1000


def typing_rows(result: dict[str, object]) -> list[dict[str, object]]:
    """Rows of keys and completions. The bar: the interval of the difference does not lie above 0."""
    rows: list[dict[str, object]] = []
    measured: list[dict[str, dict[str, list[float]]]] = result["rounds"]  # pyright: ignore[reportAssignmentType]
    for kind, words in (("keys", "a key in 10,000 lines"), ("completions", "completion in 10,000 lines")):
        pairs = [(round_["on"][kind], round_["off"][kind]) for round_ in measured]
        for percent, name in ((0.5, "median"), (0.99, "p99")):
            low, high = interval(pairs, percent)
            on, off = ([value for pair in pairs for value in pair[side]] for side in (0, 1))
            medians = f"{statistics.median(on):.1f}, {statistics.median(off):.1f}"
            note = f"interval {low:+.1f} to {high:+.1f} ms; medians {medians}"
            rows.append(
                {
                    "name": f"{words}, with Foreload minus without, {name}: least that it is",
                    "value": max(0.0, low),
                    "unit": "ms",
                    "bar": 0.0,
                    "note": note,
                }
            )
    return rows


def main() -> None:
    """Prints the rows."""
    bundle = {"name": "bundle", "value": bundle_kilobytes(), "unit": "KB", "bar": BUNDLE_LIMIT_KILOBYTES}
    script = Path(__file__).with_name("ide_typing.mjs")
    ended = subprocess.run(["node", str(script)], cwd=ROOT, capture_output=True, text=True, check=True, timeout=1200)
    result = json.loads(ended.stdout.splitlines()[-1])
    activation = {
        "name": "activation, time of the extension host",
        "value": result["activation"],
        "unit": "ms",
        "bar": ACTIVATION_LIMIT_MILLISECONDS,
        "note": "" if result["activation"] is not None else "the list of running extensions did not say it",
    }
    print(json.dumps([bundle, activation, *typing_rows(result)]))


if __name__ == "__main__":
    main()
