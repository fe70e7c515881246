"""One instruction on one pod: each resource by itself, memory never below its use, and what the kubelet made of it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from datetime import datetime, timedelta

from foreload_core.types import NO_AMOUNTS, Actuation, ActuationResult, Amounts, PolicySettings, Resource
from foreload_core.units import memory_text

from foreload_broker.platforms.kubernetes.cluster import (
    CONFLICT,
    NOT_FOUND,
    UNPROCESSABLE,
    Cluster,
    ClusterError,
    Usage,
)
from foreload_broker.platforms.kubernetes.pods import (
    EnvironmentPod,
    PodUnusableError,
    ResizeState,
    changeable,
    holds,
    read_pod,
    resize_patch,
)
from foreload_broker.ports import Instruction

POLL_SECONDS = 0.25
CONFLICT_TRIES = 4
STALE_USAGE = timedelta(minutes=3)
"""A use that was measured longer ago is no ground for lowering memory."""

Result = tuple[Actuation, float | None, str]


class Resizer:
    """Applies instructions.

    Args:
        cluster: the API.
        policy: the margin above which memory stays.
        clock: the time, UTC.
        settle_seconds: how long the kubelet may take before the answer is "deferred".
    """

    def __init__(
        self, cluster: Cluster, policy: PolicySettings, clock: Callable[[], datetime], settle_seconds: float
    ) -> None:
        self._cluster = cluster
        self._policy = policy
        self._clock = clock
        self._settle_seconds = settle_seconds

    async def apply(
        self, pod: EnvironmentPod, instruction: Instruction, usage: Usage | None, superseded: Callable[[], bool]
    ) -> tuple[ActuationResult, ...]:
        """Carries an instruction out, at most once. CPU first: memory may have to wait for the kubelet.

        Args:
            pod: as it was seen last; it is looked at again before anything is changed.
            instruction: absolute targets.
            usage: what it used last; None: not known, then memory is not lowered.
            superseded: a newer instruction waits; a long wait then ends.
        """
        try:
            now = await self._again(pod)
        except ClusterError as error:
            return self.failed(instruction, str(error))
        if now.uid != pod.uid:
            return self.failed(instruction, f"pod {pod.namespace}/{pod.name} was replaced by another of that name")
        if instruction.revision <= now.applied_revision:
            detail = f"revision {instruction.revision} is not above {now.applied_revision}, which was applied already"
            return self._results(
                instruction,
                {
                    resource: (Actuation.NO_CHANGE, now.limit.get(resource), detail)
                    for resource, _ in _items(instruction)
                },
            )
        found: dict[Resource, Result] = {}
        for resource, amount in _items(instruction):
            found[resource] = await self._one(now, resource, amount, usage, superseded)
        try:
            await self._cluster.note_revision(now, instruction.revision)
        except ClusterError as error:
            # Harmless, since targets are absolute: at worst the same limits are written once more.
            found = {name: (done, amount, detail or str(error)) for name, (done, amount, detail) in found.items()}
        return self._results(instruction, found)

    def failed(self, instruction: Instruction, detail: str) -> tuple[ActuationResult, ...]:
        """The answer where nothing was done."""
        return self._results(
            instruction, {resource: (Actuation.FAILED, None, detail) for resource, _ in _items(instruction)}
        )

    async def _one(
        self,
        pod: EnvironmentPod,
        resource: Resource,
        amount: float,
        usage: Usage | None,
        superseded: Callable[[], bool],
    ) -> Result:
        held = pod.limit.get(resource)
        if resource not in changeable(pod):
            words = "has no such limit, and one cannot be added while it runs"
            if resource not in (Resource.CPU, Resource.MEMORY):
                words = f"cannot be given other {resource} while it runs: only CPU and memory change in place"
            return Actuation.REFUSED, held, f"the pod {words}"
        amount = max(amount, pod.floor.get(resource) or 0.0)
        if holds(pod, resource, amount) and pod.wanted.get(resource) == pod.limit.get(resource):
            return Actuation.NO_CHANGE, held, ""
        if resource is Resource.MEMORY and (held is None or amount < held):
            refusal = self._unsafe(pod, int(amount), usage)
            if refusal:
                return Actuation.REFUSED, held, refusal
        try:
            before = await self._patch(pod, NO_AMOUNTS.with_amount(resource, amount))
            return await self._settled(before, resource, amount, superseded)
        except ClusterError as error:
            refused = error.status in (UNPROCESSABLE, CONFLICT)
            return Actuation.REFUSED if refused else Actuation.FAILED, held, str(error)

    def _unsafe(self, pod: EnvironmentPod, memory_bytes: int, usage: Usage | None) -> str:
        """Why memory is not lowered; empty: it may be."""
        used = usage.used.get(pod.container) if usage is not None else None
        if usage is None or used is None or used.memory_bytes is None or self._clock() - usage.at > STALE_USAGE:
            return "its use of memory was not measured in the last 3 minutes, so the old limit stays"
        policy = self._policy
        least = used.memory_bytes + max(
            policy.memory_margin_bytes, math.ceil(used.memory_bytes * policy.memory_margin_ratio)
        )
        if memory_bytes >= least:
            return ""
        return (
            f"{memory_text(used.memory_bytes)} are used and the margin asks for a limit of at least "
            f"{memory_text(least)} ({least} bytes); {memory_bytes} bytes are less, so the old limit stays"
        )

    async def _patch(self, pod: EnvironmentPod, target: Amounts) -> EnvironmentPod:
        """Asks for other limits; a pod that somebody else changed meanwhile is read again."""
        for attempt in range(CONFLICT_TRIES):
            try:
                await self._cluster.resize(pod, resize_patch(pod, target))
            except ClusterError as error:
                if error.status != CONFLICT or attempt == CONFLICT_TRIES - 1:
                    raise
                pod = await self._again(pod)
            else:
                break
        return pod

    async def _settled(
        self, before: EnvironmentPod, resource: Resource, amount: float, superseded: Callable[[], bool]
    ) -> Result:
        """Waits until the kubelet has done it, or says why not."""
        deadline = asyncio.get_running_loop().time() + self._settle_seconds
        while True:
            pod = await self._again(before)
            if holds(pod, resource, amount) and pod.resize in (ResizeState.NONE, ResizeState.IN_PROGRESS):
                return Actuation.APPLIED, pod.limit.get(resource), ""
            if pod.resize in (ResizeState.INFEASIBLE, ResizeState.FAILED):
                return await self._taken_back(before, pod, resource)
            late = asyncio.get_running_loop().time() >= deadline
            if pod.resize is ResizeState.DEFERRED or late or superseded():
                words = pod.resize_detail or "the kubelet has not done it yet"
                return Actuation.DEFERRED, pod.limit.get(resource), words
            await asyncio.sleep(POLL_SECONDS)

    async def _taken_back(self, before: EnvironmentPod, pod: EnvironmentPod, resource: Resource) -> Result:
        """What the node can never give is not left standing as a wish: the limits before are asked for again."""
        words = pod.resize_detail or f"the kubelet says that it is {pod.resize}"
        old = before.limit.get(resource)
        if old is not None:
            try:
                await self._patch(pod, NO_AMOUNTS.with_amount(resource, old))
            except ClusterError as error:
                words = f"{words}; the old limit could not be asked for again: {error}"
        return Actuation.REFUSED, old, words

    async def _again(self, pod: EnvironmentPod) -> EnvironmentPod:
        try:
            return read_pod(await self._cluster.pod(pod.namespace, pod.name))
        except PodUnusableError as error:
            raise ClusterError(str(error), NOT_FOUND) from error

    def _results(self, instruction: Instruction, found: dict[Resource, Result]) -> tuple[ActuationResult, ...]:
        now = self._clock()
        return tuple(
            ActuationResult(
                instruction.instruction_id, instruction.environment_id, resource, actuation, amount, detail, now
            )
            for resource, (actuation, amount, detail) in found.items()
        )


def _items(instruction: Instruction) -> list[tuple[Resource, float]]:
    return list(instruction.target.items())
