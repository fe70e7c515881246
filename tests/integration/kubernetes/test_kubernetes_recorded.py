"""The API server of the tests answers what a real one was recorded to answer."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

RECORDED = "kubernetes/apiserver-1.36.json"
PLACES = (os.environ.get("FORELOAD_BENCHMARKS", ""), Path(__file__).parents[4] / "shared" / "benchmarks")
# Made by the server: identities, times, who owns which field, and counters that say only "newer".
OWN = {"uid", "creationTimestamp", "deletionTimestamp", "managedFields", "resourceVersion", "lastTransitionTime"}


def comparable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: comparable(each) for key, each in value.items() if key not in OWN}
    if isinstance(value, list):
        return [comparable(each) for each in value]
    if isinstance(value, str):
        return value.partition("\n@@")[0]  # the server's own Go structures, as a difference between two of them
    return value


def ask(url: str, request: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
    data = None if request["body"] is None else json.dumps(request["body"]).encode()
    asked = urllib.request.Request(
        url + request["path"], data, {"Content-Type": request["content_type"]}, method=request["method"]
    )
    try:
        with urllib.request.urlopen(asked) as answer:
            return answer.status, dict(answer.headers), json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), json.load(error)


def test_every_recorded_pair_is_answered_the_same(kubernetes_api: Any) -> None:
    path = next((Path(place, RECORDED) for place in PLACES if place and Path(place, RECORDED).exists()), None)
    if path is None:
        pytest.skip(f"{RECORDED} is not here; set FORELOAD_BENCHMARKS to the folder that holds it")
    kubernetes_api.kubelet.sleeps = True  # the recorded server had no nodes
    versions: list[int] = []
    for pair in json.loads(path.read_text()):
        status, headers, body = ask(kubernetes_api.url, pair["request"])
        expected = pair["response"]
        assert status == expected["status"], pair["name"]
        assert comparable(body) == comparable(expected["body"]), pair["name"]
        assert expected["headers"].items() <= headers.items(), pair["name"]
        version = body.get("metadata", {}).get("resourceVersion")
        if version is not None:
            versions.append(int(version))
    assert versions == sorted(versions)
