"""The only writer of state: takes turns, deletes, and tells what stands. Lives in one thread."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from foreload_core.decide import DEFAULT_POLICY, Policy
from foreload_core.types import NO_AMOUNTS, Actuation, ActuationResult, Amounts
from foreload_proto.v1 import broker_pb2
from sqlalchemy import Connection

from foreload_broker.config import BrokerSettings
from foreload_broker.loop.cohorts import Cohorts
from foreload_broker.loop.drift import Drift
from foreload_broker.loop.entries import snapshot_entries
from foreload_broker.loop.fleet import Fleet
from foreload_broker.loop.forecasting import AT_ONCE, Due
from foreload_broker.loop.instructions import Instructions
from foreload_broker.loop.requests import Batch, Outcome
from foreload_broker.loop.restart import Loaded, load
from foreload_broker.loop.rolling import Rolling
from foreload_broker.loop.standing import Adoption, FleetDelta
from foreload_broker.loop.turn import Gathered, Memory, Turn
from foreload_broker.loop.views import Views
from foreload_broker.ports import (
    AgentLeft,
    AgentRegistered,
    Answered,
    Compared,
    Forecasted,
    ManagedEnvironment,
    Measured,
)
from foreload_broker.store import decisions as log
from foreload_broker.store import deletion, enrolment, journal
from foreload_broker.store.database import Database

_LOG = structlog.get_logger(__name__)
T = TypeVar("T")
SHOWN_EVERY = timedelta(seconds=60)
"""An allocation goes out again after this long, for what its plan says."""
KEPT_BACK_SAMPLES = 360
"""Samples of one environment that wait while nothing can be stored; older ones are dropped."""


class Writer:
    """Takes turns. `memory` and `fleet` may be read by its own thread only."""

    def __init__(
        self, database: Database, settings: BrokerSettings, loaded: Loaded, policy: Policy = DEFAULT_POLICY
    ) -> None:
        self._database = database
        self._settings = settings
        self._policy = policy
        self.memory = Memory.of(loaded)
        self.fleet = Fleet(loaded.standing.placements, loaded.standing.capacities)
        self._instructions = Instructions(loaded.unsettled, settings.answer_seconds)
        self._gathered = Gathered()
        self._drift = Drift()
        self._forecasts = Due(settings.forecast_seconds)
        self._cohorts = Cohorts()
        self._overwrite_due = False
        self._shown_at: dict[str, datetime] = {}
        self._rolling = Rolling(settings.keep_each_sample_days)

    def take_turn(self, batch: Batch, now: datetime, now_seconds: float) -> Outcome:
        """One turn.

        Args:
            batch: what has come in. What agents said is taken over even if the turn fails; the rest is given again.
            now: UTC.
            now_seconds: monotonic.

        Raises:
            StoreError: nothing of the turn was kept.
        """
        if self._database.uncertain:
            self._look_again()
        self._hear(batch, now, now_seconds)
        gathered = self._gathered
        with self._database.writing() as connection:
            turn = Turn(connection, self.memory, self._settings, self._policy, now)
            turn.run(batch, gathered, self.fleet)
            settled = self._settle(turn, gathered, now_seconds)
            for environment_id, revision in settled:
                log.settle(connection, environment_id, revision)
            self._add_answered(turn, gathered, batch.watched)
        self.memory = turn.memory
        outcome = turn.outcome
        if outcome.decided:
            self._gathered = Gathered()
            self.fleet.changed.clear()
        self._remember_instructions(turn)
        for environment_id in turn.revoked:
            self._forget(environment_id)
        if turn.revoked:
            self._overwrite_due = not self._database.overwrite_deleted()
        outcome.instructions = self._instructions.to_send(now_seconds, self.fleet.connected())
        outcome.next_due_seconds = self._instructions.next_due_seconds(self.fleet.connected())
        if batch.tick:
            outcome.to_forecast = tuple(itertools.islice(self._without_ask(now), AT_ONCE))
            outcome.to_compare = self._cohorts.take(self.memory.standing, self.memory.consents, now)
        self._add_allocations(outcome, turn, gathered, batch, now)
        return outcome

    def allocation(self, environment_id: str, now: datetime) -> broker_pb2.Allocation:
        """What holds for an environment now."""
        return Views(self.memory.standing, now, self._policy).allocation(environment_id, self._withheld(environment_id))

    def purge(self, environment_id: str, now: datetime) -> dict[str, int]:
        """Deletes everything of an environment, in the file too. Returns deleted rows by table.

        Raises:
            StoreError: nothing was deleted.
        """
        memory = self.memory.copied()
        memory.standing = memory.standing.without(environment_id)
        memory.hashes.pop(environment_id, None)
        memory.consents.pop(environment_id, None)
        with self._database.writing() as connection:
            deleted = deletion.forget_environment(connection, environment_id, now)
            enrolment.log_act(connection, now, f"environment {environment_id}", "data deleted", "all that was held")
            snapshot = snapshot_entries(memory.standing, FleetDelta(now), memory.hashes)
            journal.put_entries(connection, journal.SNAPSHOT, snapshot)
            memory.decision_count = log.count_decisions(connection)
        self.memory = memory
        # Whether it may be scaled is looked at anew with the next decision.
        self.fleet.changed.add(environment_id)
        self._forget(environment_id)
        self._overwrite_due = not self._database.overwrite_deleted()
        return deleted

    def administer(self, job: Callable[[Connection, datetime], T], now: datetime) -> T:
        """Writes what has nothing to do with environments' state, in a transaction of its own.

        Raises:
            StoreError: nothing was written.
        """
        with self._database.writing() as connection:
            return job(connection, now)

    def clean(self, now: datetime) -> int:
        """Deletes what was kept for long enough. Returns deleted rows.

        Raises:
            StoreError: nothing was deleted.
        """
        settings = self._settings
        with self._database.writing() as connection:
            count = deletion.forget_old(
                connection,
                now,
                samples=timedelta(days=settings.keep_samples_days),
                journal=timedelta(days=settings.keep_journal_days),
                log=timedelta(days=settings.keep_decisions_days),
            )
            self.memory.decision_count = log.count_decisions(connection)
        if self._overwrite_due:
            self._overwrite_due = not self._database.overwrite_deleted()
        return count

    def roll_up(self, now: datetime) -> int:
        """Makes minutes of samples that are older than a day, for some environments: a little of it with each tick.

        Returns:
            How many minutes were made.

        Raises:
            StoreError: the last ones were not made.
        """
        return self._rolling.some(self._database, self.memory.acknowledged.keys() | self.fleet.placements.keys(), now)

    def _look_again(self) -> None:
        """A connection broke in the middle of a commit: what is durable is what the next turn starts from.

        What the lost turn stored comes again with this one, and changes nothing: it all has sequences and keys.
        """
        loaded = load(self._database, self._policy)
        self.memory = Memory.of(loaded)
        self._instructions = Instructions(loaded.unsettled, self._settings.answer_seconds)
        self._database.uncertain = False

    def _without_ask(self, now: datetime) -> Iterator[str]:
        """Environments that may be scaled, have no valid ask, and were not forecast lately."""
        standing = self.memory.standing
        for name in sorted(standing.allowed & standing.placements.keys()):
            if self._forecasts.take(name, standing.environment(name), now):
                yield name

    def _hear(self, batch: Batch, now: datetime, now_seconds: float) -> None:
        """Takes in what agents said. These are facts: they hold whether or not the turn can be stored."""
        gathered = self._gathered
        for message in batch.agents:
            if isinstance(message, Measured | Answered) and not self.fleet.manages(message):
                continue
            match message:
                case Measured(environment_id=name, sample=sample, urgent=urgent):
                    self.fleet.measured(name, sample)
                    self._look_for_drift(name, sample.limit, now_seconds)
                    samples = gathered.samples.setdefault(name, [])
                    samples.append(sample)
                    del samples[:-KEPT_BACK_SAMPLES]
                    if urgent:
                        gathered.concerned.add(name)
                        gathered.urgent = True
                    continue
                case Compared(environment_id=name, prior=prior):
                    gathered.priors[name] = prior
                    continue
                case Forecasted(environment_id=name, ask=ask):
                    gathered.asks[name] = ask
                    continue
                case AgentRegistered(instance_id=instance_id):
                    self._register(message, now)
                    gathered.concerned.update(self.fleet.of(instance_id))
                case AgentLeft(instance_id=instance_id):
                    gathered.concerned.update(self.fleet.of(instance_id))
                    self.fleet.leave(message)
                case Answered(results=results):
                    self.fleet.answered(results)
                    gathered.answers.append(message)
            gathered.urgent = True
        batch.agents = []

    def _register(self, message: AgentRegistered, now: datetime) -> None:
        for environment in self.fleet.register(message):
            name = environment.environment_id
            state = self.memory.standing.environment(name)
            awaited = self._instructions.revision(name)
            if awaited and environment.applied_revision >= awaited:
                self._gathered.answers.append(
                    _applied_before(message.instance_id, environment, awaited, state.target, now)
                )
                awaited = 0
            adoption = self.fleet.adoption(environment, state.target, state.revision, waiting=awaited > 0)
            if adoption is not None:
                self._gathered.adoptions[name] = adoption
        self._instructions.resend(self.fleet.of(message.instance_id))

    def _look_for_drift(self, environment_id: str, limit: Amounts, now_seconds: float) -> None:
        placement = self.fleet.placements.get(environment_id)
        if placement is None or self._settings.shadow or self._instructions.revision(environment_id):
            return
        target = self.memory.standing.environment(environment_id).target
        adopted = self._drift.look(environment_id, limit, target, placement.changeable, now_seconds)
        if adopted != NO_AMOUNTS:
            _LOG.info("limits are not what was wanted, deciding from there", environment_id=environment_id)
            self._gathered.adoptions[environment_id] = Adoption(limit=adopted)

    def _settle(self, turn: Turn, gathered: Gathered, now_seconds: float) -> list[tuple[str, int]]:
        """Environments and revisions of which nothing more is expected."""
        if not turn.outcome.decided:
            return []
        return [
            (answer.environment_id, answer.revision)
            for answer in gathered.answers
            if self._instructions.answered(answer.environment_id, answer.revision, answer.results, now_seconds)
        ]

    def _add_answered(self, turn: Turn, gathered: Gathered, watched: frozenset[str]) -> None:
        """Decisions of which something came go out again, with it."""
        if not turn.outcome.decided:
            return
        answered = {(answer.environment_id, answer.revision) for answer in gathered.answers}
        for environment_id, revision in sorted(answered):
            if environment_id in watched:
                entry = turn.logged(environment_id, revision)
                if entry is not None:
                    turn.outcome.decisions.append(entry)

    def _remember_instructions(self, turn: Turn) -> None:
        for decision in turn.decision.environments:
            self._instructions.add(decision)
        for name, sifted in turn.sifted.items():
            self._instructions.withhold(name, [signal.signal_id for signal in sifted.signals])

    def _withheld(self, environment_id: str) -> tuple[str, ...]:
        """Signals whose raise is on its way; none where there is nobody who could carry it out."""
        return self._instructions.withheld(environment_id) if self.fleet.instance(environment_id) else ()

    def _add_allocations(self, outcome: Outcome, turn: Turn, gathered: Gathered, batch: Batch, now: datetime) -> None:
        # A daemon's samples alone change nothing that holds.
        touched = {name for name, sifted in turn.sifted.items() if sifted.decisive}
        touched |= {decision.environment_id for decision in turn.decision.environments}
        touched |= {answer.environment_id for answer in gathered.answers} | set(gathered.adoptions)
        touched |= {request.environment_id for request in batch.requests}
        if outcome.decided:
            touched |= gathered.concerned
        # With use alone only the plan changes, slowly.
        old = now - SHOWN_EVERY
        touched |= {name for name in gathered.samples if name not in self._shown_at or self._shown_at[name] <= old}
        views = Views(self.memory.standing, now, self._policy)
        for name in sorted(touched & batch.watched):
            outcome.allocations[name] = views.allocation(name, self._withheld(name))
            self._shown_at[name] = now

    def _forget(self, environment_id: str) -> None:
        self._instructions.forget(environment_id)
        self._forecasts.forget(environment_id)
        self._cohorts.forget(environment_id)
        self._gathered.priors.pop(environment_id, None)
        self._shown_at.pop(environment_id, None)
        self._gathered.asks.pop(environment_id, None)
        self.fleet.samples.pop(environment_id, None)
        self._gathered.samples.pop(environment_id, None)


def _applied_before(
    instance_id: str, environment: ManagedEnvironment, revision: int, target: Amounts, now: datetime
) -> Answered:
    """The answer that was lost on its way: the agent says that it has applied the revision."""
    results = tuple(
        ActuationResult(
            instruction_id=f"{environment.environment_id}-{revision}",
            environment_id=environment.environment_id,
            resource=resource,
            actuation=Actuation.APPLIED,
            amount=environment.limit.get(resource),
            detail="applied; the answer was lost with the connection",
            at=now,
        )
        for resource, _amount in target.items()
    )
    return Answered(instance_id, environment.environment_id, revision, results)
