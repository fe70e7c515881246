"""What similar environments need, for those whose own past is short: only with both sides' permission."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from foreload_core.history import prior_of
from foreload_core.policy.prior import FADES_SECONDS
from foreload_core.types import COHORT_FLOOR, Prior

from foreload_broker.loop.standing import Standing
from foreload_broker.ports import Consent
from foreload_broker.store.cohorts import read_application_types, read_peaks
from foreload_broker.store.database import Database

AGAIN = timedelta(hours=1)
"""An environment without enough similar ones is looked at again after this long."""
AT_ONCE = 2
MOST_MEMBERS = 60
HISTORY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Comparison:
    """An environment that may learn from others, and those of its size that may be learned from."""

    environment_id: str
    others: tuple[str, ...]


class Cohorts:
    """Who is to be compared with whom. Nothing is kept between two looks, so what is revoked counts no more."""

    def __init__(self) -> None:
        self._next: dict[str, datetime] = {}

    def take(self, standing: Standing, consents: Mapping[str, Consent], now: datetime) -> tuple[Comparison, ...]:
        """The environments whose turn it is: with a short past, without a prior, and with the permission."""
        willing = sorted(name for name, consent in consents.items() if consent.cohort_history)
        if len(willing) <= COHORT_FLOOR:
            return ()
        found: list[Comparison] = []
        for name in willing:
            if len(found) == AT_ONCE:
                break
            if name not in standing.allowed or not self._is_due(standing, name, now):
                continue
            self._next[name] = now + AGAIN
            size = size_of(standing, name)
            others = tuple(other for other in willing if other != name and size_of(standing, other) == size)
            if size is not None and len(others) >= COHORT_FLOOR:
                found.append(Comparison(name, others))
        return tuple(found)

    def forget(self, environment_id: str) -> None:
        """Drops what is known of an environment."""
        self._next.pop(environment_id, None)

    def _is_due(self, standing: Standing, name: str, now: datetime) -> bool:
        state = standing.environment(name)
        if state.prior is not None or name not in standing.placements or self._next.get(name, now) > now:
            return False
        seen_at = state.first_seen_at
        return seen_at is None or (now - seen_at).total_seconds() < FADES_SECONDS


def size_of(standing: Standing, name: str) -> int | None:
    """The size of an environment: the number of doublings of its instance's cores; None where that is not known."""
    placement = standing.placements.get(name)
    capacity = None if placement is None else standing.capacities.get(placement.instance_id)
    cores = None if capacity is None else capacity.cpu_cores
    return None if not cores or cores <= 0 else max(0, round(cores)).bit_length()


def compare(database: Database, comparison: Comparison, now: datetime) -> Prior | None:
    """The prior of an environment; None where too few of the others have the same application type and a past.

    Raises:
        StoreError: the database does not work.
    """
    with database.reading() as connection:
        types = read_application_types(connection)
        own = types.get(comparison.environment_id)
        alike = [name for name in comparison.others if types.get(name) == own][:MOST_MEMBERS]
        if len(alike) < COHORT_FLOOR:
            return None
        pasts = [read_peaks(connection, name, now - HISTORY, now) for name in alike]
    return prior_of(pasts)
