"""Sets a container's limits through its engine, so that the engine's own record stays true."""

from __future__ import annotations

from collections.abc import Callable

from foreload_core.types import NO_AMOUNTS, Actuation, Amounts, Resource
from foreload_system.cgroup import Cgroup, NoCgroupError, locate

from foreload_agent.platforms.docker.engine import ContainerState, EngineRefusedError, EnvironmentContainer
from foreload_agent.ports import Capability, Outcome, PlatformUnavailableError
from foreload_agent.shrinking import MemoryMargin, ShrinkRefusedError, lower_version2

CHANGEABLE = (Resource.CPU, Resource.MEMORY)
LEAST_MEMORY_BYTES = 6 * 1024 * 1024  # what the engine takes at least
_PAGE_BYTES = 4096
_CORE_STEP = 0.01  # the engine takes no fewer than a hundredth of a core


class DockerActuator:
    """CPU and memory limits of a container. Whoever started it keeps its life: it is neither made nor removed here.

    Args:
        container: the environment's.
        margin: how far above use memory stays.
        wait_seconds: how long a lower memory limit waits for use to fall (cgroup version 2).
    """

    def __init__(self, container: EnvironmentContainer, margin: MemoryMargin, wait_seconds: float) -> None:
        self._container = container
        self._margin = margin
        self._wait_seconds = wait_seconds

    def create(self, initial: Amounts) -> bool:
        """Gives a container that has no limits the initial ones; one that has limits keeps them. See `Actuator`.

        Returns:
            False: containers are made by others.

        Raises:
            PlatformUnavailableError: it does not run.
        """
        state = self._container.require()
        missing = NO_AMOUNTS
        for resource, amount in initial.items():
            if resource in CHANGEABLE and _held(state, resource) is None:
                missing = missing.with_amount(resource, amount)
        self.apply(missing, lambda: False)
        return False

    def capabilities(self) -> tuple[Capability, ...]:
        """See `Actuator`."""
        return tuple(
            Capability(
                resource, resource in CHANGEABLE, "Docker engine" if resource in CHANGEABLE else _cannot(resource)
            )
            for resource in Resource
        )

    def limit(self) -> Amounts:
        """See `Actuator`."""
        try:
            state = self._container.look()
        except PlatformUnavailableError:
            return NO_AMOUNTS
        return NO_AMOUNTS if state is None else Amounts(state.cpu_cores, state.memory_bytes)

    def apply(self, target: Amounts, superseded: Callable[[], bool]) -> tuple[Outcome, ...]:
        """See `Actuator`. CPU first: it takes no time, and memory may have to wait."""
        return tuple(self._outcome(resource, amount, superseded) for resource, amount in target.items())

    def remove(self, kill: bool) -> None:
        """The container stays: it belongs to who started it."""

    def _outcome(self, resource: Resource, amount: float, superseded: Callable[[], bool]) -> Outcome:
        if resource not in CHANGEABLE:
            return Outcome(resource, Actuation.REFUSED, None, _cannot(resource))
        try:
            state = self._container.require()
        except PlatformUnavailableError as error:
            return Outcome(resource, Actuation.FAILED, None, str(error))
        held = _held(state, resource)
        try:
            if resource is Resource.CPU:
                changed = self._set_cpu(state, max(_CORE_STEP, round(amount, 3)))
            else:
                memory_bytes = max(LEAST_MEMORY_BYTES, int(amount) // _PAGE_BYTES * _PAGE_BYTES)
                changed = self._set_memory(state, memory_bytes, superseded)
        except ShrinkRefusedError as refusal:
            return Outcome(resource, Actuation.REFUSED, held, str(refusal))
        except (EngineRefusedError, PlatformUnavailableError, NoCgroupError, OSError) as error:
            return Outcome(resource, Actuation.FAILED, held, str(error))
        after = self._container.look()
        holds = held if after is None else _held(after, resource)
        return Outcome(resource, Actuation.APPLIED if changed else Actuation.NO_CHANGE, holds)

    def _set_cpu(self, state: ContainerState, cores: float) -> bool:
        if state.cpu_cores is not None and abs(state.cpu_cores - cores) < 0.0005:
            return False
        self._container.engine.set_cpu(state, cores)
        return True

    def _set_memory(self, state: ContainerState, memory_bytes: int, superseded: Callable[[], bool]) -> bool:
        held = state.memory_bytes
        if held == memory_bytes:
            return False
        engine = self._container.engine
        if held is not None and memory_bytes > held:
            engine.set_memory(state, memory_bytes)
            return True
        group = locate(state.pid)

        def require_fit() -> None:
            self._margin.require(_used_bytes(group), memory_bytes)

        if group.memory is not None and group.memory.version == 2:
            lower_version2(
                group.memory.folder,
                memory_bytes,
                lower=lambda: engine.set_memory(state, memory_bytes),
                require_fit=require_fit,
                superseded=superseded,
                wait_seconds=self._wait_seconds,
            )
            return True
        require_fit()
        try:
            engine.set_memory(state, memory_bytes)
        except EngineRefusedError as error:
            if "busy" not in str(error).lower():
                raise
            raise ShrinkRefusedError(
                f"the kernel could not bring use below {memory_bytes} bytes (EBUSY); the old limit stays"
            ) from error
        return True


def _used_bytes(group: Cgroup) -> int:
    used = group.read().memory_bytes
    if used is None:
        # Not knowing the use is no licence to lower: it would be taken for 0.
        raise ShrinkRefusedError("the container's use of memory cannot be read, so the old limit stays")
    return used


def _held(state: ContainerState, resource: Resource) -> float | None:
    return state.cpu_cores if resource is Resource.CPU else state.memory_bytes


def _cannot(resource: Resource) -> str:
    return f"the Docker engine cannot change {resource} while a container runs"
