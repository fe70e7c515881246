"""Settings: one definition, read and shown."""

from __future__ import annotations

import pytest
from foreload_daemon.protocol import Announce, RunStarting, Switches
from foreload_daemon.settings import (
    Settings,
    broker_address,
    environment_id,
    read_settings,
    vscode_configuration,
)
from foreload_daemon.wire import BadMessage, read


def test_flat_nested_and_prefixed_names_are_the_same():
    wanted = ("memory", "cpu")
    for given in (
        {"gauge.resources": list(wanted)},
        {"gauge": {"resources": list(wanted)}},
        {"foreload.gauge.resources": list(wanted)},
    ):
        settings, problems = read_settings(given)
        assert (settings.gauge_resources, problems) == (wanted, [])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"lenses.thresholdRatio": 2}, "foreload.lenses.thresholdRatio is 2; allowed is 0 to 1"),
        ({"runs.waitMilliseconds": 301}, "allowed is 0 to 300"),
        ({"runs.waitMilliseconds": 1.5}, "allowed is 0 to 300"),
        ({"lenses.enabled": "yes"}, "allowed is true or false"),
        ({"gauge.resources": []}, "allowed is a list of cpu, memory, gpu, network"),
        ({"environment": "Not A Name"}, "lower-case letters, digits and hyphens"),
        ({"broker.address": "host"}, "host:port"),
    ],
)
def test_a_bad_value_is_named_and_the_old_one_stays(given, words):
    current = Settings(lenses_threshold_ratio=0.3)
    settings, problems = read_settings(given, current)
    assert settings == current
    assert len(problems) == 1
    assert words in problems[0]


def test_the_editor_wins_over_the_environment():
    variables = {"FORELOAD_ENVIRONMENT": "from-env", "FORELOAD_BROKER": "one:1"}
    assert environment_id(Settings(), variables) == "from-env"
    assert environment_id(Settings(environment="from-editor"), variables) == "from-editor"
    assert environment_id(Settings(), {"FORELOAD_ENVIRONMENT": "../../etc"}) == "local"
    assert broker_address(Settings(broker_address="two:2"), variables) == "two:2"


def test_the_manifest_block_has_a_default_and_a_sentence_each():
    properties = vscode_configuration()["properties"]
    for name, schema in properties.items():
        assert name.startswith("foreload.")
        assert schema["markdownDescription"].endswith(".")
        settings, problems = read_settings({name: schema["default"]})
        assert (settings, problems) == (Settings(), [])
    assert "telemetry" in properties["foreload.telemetry.enabled"]["tags"]


def test_messages_are_read_with_their_types():
    run = read(RunStarting, {"runId": "1", "trigger": "task", "waitMilliseconds": 300.0, "later": 1})
    assert (run.waitMilliseconds, run.commandLine) == (300, None)
    assert read(Announce, None) == Announce()
    for data, words in (
        (
            {"analysis": 1, "shareFeatures": True, "automaticScaling": True, "cohortHistory": True},
            "Switches.analysis is 1",
        ),
        ({"analysis": True}, "shareFeatures is missing"),
        ([], "allowed is an object"),
    ):
        with pytest.raises(BadMessage, match=words):
            read(Switches, data)
