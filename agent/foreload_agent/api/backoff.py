"""How long to wait before the next try."""

from __future__ import annotations

from random import Random


class Backoff:
    """Waits that double up to a longest one, with jitter, so that a fleet does not come back in one moment.

    Args:
        shortest_seconds, longest_seconds: bounds of the wait before jitter.
        randomness: where the jitter comes from.
    """

    def __init__(self, shortest_seconds: float, longest_seconds: float, randomness: Random) -> None:
        self._shortest = shortest_seconds
        self._longest = longest_seconds
        self._random = randomness
        self._failures = 0

    def next_seconds(self) -> float:
        """The next wait: between half of the current bound and all of it."""
        bound = min(self._longest, self._shortest * 2 ** min(self._failures, 16))
        self._failures += 1
        return bound * (0.5 + self._random.random() / 2)

    def reset(self) -> None:
        """A try succeeded."""
        self._failures = 0
