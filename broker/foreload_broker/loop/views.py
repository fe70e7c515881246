"""What daemons and people are shown of the state: the allocation, and what a decision was made on."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from foreload_core.decide import EnvironmentState, Fleet, Policy, plan
from foreload_core.policy.cost import amounts_usd_per_hour
from foreload_core.scheduler.accounts import Account
from foreload_core.types import NO_AMOUNTS, Amounts, EnvironmentDecision, Signal, SignalKind
from foreload_proto.v1 import broker_pb2
from foreload_system.codecs import (
    amounts_to_proto,
    forecast_to_proto,
    planned_to_proto,
    reason_to_proto,
    sample_to_proto,
    signal_to_proto,
    time_to_proto,
)
from foreload_system.codecs.fleet import account_to_proto, prices_to_proto

from foreload_broker.loop.standing import Standing, whole_tick

SHOWN_SIGNALS = 64


class Views:
    """Makes what is shown of one moment; what all environments share is worked out once."""

    def __init__(self, standing: Standing, now: datetime, policy: Policy) -> None:
        self._standing = standing
        self._now = now
        self._policy = policy
        self._tick = whole_tick(standing, now, {})
        self._fleet: Fleet | None = None

    def allocation(self, environment_id: str, withheld: Collection[str]) -> broker_pb2.Allocation:
        """What holds for an environment now.

        Args:
            environment_id: whose.
            withheld: signals whose raise is still on its way; a waiting launch goes on waiting for it.
        """
        state = self._standing.environment(environment_id)
        placement = self._standing.placements.get(environment_id)
        shown = [signal_id for signal_id in state.signal_ids if signal_id not in withheld]
        message = broker_pb2.Allocation(
            revision=state.revision,
            target=amounts_to_proto(state.target),
            at=time_to_proto(self._now),
            signal_ids=shown[-SHOWN_SIGNALS:],
            pinned=amounts_to_proto(state.pinned),
            prices=prices_to_proto(self._standing.prices),
            account=account_to_proto(Account(state.spent_usd, state.static_usd)),
        )
        if placement is not None:
            message.agent_connected = placement.connected
            message.limit.CopyFrom(amounts_to_proto(placement.limit))
            capacity = self._standing.capacities.get(placement.instance_id, NO_AMOUNTS)
            message.capacity.CopyFrom(amounts_to_proto(capacity))
            message.planned.extend(self._planned(environment_id))
        if state.paused_until is not None and state.paused_until > self._now:
            message.paused_until.CopyFrom(time_to_proto(state.paused_until))
        return message

    def explanation(self, decision: EnvironmentDecision) -> broker_pb2.ExplainDecisionResponse:
        """What a decision of this moment was made on; the decision itself is left out."""
        state = self._standing.environment(decision.environment_id)
        placement = self._standing.placements.get(decision.environment_id)
        capacity = NO_AMOUNTS if placement is None else self._standing.capacities.get(placement.instance_id, NO_AMOUNTS)
        before = _before(decision)
        message = broker_pb2.ExplainDecisionResponse(
            signals=[signal_to_proto(signal) for signal in _signals(state)],
            forecasts=[] if state.ask is None else [forecast_to_proto(forecast) for forecast in state.ask.forecasts],
            capacity=amounts_to_proto(capacity),
            minimum=amounts_to_proto(state.profile.minimum),
            maximum=amounts_to_proto(state.profile.maximum),
            price_usd_per_hour_before=amounts_usd_per_hour(before, self._standing.prices),
            price_usd_per_hour_after=amounts_usd_per_hour(decision.target, self._standing.prices),
            alternatives=[reason_to_proto(reason) for reason in decision.alternatives],
        )
        if state.samples:
            message.live.CopyFrom(sample_to_proto(state.samples[-1]))
        return message

    def _planned(self, environment_id: str) -> list[broker_pb2.PlannedChange]:
        if environment_id not in self._standing.allowed:
            return []
        if self._fleet is None:
            self._fleet = Fleet(self._tick, self._standing.state.environments)
        planned = plan(self._standing.state, environment_id, self._tick, self._policy, self._fleet)
        return [planned_to_proto(change) for change in planned]


def _before(decision: EnvironmentDecision) -> Amounts:
    amounts = decision.target
    for change in decision.changes:
        amounts = amounts.with_amount(change.resource, change.from_amount)
    return amounts


def _signals(state: EnvironmentState) -> list[Signal]:
    return [
        Signal(
            signal_id=run.signal_id,
            kind=SignalKind.ANNOUNCED if run.announced else SignalKind.RUN_STARTED,
            at=run.begins_at,
            run_id=run.run_id,
            run_kind=run.kind,
            demand=run.demand,
        )
        for run in state.runs
    ]
