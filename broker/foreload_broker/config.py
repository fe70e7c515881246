"""The broker's settings: one class with a range and a text for each, from which checks and `--help` are made."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from foreload_core.scheduler.pool import PoolSettings
from foreload_core.types import PolicySettings, Prices
from foreload_core.types.instances import InstanceType, PriceList
from foreload_core.types.tasks import TaskSettings
from foreload_core.types.tenancy import Tenancy
from foreload_system.paths import authority_directory, certificate_directory, state_directory
from pydantic import AfterValidator, Field, PrivateAttr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from foreload_broker.fleet_files import FleetFileError, read_prices, read_tenancy

PREFIX = "FORELOAD_BROKER_"
BROKER_NAME = "local"
_POLICY = PolicySettings()
_TASKS = TaskSettings()
_PRICES = Prices()


class SettingsError(ValueError):
    """A setting that cannot be used. The message names each bad key, its value and what is allowed."""


def split_address(address: str) -> tuple[str, int]:
    """Host and port of `host:port`; a host in square brackets is an IPv6 address.

    Raises:
        ValueError: it is no such thing.
    """
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError("allowed is HOST:PORT with a port from 0 to 65535, as in 127.0.0.1:7443")
    return host.strip("[]"), int(port)


def _checked_address(address: str) -> str:
    split_address(address)
    return address


Address = Annotated[str, AfterValidator(_checked_address)]


class BrokerSettings(BaseSettings):
    """Settings of one broker, from options, then FORELOAD_BROKER_* variables, then defaults."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    listen: Address = Field(
        "127.0.0.1:7443", description="Address for daemons, agents and operators, HOST:PORT; port 0 takes a free one"
    )
    metrics: Address = Field(
        "127.0.0.1:7480", description="Address of /metrics, /healthz and /readyz, HOST:PORT; port 0 takes a free one"
    )
    enrolment: Address | Literal[""] = Field(
        "",
        description="Address for newcomers with a token, HOST:PORT, without a certificate of their own [none is taken]",
    )
    state: Path = Field(default_factory=state_directory, description="Folder of certificates, database and run files")
    certificates: Path | None = Field(
        None, description="Folder with ca.pem, cert.pem and key.pem of this broker [STATE/certs/broker-local]"
    )
    database_url: str = Field(
        "", description="SQLAlchemy URL, sqlite or postgresql [a SQLite file in STATE]", max_length=2000
    )
    lease_seconds: float = Field(
        10.0,
        ge=1,
        le=300,
        description="On a shared database another broker becomes active when this one is silent for so long",
    )
    kubernetes: bool = Field(
        False,
        description="Pods of a cluster with the label foreload.dev/environment are environments too, resized in place",
    )
    kubernetes_namespace: str = Field(
        "*", min_length=1, max_length=63, description="Whose pods are looked at; * for all namespaces"
    )
    kubernetes_config: Path | None = Field(
        None, description="kubeconfig file of the cluster [the service account, else KUBECONFIG]"
    )
    prometheus: str = Field(
        "",
        max_length=2000,
        pattern=r"^(https?://[^\s]+)?$",
        description="URL of a Prometheus whose pods are looked at and decided for, and not changed [none]",
    )
    prometheus_label: str = Field(
        "pod", pattern="^[a-zA-Z_][a-zA-Z0-9_]*$", description="Label whose value names an environment"
    )
    prometheus_where: str = Field(
        "", max_length=1000, description="What series must match beside, as in namespace=~'dev-.*'"
    )
    prometheus_seconds: int = Field(
        60, ge=5, le=3600, description="Time between two looks, and over which rates are taken"
    )
    prometheus_token: Path | None = Field(None, description="File with a bearer token for Prometheus")
    prometheus_authority: Path | None = Field(
        None, description="PEM of the authority of its certificate [the system's]"
    )
    shadow: bool = Field(False, description="Decide and show, and change nothing")
    scale_without_consent: bool = Field(
        False,
        description="Also scale environments whose developer was never asked, because no daemon has ever connected",
    )
    tick_seconds: float = Field(10.0, ge=0.05, le=60, description="Time between two looks at the fleet")
    answer_seconds: float = Field(
        3.0, ge=0.1, le=60, description="An instruction without an answer is sent again after this long"
    )
    forecast_seconds: float = Field(
        300.0, ge=1, le=86_400, description="Where no daemon asks, the broker forecasts an environment this often"
    )
    snapshot_ticks: int = Field(
        180, ge=1, le=100_000, description="A snapshot of the state enters the journal after this many ticks"
    )
    inbox_messages: int = Field(
        10_000, ge=10, le=1_000_000, description="Messages that may wait to be stored before senders are held back"
    )
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="debug, info, warning or error")

    keep_each_sample_days: float = Field(
        1.0, ge=0.01, le=3650, description="After this long the samples of a minute become one"
    )
    task_horizon_seconds: float = Field(
        _TASKS.horizon_seconds, ge=1, le=86_400, description="Tasks make way for a peak that is seen this far ahead"
    )
    task_leave_seconds: float = Field(
        _TASKS.leave_seconds, ge=0, le=3600, description="A task makes way this long before the peak"
    )
    task_calm_seconds: float = Field(
        _TASKS.calm_seconds, ge=0, le=3600, description="A paused task goes on after this long at the earliest"
    )
    task_decline_seconds: float = Field(
        _TASKS.decline_seconds, ge=0, le=86_400, description="A task that is to stay is left alone for this long"
    )

    keep_samples_days: float = Field(14.0, gt=0, le=3650, description="Samples and signals are deleted after this long")
    keep_journal_days: float = Field(
        7.0, gt=0, le=3650, description="The journal before the last snapshot is deleted after this long"
    )
    keep_decisions_days: float = Field(
        90.0, gt=0, le=3650, description="Decisions and their results are deleted after this long"
    )

    cpu_margin_ratio: float = Field(_POLICY.cpu_margin_ratio, ge=0, le=4, description="Head room over live CPU use")
    memory_margin_ratio: float = Field(
        _POLICY.memory_margin_ratio, ge=0, le=4, description="Head room over live memory use"
    )
    memory_margin_bytes: int = Field(
        _POLICY.memory_margin_bytes, ge=0, le=2**40, description="Least head room over live memory use"
    )
    lower_after_seconds: float = Field(
        _POLICY.lower_after_seconds,
        ge=0,
        le=86_400,
        description="A limit goes down only to the highest need of this long",
    )
    dead_band_ratio: float = Field(
        _POLICY.dead_band_ratio, ge=0, le=0.9, description="A lowering smaller than this part of the limit is left out"
    )
    cpu_step_cores: float = Field(
        _POLICY.cpu_step_cores, ge=0.01, le=64, description="CPU limits are rounded up to this"
    )
    memory_step_bytes: int = Field(
        _POLICY.memory_step_bytes, ge=4096, le=2**40, description="Memory limits are rounded up to this"
    )
    window_lead_seconds: float = Field(
        _POLICY.window_lead_seconds,
        ge=0,
        le=86_400,
        description="A profile's window is made ready this long before it begins",
    )

    price_cpu_core_usd_per_hour: float = Field(
        _PRICES.cpu_core_usd_per_hour, ge=0, le=1000, description="Price of one core"
    )
    price_memory_gib_usd_per_hour: float = Field(
        _PRICES.memory_gib_usd_per_hour, ge=0, le=1000, description="Price of one GiB"
    )
    price_gpu_usd_per_hour: float = Field(_PRICES.gpu_usd_per_hour, ge=0, le=10_000, description="Price of one GPU")
    price_network_megabyte_per_second_usd_per_hour: float = Field(
        _PRICES.network_megabyte_per_second_usd_per_hour, ge=0, le=1000, description="Price of one MB/s of network"
    )

    prices_file: Path | None = Field(
        None, description="Prices of resources and instance types, JSON [the shipped one; resources as set here]"
    )
    tenants_file: Path | None = Field(
        None, description="Owners, organisations, their environments, priorities, quotas and budgets, JSON"
    )
    provider: str = Field(
        "", pattern="^(|command|local)$", description="What gives instances for the pool: command, local [nothing]"
    )
    provider_command: str = Field(
        "", max_length=4000, description="Program that provisions, releases and lists instances, with its arguments"
    )
    pool_instance_type: str = Field(
        "", max_length=63, description="Instance type that the pool orders [the first one of the price file]"
    )
    pool_least_count: int = Field(0, ge=0, le=10_000, description="The pool keeps at least so many instances")
    pool_most_count: int = Field(10, ge=0, le=10_000, description="The pool never has more instances than this")
    pool_spare_count: int = Field(0, ge=0, le=1000, description="Instances that are ready beyond what is expected")
    pool_look_seconds: float = Field(60.0, ge=0.1, le=3600, description="Time between two looks at the pool")
    waiting_usd_per_hour: float = Field(
        60.0, ge=0, le=100_000, description="What an hour costs in which a person waits for an instance"
    )

    _price_list: PriceList = PrivateAttr(default_factory=PriceList)
    _tenancy: Tenancy = PrivateAttr(default_factory=Tenancy)

    @model_validator(mode="after")
    def _files(self) -> BrokerSettings:
        try:
            self._price_list = read_prices(self.prices_file)
            self._tenancy = read_tenancy(self.tenants_file)
        except FleetFileError as error:
            raise ValueError(str(error)) from error
        if self.provider == "command" and not self.provider_command.strip():
            raise ValueError("provider is command, and provider_command names no program")
        if self.pool_instance_type and self._price_list.instance_type(self.pool_instance_type) is None:
            names = ", ".join(known.name for known in self._price_list.instance_types)
            raise ValueError(f"pool_instance_type is {self.pool_instance_type!r}; the price file has {names}")
        if self.provider and not self._price_list.instance_types:
            raise ValueError("a provider is set, and the price file has no instance_types")
        return self

    @model_validator(mode="after")
    def _absolute(self) -> BrokerSettings:
        object.__setattr__(self, "state", self.state.expanduser().absolute())
        return self

    @property
    def certificate_folder(self) -> Path:
        """Where this broker's own certificate lies."""
        return self.certificates or certificate_directory(self.state, "broker", BROKER_NAME)

    @property
    def authority_folder(self) -> Path:
        """Where the authority lies, if this broker has it."""
        return authority_directory(self.state)

    @property
    def database(self) -> str:
        """URL of the database."""
        return self.database_url or f"sqlite:///{self.state / 'broker' / 'broker.db'}"

    @property
    def policy(self) -> PolicySettings:
        """The part that the decision sees."""
        return PolicySettings(**{name: getattr(self, name) for name in PolicySettings.__dataclass_fields__})

    @property
    def tasks(self) -> TaskSettings:
        """The part that tasks are decided by."""
        return TaskSettings(**{name: getattr(self, f"task_{name}") for name in TaskSettings.__dataclass_fields__})

    @property
    def prices(self) -> Prices:
        """What resources cost."""
        if self.prices_file is not None:
            return self._price_list.resources
        return Prices(**{name: getattr(self, f"price_{name}") for name in Prices.__dataclass_fields__})

    @property
    def instance_types(self) -> tuple[InstanceType, ...]:
        """The kinds of machines that the price file has."""
        return self._price_list.instance_types

    @property
    def pool_type(self) -> InstanceType | None:
        """The kind of machine that the pool orders."""
        named = self._price_list.instance_type(self.pool_instance_type)
        return named or next(iter(self.instance_types), None)

    @property
    def pool(self) -> PoolSettings:
        """Bounds and costs of the pool."""
        return PoolSettings(
            waiting_usd_per_hour=self.waiting_usd_per_hour,
            least_count=self.pool_least_count,
            most_count=self.pool_most_count,
            spare_count=self.pool_spare_count,
        )

    @property
    def tenancy(self) -> Tenancy:
        """Whose environments may hold how much."""
        return self._tenancy


def read_settings(given: Mapping[str, Any] | None = None) -> BrokerSettings:
    """Settings from what was given on the command line, then the environment, then defaults.

    Args:
        given: option name (with underscores) -> value; None values are left out.

    Raises:
        SettingsError: something is wrong; everything that is wrong is in the message.
    """
    options = {name: value for name, value in (given or {}).items() if value is not None}
    try:
        return BrokerSettings(**options)
    except ValidationError as error:
        raise SettingsError("; ".join(_problem(entry, options) for entry in error.errors())) from error


def unknown_variables(variables: Mapping[str, str] = os.environ) -> list[str]:
    """Names of FORELOAD_BROKER_* variables that are no setting, for a warning."""
    known = {f"{PREFIX}{name}".upper() for name in BrokerSettings.model_fields}
    return sorted(name for name in variables if name.startswith(PREFIX) and name not in known)


def allowed(field: FieldInfo) -> str:
    """What a setting may be, for a person: its range, pattern or type."""
    parts: list[str] = []
    for rule in field.metadata:
        match rule:
            case Ge(ge=low):
                parts.append(f"from {low:g}")
            case Gt(gt=low):
                parts.append(f"above {low:g}")
            case Le(le=high):
                parts.append(f"up to {high:g}")
            case Lt(lt=high):
                parts.append(f"below {high:g}")
            case MinLen(min_length=length):
                parts.append(f"at least {length} characters")
            case MaxLen(max_length=length):
                parts.append(f"at most {length} characters")
            case _ if getattr(rule, "pattern", None):
                parts.append(str(rule.pattern).strip("^$()").replace("|", ", "))
    kinds = {bool: "true or false", int: "a whole number", float: "a number", Path: "a path"}
    kind = kinds.get(field.annotation, "") if isinstance(field.annotation, type) else ""
    return " ".join([kind, *parts]).strip() or "a text"


def _problem(entry: Any, options: Mapping[str, Any]) -> str:
    if not entry["loc"]:  # what several settings are only together
        return str(entry["msg"]).removeprefix("Value error, ")
    name = str(entry["loc"][0])
    field = BrokerSettings.model_fields.get(name)
    key = f"--{name.replace('_', '-')}" if name in options else f"{PREFIX}{name}".upper()
    if field is None:
        return f"{key} is no setting of the broker; allowed are {', '.join(BrokerSettings.model_fields)}"
    own = (
        str(entry["msg"]).removeprefix("Value error, ")
        if entry["type"] == "value_error"
        else f"allowed is {allowed(field)}"
    )
    return f"{key} is {entry['input']!r}; {own}"
