"""Limits that are not what was wanted, though nothing is on its way: someone else set them, or setting them failed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from foreload_core.types import NO_AMOUNTS, Amounts, Resource

SAME_RATIO = 0.01
"""Limits that differ by less are the same: kernels round what they are told."""
FIRST_SECONDS, LONGEST_SECONDS = 15.0, 3600.0


def differing(limit: Amounts, target: Amounts) -> Amounts:
    """The limits that hold where they are not the target."""
    actual = NO_AMOUNTS
    for resource, amount in target.items():
        holds = limit.get(resource)
        if holds is not None and abs(holds - amount) > SAME_RATIO * amount:
            actual = actual.with_amount(resource, holds)
    return actual


@dataclass(slots=True)
class _Seen:
    since_seconds: float
    wait_seconds: float = FIRST_SECONDS


class Drift:
    """Says when reality is to be taken for the target, so that the next decision starts from there and acts again.

    A difference must last, since a measurement may be older than the answer to an instruction; and one that comes back
    each time is acted on less and less often.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, Resource], _Seen] = {}

    def look(
        self, environment_id: str, limit: Amounts, target: Amounts, changeable: Collection[Resource], now_seconds: float
    ) -> Amounts:
        """The limits to be adopted now.

        Args:
            environment_id: whose.
            limit: what holds, as measured.
            target: what is wanted.
            changeable: resources that could be changed at all.
            now_seconds: monotonic.
        """
        adopted = NO_AMOUNTS
        actual = differing(limit, target)
        for resource in Resource:
            key = (environment_id, resource)
            amount = actual.get(resource)
            if amount is None or resource not in changeable:
                self._forget_when_calm(key, now_seconds)
                continue
            seen = self._seen.setdefault(key, _Seen(now_seconds))
            if now_seconds - seen.since_seconds >= seen.wait_seconds:
                adopted = adopted.with_amount(resource, amount)
                wait_seconds = min(LONGEST_SECONDS, seen.wait_seconds * 2)
                self._seen[key] = _Seen(now_seconds, wait_seconds)
        return adopted

    def _forget_when_calm(self, key: tuple[str, Resource], now_seconds: float) -> None:
        """A difference that was acted on counts as gone for good only after it stayed away for as long."""
        seen = self._seen.get(key)
        if seen is not None and (
            seen.wait_seconds == FIRST_SECONDS or now_seconds - seen.since_seconds > 2 * seen.wait_seconds
        ):
            del self._seen[key]
