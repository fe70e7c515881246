"""The repository's node modules, exactly as locked."""

from __future__ import annotations

from steps.places import NODE_MODULES, ROOT, find_npm, fingerprint
from steps.running import Step, run

LOCK = ROOT / "package-lock.json"


def _install() -> str | None:
    run([find_npm(), "ci", "--ignore-scripts", "--loglevel=error"], cwd=ROOT, what="Installing node modules")
    return None


def step() -> Step:
    """npm ci when the lock changed; the manifest's own texts and settings do not matter to it."""
    return Step(
        "Node modules",
        NODE_MODULES / ".foreload-lock",
        lambda: fingerprint([LOCK]),
        _install,
        kept=(NODE_MODULES / ".bin").exists,
    )
