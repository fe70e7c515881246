"""Where no daemon asks, as when no editor is open, the broker forecasts from the agent's samples by the same code."""

from __future__ import annotations

from datetime import datetime, timedelta

from foreload_core.decide import EnvironmentState
from foreload_core.forecast import make_ask
from foreload_core.history import grid_of
from foreload_core.types import Ask, Forecast, Resource

from foreload_broker.store.database import Database
from foreload_broker.store.observations import AGENT, read_means

STEP_SECONDS = 300.0
HISTORY = timedelta(days=14)
AT_ONCE = 4
"""Environments that are forecast between two ticks; the others wait for the next one."""
BROKERS_REVISION = 0
"""A daemon's asks begin above this, so that each of them replaces the broker's own."""


class Due:
    """Whose turn it is to be forecast."""

    def __init__(self, every_seconds: float) -> None:
        self._every = timedelta(seconds=every_seconds)
        self._next: dict[str, datetime] = {}

    def take(self, environment_id: str, state: EnvironmentState, now: datetime) -> bool:
        """Whether the environment is to be forecast now; if so, it is not again for a while."""
        if state.ask is not None and state.ask.valid_until > now:
            return False
        if self._next.get(environment_id, now) > now:
            return False
        self._next[environment_id] = now + self._every
        return True

    def forget(self, environment_id: str) -> None:
        """Drops what is known of an environment."""
        self._next.pop(environment_id, None)


def forecast(database: Database, environment_id: str, now: datetime, valid_seconds: float) -> Ask | None:
    """The broker's own ask for an environment; None while its history gives no forecast that could be acted on.

    Args:
        database: read only.
        environment_id: whose.
        now: UTC.
        valid_seconds: how long it is decided on.

    Raises:
        StoreError: the database does not work.
    """
    with database.reading() as connection:
        means = read_means(connection, environment_id, AGENT, now - HISTORY, now, STEP_SECONDS)
    measured = {resource for sample in means for resource, _amount in sample.used.items()}
    grids = [
        grid_of(means, resource, STEP_SECONDS, means[0].start, now) for resource in Resource if resource in measured
    ]
    if not grids:
        return None
    ask = make_ask(grids, now, revision=BROKERS_REVISION, valid_seconds=valid_seconds)
    licensed = any(isinstance(one, Forecast) and one.skill_ratio is not None for one in ask.forecasts)
    return ask if licensed else None
