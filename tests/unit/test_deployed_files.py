"""What is handed to operators beside the program names only what the broker tells."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from foreload_broker.loop.measures import Measures
from foreload_core.types import Actuation

DEPLOY = Path(__file__).parents[2] / "deploy"
FILES = ("grafana/foreload.json", "prometheus/alerts.yaml")


@pytest.fixture(scope="module")
def told() -> set[str]:
    names: set[str] = set()
    for metric in Measures().registry.collect():
        ends = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(metric.type, ("",))
        names |= {metric.name + end for end in ends}
    return names


@pytest.mark.parametrize("name", FILES)
def test_every_metric_is_one_that_the_broker_tells(name: str, told: set[str]) -> None:
    asked = set(re.findall(r"foreload_broker_[a-z_]+", (DEPLOY / name).read_text()))
    assert asked
    assert asked <= told


def test_alerts_name_outcomes_that_there_are() -> None:
    named = re.search(r'actuation=~"([^"]+)"', (DEPLOY / "prometheus/alerts.yaml").read_text())
    assert named is not None
    assert set(named[1].split("|")) <= {actuation.value for actuation in Actuation}


def test_the_dashboard_has_a_text_for_each_panel_and_no_two_in_one_place() -> None:
    panels = json.loads((DEPLOY / "grafana/foreload.json").read_text())["panels"]
    assert all(panel["description"].endswith(".") for panel in panels)
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(places)
