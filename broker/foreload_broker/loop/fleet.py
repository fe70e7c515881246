"""Which agents are there, what their instances have, and what they say of their environments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import structlog
from foreload_core.types import NO_AMOUNTS, ActuationResult, Amounts, Placement, Sample

from foreload_broker.loop.drift import differing
from foreload_broker.loop.standing import Adoption
from foreload_broker.ports import AgentLeft, AgentRegistered, Answered, ManagedEnvironment, Measured

_LOG = structlog.get_logger(__name__)


class Fleet:
    """What agents last said. Facts, not state: it is learned anew from them after a restart."""

    def __init__(self, placements: Mapping[str, Placement], capacities: Mapping[str, Amounts]) -> None:
        self.placements = {name: _disconnected(placement) for name, placement in placements.items()}
        self.capacities = dict(capacities)
        self.samples: dict[str, Sample] = {}
        # Placements that the journal does not know yet.
        self.changed: set[str] = set(placements)
        self._connected: set[str] = set()

    def register(self, message: AgentRegistered) -> tuple[ManagedEnvironment, ...]:
        """Takes in what an agent says it has; what it no longer names is gone.

        Returns:
            The environments that are its own. One that another connected agent has is not.
        """
        self._connected.add(message.instance_id)
        self.capacities[message.instance_id] = message.capacity
        named = {environment.environment_id for environment in message.environments}
        for name in [name for name in self.of(message.instance_id) if name not in named]:
            self.changed.add(name)
            del self.placements[name]
        own = tuple(
            environment for environment in message.environments if self._claim(message.instance_id, environment)
        )
        for environment in own:
            self.changed.add(environment.environment_id)
            self.placements[environment.environment_id] = Placement(
                instance_id=message.instance_id,
                floor=environment.floor,
                changeable=environment.changeable,
                limit=environment.limit,
            )
        return own

    def leave(self, message: AgentLeft) -> None:
        """The agent is gone; its environments keep what they have."""
        self._connected.discard(message.instance_id)
        for name in self.of(message.instance_id):
            self.placements[name] = _disconnected(self.placements[name])
            self.changed.add(name)

    def manages(self, message: Measured | Answered) -> bool:
        """Whether the environment that an agent speaks of runs on its instance; another one's word does not count."""
        placement = self.placements.get(message.environment_id)
        return placement is not None and placement.instance_id == message.instance_id

    def measured(self, environment_id: str, sample: Sample) -> None:
        """Takes in a sample, and the limits in it."""
        self.samples[environment_id] = sample
        self._limit(environment_id, sample.limit)

    def answered(self, results: Iterable[ActuationResult]) -> None:
        """Takes in the limits that hold after an instruction."""
        for result in results:
            if result.amount is not None:
                self._limit(result.environment_id, NO_AMOUNTS.with_amount(result.resource, result.amount))

    def of(self, instance_id: str) -> list[str]:
        """The environments of an instance."""
        return [name for name, placement in self.placements.items() if placement.instance_id == instance_id]

    def connected(self) -> dict[str, str]:
        """Environment -> instance, where the agent is there."""
        return {name: placement.instance_id for name, placement in self.placements.items() if placement.connected}

    def instances_connected(self) -> frozenset[str]:
        """The instances whose agents are there."""
        return frozenset(self._connected)

    def instance(self, environment_id: str) -> str | None:
        """The instance of an environment whose agent is there, else None."""
        placement = self.placements.get(environment_id)
        return placement.instance_id if placement is not None and placement.connected else None

    def adoption(
        self, environment: ManagedEnvironment, target: Amounts, revision: int, waiting: bool
    ) -> Adoption | None:
        """What of the agent's word differs from what was wanted.

        Args:
            environment: as registered.
            target: what was wanted of it.
            revision: of the last decision.
            waiting: the agent has not seen that decision yet and is about to.
        """
        actual = NO_AMOUNTS if waiting else differing(environment.limit, target)
        applied = environment.applied_revision if environment.applied_revision > revision else 0
        return Adoption(applied, actual) if applied or actual != NO_AMOUNTS else None

    def _claim(self, instance_id: str, environment: ManagedEnvironment) -> bool:
        holder = self.placements.get(environment.environment_id)
        if holder is None or holder.instance_id == instance_id or not holder.connected:
            return True
        _LOG.warning(
            "environment claimed by two agents, the first one keeps it",
            environment_id=environment.environment_id,
            holder=holder.instance_id,
            claimant=instance_id,
        )
        return False

    def _limit(self, environment_id: str, limit: Amounts) -> None:
        placement = self.placements.get(environment_id)
        if placement is None:
            return
        merged = limit.over(placement.limit)
        if merged != placement.limit:
            self.changed.add(environment_id)
            self.placements[environment_id] = Placement(
                placement.instance_id, placement.floor, placement.changeable, merged, placement.connected
            )


def _disconnected(placement: Placement) -> Placement:
    return Placement(placement.instance_id, placement.floor, placement.changeable, placement.limit, connected=False)
