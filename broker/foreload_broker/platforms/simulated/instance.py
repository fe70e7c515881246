"""One instance in memory: its environments use what they need, as far as their limit lets them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from foreload_core.types import NO_AMOUNTS, Actuation, ActuationResult, Amounts, Resource, Sample

from foreload_broker.ports import AgentRegistered, Answered, Instruction, ManagedEnvironment, Measured, Post

Demand = Callable[[str, datetime], Amounts]
"""What an environment would use at a moment if nothing held it back."""


class SimulatedInstance:
    """Applies what it is told like an agent does: absolute, at most once, and never memory below what is used."""

    name = "simulated"

    def __init__(
        self,
        instance_id: str,
        capacity: Amounts,
        environments: Mapping[str, ManagedEnvironment],
        demand: Demand,
        post: Post,
        clock: Callable[[], datetime],
    ) -> None:
        self.instance_id = instance_id
        self.environments = dict(environments)
        self._capacity = capacity
        self._demand = demand
        self._post = post
        self._clock = clock

    def register(self) -> None:
        """Says what there is."""
        self._post(AgentRegistered(self.instance_id, self._capacity, tuple(self.environments.values())))

    def measure(self, interval_seconds: float) -> None:
        """Sends one sample of each environment, of the interval that ends now."""
        now = self._clock()
        for name, environment in self.environments.items():
            needed = self._demand(name, now)
            used, throttled_seconds, oom_kills = NO_AMOUNTS, 0.0, 0
            for resource, amount in needed.items():
                limit = environment.limit.get(resource)
                held = limit is not None and amount > limit
                used = used.with_amount(resource, limit if held else amount)
                if held and resource is Resource.CPU:
                    throttled_seconds = interval_seconds
                if held and resource is Resource.MEMORY:
                    oom_kills = 1
            sample = Sample(
                start=now - timedelta(seconds=interval_seconds),
                interval_seconds=interval_seconds,
                used=used,
                limit=environment.limit,
                throttled_seconds=throttled_seconds,
                oom_kills=oom_kills,
            )
            self._post(Measured(self.instance_id, name, sample, urgent=bool(throttled_seconds or oom_kills)))

    def send(self, instance_id: str, instruction: Instruction) -> bool:
        """See `Platform.send`."""
        environment = self.environments.get(instruction.environment_id)
        if instance_id != self.instance_id or environment is None:
            return False
        results = [
            self._apply(environment, instruction, resource, amount) for resource, amount in instruction.target.items()
        ]
        limit = environment.limit
        for result in results:
            if result.amount is not None:
                limit = limit.with_amount(result.resource, result.amount)
        revision = max(environment.applied_revision, instruction.revision)
        self.environments[environment.environment_id] = replace(environment, limit=limit, applied_revision=revision)
        self._post(Answered(instance_id, instruction.environment_id, instruction.revision, tuple(results)))
        return True

    def _apply(
        self, environment: ManagedEnvironment, instruction: Instruction, resource: Resource, amount: float
    ) -> ActuationResult:
        now = self._clock()
        holds = environment.limit.get(resource)
        used = self._demand(environment.environment_id, now).get(resource) or 0.0
        if instruction.revision <= environment.applied_revision or holds == amount:
            actuation, after, detail = Actuation.NO_CHANGE, holds, ""
        elif resource not in environment.changeable:
            actuation, after, detail = Actuation.REFUSED, holds, f"{resource.value} cannot be changed here"
        elif resource is Resource.MEMORY and amount < used:
            actuation, after = Actuation.REFUSED, holds
            detail = f"{used:.0f} bytes are in use; the limit cannot go below that"
        else:
            actuation, after, detail = Actuation.APPLIED, amount, ""
        return ActuationResult(
            instruction.instruction_id, environment.environment_id, resource, actuation, after, detail, now
        )
