"""The Docker engine: which container an environment is, what holds for it, and how its limits are changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import requests
from docker import APIClient
from docker.errors import APIError, DockerException, NotFound

from foreload_agent.ports import PlatformUnavailableError

LABEL = "foreload.environment"
"""Label by which a container says which environment it is, where its name is another."""
PERIOD_MICROSECONDS = 100_000
NANO = 1_000_000_000
TIMEOUT_SECONDS = 10
FIRST_VERSION = "1.24"  # for asking which one is spoken; the oldest that the library takes


class EngineRefusedError(Exception):
    """The engine did not do what it was asked for: its own words."""


@dataclass(frozen=True, slots=True)
class ContainerState:
    """What the engine says of a container.

    Attributes:
        container_id: the engine's own id.
        pid: its first process; 0: it does not run.
        cpu_cores, memory_bytes: its limits; None: no limit.
        uses_nano: its CPU limit was given as a number of cores, and can only be changed so.
        swap_bytes: how much it may swap beside its memory; None: no limit.
    """

    container_id: str
    pid: int
    cpu_cores: float | None
    memory_bytes: int | None
    uses_nano: bool
    swap_bytes: int | None


class Engine:
    """One Docker engine.

    Args:
        address: of the engine, as in DOCKER_HOST.

    Raises:
        PlatformUnavailableError: no engine answers there.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        try:
            self._api = _client(address, _served_version(address))
        except (DockerException, requests.RequestException, ValueError) as error:
            raise PlatformUnavailableError(
                f"no Docker engine answers at {address} ({error}); start it, or set --docker-host to where it listens"
            ) from error

    def find(self, name: str) -> str:
        """The id of the container that carries the label with this name, else of the one that is called so.

        Raises:
            PlatformUnavailableError: there is none, or several carry the label.
        """
        try:
            labelled = cast(
                "list[dict[str, Any]]", self._api.containers(all=False, filters={"label": f"{LABEL}={name}"})
            )
            if len(labelled) > 1:
                names = ", ".join(sorted(str(each["Names"][0]).lstrip("/") for each in labelled))
                raise PlatformUnavailableError(f"{len(labelled)} containers carry the label {LABEL}={name}: {names}")
            return str(labelled[0]["Id"] if labelled else self._inspect(name)["Id"])
        except NotFound:
            raise PlatformUnavailableError(
                f"no container is called {name!r} or runs with the label {LABEL}={name}; it is taken up once it runs"
            ) from None
        except (DockerException, requests.RequestException) as error:
            raise self._unreachable(error) from error

    def state(self, container_id: str) -> ContainerState | None:
        """What holds for a container now; None: it is not there any more.

        Raises:
            PlatformUnavailableError: the engine does not answer.
        """
        try:
            found = self._inspect(container_id)
        except NotFound:
            return None
        except (DockerException, requests.RequestException) as error:
            raise self._unreachable(error) from error
        host: Mapping[str, Any] = found["HostConfig"]
        nano, quota, period = host.get("NanoCpus") or 0, host.get("CpuQuota") or 0, host.get("CpuPeriod") or 0
        cores = nano / NANO if nano else quota / (period or PERIOD_MICROSECONDS) if quota > 0 else None
        memory, with_swap = host.get("Memory") or 0, host.get("MemorySwap") or 0
        state: Mapping[str, Any] = found["State"]
        return ContainerState(
            container_id=str(found["Id"]),
            pid=int(state.get("Pid") or 0) if state.get("Running") else 0,
            cpu_cores=cores,
            memory_bytes=memory or None,
            uses_nano=bool(nano),
            swap_bytes=None if with_swap < 0 else max(0, with_swap - memory) if memory else 0,
        )

    def set_cpu(self, state: ContainerState, cores: float) -> None:
        """Sets the CPU limit in the way in which it was given, which is the only one that the engine then takes.

        Raises:
            EngineRefusedError: the engine's refusal.
            PlatformUnavailableError: the engine does not answer.
        """
        if state.uses_nano or state.cpu_cores is None:
            self._update(state.container_id, {"NanoCpus": round(cores * NANO)})
        else:
            quota = max(1_000, round(cores * PERIOD_MICROSECONDS))
            self._update(state.container_id, {"CpuPeriod": PERIOD_MICROSECONDS, "CpuQuota": quota})

    def set_memory(self, state: ContainerState, memory_bytes: int) -> None:
        """Sets the memory limit; what may be swapped beside it stays as much as it was.

        Raises:
            EngineRefusedError: the engine's refusal.
            PlatformUnavailableError: the engine does not answer.
        """
        with_swap = -1 if state.swap_bytes is None else memory_bytes + state.swap_bytes
        self._update(state.container_id, {"Memory": memory_bytes, "MemorySwap": with_swap})

    def _inspect(self, name: str) -> dict[str, Any]:
        return cast("dict[str, Any]", self._api.inspect_container(name))

    def _update(self, container_id: str, change: Mapping[str, int]) -> None:
        # The library's own call knows no NanoCpus, without which containers started with --cpus cannot be changed.
        url = f"{self._api.base_url}/v{self._api.api_version}/containers/{container_id}/update"
        try:
            answer = self._api.post(url, json=dict(change), timeout=TIMEOUT_SECONDS)
            if not answer.ok:
                raise EngineRefusedError(_message(answer))
        except requests.RequestException as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> PlatformUnavailableError:
        words = error.explanation if isinstance(error, APIError) and error.explanation else error
        return PlatformUnavailableError(f"the Docker engine at {self._address} does not answer: {words}")


def _client(address: str, version: str) -> APIClient:
    client = APIClient(base_url=address, version=version, timeout=TIMEOUT_SECONDS)
    client.headers["Connection"] = "close"  # calls are far apart; an open connection would only be kept for nothing
    return client


def _served_version(address: str) -> str:
    """The newest version of the interface that the engine speaks."""
    client = _client(address, FIRST_VERSION)
    try:
        return str(cast("dict[str, Any]", client.version(api_version=False))["ApiVersion"])
    finally:
        client.close()


def _message(answer: requests.Response) -> str:
    try:
        content = answer.json()
    except ValueError:
        return f"{answer.status_code} {answer.reason}"
    return str(content.get("message", content))


@dataclass(slots=True)
class EnvironmentContainer:
    """The container that an environment is. One that is started anew under the same name or label is taken up.

    Args:
        engine: where it runs.
        name: what is looked for, see `Engine.find`.
    """

    engine: Engine
    name: str
    container_id: str = ""
    seen_pid: int = 0

    def pid(self) -> int:
        """Its first process as it was seen last; 0: it does not run."""
        if self.seen_pid and not Path(f"/proc/{self.seen_pid}").exists():
            self.seen_pid = 0
        if not self.seen_pid:
            try:
                self.look()
            except PlatformUnavailableError:
                return 0
        return self.seen_pid

    def look(self) -> ContainerState | None:
        """The container as it is now; None while none runs.

        Raises:
            PlatformUnavailableError: the engine does not answer.
        """
        state = self.engine.state(self.container_id) if self.container_id else None
        if state is None or state.pid == 0:
            self.container_id = ""
            self.seen_pid = 0
            try:
                self.container_id = self.engine.find(self.name)
            except PlatformUnavailableError:
                return None
            state = self.engine.state(self.container_id)
        self.seen_pid = state.pid if state is not None else 0
        return state if self.seen_pid else None

    def require(self) -> ContainerState:
        """The same, where it must run.

        Raises:
            PlatformUnavailableError: it does not, and why.
        """
        state = self.look()
        if state is None:
            found = self.engine.state(self.engine.find(self.name))
            if found is None or not found.pid:
                raise PlatformUnavailableError(f"container {self.name!r} does not run; it is taken up once it does")
            state = found
        return state
