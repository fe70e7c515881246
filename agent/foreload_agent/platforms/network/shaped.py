"""Another platform's environment, with its bandwidth limited beside its CPU and memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from foreload_core.types import NO_AMOUNTS, Actuation, Amounts, Resource, Sample
from foreload_core.units import rate_text

from foreload_agent.platforms.network.links import LEAST_BYTES_PER_SECOND, LinkError, Links
from foreload_agent.ports import Actuator, Capability, Collector, Outcome

DIRECTIONS = (Resource.NETWORK_RX, Resource.NETWORK_TX)
SAME_RATIO = 0.001
FindProcess = Callable[[], int]
"""A process in the environment's network; 0: none runs."""


class ShapedActuator:
    """Sets bandwidth by itself and hands the rest on. Only limits that were given at the start are changed.

    Args:
        inner: the platform that sets CPU and memory.
        find_process: where the environment's network is.
    """

    def __init__(self, inner: Actuator, find_process: FindProcess) -> None:
        self._inner = inner
        self._find_process = find_process
        self._known: tuple[int, Amounts] = (0, NO_AMOUNTS)

    def create(self, initial: Amounts) -> bool:
        """See `Actuator`. A bandwidth that is limited already stays as it is.

        Raises:
            PlatformUnavailableError: as the inner platform.
        """
        made = self._inner.create(_without_network(initial))
        held = self._bandwidth()
        for resource in DIRECTIONS:
            amount = initial.get(resource)
            if amount is not None and held.get(resource) is None:
                self._set(resource, amount)
        return made

    def capabilities(self) -> tuple[Capability, ...]:
        """See `Actuator`."""
        inner = [each for each in self._inner.capabilities() if each.resource not in DIRECTIONS]
        return (*inner, *(Capability(resource, True, "HTB on the environment's own link") for resource in DIRECTIONS))

    def limit(self) -> Amounts:
        """See `Actuator`."""
        return self._bandwidth().over(self._inner.limit())

    def apply(self, target: Amounts, superseded: Callable[[], bool]) -> tuple[Outcome, ...]:
        """See `Actuator`."""
        bandwidth = [self._set(resource, amount) for resource, amount in target.items() if resource in DIRECTIONS]
        return (*self._inner.apply(_without_network(target), superseded), *bandwidth)

    def remove(self, kill: bool) -> None:
        """See `Actuator`."""
        pid = self._find_process()
        if pid:
            Links(pid).clear()
        self._inner.remove(kill)

    def known_bandwidth(self) -> Amounts:
        """The bandwidth that was read last; asking the kernel takes too long for every second."""
        pid = self._find_process()
        return self._known[1] if pid and pid == self._known[0] else self._bandwidth()

    def _bandwidth(self) -> Amounts:
        pid = self._find_process()
        try:
            received, sent = Links(pid).rates() if pid else (None, None)
        except LinkError:
            received = sent = None
        limit = Amounts(network_rx_bytes_per_second=received, network_tx_bytes_per_second=sent)
        self._known = (pid, limit)
        return limit

    def _set(self, resource: Resource, amount: float) -> Outcome:
        pid = self._find_process()
        if not pid:
            return Outcome(resource, Actuation.FAILED, None, "the environment does not run")
        amount = max(LEAST_BYTES_PER_SECOND, amount)
        held = self._bandwidth().get(resource)
        if held is not None and abs(held - amount) <= SAME_RATIO * amount:
            return Outcome(resource, Actuation.NO_CHANGE, held)
        try:
            Links(pid).set_rate(receives=resource is Resource.NETWORK_RX, bytes_per_second=amount)
        except LinkError as error:
            return Outcome(resource, Actuation.REFUSED, held, f"{rate_text(amount)} cannot be set: {error}")
        return Outcome(resource, Actuation.APPLIED, self._bandwidth().get(resource))


class ShapedCollector:
    """Another platform's samples, with the limits of bandwidth beside those of CPU and memory.

    Args:
        inner: what measures.
        actuator: what knows the limits.
    """

    def __init__(self, inner: Collector, actuator: ShapedActuator) -> None:
        self._inner = inner
        self._actuator = actuator

    def measure(self, now: datetime, monotonic: float) -> Sample:
        """See `Collector`."""
        sample = self._inner.measure(now, monotonic)
        return replace(sample, limit=self._actuator.known_bandwidth().over(sample.limit))


def _without_network(amounts: Amounts) -> Amounts:
    return replace(amounts, network_rx_bytes_per_second=None, network_tx_bytes_per_second=None)
