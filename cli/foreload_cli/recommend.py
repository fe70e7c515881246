"""`foreload recommend`: JSON Lines in, JSON Lines out, in lock step, for those who measure and resize by themselves."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foreload_cli.failure import CommandFailed

if TYPE_CHECKING:
    from foreload_core.recommend import Sources


def command(
    fresh: Annotated[bool, typer.Option("--fresh", help="Use nothing pretrained")] = False,
    weights: Annotated[
        list[Path] | None, typer.Option(help="Use these fitted weights instead of the package's; give it once a file")
    ] = None,
) -> None:
    """Amounts for an environment, interval by interval: one JSON object a line in, one a line out."""
    if fresh and weights:
        raise CommandFailed("recommend: --fresh and --weights exclude each other", 2)
    from foreload_core.recommend import BadMessage, Session

    session = Session(_sources(fresh, weights or []))
    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            answer = session.answer(json.loads(line))
        except (BadMessage, json.JSONDecodeError, RecursionError) as error:
            answer = {"error": str(error)}
        sys.stdout.write(json.dumps(answer, separators=(",", ":")) + "\n")
        sys.stdout.flush()


def _sources(fresh: bool, paths: list[Path]) -> Sources:
    from foreload_core.density import read_weights
    from foreload_core.package_data import weights as packaged
    from foreload_core.recommend import Sources

    if fresh:
        return Sources()
    if not paths:
        return Sources(read_weights(packaged("samples")), read_weights(packaged("runs")))
    found = {}
    for path in paths:
        try:
            read = read_weights(path.read_bytes())
        except (OSError, ValueError) as error:
            raise CommandFailed(f"recommend: --weights is {path}; it cannot be read ({error})") from error
        found[str(read.card.get("for", "samples"))] = read
    return Sources(found.get("samples"), found.get("runs"))
