"""`foreload recommend`: JSON Lines in, JSON Lines out, in lock step, for those who measure and resize by themselves."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foreload_cli.failure import CommandFailed

if TYPE_CHECKING:
    from foreload_core.density import Weights
    from foreload_core.runs import RunWeights


def command(
    fresh: Annotated[bool, typer.Option("--fresh", help="Use nothing pretrained")] = False,
    weights: Annotated[Path | None, typer.Option(help="Use these fitted weights instead of the package's")] = None,
) -> None:
    """Amounts for an environment, interval by interval: one JSON object a line in, one a line out."""
    if fresh and weights is not None:
        raise CommandFailed("recommend: --fresh and --weights exclude each other", 2)
    from foreload_core.recommend import BadMessageError, Session

    session = Session(
        None if fresh else _packaged() if weights is None else _read(weights),
        None if fresh else _packaged_of_runs(),
    )
    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            answer = session.answer(json.loads(line))
        except (BadMessageError, json.JSONDecodeError, RecursionError) as error:
            answer = {"error": str(error)}
        sys.stdout.write(json.dumps(answer, separators=(",", ":")) + "\n")
        sys.stdout.flush()


def _packaged() -> Weights:
    from foreload_core.density import read_weights
    from foreload_core.package_data import weights

    return read_weights(weights("samples"))


def _packaged_of_runs() -> RunWeights:
    from foreload_core.density import read_weights
    from foreload_core.package_data import weights
    from foreload_core.runs import run_weights

    return run_weights(read_weights(weights("runs")))


def _read(path: Path) -> Weights:
    from foreload_core.density import read_weights

    try:
        return read_weights(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CommandFailed(f"recommend: --weights is {path}; it cannot be read ({error})") from error
