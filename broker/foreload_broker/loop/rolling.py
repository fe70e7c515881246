"""Whose old samples become minutes next, so that it is done for all in an hour and holds nobody up."""

from __future__ import annotations

import time
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta

from foreload_broker.store.database import Database
from foreload_broker.store.rollup import roll_up

BUDGET_SECONDS = 0.05
"""Spent after a tick; an environment that was begun is finished."""
EVERY = timedelta(hours=1)
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Rolling:
    """How far the samples of each environment are minutes already, as far as this broker knows."""

    def __init__(self, keep_each_days: float) -> None:
        self._age = timedelta(days=keep_each_days)
        self._until: dict[str, datetime] = {}

    def some(self, database: Database, environment_ids: AbstractSet[str], now: datetime) -> int:
        """Goes on with those that are behind most, for `BUDGET_SECONDS`.

        Returns:
            How many minutes were made.

        Raises:
            StoreError: the last environment's were not made.
        """
        end = now - self._age
        behind = [name for name in environment_ids if end - self._until.get(name, BEGINNING) >= EVERY]
        deadline = time.monotonic() + BUDGET_SECONDS
        count = 0
        for name in sorted(behind, key=lambda name: (self._until.get(name, BEGINNING), name)):
            with database.writing() as connection:
                count += roll_up(connection, name, self._until.get(name, BEGINNING), end)
            self._until[name] = end
            if time.monotonic() >= deadline:
                break
        return count
