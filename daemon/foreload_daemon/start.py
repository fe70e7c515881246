"""Starts the language server. Nothing heavy is imported before the first answer."""

from __future__ import annotations

import gc
import logging
import os
import sys

MALLOPT_ARENA_MAX = -8
ALLOCATIONS_PER_COLLECTION = 20_000
LOG_VARIABLE = "FORELOAD_LOG_LEVEL"
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def main() -> None:
    """Serves the editor on stdin and stdout until it hangs up."""
    # The protocol's types are thousands of objects that live for ever; collecting among them while they are made costs
    # a sixth of the start.
    gc.disable()
    _log_to_stderr()
    _one_arena()
    from foreload_daemon.compose import compose

    server = compose()
    gc.collect()
    gc.freeze()
    # Reports are long-lived and hold no cycles: looking through all of them again would stop the typing for a tenth of
    # a second.
    gc.set_threshold(ALLOCATIONS_PER_COLLECTION, 20, 100)
    gc.enable()
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    # A library that prints must not break the protocol.
    sys.stdout = sys.stderr
    server.start_io(stdin, stdout)


def _one_arena() -> None:
    """Keeps glibc from giving each of gRPC's threads a heap of its own: 15 MiB that nobody uses."""
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(MALLOPT_ARENA_MAX, 1)


def _log_to_stderr() -> None:
    wanted = os.environ.get(LOG_VARIABLE, "INFO").upper()
    level = wanted if wanted in LOG_LEVELS else "INFO"
    logging.basicConfig(level=level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # pygls logs each message's whole text at INFO; those are source code and must not stand in a log.
    logging.getLogger("pygls").setLevel(logging.WARNING)
    if wanted != level:
        logging.getLogger(__name__).warning("%s is %r; allowed are %s", LOG_VARIABLE, wanted, ", ".join(LOG_LEVELS))
