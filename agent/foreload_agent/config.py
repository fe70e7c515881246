"""The agent's settings, and the file that lists its environments."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from foreload_core.types import Amounts, PolicySettings
from foreload_core.units import GIB
from foreload_system.identity import NAME_RULE, is_name
from foreload_system.paths import certificate_directory, state_directory
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "FORELOAD_AGENT_"
FLOOR_CORES = 1.0
FLOOR_BYTES = 2 * GIB
INITIAL_BYTES = 4 * GIB
LONGEST_SHOWN = 80
_POLICY = PolicySettings()
_ALLOWED = {
    "float_": "a number",
    "finite_number": "a number",
    "int_": "a whole number",
    "bool_": "true or false",
    "string_": "a text",
    "list_": "a list",
    "tuple_": "a list",
    "model_": "an object in braces",
    "path_": "a path",
}
"""What is allowed, by how the kind of a failed validation begins; the others say it themselves."""


class ConfigurationError(ValueError):
    """Settings or a file that cannot be used: each bad key, its value and what is allowed."""


def _checked_name(name: str) -> str:
    if not is_name(name):
        raise ValueError(f"allowed are {NAME_RULE}")
    return name


def _checked_addresses(addresses: str) -> str:
    for address in addresses.split(","):
        host, colon, port = address.rpartition(":")
        if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise ValueError(
                "allowed is HOST:PORT with a port from 1 to 65535, as in 127.0.0.1:7443, or several with commas"
                " between them"
            )
    return addresses


Name = Annotated[str, AfterValidator(_checked_name)]


class AgentSettings(BaseSettings):
    """Settings of one agent, from options, then FORELOAD_AGENT_* variables, then defaults."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    broker: Annotated[str, AfterValidator(_checked_addresses)] = Field(
        "127.0.0.1:7443",
        description="Address of the broker, HOST:PORT; of several with commas between them, the active one",
    )
    instance: Name = Field("local", description="Id of this instance; its certificate is that of agent-INSTANCE")
    state: Path = Field(default_factory=state_directory, description="Folder of certificates and of what was applied")
    environments: Path | None = Field(
        None, description="File that lists the environments of this instance [STATE/agent/environments.json]"
    )
    certificates: Path | None = Field(
        None, description="Folder with ca.pem, cert.pem and key.pem of this agent [STATE/certs/agent-INSTANCE]"
    )
    group: Name = Field("foreload", description="Name of the cgroup that holds those of the environments")
    measure_seconds: float = Field(1.0, ge=0.1, le=60, description="Time between two looks at an environment")
    report_seconds: float = Field(
        10.0, ge=0.2, le=600, description="Time between two measurements to the broker, unless something is urgent"
    )
    urgent_throttled_ratio: float = Field(
        0.1, ge=0.01, le=1, description="A look with more of its time throttled than this is reported at once"
    )
    memory_margin_ratio: float = Field(
        _POLICY.memory_margin_ratio, ge=0, le=4, description="Memory stays above use by at least this part of it"
    )
    memory_margin_bytes: int = Field(
        _POLICY.memory_margin_bytes, ge=0, le=2**40, description="Memory stays above use by at least this many bytes"
    )
    shrink_wait_seconds: float = Field(
        2.0, ge=0, le=60, description="On cgroup v2, how long a lower memory limit waits for use to fall"
    )
    docker_host: str = Field(
        default_factory=lambda: os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock"),
        description="Where the Docker engine listens, for environments that are containers [DOCKER_HOST]",
    )
    remove_on_exit: bool = Field(False, description="Take the environments' cgroups away on a clean exit")
    capacity_cpu_cores: float | None = Field(
        None, gt=0, le=100_000, description="What of this machine's CPU the instance hands out [all of it]"
    )
    capacity_memory_bytes: int | None = Field(
        None, gt=0, le=2**50, description="What of this machine's memory the instance hands out [all of it]"
    )
    task_checkpoint_seconds: float = Field(
        60.0, ge=0.1, le=3600, description="How long the checkpoint of a task that makes way may take"
    )
    task_stop_seconds: float = Field(
        10.0, ge=0.1, le=600, description="How long a task that makes way may take to end; then it is paused instead"
    )

    @property
    def environments_file(self) -> Path:
        """The file that lists the environments."""
        return self.environments or self.state / "agent" / "environments.json"

    @property
    def applied_file(self) -> Path:
        """The file that remembers what was applied."""
        return self.state / "agent" / "applied.json"

    @property
    def certificate_folder(self) -> Path:
        """The folder of the agent's own certificate."""
        return self.certificates or certificate_directory(self.state, "agent", self.instance)


class AmountsModel(BaseModel):
    """Amounts as they stand in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cpu_cores: float | None = Field(None, gt=0, le=100_000)
    memory_bytes: int | None = Field(None, gt=0, le=2**50)
    gpu_count: float | None = Field(None, ge=0, le=1024)
    network_rx_bytes_per_second: float | None = Field(None, gt=0, le=1e13)
    network_tx_bytes_per_second: float | None = Field(None, gt=0, le=1e13)

    def amounts(self) -> Amounts:
        """The same as the core's type."""
        return Amounts(**self.model_dump())


class EnvironmentEntry(BaseModel):
    """One environment of this instance.

    `container` is for `docker`: the name of its container, or the value of its label foreload.environment; not given,
    the environment's id is looked for.

    What is not given of `floor` is min(1 core, half of the capacity), 2 GiB (at most half of the capacity) and a
    quarter of the initial bandwidth; of `initial`, the floor's CPU and min(4 GiB, half of the capacity).

    `workspace` is the folder in which its tasks may run, as the user whose folder it is.

    Bandwidth is managed only where `initial` gives one, and only of containers with a network of their own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    environment_id: Name
    platform: Literal["cgroup", "docker", "dry_run", "simulated"] = "cgroup"
    workspace: Path | None = None
    container: str | None = Field(None, min_length=1, max_length=200)
    floor: AmountsModel = Field(default_factory=lambda: AmountsModel.model_validate({}))
    initial: AmountsModel = Field(default_factory=lambda: AmountsModel.model_validate({}))

    def floor_amounts(self, capacity: Amounts) -> Amounts:
        """What keeps the editor in it responsive."""
        bandwidth = Amounts(
            network_rx_bytes_per_second=_part(self.initial.network_rx_bytes_per_second),
            network_tx_bytes_per_second=_part(self.initial.network_tx_bytes_per_second),
        )
        return self.floor.amounts().over(bandwidth).over(default_floor(capacity))

    def initial_amounts(self, capacity: Amounts) -> Amounts:
        """The limits that a new group begins with."""
        floor = self.floor_amounts(capacity)
        memory_bytes = min(INITIAL_BYTES, _half(capacity.memory_bytes, INITIAL_BYTES))
        least = Amounts(floor.cpu_cores, max(memory_bytes, floor.memory_bytes or 0))
        return self.initial.amounts().over(least)


class WorkspaceEntry(BaseModel):
    """A workspace of an environment that runs elsewhere: mounted here, so that its tasks may run here too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    environment_id: Name
    path: Path


class _EnvironmentsFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    environments: tuple[EnvironmentEntry, ...]
    workspaces: tuple[WorkspaceEntry, ...] = ()


def default_floor(capacity: Amounts) -> Amounts:
    """The floor of an environment with an editor on an instance of this capacity."""
    cores = min(FLOOR_CORES, capacity.cpu_cores / 2) if capacity.cpu_cores else FLOOR_CORES
    return Amounts(cpu_cores=cores, memory_bytes=min(FLOOR_BYTES, _half(capacity.memory_bytes, FLOOR_BYTES)))


def read_environments(path: Path) -> tuple[EnvironmentEntry, ...]:
    """The environments that a file lists.

    Raises:
        ConfigurationError: it is missing, unreadable, no JSON, or says what is not allowed.
    """
    entries = _read_file(path).environments
    names = [entry.environment_id for entry in entries]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(
                f"{path}: environment_id {name!r} stands there {names.count(name)} times; once is allowed"
            )
    return entries


def read_workspaces(path: Path) -> tuple[WorkspaceEntry, ...]:
    """The workspaces that a file lists, those of its environments included.

    Raises:
        ConfigurationError: as for `read_environments`.
    """
    content = _read_file(path)
    own = [
        WorkspaceEntry(environment_id=entry.environment_id, path=entry.workspace)
        for entry in content.environments
        if entry.workspace is not None
    ]
    return (*own, *content.workspaces)


def _read_file(path: Path) -> _EnvironmentsFile:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        example = '{"environments": [{"environment_id": "my-project", "platform": "cgroup"}]}'
        raise ConfigurationError(f"{path} is missing; write which environments run here, as in {example}") from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path} is no JSON: {error}") from error
    try:
        return _EnvironmentsFile.model_validate(content)
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {validation_text(error)}") from None


def make_settings(options: Mapping[str, Any]) -> AgentSettings:
    """Settings from options; what is None there comes from the environment variables or defaults.

    Raises:
        ConfigurationError: a value is not allowed.
    """
    try:
        return AgentSettings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        raise ConfigurationError(validation_text(error, lambda name: _setting_key(name, options))) from None


def unknown_variables(variables: Mapping[str, str] = os.environ) -> list[str]:
    """Names of FORELOAD_AGENT_* variables that are no setting, for a warning."""
    known = {f"{PREFIX}{name}".upper() for name in AgentSettings.model_fields}
    return sorted(name for name in variables if name.startswith(PREFIX) and name not in known)


def validation_text(error: ValidationError, name_key: Callable[[str], str] = str) -> str:
    """Each bad key with its value and what is allowed, in one line.

    Args:
        error: what was found.
        name_key: how the person wrote a key.
    """
    parts: list[str] = []
    for problem in error.errors(include_url=False):
        key = name_key(".".join(str(part) for part in problem["loc"])) or "the whole"
        if problem["type"] == "missing":
            parts.append(f"{key} is missing")
        elif problem["type"] == "extra_forbidden":
            parts.append(f"{key} is not known")
        else:
            parts.append(f"{key} is {shown(problem['input'])}: {_allowed(problem)}")
    return "; ".join(parts)


def shown(value: object) -> str:
    """A bad value, cut where it is long."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _setting_key(name: str, options: Mapping[str, Any]) -> str:
    given = options.get(name) is not None
    return f"--{name.replace('_', '-')}" if given else f"{PREFIX}{name}".upper()


def _allowed(problem: ErrorDetails) -> str:
    kind = problem["type"]
    words = next((words for prefix, words in _ALLOWED.items() if kind.startswith(prefix)), "")
    if words:
        return f"allowed is {words}"
    return problem["msg"].removeprefix("Value error, ").replace("Input should be ", "allowed is ")


def _part(bandwidth: float | None) -> float | None:
    """What is always left of a bandwidth: an idle environment's next download must not crawl until it is noticed."""
    return None if bandwidth is None else bandwidth / 4


def _half(amount: int | None, otherwise: int) -> int:
    return amount // 2 if amount else otherwise
