"""A small API server of our own, over HTTP: it answers as a real one was recorded to; behind it is a kubelet."""

from __future__ import annotations

import copy
import json
import threading
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from foreload_broker.platforms.kubernetes.quantities import parse_quantity

Json = dict[str, Any]
Answer = tuple[int, Json, Mapping[str, str]]
MUTABLE = ("cpu", "memory")
GRACE_SECONDS = 30
PLAIN_FIELDS = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def moment(later_seconds: float = 0.0) -> str:
    return (datetime.now(UTC) + timedelta(seconds=later_seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


class RefusalError(Exception):
    """An answer that is not the object that was asked for."""

    def __init__(self, status: int, body: Json, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(str(body.get("message")))
        self.status, self.body, self.headers = status, body, headers or {}


def failure(
    code: int, reason: str, message: str, details: Json, headers: Mapping[str, str] | None = None
) -> RefusalError:
    body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message}
    return RefusalError(code, body | {"reason": reason, "details": details, "code": code}, headers)


def not_found(kind: str, name: str) -> RefusalError:
    return failure(404, "NotFound", f'{kind} "{name}" not found', {"name": name, "kind": kind})


def invalid(name: str, causes: list[tuple[str, str, str]]) -> RefusalError:
    texts = [f"{field}: {message}" for _, message, field in causes]
    words = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    listed = [{"reason": reason, "message": message, "field": field} for reason, message, field in causes]
    details = {"name": name, "kind": "Pod", "causes": listed}
    return failure(422, "Invalid", f'Pod "{name}" is invalid: {words}', details)


def quality(spec: Json) -> str:
    given = [container.get("resources", {}) for container in spec["containers"]]
    if not any(each.get("limits") or each.get("requests") for each in given):
        return "BestEffort"
    for each in given:
        limits, requests = each.get("limits", {}), each.get("requests", {})
        for name in MUTABLE:
            if name not in limits or parse_quantity(requests.get(name, limits[name])) != parse_quantity(limits[name]):
                return "Burstable"
    return "Guaranteed"


def merge(target: Json, change: Json) -> None:
    """A strategic merge patch, as far as containers (by name) and conditions (by type) go."""
    for key, value in change.items():
        merge_key = {"containers": "name", "conditions": "type"}.get(key)
        if merge_key and isinstance(value, list):
            entries = target.setdefault(key, [])
            for entry in value:
                same = next((each for each in entries if each[merge_key] == entry[merge_key]), None)
                if same is None:
                    entries.append(entry)
                else:
                    merge(same, entry)
        elif isinstance(value, dict) and isinstance(target.get(key), dict):
            merge(target[key], value)
        elif value is None:
            target.pop(key, None)
        else:
            target[key] = value


class Kubelet:
    """What happens after the API has agreed: limits are set at once, unless told otherwise.

    Attributes:
        node_cores: a limit whose request is above this is infeasible.
        defers: resizes wait for room.
        sleeps: nothing is done at all.
    """

    def __init__(self) -> None:
        self.node_cores = 8.0
        self.defers = False
        self.sleeps = False

    def act(self, pod: Json) -> None:
        status = pod["status"]
        if status.get("phase") != "Running" or self.sleeps:
            return
        conditions = [each for each in status.get("conditions", []) if not each["type"].startswith("PodResize")]
        requests = [each.get("resources", {}).get("requests", {}) for each in pod["spec"]["containers"]]
        cores = sum(parse_quantity(each.get("cpu", "0")) for each in requests)
        if cores > self.node_cores:
            asked, there = round(cores * 1000), round(self.node_cores * 1000)
            words = f"Node didn't have enough capacity: cpu, requested: {asked}, capacity: {there}"
            conditions.append({"type": "PodResizePending", "status": "True", "reason": "Infeasible", "message": words})
        elif self.defers:
            words = "Node didn't have enough resource: cpu"
            conditions.append({"type": "PodResizePending", "status": "True", "reason": "Deferred", "message": words})
        else:
            kept = {each["name"]: each for each in status.get("containerStatuses", [])}
            new = {"imageID": "", "ready": True, "restartCount": 0}
            status["containerStatuses"] = [
                {"name": each["name"], "image": each["image"], **new}
                | kept.get(each["name"], {})
                | {"resources": copy.deepcopy(each.get("resources", {}))}
                for each in pod["spec"]["containers"]
            ]
        if conditions or "conditions" in status:
            status["conditions"] = conditions


class KubernetesApi:
    """The state of a cluster, and its answers. `requests` holds method and path of each request that came."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.kubelet = Kubelet()
        self.pods: dict[tuple[str, str], Json] = {}
        self.budgets: dict[tuple[str, str], Json] = {}
        self.nodes: dict[str, Json] = {}
        self.metrics: dict[tuple[str, str], Json] = {}
        self.requests: list[tuple[str, str]] = []
        self.forbidden: set[str] = set()
        self.has_metrics = True
        self.down = False
        self._version = 465
        self.url = ""
        self.kubeconfig = Path()

    # --- what a test says of its world ---

    def add_node(self, name: str, cpu: str = "8", memory: str = "32Gi") -> None:
        self.nodes[name] = {"metadata": {"name": name}, "status": {"allocatable": {"cpu": cpu, "memory": memory}}}

    def add_environment(self, environment_id: str, node: str = "n1", **more: Any) -> Json:
        """A running pod that is an environment; `more` overrides `limits`, `requests`, `annotations`."""
        limits = more.get("limits", {"cpu": "1", "memory": "1Gi"})
        requests = more.get("requests", {"cpu": "500m", "memory": "512Mi"})
        container = {"name": "dev", "image": "i", "resources": {"limits": limits, "requests": requests}}
        body = {
            "metadata": {
                "name": f"pod-{environment_id}",
                "labels": {"foreload.dev/environment": environment_id},
                "annotations": more.get("annotations", {}),
            },
            "spec": {"nodeName": node, "containers": [container]},
        }
        pod = self.create_pod("default", body)
        pod["status"]["phase"] = "Running"
        self.kubelet.act(pod)
        return pod

    def use(self, environment_id: str, cpu: str, memory: str, age_seconds: float = 0.0, window: str = "15.5s") -> None:
        name = f"pod-{environment_id}"
        self.metrics["default", name] = {
            "metadata": {"name": name, "namespace": "default", "labels": {"foreload.dev/environment": environment_id}},
            "timestamp": moment(-age_seconds),
            "window": window,
            "containers": [{"name": "dev", "usage": {"cpu": cpu, "memory": memory}}],
        }

    # --- the API ---

    def version(self) -> str:
        self._version += 1
        return str(self._version)

    def create_pod(self, namespace: str, body: Json) -> Json:
        name = body["metadata"]["name"]
        if (namespace, name) in self.pods:
            raise failure(409, "AlreadyExists", f'pods "{name}" already exists', {"name": name, "kind": "pods"})
        body = copy.deepcopy(body)
        spec = body["spec"]
        for container in spec["containers"]:
            container |= {
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
                "imagePullPolicy": "Always",
            }
        tolerations = [
            {"key": f"node.kubernetes.io/{key}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
            for key in ("not-ready", "unreachable")
        ]
        defaults = {
            "restartPolicy": "Always", "terminationGracePeriodSeconds": GRACE_SECONDS, "dnsPolicy": "ClusterFirst",
            "securityContext": {}, "schedulerName": "default-scheduler", "tolerations": tolerations, "priority": 0,
            "enableServiceLinks": True, "preemptionPolicy": "PreemptLowerPriority",
        }  # fmt: skip
        metadata = {
            "namespace": namespace,
            "uid": str(uuid.uuid4()),
            "resourceVersion": self.version(),
            "generation": 1,
            "creationTimestamp": moment(),
        }
        pod = {
            "kind": "Pod",
            "apiVersion": "v1",
            "metadata": body["metadata"] | metadata,
            "spec": defaults | spec,
            "status": {"phase": "Pending", "qosClass": quality(spec)},
        }
        self.pods[namespace, name] = pod
        return pod

    def pod(self, namespace: str, name: str) -> Json:
        if (namespace, name) not in self.pods:
            raise not_found("pods", name)
        return self.pods[namespace, name]

    def resize(self, namespace: str, name: str, change: Json) -> Json:
        pod = self.pod(namespace, name)
        wanted_version = change.get("metadata", {}).get("resourceVersion")
        if wanted_version is not None and wanted_version != pod["metadata"]["resourceVersion"]:
            message = (
                f'Operation cannot be fulfilled on pods "{name}": the object has been modified; '
                "please apply your changes to the latest version and try again"
            )
            raise failure(409, "Conflict", message, {"name": name, "kind": "pods"})
        names = [container["name"] for container in pod["spec"]["containers"]]
        for container in change.get("spec", {}).get("containers", []):
            if container["name"] not in names:
                words = "Forbidden: containers may not be added or removed on resize"
                image = ("FieldValueRequired", "Required value", "spec.containers[0].image")
                raise invalid(name, [image, ("FieldValueForbidden", words, "spec.containers")])
        spec = copy.deepcopy(pod["spec"])
        only_resources = [
            {"name": each["name"], "resources": each.get("resources", {})} for each in change["spec"]["containers"]
        ]
        merge(spec, {"containers": only_resources})
        self._check_resources(name, spec, pod)
        if spec != pod["spec"]:
            pod["metadata"]["generation"] += 1
        pod["metadata"]["resourceVersion"] = self.version()
        pod["spec"] = spec
        self.kubelet.act(pod)
        return pod

    def _check_resources(self, name: str, spec: Json, pod: Json) -> None:
        for place, container in enumerate(spec["containers"]):
            resources = container.get("resources", {})
            limits, requests = resources.get("limits", {}), resources.get("requests", {})
            if any(each not in MUTABLE for each in (*limits, *requests)):
                words = "Forbidden: only cpu and memory resources are mutable"
                raise invalid(name, [("FieldValueForbidden", words, "spec")])
            for each, asked in requests.items():
                if each in limits and parse_quantity(asked) > parse_quantity(limits[each]):
                    words = f'Invalid value: "{asked}": must be less than or equal to {each} limit of {limits[each]}'
                    where = f"spec.containers[{place}].resources.requests"
                    raise invalid(name, [("FieldValueInvalid", words, where)])
        before = pod["status"]["qosClass"]
        if quality(spec) != before:
            words = f'Invalid value: "{before}": Pod QOS Class may not change as a result of resizing'
            raise invalid(name, [("FieldValueInvalid", words, "spec")])

    def patch(self, namespace: str, name: str, change: Json) -> Json:
        pod = self.pod(namespace, name)
        after = copy.deepcopy(pod)
        merge(after, change)
        before_resources = [each.get("resources") for each in pod["spec"]["containers"]]
        if [each.get("resources") for each in after["spec"]["containers"]] != before_resources:
            raise invalid(name, [("FieldValueForbidden", f"Forbidden: {PLAIN_FIELDS}", "spec")])
        after["metadata"]["resourceVersion"] = self.version()
        self.pods[namespace, name] = after
        return after

    def patch_status(self, namespace: str, name: str, change: Json) -> Json:
        pod = self.pod(namespace, name)
        merge(pod, {"status": change["status"]})
        for condition in pod["status"].get("conditions", []):
            condition.setdefault("lastProbeTime", None)
            condition.setdefault("lastTransitionTime", None)
        pod["metadata"]["resourceVersion"] = self.version()
        return pod

    def evict(self, namespace: str, name: str) -> Json:
        pod = self.pod(namespace, name)
        labels = pod["metadata"].get("labels", {})
        for (place, budget_name), budget in self.budgets.items():
            wanted = budget["spec"]["selector"]["matchLabels"]
            if place == namespace and wanted.items() <= labels.items() and not budget["status"]["disruptionsAllowed"]:
                cause = {
                    "reason": "DisruptionBudget",
                    "message": f"The disruption budget {budget_name} is still being processed by the server.",
                }
                message = "Cannot evict pod as it would violate the pod's disruption budget."
                details = {"causes": [cause], "retryAfterSeconds": 10}
                raise failure(429, "TooManyRequests", message, details, {"Retry-After": "10"})
        self._end(pod, GRACE_SECONDS)
        pod["status"].setdefault("conditions", []).append({
            "type": "DisruptionTarget", "status": "True", "lastProbeTime": None, "lastTransitionTime": moment(),
            "reason": "EvictionByEvictionAPI", "message": "Eviction API: evicting",
        })  # fmt: skip
        pod["metadata"]["resourceVersion"] = self.version()
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}

    def delete(self, namespace: str, name: str, grace_seconds: int) -> Json:
        pod = self.pod(namespace, name)
        self._end(pod, grace_seconds)
        if grace_seconds == 0:
            del self.pods[namespace, name]
        pod["metadata"]["resourceVersion"] = self.version()
        return pod

    def _end(self, pod: Json, grace_seconds: int) -> None:
        metadata = pod["metadata"]
        if "deletionTimestamp" not in metadata:
            metadata["generation"] += 1
        metadata["deletionTimestamp"] = moment(grace_seconds)
        metadata["deletionGracePeriodSeconds"] = grace_seconds

    def create_budget(self, namespace: str, body: Json) -> Json:
        metadata = body["metadata"] | {
            "namespace": namespace,
            "uid": str(uuid.uuid4()),
            "resourceVersion": self.version(),
            "generation": 1,
            "creationTimestamp": moment(),
        }
        status = {"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0}
        budget = {"kind": "PodDisruptionBudget", "apiVersion": "policy/v1", "metadata": metadata}
        self.budgets[namespace, metadata["name"]] = budget | {"spec": body["spec"], "status": status}
        return self.budgets[namespace, metadata["name"]]

    def delete_budget(self, namespace: str, name: str) -> Json:
        budget = self.budgets.pop((namespace, name), None)
        if budget is None:
            raise not_found("poddisruptionbudgets.policy", name)
        self.version()
        details = {"name": name, "group": "policy", "kind": "poddisruptionbudgets", "uid": budget["metadata"]["uid"]}
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}

    def answer(self, method: str, path: str, query: Mapping[str, list[str]], body: Json | None) -> Answer:
        with self.lock:
            self.requests.append((method, path))
            if any(path.startswith(prefix) for prefix in self.forbidden):
                raise failure(403, "Forbidden", f"{path} is forbidden", {})
            return self._route(method, path.strip("/").split("/"), query, body or {})

    def _route(self, method: str, parts: list[str], query: Mapping[str, list[str]], body: Json) -> Answer:
        def listed(kind: str, items: list[Json]) -> Answer:
            return 200, {"kind": kind, "apiVersion": "v1", "metadata": {}, "items": items}, {}

        selector = query.get("labelSelector", [""])[0]

        def selected(items: list[Json]) -> list[Json]:
            return [item for item in items if not selector or selector in item["metadata"].get("labels", {})]

        match [method, *parts]:
            case ["GET", "api", "v1", "nodes"]:
                return listed("NodeList", list(self.nodes.values()))
            case ["GET", "api", "v1", "pods"] | ["GET", "api", "v1", "namespaces", _, "pods"]:
                return listed("PodList", selected(list(self.pods.values())))
            case ["GET", "apis", "metrics.k8s.io", "v1beta1", *_]:
                if not self.has_metrics:
                    raise failure(404, "NotFound", "the server could not find the requested resource", {})
                return listed("PodMetricsList", selected(list(self.metrics.values())))
            case ["POST", "api", "v1", "namespaces", namespace, "pods"]:
                return 201, self.create_pod(namespace, body), {}
            case ["GET", "api", "v1", "namespaces", namespace, "pods", name, *_]:
                return 200, self.pod(namespace, name), {}
            case ["PATCH", "api", "v1", "namespaces", namespace, "pods", name, "resize"]:
                return 200, self.resize(namespace, name, body), {}
            case ["PATCH", "api", "v1", "namespaces", namespace, "pods", name, "status"]:
                return 200, self.patch_status(namespace, name, body), {}
            case ["PATCH", "api", "v1", "namespaces", namespace, "pods", name]:
                return 200, self.patch(namespace, name, body), {}
            case ["POST", "api", "v1", "namespaces", namespace, "pods", name, "eviction"]:
                return 201, self.evict(namespace, name), {}
            case ["DELETE", "api", "v1", "namespaces", namespace, "pods", name]:
                return 200, self.delete(namespace, name, body.get("gracePeriodSeconds", GRACE_SECONDS)), {}
            case ["POST", "apis", "policy", "v1", "namespaces", namespace, "poddisruptionbudgets"]:
                return 201, self.create_budget(namespace, body), {}
            case ["DELETE", "apis", "policy", "v1", "namespaces", namespace, "poddisruptionbudgets", name]:
                return 200, self.delete_budget(namespace, name), {}
        raise failure(404, "NotFound", "the server could not find the requested resource", {})


@pytest.fixture
def kubernetes_api(tmp_path: Path) -> Iterator[KubernetesApi]:
    """The server, on a free port of the loopback, and the file by which it is found."""
    api = KubernetesApi()
    api.add_node("n1")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            content = self.rfile.read(length)
            address = urlsplit(self.path)
            if api.down:
                self.close_connection = True
                return
            try:
                body = json.loads(content) if content else None
                status, answer, headers = api.answer(self.command, address.path, parse_qs(address.query), body)
                answer = copy.deepcopy(answer)
            except RefusalError as refusal:
                status, answer, headers = refusal.status, refusal.body, refusal.headers
            data = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - the library's names

        def log_message(self, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    api.kubeconfig = tmp_path / "kubeconfig.json"
    context = {"cluster": "test", "user": "test"}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "contexts": [{"name": "test", "context": context}],
        "clusters": [{"name": "test", "cluster": {"server": api.url}}],
        "users": [{"name": "test", "user": {"token": "test"}}],
    }
    api.kubeconfig.write_text(json.dumps(content))
    yield api
    server.shutdown()
    server.server_close()
    thread.join()
