"""Resources, and amounts of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Resource(StrEnum):
    """What an environment is given. The value is the short name of traces, of `recommend` and of metrics' labels."""

    CPU = "cpu"
    MEMORY = "memory"
    GPU = "gpu"
    NETWORK_RX = "net_rx"
    NETWORK_TX = "net_tx"

    @property
    def field(self) -> str:
        """Name of this resource's field in `Amounts`, with its unit."""
        return _FIELDS[self]


_FIELDS: Mapping[Resource, str] = {
    Resource.CPU: "cpu_cores",
    Resource.MEMORY: "memory_bytes",
    Resource.GPU: "gpu_count",
    Resource.NETWORK_RX: "network_rx_bytes_per_second",
    Resource.NETWORK_TX: "network_tx_bytes_per_second",
}
_PLACES: Mapping[Resource, int] = {resource: place for place, resource in enumerate(_FIELDS)}


@dataclass(frozen=True, slots=True)
class Amounts:
    """An amount of each resource; None says nothing of that resource (not measured, not meant)."""

    cpu_cores: float | None = None
    memory_bytes: int | None = None
    gpu_count: float | None = None
    network_rx_bytes_per_second: float | None = None
    network_tx_bytes_per_second: float | None = None

    def get(self, resource: Resource) -> float | None:
        """The amount of `resource` in its own unit, or None."""
        return getattr(self, _FIELDS[resource])

    def with_amount(self, resource: Resource, amount: float | None) -> Amounts:
        """The same amounts with one replaced. Memory is rounded to whole bytes."""
        value = int(amount) if amount is not None and resource is Resource.MEMORY else amount
        amounts: list[Any] = [
            self.cpu_cores,
            self.memory_bytes,
            self.gpu_count,
            self.network_rx_bytes_per_second,
            self.network_tx_bytes_per_second,
        ]
        amounts[_PLACES[resource]] = value
        return Amounts(*amounts)

    def items(self) -> Iterator[tuple[Resource, float]]:
        """The amounts that are given, in the order of `Resource`."""
        for resource, name in _FIELDS.items():
            amount = getattr(self, name)
            if amount is not None:
                yield resource, amount

    def over(self, other: Amounts) -> Amounts:
        """These amounts, and those of `other` where nothing is given here."""
        merged = other
        for resource, amount in self.items():
            merged = merged.with_amount(resource, amount)
        return merged


NO_AMOUNTS = Amounts()
