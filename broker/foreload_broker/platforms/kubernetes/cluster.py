"""The few things that are asked of a cluster's API, and its refusals in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
from foreload_core.types import Amounts
from foreload_core.units import parse_time
from lightkube import ApiError, AsyncClient, ConfigError, KubeConfig, operators
from lightkube.core.client import LabelSelector
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Node, Pod, PodResize
from lightkube.types import PatchType

from foreload_broker.platforms.kubernetes.pods import ENVIRONMENT_LABEL, REVISION_ANNOTATION, EnvironmentPod
from foreload_broker.platforms.kubernetes.quantities import parse_quantity

TIMEOUT_SECONDS = 10.0
FORBIDDEN, NOT_FOUND, CONFLICT, UNPROCESSABLE = 403, 404, 409, 422
_PodMetrics = create_namespaced_resource("metrics.k8s.io", "v1beta1", "PodMetrics", "pods")


class ClusterError(Exception):
    """The cluster did not do what was asked: what, why, what would help.

    Attributes:
        status: of the HTTP answer; 0: there was none.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


_LABELS: LabelSelector = {ENVIRONMENT_LABEL: operators.exists()}


@dataclass(frozen=True, slots=True)
class Usage:
    """What a pod's containers used in a window that ended at `at`; one entry a container."""

    at: datetime
    window_seconds: float
    used: Mapping[str, Amounts]


PodKey = tuple[str, str]
"""Namespace and name."""


class Cluster:
    """One cluster.

    Args:
        client: speaks to its API.
        namespace: whose pods are looked at; "*" for all.
    """

    def __init__(self, client: AsyncClient, namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    @classmethod
    def open(cls, namespace: str, kubeconfig: Path | None = None) -> Cluster:
        """The cluster of a file, else the one that this process runs in, else the one of KUBECONFIG.

        Raises:
            ClusterError: none is configured.
        """
        try:
            config = KubeConfig.from_file(kubeconfig) if kubeconfig else KubeConfig.from_env()
            client = AsyncClient(config=config.get(), timeout=httpx2.Timeout(TIMEOUT_SECONDS))
        except (ConfigError, OSError, ValueError) as error:
            raise ClusterError(
                f"no Kubernetes cluster is configured ({error}); run in a pod with a service account, or set KUBECONFIG"
            ) from error
        return cls(client, namespace)

    async def close(self) -> None:
        """Ends all connections."""
        await self._client.aclose()

    async def pods(self) -> list[Pod]:
        """All pods that carry an environment's label.

        Raises:
            ClusterError: they cannot be listed.
        """
        try:
            return [pod async for pod in self._client.list(Pod, namespace=self._namespace, labels=_LABELS)]
        except (ApiError, httpx2.HTTPError) as error:
            raise _told(error, "pods cannot be listed", "get and list pods") from error

    async def pod(self, namespace: str, name: str) -> Pod:
        """One pod.

        Raises:
            ClusterError: it cannot be read; status 404: it is not there.
        """
        try:
            return await self._client.get(Pod, name, namespace=namespace)
        except (ApiError, httpx2.HTTPError) as error:
            raise _told(error, f"pod {namespace}/{name} cannot be read", "get and list pods") from error

    async def resize(self, pod: EnvironmentPod, patch: Mapping[str, Any]) -> None:
        """Gives a pod other limits while it runs.

        Raises:
            ClusterError: it was refused; the message holds the server's words.
        """
        what = f"pod {pod.namespace}/{pod.name} cannot be resized"
        try:
            await self._client.patch(
                PodResize, pod.name, dict(patch), namespace=pod.namespace, patch_type=PatchType.STRATEGIC
            )
        except (ApiError, httpx2.HTTPError) as error:
            raise _told(error, what, "patch pods/resize (Kubernetes 1.33 or newer)") from error

    async def note_revision(self, pod: EnvironmentPod, revision: int) -> None:
        """Writes the applied revision on the pod.

        Raises:
            ClusterError: it cannot be written.
        """
        change = {"metadata": {"annotations": {REVISION_ANNOTATION: str(revision)}}}
        try:
            await self._client.patch(Pod, pod.name, change, namespace=pod.namespace, patch_type=PatchType.MERGE)
        except (ApiError, httpx2.HTTPError) as error:
            raise _told(error, f"pod {pod.namespace}/{pod.name} cannot be annotated", "patch pods") from error

    async def nodes(self) -> dict[str, Amounts]:
        """What each node has for pods.

        Raises:
            ClusterError: they cannot be listed.
        """
        try:
            found = [node async for node in self._client.list(Node)]
        except (ApiError, httpx2.HTTPError) as error:
            raise _told(error, "nodes cannot be listed", "list nodes") from error
        return {_name(node.metadata): _capacity(node) for node in found}

    async def usage(self) -> dict[PodKey, Usage]:
        """What the pods used, as the metrics server says.

        Raises:
            ClusterError: there is no metrics server, or it may not be asked.
        """
        usage: dict[PodKey, Usage] = {}
        try:
            async for entry in self._client.list(_PodMetrics, namespace=self._namespace, labels=_LABELS):
                metadata = entry.metadata
                if metadata is not None and metadata.namespace and metadata.name:
                    usage[metadata.namespace, metadata.name] = _usage(entry)
        except (ApiError, httpx2.HTTPError) as error:
            raise _told(error, "use cannot be read; is a metrics server there?", "list metrics.k8s.io pods") from error
        except (KeyError, TypeError, ValueError) as error:
            raise ClusterError(f"the metrics server's answer cannot be read: {error}") from error
        return usage


def _name(metadata: ObjectMeta | None) -> str:
    return (metadata.name if metadata is not None else None) or ""


def _capacity(node: Node) -> Amounts:
    given = (node.status.allocatable if node.status is not None else None) or {}
    cores, memory = given.get("cpu"), given.get("memory")
    gpus = given.get("nvidia.com/gpu")
    return Amounts(
        cpu_cores=None if cores is None else parse_quantity(cores),
        memory_bytes=None if memory is None else int(parse_quantity(memory)),
        gpu_count=None if gpus is None else parse_quantity(gpus),
    )


def _usage(entry: Any) -> Usage:
    used = {
        str(container["name"]): Amounts(
            cpu_cores=parse_quantity(container["usage"]["cpu"]),
            memory_bytes=int(parse_quantity(container["usage"]["memory"])),
        )
        for container in entry["containers"]
    }
    return Usage(parse_time(str(entry["timestamp"])), _seconds(str(entry["window"])), used)


def _seconds(duration: str) -> float:
    """Go's way to write a duration, as far as a metrics window goes: `30s`, `1m0.5s`."""
    total, number = 0.0, ""
    for sign in duration:
        if sign in "hms":
            total += float(number) * {"h": 3600.0, "m": 60.0, "s": 1.0}[sign]
            number = ""
        else:
            number += sign
    if number:
        raise ValueError(f"{duration!r} is no duration; allowed is one as in 30s or 1m0s")
    return total


def _told(error: Exception, what: str, right: str) -> ClusterError:
    if isinstance(error, ApiError):
        status, words = int(error.status.code or 0), error.status.message or ""
        hint = f"; the broker's service account needs the right to {right}" if status == FORBIDDEN else ""
        return ClusterError(f"{what}: {words}{hint}", status)
    if isinstance(error, httpx2.HTTPStatusError):
        return ClusterError(f"{what}: HTTP {error.response.status_code}", error.response.status_code)
    return ClusterError(f"{what}: the cluster does not answer ({type(error).__name__}: {error})")
