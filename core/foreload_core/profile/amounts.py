"""The amounts that a profile may state: their names in the file, their ranges, and how they are said."""

from __future__ import annotations

from dataclasses import dataclass

from foreload_core.types import Resource
from foreload_core.units import GIB, MEGABYTE


@dataclass(frozen=True, slots=True)
class AmountField:
    """One amount of a profile.

    Attributes:
        name: in the file; ends with the unit.
        most: largest value that is accepted; all are above 0.
        scale: from the file's unit to the core's.
        one, many: the unit after one and after other than one.
        meaning: for the schema.
    """

    name: str
    resource: Resource
    most: float
    scale: float
    one: str
    many: str
    meaning: str

    def words(self, value: float) -> str:
        """The value for a person."""
        return f"{value:g} {self.one if value == 1 else self.many}"


AMOUNT_FIELDS = (
    AmountField("cpuCores", Resource.CPU, 1024, 1, "core", "cores", "CPU cores."),
    AmountField("memoryGib", Resource.MEMORY, 65536, GIB, "GiB", "GiB", "Memory in GiB."),
    AmountField("gpuCount", Resource.GPU, 64, 1, "GPU", "GPUs", "GPUs, or parts of one."),
    AmountField(
        "networkRxMegabytesPerSecond", Resource.NETWORK_RX, 1e5, MEGABYTE, "MB/s", "MB/s", "Traffic in, in MB/s."
    ),
    AmountField(
        "networkTxMegabytesPerSecond", Resource.NETWORK_TX, 1e5, MEGABYTE, "MB/s", "MB/s", "Traffic out, in MB/s."
    ),
)
