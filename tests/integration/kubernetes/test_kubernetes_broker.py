"""A whole broker over a cluster: it sees pods, decides on their use, and resizes them in place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from foreload_broker.app import Broker, NoClusterError
from foreload_broker.config import read_settings
from foreload_system.certificates import create_authority, issue
from foreload_system.identity import Identity


def settings_of(state: Path, **more: Any) -> Any:
    authority, folder = state / "certs" / "authority", state / "certs" / "broker-local"
    if not authority.exists():
        create_authority(authority, datetime.now(UTC))
        issue(authority, Identity("broker", "local"), folder, datetime.now(UTC))
    given = {"state": state, "listen": "127.0.0.1:0", "metrics": "127.0.0.1:0", "tick_seconds": 0.2}
    return read_settings({**given, "kubernetes": True, "scale_without_consent": True, **more})


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not reached():  # noqa: ASYNC110 - what is waited for happens on the other side of a wire
            await asyncio.sleep(0.05)


def limits(api: Any) -> dict[str, str]:
    return api.pods["default", "pod-shop"]["spec"]["containers"][0]["resources"]["limits"]


def annotations(api: Any) -> dict[str, str]:
    return api.pods["default", "pod-shop"]["metadata"]["annotations"]


async def test_a_pod_that_fills_its_limit_gets_more(kubernetes_api: Any, tmp_path: Path) -> None:
    kubernetes_api.add_environment("shop")
    kubernetes_api.use("shop", "995m", "300Mi")
    broker = Broker(settings_of(tmp_path, kubernetes_config=kubernetes_api.kubeconfig))
    await broker.start()
    try:
        await until(lambda: limits(kubernetes_api)["cpu"] not in ("1", "1000m"))
        assert float(limits(kubernetes_api)["cpu"].removesuffix("m")) / 1000 > 1.0
        await until(lambda: "foreload.dev/applied-revision" in annotations(kubernetes_api))
    finally:
        await broker.stop()


async def test_shadow_mode_changes_no_pod(kubernetes_api: Any, tmp_path: Path) -> None:
    kubernetes_api.add_environment("shop")
    kubernetes_api.use("shop", "995m", "300Mi")
    broker = Broker(settings_of(tmp_path, kubernetes_config=kubernetes_api.kubeconfig, shadow=True))
    await broker.start()
    try:
        await until(lambda: broker.loop.measures.instructions._value.get() > 0)
    finally:
        await broker.stop()
    assert limits(kubernetes_api) == {"cpu": "1", "memory": "1Gi"}
    assert not [path for method, path in kubernetes_api.requests if method == "PATCH"]


async def test_without_a_cluster_the_broker_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("HOME", str(tmp_path))
    broker = Broker(settings_of(tmp_path))
    with pytest.raises(NoClusterError, match="no Kubernetes cluster is configured"):
        await broker.start()
