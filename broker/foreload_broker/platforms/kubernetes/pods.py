"""What a pod says of an environment, and the patch that gives it other limits. Nothing here asks the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from foreload_core.types import NO_AMOUNTS, Amounts, Resource
from lightkube.models.core_v1 import Container
from lightkube.resources.core_v1 import Pod

from foreload_broker.platforms.kubernetes.quantities import bytes_quantity, cores_quantity, parse_quantity

ENVIRONMENT_LABEL = "foreload.dev/environment"
"""Label of a pod that is an environment; its value is the environment's id."""
CONTAINER_ANNOTATION = "foreload.dev/container"
"""Which container of the pod is resized; without it the first one."""
REVISION_ANNOTATION = "foreload.dev/applied-revision"
"""Highest revision that was applied to the pod, so that a restarted broker applies nothing twice."""
FLOOR_CPU_ANNOTATION, FLOOR_MEMORY_ANNOTATION = "foreload.dev/floor-cpu", "foreload.dev/floor-memory"
"""What the pod is never given less of: what keeps the editor in it responsive."""

_KEYS: Mapping[Resource, str] = {Resource.CPU: "cpu", Resource.MEMORY: "memory"}


class ResizeState(StrEnum):
    """How far the kubelet is with a resize."""

    NONE = "none"
    PROPOSED = "proposed"
    IN_PROGRESS = "in_progress"
    DEFERRED = "deferred"
    INFEASIBLE = "infeasible"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class EnvironmentPod:
    """One environment as its pod.

    Attributes:
        environment_id: value of the label.
        namespace, name, uid: of the pod. Another uid under the same name is another pod.
        node: where it runs; empty: not yet.
        container: the one that is resized.
        wanted, requested: limits and requests of the specification.
        limit: the limits that hold, as the kubelet says.
        floor: never less than this.
        quality: the pod's quality-of-service class, which a resize may not change.
        applied_revision: of the last instruction that was applied.
        resize, resize_detail: how far the last resize is, and the kubelet's words.
        running: it runs and is not being deleted.
        others_guaranteed: all other containers have requests that equal their limits.
    """

    environment_id: str
    namespace: str
    name: str
    uid: str
    node: str
    container: str
    wanted: Amounts
    requested: Amounts
    limit: Amounts
    floor: Amounts
    quality: str
    applied_revision: int
    resize: ResizeState
    resize_detail: str
    running: bool
    others_guaranteed: bool


class PodUnusableError(ValueError):
    """A pod carries the label and cannot be an environment: why, and what to change."""


def read_pod(pod: Pod) -> EnvironmentPod:
    """The environment that a pod is.

    Raises:
        PodUnusableError: something of it cannot be read.
    """
    metadata, spec, status = pod.metadata, pod.spec, pod.status
    if metadata is None or spec is None or not metadata.name or not metadata.namespace:
        raise PodUnusableError("a pod without a name or a specification")
    where = f"pod {metadata.namespace}/{metadata.name}"
    annotations = metadata.annotations or {}
    environment_id = (metadata.labels or {}).get(ENVIRONMENT_LABEL, "")
    if not environment_id:
        raise PodUnusableError(f"{where} has no label {ENVIRONMENT_LABEL}; needed is the environment's id")
    name = annotations.get(CONTAINER_ANNOTATION) or spec.containers[0].name
    container = next((each for each in spec.containers if each.name == name), None)
    if container is None:
        names = ", ".join(each.name for each in spec.containers)
        raise PodUnusableError(f"{where}: {CONTAINER_ANNOTATION} is {name!r}; its containers are {names}")
    try:
        wanted, requested = _amounts(container, "limits"), _amounts(container, "requests")
        holds = _status_limits(pod, name)
        floor = NO_AMOUNTS
        for resource, key in ((Resource.CPU, FLOOR_CPU_ANNOTATION), (Resource.MEMORY, FLOOR_MEMORY_ANNOTATION)):
            if key in annotations:
                floor = floor.with_amount(resource, _as_amount(resource, parse_quantity(annotations[key])))
        revision = int(annotations.get(REVISION_ANNOTATION, "0"))
    except ValueError as error:
        raise PodUnusableError(f"{where}: {error}") from error
    resize, detail = _resize_state(pod)
    others = [each for each in spec.containers if each is not container]
    return EnvironmentPod(
        environment_id=environment_id,
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid or "",
        node=spec.nodeName or "",
        container=name,
        wanted=wanted,
        requested=requested,
        limit=wanted if holds is None else holds,
        floor=floor,
        quality=(status.qosClass if status is not None else None) or "",
        applied_revision=revision,
        resize=resize,
        resize_detail=detail,
        running=status is not None and status.phase == "Running" and metadata.deletionTimestamp is None,
        others_guaranteed=all(_is_guaranteed(_amounts(each, "limits"), _amounts(each, "requests")) for each in others),
    )


def changeable(pod: EnvironmentPod) -> frozenset[Resource]:
    """What may be changed in place: a limit that the pod has. One that it lacks cannot be added while it runs."""
    return frozenset(resource for resource in _KEYS if pod.wanted.get(resource) is not None)


def resize_patch(pod: EnvironmentPod, target: Amounts) -> dict[str, Any]:
    """The strategic merge patch of the `resize` subresource that gives a pod these limits.

    Requests, by which the scheduler counts, follow their limits in the same ratio; a pod's quality-of-service class
    may not change, so one that is guaranteed keeps both equal, and a burstable one does not become guaranteed.
    """
    limits: dict[str, str] = {}
    requests: dict[str, str] = {}
    after_limit, after_request = pod.wanted, pod.requested
    for resource, amount in target.items():
        if resource not in _KEYS:
            continue
        limits[_KEYS[resource]] = _quantity(resource, amount)
        request, limit = pod.requested.get(resource), pod.wanted.get(resource)
        if request is not None and limit:
            share = amount if pod.quality == "Guaranteed" else amount * min(1.0, request / limit)
            requests[_KEYS[resource]] = _quantity(resource, share)
            after_request = after_request.with_amount(resource, share)
        after_limit = after_limit.with_amount(resource, amount)
    if pod.quality == "Burstable" and pod.others_guaranteed and _is_guaranteed(after_limit, after_request):
        key = "cpu" if "cpu" in requests else "memory"
        resource = Resource.CPU if key == "cpu" else Resource.MEMORY
        requests[key] = _quantity(resource, (after_request.get(resource) or 0.0) * 0.99)
    resources: dict[str, Any] = {"limits": limits}
    if requests:
        resources["requests"] = requests
    return {"spec": {"containers": [{"name": pod.container, "resources": resources}]}}


def holds(pod: EnvironmentPod, resource: Resource, amount: float) -> bool:
    """Whether the kubelet has a limit at this amount, as finely as it keeps it."""
    limit = pod.limit.get(resource)
    return limit is not None and abs(limit - amount) <= (0.0006 if resource is Resource.CPU else 4096)


def _amounts(container: Container, part: str) -> Amounts:
    resources = container.resources
    given: Mapping[str, str] = (getattr(resources, part) if resources is not None else None) or {}
    return _read_amounts(given)


def _read_amounts(given: Mapping[str, str]) -> Amounts:
    amounts = NO_AMOUNTS
    for resource, key in _KEYS.items():
        if key in given:
            amounts = amounts.with_amount(resource, _as_amount(resource, parse_quantity(given[key])))
    return amounts


def _as_amount(resource: Resource, number: float) -> float:
    return int(number) if resource is Resource.MEMORY else number


def _status_limits(pod: Pod, container: str) -> Amounts | None:
    """The limits that the kubelet has set; None where it does not say (before version 1.33, or not started)."""
    statuses = (pod.status.containerStatuses if pod.status is not None else None) or []
    for status in statuses:
        if status.name == container and status.resources is not None and status.resources.limits:
            return _read_amounts(status.resources.limits)
    return None


def _resize_state(pod: Pod) -> tuple[ResizeState, str]:
    conditions = (pod.status.conditions if pod.status is not None else None) or []
    found = {condition.type: condition for condition in conditions if condition.status == "True"}
    pending = found.get("PodResizePending")
    if pending is not None:
        detail = pending.message or pending.reason or ""
        if pending.reason == "Infeasible":
            return ResizeState.INFEASIBLE, detail
        return ResizeState.DEFERRED if pending.reason == "Deferred" else ResizeState.PROPOSED, detail
    progress = found.get("PodResizeInProgress")
    if progress is not None:
        failed = progress.reason == "Error"
        return ResizeState.FAILED if failed else ResizeState.IN_PROGRESS, progress.message or ""
    return ResizeState.NONE, ""


def _quantity(resource: Resource, amount: float) -> str:
    return cores_quantity(amount) if resource is Resource.CPU else bytes_quantity(amount)


def _is_guaranteed(limits: Amounts, requests: Amounts) -> bool:
    pairs = [(limits.get(resource), requests.get(resource)) for resource in _KEYS]
    return all(limit is not None and (request is None or request >= limit) for limit, request in pairs)
