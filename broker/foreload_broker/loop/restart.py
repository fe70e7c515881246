"""What a broker knows when it starts: the journal gone through from its last snapshot, and the tables beside it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import structlog
from foreload_core.decide import DEFAULT_POLICY, Policy
from foreload_core.types import EnvironmentDecision

from foreload_broker.loop.replay import read_journal, replay
from foreload_broker.loop.standing import Standing
from foreload_broker.ports import Consent
from foreload_broker.store import decisions, permissions
from foreload_broker.store.database import Database
from foreload_broker.store.journal import last_tick

_LOG = structlog.get_logger(__name__)
_LOGGED_DIFFERENCES = 20


@dataclass(slots=True)
class Loaded:
    """What a broker starts from.

    Attributes:
        standing: as it was when the last decision was journalled.
        hashes: hash of each stream of the journal.
        consents: what developers allow.
        acknowledged: how far each environment's messages are durable.
        unsettled: decisions of which the agent has not said what came of them.
        decision_count: how many decisions the log holds.
    """

    standing: Standing = field(default_factory=Standing)
    hashes: dict[str, bytes] = field(default_factory=dict[str, bytes])
    consents: dict[str, Consent] = field(default_factory=dict[str, Consent])
    acknowledged: dict[str, int] = field(default_factory=dict[str, int])
    unsettled: tuple[EnvironmentDecision, ...] = ()
    decision_count: int = 0


def load(database: Database, policy: Policy = DEFAULT_POLICY) -> Loaded:
    """Reads what a broker starts from.

    A journal that is damaged, or that comes to other decisions than it did, is logged and gone on from: a broker that
    does not start would be worse.

    Raises:
        StoreError: the database does not work.
    """
    loaded = Loaded()
    differences: list[str] = []
    with database.reading() as connection:
        try:
            for step in replay(read_journal(connection), policy):
                loaded.standing, loaded.hashes = step.standing, dict(step.hashes)
                differences += step.differences[: _LOGGED_DIFFERENCES - len(differences)]
        except ValueError as damage:
            _LOG.error("journal damaged, going on from what stands before it", reason=str(damage))
            loaded.standing = replace(loaded.standing, tick=last_tick(connection))
        loaded.consents = permissions.read_consents(connection)
        loaded.acknowledged = permissions.read_sequences(connection)
        loaded.unsettled = tuple(entry.decision for entry in decisions.unsettled_decisions(connection))
        loaded.decision_count = decisions.count_decisions(connection)
    for difference in differences:
        _LOG.warning("journal decided otherwise by this version, going on from what it decides now", reason=difference)
    return loaded
