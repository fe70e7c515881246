"""One turn of the loop inside one transaction: sift, decide, journal. All of it is durable, or none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog
from foreload_core.decide import Policy
from foreload_core.types import NO_PRIOR, Ask, Decision, Prior, Sample, Tick, Wish
from sqlalchemy import Connection

from foreload_broker.config import BrokerSettings
from foreload_broker.loop.entries import delta_entries, snapshot_entries
from foreload_broker.loop.fleet import Fleet
from foreload_broker.loop.isolation import advance_isolated
from foreload_broker.loop.requests import Batch, ConsentRequest, Outcome, WishRequest
from foreload_broker.loop.restart import Loaded
from foreload_broker.loop.sift import Sifted, sift, take_consent
from foreload_broker.loop.standing import Adoption, EnvironmentDelta, FleetDelta, Standing
from foreload_broker.loop.views import Views
from foreload_broker.ports import NO_CONSENT, Answered, Consent, Inadmissible, NoData
from foreload_broker.store import decisions as log
from foreload_broker.store import deletion, journal, observations, permissions, wishes

_LOG = structlog.get_logger(__name__)


@dataclass(slots=True)
class Memory:
    """What a turn starts from and, once it is durable, leaves for the next one."""

    standing: Standing
    hashes: dict[str, bytes]
    consents: dict[str, Consent]
    acknowledged: dict[str, int]
    decision_count: int
    # The first decision after a start takes one: what came before may have been decided by another version.
    ticks_since_snapshot: int | None = None

    @classmethod
    def of(cls, loaded: Loaded) -> Memory:
        """What a broker starts from."""
        return cls(loaded.standing, loaded.hashes, loaded.consents, loaded.acknowledged, loaded.decision_count)

    def copied(self) -> Memory:
        """The same, to be changed without changing this."""
        return replace(
            self, hashes=dict(self.hashes), consents=dict(self.consents), acknowledged=dict(self.acknowledged)
        )


@dataclass(slots=True)
class Gathered:
    """What agents said, and what was forecast, since the last decision."""

    samples: dict[str, list[Sample]] = field(default_factory=dict[str, list[Sample]])
    answers: list[Answered] = field(default_factory=list[Answered])
    adoptions: dict[str, Adoption] = field(default_factory=dict[str, Adoption])
    asks: dict[str, Ask] = field(default_factory=dict[str, Ask])
    priors: dict[str, Prior] = field(default_factory=dict[str, Prior])
    urgent: bool = False
    # Of whom something changed that their developers see.
    concerned: set[str] = field(default_factory=set[str])


class Turn:
    """One turn. Its `memory` counts once the transaction around it has ended well."""

    def __init__(
        self, connection: Connection, memory: Memory, settings: BrokerSettings, policy: Policy, now: datetime
    ) -> None:
        self.memory = memory.copied()
        self.outcome = Outcome()
        self.decision = Decision(now)
        self.revoked: set[str] = set()
        self.sifted: dict[str, Sifted] = {}
        self._connection = connection
        self._settings = settings
        self._policy = policy
        self._now = now
        self._wishes: dict[str, list[Wish]] = {}

    def run(self, batch: Batch, gathered: Gathered, fleet: Fleet) -> None:
        """Takes in what came, stores it, and decides where there is something to be decided."""
        self.sifted = sift(batch.daemons, self.memory.acknowledged, self.memory.consents)
        accepted = self._hear_people(batch)
        self._change_consents()
        self._store()
        decisive = any(sifted.decisive for sifted in self.sifted.values())
        if batch.tick or gathered.urgent or decisive or self._wishes:
            self._decide(gathered, fleet)
        self._answer(batch, accepted)
        self._acknowledge()

    def allowed(self, environment_id: str) -> bool:
        """The developer allows scaling; or no one was ever asked, and the operator allows it."""
        consent = self.memory.consents.get(environment_id)
        return self._settings.scale_without_consent if consent is None else consent.automatic_scaling

    def logged(self, environment_id: str, revision: int) -> log.LoggedDecision | None:
        """A decision with what came of it up to now."""
        return log.read_decision(self._connection, environment_id, revision)

    def _hear_people(self, batch: Batch) -> set[int]:
        """Takes in what people ask for; `outcome.answers` gets what cannot be done and what was done before.

        Returns:
            Positions of the requests that are to be answered after the decision.
        """
        accepted: set[int] = set()
        self.outcome.answers = [b""] * len(batch.requests)
        for position, request in enumerate(batch.requests):
            try:
                if isinstance(request, ConsentRequest):
                    self._hear_consent(request)
                elif (earlier := self._earlier(request)) is not None:
                    self.outcome.answers[position] = earlier
                    continue
                else:
                    name = request.environment_id
                    request.check(self._connection, self.memory.standing.environment(name), self.allowed(name))
                    wish = replace(request.wish, at=self._now)
                    self._wishes.setdefault(request.environment_id, []).append(wish)
            except (NoData, Inadmissible) as refusal:
                self.outcome.answers[position] = refusal
                continue
            accepted.add(position)
        return accepted

    def _earlier(self, request: WishRequest) -> bytes | None:
        found = wishes.read_answer(self._connection, request.environment_id, request.request_id)
        if found is None:
            return None
        method, response = found
        if method != request.method:
            raise Inadmissible(f"request_id {request.request_id!r} was used for {method}; each request needs a new one")
        return response

    def _hear_consent(self, request: ConsentRequest) -> None:
        name = request.environment_id
        before = self.memory.consents.get(name, NO_CONSENT)
        known = self.sifted.setdefault(name, Sifted(self.memory.acknowledged.get(name, 0)))
        held = known.consent or before
        if request.consent != held and not take_consent(known, request.consent, held):
            raise Inadmissible(
                f"consent revision {request.consent.revision} is not above {held.revision}; use a higher one"
            )

    def _change_consents(self) -> None:
        for name, sifted in self.sifted.items():
            if sifted.features_revoked:
                deletion.forget_features(self._connection, name)
                self.revoked.add(name)
            if sifted.scaling_revoked:
                deletion.forget_scaling(self._connection, name)
                self.memory.standing = self.memory.standing.without(name)
                self.memory.hashes.pop(name, None)
                self.memory.ticks_since_snapshot = None
                self.revoked.add(name)
            if sifted.consent is not None:
                permissions.put_consent(self._connection, name, sifted.consent, self._now)
                self.memory.consents[name] = sifted.consent

    def _store(self) -> None:
        of_daemons = [(name, sample) for name, sifted in self.sifted.items() for sample in sifted.samples]
        observations.put_samples(self._connection, observations.DAEMON, of_daemons)
        signals = [(name, signal) for name, sifted in self.sifted.items() for signal in sifted.signals]
        observations.add_signals(self._connection, signals)
        for name, sifted in self.sifted.items():
            if sifted.ask is not None:
                observations.put_ask(self._connection, name, sifted.ask)
            if sifted.profile is not None:
                observations.put_profile(self._connection, name, sifted.profile)
            if sifted.features is not None:
                observations.put_features(self._connection, name, sifted.features, self._now)

    def _decide(self, gathered: Gathered, fleet: Fleet) -> None:
        standing, now = self.memory.standing, self._now
        samples = {name: tuple(taken) for name, taken in gathered.samples.items() if taken and self.allowed(name)}
        answers = [answer for answer in gathered.answers if self.allowed(answer.environment_id)]
        deltas = self._deltas(gathered, fleet, samples, answers)
        delta = FleetDelta(
            now=now,
            capacities=None if fleet.capacities == standing.capacities else dict(sorted(fleet.capacities.items())),
            prices=None if self._settings.prices == standing.prices else self._settings.prices,
            settings=None if self._settings.policy == standing.settings else self._settings.policy,
            tenancy=None if self._settings.tenancy == standing.tenancy else self._settings.tenancy,
        )
        if not deltas and not standing.state.environments:
            return
        after, self.decision, used, self.outcome.left_out = advance_isolated(standing, delta, deltas, self._policy)
        observations.put_samples(
            self._connection, observations.AGENT, [(name, one) for name, taken in samples.items() for one in taken]
        )
        for answer in answers:
            log.put_results(self._connection, answer.revision, answer.results)
        self.memory.standing = after
        self.outcome.deferred = self.decision.deferred
        self._log()
        self._journal(delta, used)
        self.outcome.decided = True

    def _deltas(
        self,
        gathered: Gathered,
        fleet: Fleet,
        samples: Mapping[str, tuple[Sample, ...]],
        answers: Iterable[Answered],
    ) -> dict[str, EnvironmentDelta]:
        standing = self.memory.standing
        results: dict[str, list[Answered]] = {}
        for answer in answers:
            results.setdefault(answer.environment_id, []).append(answer)
        decisive = {name for name, sifted in self.sifted.items() if sifted.decisive}
        named = {
            *fleet.changed,
            *samples,
            *results,
            *gathered.adoptions,
            *gathered.asks,
            *gathered.priors,
            *decisive,
            *self._wishes,
        }
        deltas: dict[str, EnvironmentDelta] = {}
        for name in named:
            sifted = self.sifted.get(name) or Sifted(0)
            allowed = self.allowed(name)
            ask = sifted.ask or (gathered.asks.get(name) if allowed else None)
            prior = self._prior(name, gathered) if allowed else None
            placement = fleet.placements.get(name)
            changed = placement is not None and placement != standing.placements.get(name)
            tick = Tick(
                self._now,
                samples={name: samples[name]} if name in samples else {},
                asks={name: ask} if ask is not None else {},
                priors={} if prior is None else {name: prior},
                signals={name: tuple(sifted.signals)} if sifted.signals else {},
                profiles={name: sifted.profile} if sifted.profile is not None else {},
                wishes=tuple(self._wishes.get(name, ())),
                actuations=tuple(result for answer in results.get(name, ()) for result in answer.results),
                placements={name: placement} if placement is not None and changed else {},
            )
            deltas[name] = EnvironmentDelta(
                tick,
                allowed=None if allowed == (name in standing.allowed) else allowed,
                gone=placement is None and name in standing.placements,
                adoption=gathered.adoptions.get(name),
            )
        nothing = EnvironmentDelta(Tick(self._now))
        return {name: delta for name, delta in deltas.items() if delta != nothing}

    def _prior(self, name: str, gathered: Gathered) -> Prior | None:
        """What similar environments need, if that is new; what may not be learned from them any more is taken back."""
        if self.memory.consents.get(name, NO_CONSENT).cohort_history:
            return gathered.priors.get(name)
        return NO_PRIOR if self.memory.standing.environment(name).prior is not None else None

    def _log(self) -> None:
        views = Views(self.memory.standing, self._now, self._policy)
        entries = [
            log.LoggedDecision(decision, views.explanation(decision), dry_run=self._settings.shadow)
            for decision in self.decision.environments
        ]
        log.put_decisions(self._connection, entries)
        for name, made in self._wishes.items():
            for wish in made:
                if wish.undo_decision_id:
                    log.mark_undone(self._connection, name, int(wish.undo_decision_id.rpartition("-")[2]))
        self.outcome.decisions = entries
        self.memory.decision_count += len(entries)

    def _journal(self, fleet: FleetDelta, deltas: Mapping[str, EnvironmentDelta]) -> None:
        memory = self.memory
        entries = delta_entries(memory.standing.tick, fleet, deltas, self.decision, memory.hashes, self._policy)
        journal.put_entries(self._connection, journal.DELTA, entries)
        memory.hashes.update((entry.stream, entry.chain_hash) for entry in entries)
        since = memory.ticks_since_snapshot
        if since is None or since + 1 >= self._settings.snapshot_ticks:
            snapshot = snapshot_entries(memory.standing, fleet, memory.hashes)
            journal.put_entries(self._connection, journal.SNAPSHOT, snapshot)
            memory.ticks_since_snapshot = 0
        else:
            memory.ticks_since_snapshot = since + 1

    def _answer(self, batch: Batch, accepted: set[int]) -> None:
        for position, request in enumerate(batch.requests):
            if position not in accepted or isinstance(request, ConsentRequest):
                continue
            response = request.answer(self.memory.standing.environment(request.environment_id)).SerializeToString()
            wishes.put_answer(
                self._connection, request.environment_id, request.request_id, request.method, response, self._now
            )
            self.outcome.answers[position] = response

    def _acknowledge(self) -> None:
        moved = {
            name: sifted.sequence
            for name, sifted in self.sifted.items()
            if sifted.sequence != self.memory.acknowledged.get(name, 0)
        }
        permissions.put_sequences(self._connection, moved)
        self.memory.acknowledged.update(moved)
        for name, sifted in self.sifted.items():
            self.outcome.acknowledged[name] = sifted.sequence
            self.outcome.duplicate_count += sifted.duplicate_count
            self.outcome.unwanted_count += sifted.unwanted_count
