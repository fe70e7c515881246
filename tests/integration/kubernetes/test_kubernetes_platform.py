"""A cluster as the broker's platform: what it says of pods, and what becomes of instructions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from foreload_broker.platforms.kubernetes import Cluster, Kubernetes
from foreload_broker.ports import AgentLeft, AgentRegistered, Answered, Instruction, Measured
from foreload_core.types import Actuation, Amounts, PolicySettings, Resource

MIB, GIB = 2**20, 2**30


class Inbox:
    """The loop's inbox, to look into."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    def post(self, message: Any) -> None:
        self.messages.append(message)

    def of(self, kind: type) -> list[Any]:
        return [message for message in self.messages if isinstance(message, kind)]


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
async def platform(kubernetes_api: Any, inbox: Inbox) -> AsyncIterator[Kubernetes]:
    cluster = Cluster.open("*", kubernetes_api.kubeconfig)
    policy = PolicySettings(memory_margin_ratio=0.2, memory_margin_bytes=64 * MIB)
    yield Kubernetes(cluster, policy, inbox.post, lambda: datetime.now(UTC), settle_seconds=0.6)
    await cluster.close()


async def tell(platform: Kubernetes, inbox: Inbox, target: Amounts, revision: int = 1) -> dict[Resource, Any]:
    """Sends an instruction for `shop` and waits for what became of it."""
    before = len(inbox.of(Answered))
    assert platform.send("n1", Instruction(f"i-{revision}", "shop", revision, target, datetime.now(UTC)))
    for _ in range(500):
        if len(inbox.of(Answered)) > before:
            return {result.resource: result for result in inbox.of(Answered)[-1].results}
        await asyncio.sleep(0.02)
    raise AssertionError("no answer within 10 s")


def spec_of(api: Any) -> dict[str, Any]:
    return api.pods["default", "pod-shop"]["spec"]["containers"][0]["resources"]


async def test_labelled_pods_are_environments_and_nodes_are_instances(
    kubernetes_api: Any, platform: Kubernetes, inbox: Inbox
) -> None:
    kubernetes_api.add_node("n2", "4", "16Gi")
    kubernetes_api.add_environment("shop", annotations={"foreload.dev/floor-cpu": "250m"})
    kubernetes_api.add_environment("blog", "n2", limits={"cpu": "2"}, requests={"cpu": "1"})
    plain = {"metadata": {"name": "other"}, "spec": {"containers": [{"name": "x", "image": "i"}]}}
    kubernetes_api.create_pod("default", plain)
    await platform.look()
    registered = {message.instance_id: message for message in inbox.of(AgentRegistered)}
    assert registered.keys() == {"n1", "n2"}
    assert registered["n2"].capacity == Amounts(4.0, 16 * GIB)
    [shop], [blog] = registered["n1"].environments, registered["n2"].environments
    assert (shop.environment_id, shop.platform, shop.limit) == ("shop", "kubernetes", Amounts(1.0, GIB))
    assert shop.floor.cpu_cores == 0.25
    assert shop.changeable == {Resource.CPU, Resource.MEMORY}
    assert blog.changeable == {Resource.CPU}, "a limit that is not there cannot be added in place"

    await platform.look()
    assert len(inbox.of(AgentRegistered)) == 2, "what has not changed is not said again"


async def test_use_comes_from_the_metrics_server_once_a_window(
    kubernetes_api: Any, platform: Kubernetes, inbox: Inbox
) -> None:
    kubernetes_api.add_environment("shop")
    kubernetes_api.use("shop", "250m", "300Mi")
    await platform.look()
    await platform.look()
    [measured] = inbox.of(Measured)
    assert measured.sample.used == Amounts(0.25, 300 * MIB)
    assert measured.sample.interval_seconds == 15.5
    assert measured.sample.throttled_seconds == 0.0
    kubernetes_api.use("shop", "990m", "300Mi", age_seconds=-1)
    await platform.look()
    assert inbox.of(Measured)[-1].sample.throttled_seconds == 15.5, "use that fills the limit was held back"


async def test_limits_change_in_place_and_requests_follow(
    kubernetes_api: Any, platform: Kubernetes, inbox: Inbox
) -> None:
    kubernetes_api.add_environment("shop")
    kubernetes_api.use("shop", "900m", "400Mi")
    await platform.look()
    results = await tell(platform, inbox, Amounts(cpu_cores=3.0, memory_bytes=2 * GIB))
    assert {name: (each.actuation, each.amount) for name, each in results.items()} == {
        Resource.CPU: (Actuation.APPLIED, 3.0),
        Resource.MEMORY: (Actuation.APPLIED, 2 * GIB),
    }
    assert spec_of(kubernetes_api) == {
        "limits": {"cpu": "3000m", "memory": "2048Mi"},
        "requests": {"cpu": "1500m", "memory": "1024Mi"},
    }
    resizes = [path for method, path in kubernetes_api.requests if path.endswith("/resize")]
    assert len(resizes) == 2

    again = await tell(platform, inbox, Amounts(cpu_cores=1.0), revision=1)
    assert again[Resource.CPU].actuation is Actuation.NO_CHANGE
    assert "was applied already" in again[Resource.CPU].detail
    same = await tell(platform, inbox, Amounts(cpu_cores=3.0), revision=2)
    assert same[Resource.CPU].actuation is Actuation.NO_CHANGE
    assert len([path for method, path in kubernetes_api.requests if path.endswith("/resize")]) == 2


async def test_a_restarted_broker_applies_nothing_twice(
    kubernetes_api: Any, platform: Kubernetes, inbox: Inbox
) -> None:
    kubernetes_api.add_environment("shop")
    await platform.look()
    await tell(platform, inbox, Amounts(cpu_cores=2.0), revision=7)
    cluster = Cluster.open("*", kubernetes_api.kubeconfig)
    another = Kubernetes(cluster, PolicySettings(), inbox.post, lambda: datetime.now(UTC))
    await another.look()
    assert inbox.of(AgentRegistered)[-1].environments[0].applied_revision == 7
    results = await tell(another, inbox, Amounts(cpu_cores=1.0), revision=7)
    assert results[Resource.CPU].actuation is Actuation.NO_CHANGE
    await cluster.close()


@pytest.mark.parametrize("kind", ["Guaranteed", "Burstable"])
async def test_the_quality_of_service_class_stays(
    kubernetes_api: Any, platform: Kubernetes, inbox: Inbox, kind: str
) -> None:
    limits = {"cpu": "1", "memory": "1Gi"}
    requests = limits if kind == "Guaranteed" else {"cpu": "1", "memory": "512Mi"}
    pod = kubernetes_api.add_environment("shop", limits=limits, requests=requests)
    assert pod["status"]["qosClass"] == kind
    kubernetes_api.use("shop", "100m", "100Mi")
    await platform.look()
    results = await tell(platform, inbox, Amounts(cpu_cores=2.0, memory_bytes=3 * GIB))
    assert [each.actuation for each in results.values()] == [Actuation.APPLIED] * 2


async def test_memory_is_never_lowered_below_use_or_on_old_news(
    kubernetes_api: Any, platform: Kubernetes, inbox: Inbox
) -> None:
    kubernetes_api.add_environment("shop")
    await platform.look()
    unknown = await tell(platform, inbox, Amounts(memory_bytes=512 * MIB), 1)
    assert unknown[Resource.MEMORY].actuation is Actuation.REFUSED
    assert "was not measured in the last 3 minutes" in unknown[Resource.MEMORY].detail
    kubernetes_api.use("shop", "100m", "480Mi")
    await platform.look()
    refused = await tell(platform, inbox, Amounts(memory_bytes=512 * MIB), 2)
    assert refused[Resource.MEMORY].actuation is Actuation.REFUSED
    assert "480 MIB are used".lower() in refused[Resource.MEMORY].detail.lower()
    lowered = await tell(platform, inbox, Amounts(memory_bytes=640 * MIB), 3)
    assert lowered[Resource.MEMORY].actuation is Actuation.APPLIED


async def test_what_the_node_cannot_give_is_refused_in_its_words_and_not_left_as_a_wish(
    kubernetes_api: Any, platform: Kubernetes, inbox: Inbox
) -> None:
    kubernetes_api.add_environment("shop")
    kubernetes_api.kubelet.node_cores = 4.0
    await platform.look()
    results = await tell(platform, inbox, Amounts(cpu_cores=16.0, memory_bytes=2 * GIB))
    assert results[Resource.CPU].actuation is Actuation.REFUSED
    assert "didn't have enough capacity: cpu" in results[Resource.CPU].detail
    assert results[Resource.MEMORY].actuation is Actuation.APPLIED, "one failing never stops the other"
    assert spec_of(kubernetes_api)["limits"] == {"cpu": "1000m", "memory": "2048Mi"}


async def test_a_resize_that_waits_for_room_is_deferred(
    kubernetes_api: Any, platform: Kubernetes, inbox: Inbox
) -> None:
    kubernetes_api.add_environment("shop")
    await platform.look()
    kubernetes_api.kubelet.defers = True
    results = await tell(platform, inbox, Amounts(cpu_cores=2.0))
    assert results[Resource.CPU].actuation is Actuation.DEFERRED
    assert "didn't have enough resource" in results[Resource.CPU].detail
    kubernetes_api.kubelet.defers, kubernetes_api.kubelet.sleeps = False, True
    results = await tell(platform, inbox, Amounts(cpu_cores=2.5), 2)
    assert results[Resource.CPU].actuation is Actuation.DEFERRED


async def test_gpus_and_missing_rights_come_in_words(kubernetes_api: Any, platform: Kubernetes, inbox: Inbox) -> None:
    kubernetes_api.add_environment("shop")
    await platform.look()
    results = await tell(platform, inbox, replace(Amounts(), gpu_count=1.0), 1)
    assert results[Resource.GPU].actuation is Actuation.REFUSED
    assert "only CPU and memory change in place" in results[Resource.GPU].detail
    kubernetes_api.forbidden.add("/api/v1/namespaces/default/pods/pod-shop/resize")
    results = await tell(platform, inbox, Amounts(cpu_cores=2.0), 2)
    assert results[Resource.CPU].actuation is Actuation.FAILED
    assert "needs the right to patch pods/resize" in results[Resource.CPU].detail


async def test_pods_that_end_or_are_replaced_are_not_touched(
    kubernetes_api: Any, platform: Kubernetes, inbox: Inbox
) -> None:
    kubernetes_api.add_environment("shop")
    await platform.look()
    kubernetes_api.delete("default", "pod-shop", 0)
    gone = await tell(platform, inbox, Amounts(cpu_cores=2.0), 1)
    assert gone[Resource.CPU].actuation is Actuation.FAILED
    kubernetes_api.add_environment("shop")
    replaced = await tell(platform, inbox, Amounts(cpu_cores=2.0), 2)
    assert "was replaced by another" in replaced[Resource.CPU].detail
    assert spec_of(kubernetes_api)["limits"]["cpu"] == "1"
    kubernetes_api.delete("default", "pod-shop", 30)
    await platform.look()
    assert inbox.of(AgentLeft)[-1].instance_id == "n1"
    assert not platform.send("n1", Instruction("i-9", "shop", 9, Amounts(cpu_cores=2.0), datetime.now(UTC)))


async def test_a_kill_for_memory_is_told_at_once(kubernetes_api: Any, platform: Kubernetes, inbox: Inbox) -> None:
    pod = kubernetes_api.add_environment("shop")
    await platform.look()
    [status] = pod["status"]["containerStatuses"]
    terminated = {"exitCode": 137, "reason": "OOMKilled"}
    status |= {"restartCount": 1, "lastState": {"terminated": terminated}}
    await platform.look()
    [measured] = inbox.of(Measured)
    assert measured.urgent
    assert measured.sample.oom_kills == 1
    await platform.look()
    assert len(inbox.of(Measured)) == 1
    status |= {"restartCount": 2, "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}}}
    await platform.look()
    assert len(inbox.of(Measured)) == 1, "a program that fails by itself is no kill"
    status |= {"restartCount": 3, "lastState": {"terminated": terminated}}
    await platform.look()
    assert inbox.of(Measured)[-1].sample.oom_kills == 1


async def test_an_answer_that_makes_no_sense_does_not_end_the_watch(
    kubernetes_api: Any, platform: Kubernetes, inbox: Inbox
) -> None:
    kubernetes_api.nodes["n1"]["status"]["allocatable"]["cpu"] = "many"
    kubernetes_api.add_environment("shop")
    watching = asyncio.create_task(platform.run())
    await asyncio.sleep(0.5)
    assert not watching.done()
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching


async def test_a_cluster_that_is_down_takes_nothing_down(
    kubernetes_api: Any, platform: Kubernetes, inbox: Inbox
) -> None:
    kubernetes_api.add_environment("shop")
    await platform.look()
    kubernetes_api.down = True
    await platform.look()
    assert inbox.of(AgentLeft) == [], "one look that fails is no news"
    results = await tell(platform, inbox, Amounts(cpu_cores=2.0), 1)
    assert "the cluster does not answer" in results[Resource.CPU].detail
    await platform.look()
    await platform.look()
    assert [message.instance_id for message in inbox.of(AgentLeft)] == ["n1"]
    kubernetes_api.down = False
    await platform.look()
    assert inbox.of(AgentRegistered)[-1].instance_id == "n1"


async def test_without_a_metrics_server_environments_are_still_there(
    kubernetes_api: Any, platform: Kubernetes, inbox: Inbox
) -> None:
    kubernetes_api.has_metrics = False
    kubernetes_api.add_environment("shop")
    await platform.look()
    assert inbox.of(Measured) == []
    results = await tell(platform, inbox, Amounts(cpu_cores=2.0), 1)
    assert results[Resource.CPU].actuation is Actuation.APPLIED


async def test_a_pod_that_cannot_be_an_environment_is_left_out_and_the_others_stay(
    kubernetes_api: Any, platform: Kubernetes, inbox: Inbox, capsys: pytest.CaptureFixture[str]
) -> None:
    kubernetes_api.add_environment("shop")
    kubernetes_api.add_environment("odd", annotations={"foreload.dev/container": "nope"})
    kubernetes_api.add_environment("worse", annotations={"foreload.dev/floor-cpu": "lots"})
    await platform.look()
    [registered] = inbox.of(AgentRegistered)
    assert [each.environment_id for each in registered.environments] == ["shop"]
    said = capsys.readouterr().out
    assert "foreload.dev/container is 'nope'; its containers are dev" in said
    assert "'lots' is no Kubernetes quantity; allowed is a number with a suffix" in said
