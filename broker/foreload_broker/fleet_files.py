"""The operator's two files of the fleet: what resources and instances cost, and whose environments may hold how much.

Both are JSON, read when the broker starts. What is wrong is named by its place in the file, its value and what is
allowed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from foreload_core.types import Amounts, Prices
from foreload_core.types.instances import InstanceType, PriceList
from foreload_core.types.tenancy import Allowance, Tenancy, Tenant
from pydantic import BaseModel, ConfigDict, Field, ValidationError

SHIPPED_PRICES = Path(__file__).with_name("prices.json")
MOST_BYTES = 4_000_000
_Money = Annotated[float, Field(ge=0, le=100_000)]
_Name = Annotated[str, Field(min_length=1, max_length=63)]
_DEFAULT = Prices()
Model = TypeVar("Model", bound=BaseModel)


class FleetFileError(ValueError):
    """A file that cannot be used. The message names the file, the place in it, the value and what is allowed."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class Capacity(_Strict):
    """Amounts of resources; one that is left out says nothing of it."""

    cpu_cores: float | None = Field(default=None, gt=0, le=100_000)
    memory_bytes: int | None = Field(default=None, gt=0, le=2**60)
    gpu_count: float | None = Field(default=None, ge=0, le=10_000)
    network_rx_bytes_per_second: float | None = Field(default=None, gt=0)
    network_tx_bytes_per_second: float | None = Field(default=None, gt=0)

    def amounts(self) -> Amounts:
        """The same as the core has it."""
        return Amounts(**self.model_dump(include=set(Capacity.model_fields)))


class ResourcePrices(_Strict):
    """USD per hour of one unit of each resource."""

    cpu_core_usd_per_hour: _Money = _DEFAULT.cpu_core_usd_per_hour
    memory_gib_usd_per_hour: _Money = _DEFAULT.memory_gib_usd_per_hour
    gpu_usd_per_hour: _Money = _DEFAULT.gpu_usd_per_hour
    network_megabyte_per_second_usd_per_hour: _Money = _DEFAULT.network_megabyte_per_second_usd_per_hour


class InstanceTypeEntry(_Strict):
    """A kind of machine: what it has, what it costs, and how long it takes to be there."""

    name: _Name
    cpu_cores: float = Field(gt=0, le=100_000)
    memory_bytes: int = Field(gt=0, le=2**60)
    gpu_count: float | None = Field(default=None, ge=0, le=10_000)
    usd_per_hour: _Money
    boot_seconds: float = Field(120.0, ge=0, le=86_400)


class PriceFile(_Strict):
    """The price file. The first instance type is the one that the pool orders unless it is told otherwise."""

    currency: Literal["USD"] = "USD"
    resources: ResourcePrices = ResourcePrices()
    instance_types: tuple[InstanceTypeEntry, ...] = ()


class AllowanceEntry(_Strict):
    """What the environments of one owner or organisation may hold and cost together."""

    quota: Capacity = Capacity()
    budget_usd_per_month: float | None = Field(default=None, ge=0, le=1e9)


class TenantEntry(_Strict):
    """Whose an environment is; a higher priority is served first."""

    owner: str = Field("", max_length=63)
    organisation: str = Field("", max_length=63)
    priority: int = Field(0, ge=-1000, le=1000)


class TenantFile(_Strict):
    """The tenant file."""

    environments: dict[_Name, TenantEntry] = {}
    owners: dict[_Name, AllowanceEntry] = {}
    organisations: dict[_Name, AllowanceEntry] = {}


def read_prices(path: Path | None) -> PriceList:
    """The price list of a file; None: the one that is shipped.

    Raises:
        FleetFileError: it cannot be used.
    """
    path = path or SHIPPED_PRICES
    content = _read(path, PriceFile)
    names = [entry.name for entry in content.instance_types]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise FleetFileError(f"{path}: instance_types has {', '.join(twice)} twice; each name is allowed once")
    types = tuple(
        InstanceType(
            entry.name,
            Amounts(entry.cpu_cores, entry.memory_bytes, entry.gpu_count),
            entry.usd_per_hour,
            entry.boot_seconds,
        )
        for entry in content.instance_types
    )
    return PriceList(Prices(**content.resources.model_dump()), types)


def read_tenancy(path: Path | None) -> Tenancy:
    """The tenancy of a file; None: nobody shares anything.

    Raises:
        FleetFileError: it cannot be used.
    """
    if path is None:
        return Tenancy()
    content = _read(path, TenantFile)
    return Tenancy(
        {name: Tenant(**entry.model_dump()) for name, entry in content.environments.items()},
        {name: _allowance(entry) for name, entry in content.owners.items()},
        {name: _allowance(entry) for name, entry in content.organisations.items()},
    )


def _allowance(entry: AllowanceEntry) -> Allowance:
    return Allowance(entry.quota.amounts(), entry.budget_usd_per_month)


def _read(path: Path, model: type[Model]) -> Model:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise FleetFileError(f"{path} has more than {MOST_BYTES} bytes; that is no such file")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FleetFileError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        raise FleetFileError(f"{path}: " + "; ".join(_problem(entry) for entry in error.errors())) from error


def _problem(entry: Any) -> str:
    place = ".".join(str(part) for part in entry["loc"]) or "the file"
    if entry["type"] == "json_invalid":
        return f"this is not JSON ({entry['msg']})"
    if entry["type"] == "missing":
        return f"{place} is missing"
    if entry["type"] == "extra_forbidden":
        return f"{place} is not known here"
    shown = repr(entry["input"])[:60]
    return f"{place} is {shown}; {entry['msg'].replace('Input should', 'it must')}"
