"""Bad settings give one message that names key, value and what is allowed; good ones become what the decision sees."""

from __future__ import annotations

import pytest
from foreload_broker.config import BrokerSettings, SettingsError, read_settings, unknown_variables
from foreload_core.types import PolicySettings, Prices


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch, tmp_path):
    for name in BrokerSettings.model_fields:
        monkeypatch.delenv(f"FORELOAD_BROKER_{name}".upper(), raising=False)
    monkeypatch.setenv("FORELOAD_STATE_DIR", str(tmp_path))


def test_defaults_are_the_core_s_own(tmp_path):
    settings = read_settings()
    assert settings.policy == PolicySettings()
    assert settings.prices == Prices()
    assert settings.certificate_folder == tmp_path / "certs" / "broker-local"
    assert settings.database == f"sqlite:///{tmp_path / 'broker' / 'broker.db'}"


def test_options_win_over_variables(monkeypatch):
    monkeypatch.setenv("FORELOAD_BROKER_TICK_SECONDS", "5")
    assert read_settings().tick_seconds == 5
    assert read_settings({"tick_seconds": "2", "shadow": None}).tick_seconds == 2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tick_seconds": "soon"}, "--tick-seconds is 'soon'; allowed is a number from 0.05 up to 60"),
        ({"tick_seconds": 0}, "--tick-seconds is 0; allowed is a number from 0.05 up to 60"),
        ({"listen": "localhost"}, "--listen is 'localhost'; allowed is HOST:PORT with a port from 0 to 65535"),
        ({"listen": "h:70000"}, "--listen is 'h:70000'; allowed is HOST:PORT"),
        ({"log_level": "loud"}, "--log-level is 'loud'; allowed is debug, info, warning, error"),
        ({"memory_margin_bytes": -1}, "--memory-margin-bytes is -1; allowed is a whole number from 0"),
        ({"no_such": 1}, "--no-such is no setting of the broker; allowed are listen, metrics"),
    ],
)
def test_each_bad_setting_is_named(given, message):
    with pytest.raises(SettingsError) as error:
        read_settings(given)
    assert message in str(error.value)


def test_all_bad_settings_are_in_one_message(monkeypatch):
    monkeypatch.setenv("FORELOAD_BROKER_METRICS", "here")
    with pytest.raises(SettingsError) as error:
        read_settings({"tick_seconds": 99})
    assert "FORELOAD_BROKER_METRICS is 'here'" in str(error.value)
    assert "--tick-seconds is 99" in str(error.value)


def test_mistyped_variable_is_told():
    assert unknown_variables(
        {"FORELOAD_BROKER_TICKSECONDS": "1", "FORELOAD_BROKER_SHADOW": "1", "FORELOAD_BROKER": "h"}
    ) == ["FORELOAD_BROKER_TICKSECONDS"]


def test_every_setting_has_a_text_and_numbers_have_a_range():
    for name, field in BrokerSettings.model_fields.items():
        assert field.description, name
        if field.annotation in (int, float):
            assert field.metadata, name
