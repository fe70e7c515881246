"""Watches the environments' pods, and carries instructions out on them, one environment at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog
from foreload_core.types import Amounts, PolicySettings, Sample
from lightkube.resources.core_v1 import Pod

from foreload_broker.platforms.kubernetes.cluster import Cluster, ClusterError, Usage
from foreload_broker.platforms.kubernetes.pods import EnvironmentPod, PodUnusableError, changeable, read_pod
from foreload_broker.platforms.kubernetes.resize import Resizer
from foreload_broker.ports import AgentLeft, AgentRegistered, Answered, Instruction, ManagedEnvironment, Measured, Post

_LOG = structlog.get_logger(__name__)
LOST_LOOKS = 3
"""After so many looks that failed, the nodes count as not connected; limits stay as they are."""


@dataclass(slots=True)
class _Known:
    """One environment as it was seen last."""

    pod: EnvironmentPod
    usage: Usage | None = None
    restarts: int = 0
    waiting: Instruction | None = None
    worker: asyncio.Task[None] | None = field(default=None, repr=False)


class Restarts(NamedTuple):
    """How often a container was started again, and whether the last time was for want of memory.

    The kubelet keeps only the last cause, so of several kills between two looks one is told.
    """

    restart_count: int
    last_for_memory: bool


class Kubernetes:
    """A cluster as the broker's platform: its nodes are instances, its labelled pods are environments.

    Args:
        cluster: the API.
        policy: the margin above which memory stays.
        post: the loop's inbox.
        clock: the time, UTC.
        look_seconds: time between two looks at all pods.
        settle_seconds: how long a resize may take before it counts as deferred.
    """

    name = "kubernetes"

    def __init__(
        self,
        cluster: Cluster,
        policy: PolicySettings,
        post: Post,
        clock: Callable[[], datetime],
        look_seconds: float = 10.0,
        settle_seconds: float = 20.0,
    ) -> None:
        self._cluster = cluster
        self._post = post
        self._clock = clock
        self._look_seconds = look_seconds
        self._resizer = Resizer(cluster, policy, clock, settle_seconds)
        self._known: dict[str, _Known] = {}
        self._registered: dict[str, AgentRegistered] = {}
        self._told: dict[str, str] = {}
        self._failed_looks = 0

    async def run(self) -> None:
        """Looks at the cluster until it is cancelled. A cluster that is down takes nothing else down."""
        try:
            while True:
                try:
                    await self.look()
                except Exception:  # noqa: BLE001 - what one answer of a cluster holds must not end the watch
                    _LOG.exception("the cluster cannot be looked at, tried again")
                await asyncio.sleep(self._look_seconds)
        finally:
            workers = [known.worker for known in self._known.values() if known.worker is not None]
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            await self._cluster.close()

    def send(self, instance_id: str, instruction: Instruction) -> bool:
        """See `Platform.send`. Only the newest instruction of an environment waits: targets are absolute."""
        known = self._known.get(instruction.environment_id)
        if known is None or known.pod.node != instance_id or instance_id not in self._registered:
            return False
        known.waiting = instruction
        if known.worker is None or known.worker.done():
            known.worker = asyncio.get_running_loop().create_task(self._work(known))
        return True

    async def look(self) -> None:
        """One look at nodes, pods and use; what changed is posted."""
        try:
            nodes, pods = await asyncio.gather(self._cluster.nodes(), self._cluster.pods())
        except ClusterError as error:
            self._failed_looks += 1
            self._say_once("cluster", f"{error}; limits stay as they are")
            if self._failed_looks == LOST_LOOKS:
                self._leave(set(self._registered))
            return
        self._failed_looks = 0
        self._told.pop("cluster", None)
        self._take_up(pods)
        self._register(nodes)
        try:
            usage = await self._cluster.usage()
        except ClusterError as error:
            self._say_once("usage", str(error))
        else:
            self._told.pop("usage", None)
            self._measure(usage)

    def _take_up(self, pods: list[Pod]) -> None:
        """Keeps what is known of the environments in step with the pods."""
        found: dict[str, tuple[EnvironmentPod, Restarts]] = {}
        for pod in pods:
            try:
                read = read_pod(pod)
            except PodUnusableError as error:
                self._say_once(f"pod {pod.metadata.name if pod.metadata else ''}", str(error))
                continue
            if not read.running or not read.node:
                continue
            if read.environment_id in found:
                other = found[read.environment_id][0]
                self._say_once(
                    f"twice {read.environment_id}",
                    f"pods {other.name} and {read.name} both say that they are {read.environment_id}; "
                    f"{min(other.name, read.name)} is taken",
                )
                if other.name < read.name:
                    continue
            found[read.environment_id] = (read, _restarts(pod, read.container))
        for environment_id in self._known.keys() - found.keys():
            del self._known[environment_id]
        for environment_id, (read, restarts) in found.items():
            known = self._known.get(environment_id)
            if known is None or known.pod.uid != read.uid:
                self._known[environment_id] = _Known(read, restarts=restarts.restart_count)
                continue
            known.pod = read
            if restarts.restart_count > known.restarts and restarts.last_for_memory:
                self._report_kill(known)
            known.restarts = restarts.restart_count

    def _register(self, nodes: Mapping[str, Amounts]) -> None:
        by_node: dict[str, list[ManagedEnvironment]] = {}
        for environment_id, known in sorted(self._known.items()):
            pod = known.pod
            by_node.setdefault(pod.node, []).append(
                ManagedEnvironment(
                    environment_id, self.name, pod.limit, pod.floor, changeable(pod), pod.applied_revision
                )
            )
        for node, environments in by_node.items():
            message = AgentRegistered(node, nodes.get(node, Amounts()), tuple(environments))
            if self._registered.get(node) != message:
                self._registered[node] = message
                self._post(message)
        self._leave(self._registered.keys() - by_node.keys())

    def _leave(self, gone: set[str]) -> None:
        for node in sorted(gone):
            del self._registered[node]
            self._post(AgentLeft(node))

    def _measure(self, usage: Mapping[tuple[str, str], Usage]) -> None:
        for environment_id, known in self._known.items():
            pod, new = known.pod, usage.get((known.pod.namespace, known.pod.name))
            if new is None or pod.container not in new.used or (known.usage is not None and new.at <= known.usage.at):
                continue
            known.usage = new
            self._post(Measured(pod.node, environment_id, _sample(pod, new)))

    def _report_kill(self, known: _Known) -> None:
        """A kill is told at once, with the limit as the use: that is what was reached, and nobody measured it."""
        pod, now = known.pod, self._clock()
        used = Amounts(memory_bytes=pod.limit.memory_bytes)
        sample = Sample(now - timedelta(seconds=self._look_seconds), self._look_seconds, used, pod.limit, 0.0, 1)
        self._post(Measured(pod.node, pod.environment_id, sample, urgent=True))

    async def _work(self, known: _Known) -> None:
        """Carries out what waits for one environment, the newest first and alone."""
        while known.waiting is not None:
            instruction, known.waiting = known.waiting, None
            node = known.pod.node
            try:
                results = await self._resizer.apply(
                    known.pod, instruction, known.usage, superseded=lambda: known.waiting is not None
                )
            except Exception as error:  # noqa: BLE001 - whatever happens, the loop gets an answer
                _LOG.exception("instruction failed", environment_id=instruction.environment_id)
                results = self._resizer.failed(instruction, f"{type(error).__name__}: {error}")
            self._post(Answered(node, instruction.environment_id, instruction.revision, results))

    def _say_once(self, about: str, words: str) -> None:
        if self._told.get(about) != words:
            _LOG.warning("kubernetes", about=about, reason=words)
        self._told[about] = words


def _sample(pod: EnvironmentPod, usage: Usage) -> Sample:
    used = usage.used[pod.container]
    window = usage.window_seconds
    limit = pod.limit
    # The metrics API has no throttled time. Use that fills its limit for a whole window was surely held back.
    full = limit.cpu_cores is not None and (used.cpu_cores or 0.0) >= 0.98 * limit.cpu_cores
    return Sample(usage.at - timedelta(seconds=window), window, used, limit, window if full else 0.0, 0)


def _restarts(pod: Pod, container: str) -> Restarts:
    for status in (pod.status.containerStatuses if pod.status is not None else None) or []:
        if status.name == container:
            last = status.lastState.terminated if status.lastState is not None else None
            return Restarts(status.restartCount, last is not None and last.reason == "OOMKilled")
    return Restarts(0, False)
