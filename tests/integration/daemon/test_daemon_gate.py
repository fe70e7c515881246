"""Nothing goes round the gate: each kind by each switch, telemetry on and off, and each text by its rule."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path

import pytest
from foreload_core.features import SCHEMA_VERSION
from foreload_core.types import Amounts, Sample
from foreload_daemon.broker.fields import RULES
from foreload_daemon.broker.session import _message
from foreload_daemon.clock import Clock
from foreload_daemon.consent import CALLS, STREAM_KINDS, Gate, NotAllowed, Released
from foreload_daemon.history import ledger, outbox
from foreload_daemon.history.database import Database
from foreload_daemon.protocol import Switches
from foreload_proto.v1 import broker_pb2, common_pb2, tasks_pb2
from foreload_system.codecs import sample_to_proto

NOW = datetime(2026, 11, 24, 14, 16, tzinfo=UTC)
MESSAGES = {
    "sample": sample_to_proto(Sample(NOW, 60.0, Amounts(2.1, 5 << 30), Amounts(4.0, 8 << 30))),
    "signal": common_pb2.Signal(signal_id="a" * 32, kind=common_pb2.SIGNAL_KIND_RUN_ENDED, run_id="b" * 32),
    "ask": common_pb2.Ask(revision=1, forecasts=[common_pb2.ResourceForecast(no_forecast_reason="not_measured")]),
    "profile": common_pb2.ProfileNumbers(revision=1, windows=[common_pb2.ProfileWindow(window_id="w-0123456789ab")]),
    "features": broker_pb2.Features(schema_version=SCHEMA_VERSION, values={"functions": 3.0}),
}
SCALING = {"sample", "signal", "ask", "profile"}


@pytest.fixture
def gate(tmp_path: Path):
    database = Database(tmp_path)
    yield Gate(database, Clock())
    database.close()


def allowed(gate: Gate, kind: str) -> bool:
    try:
        gate.keep(kind, MESSAGES[kind])
    except NotAllowed:
        return False
    return True


@pytest.mark.parametrize("telemetry", [True, False])
@pytest.mark.parametrize("switches", list(itertools.product([False, True], repeat=4)))
def test_each_kind_goes_by_its_own_switch(gate: Gate, switches: tuple[bool, ...], telemetry: bool):
    analysis, share_features, scaling, cohort = switches
    gate.set_telemetry(lambda: telemetry)
    gate.choose(Switches(analysis, share_features, scaling, cohort))
    for kind in STREAM_KINDS:
        assert allowed(gate, kind) == (scaling if kind in SCALING else share_features and telemetry), kind
    hello = broker_pb2.Hello(contract_version=1, client_version="0.1.0")
    sends = scaling or ((share_features or cohort) and telemetry)
    if sends:
        assert gate.release_call(hello).message is hello
    else:
        with pytest.raises(NotAllowed):
            gate.release_call(hello)


def test_nothing_is_allowed_until_it_is_given_and_taking_back_is_always_possible(gate: Gate):
    gate.set_telemetry(lambda: True)
    assert not any(allowed(gate, kind) for kind in STREAM_KINDS)
    with pytest.raises(NotAllowed):
        gate.release_call(broker_pb2.SetConsentRequest())
    gate.choose(Switches(True, True, True, True))
    assert all(allowed(gate, kind) for kind in STREAM_KINDS)
    gate.choose(Switches(False, False, False, False))
    assert not any(allowed(gate, kind) for kind in STREAM_KINDS)
    assert gate.purge_pending
    gate.release_call(broker_pb2.PurgeRequest(request_id="c" * 32))


def test_what_waits_is_dropped_when_its_switch_goes_off(gate: Gate):
    gate.set_telemetry(lambda: True)
    gate.choose(Switches(True, True, True, False))
    for kind in STREAM_KINDS:
        assert allowed(gate, kind)
    gate.set_telemetry(lambda: False)
    kinds = [item.kind for item in gate._database.call(outbox.above, 0)]
    assert "features" not in kinds
    gate.choose(Switches(True, True, False, False))
    assert gate._database.call(outbox.waiting) == 0


def test_what_was_kept_before_a_revocation_is_not_released_after_it(gate: Gate):
    gate.choose(Switches(False, False, True, False))
    gate.keep("signal", MESSAGES["signal"])
    waiting = gate._database.call(outbox.above, 0)
    gate.choose(Switches(False, False, False, False))
    assert gate.release(waiting) == []
    assert gate._database.call(ledger.totals) == (0, 0)


def test_everything_released_stands_in_the_ledger_first(gate: Gate):
    gate.choose(Switches(False, False, True, False))
    gate.keep("sample", MESSAGES["sample"])
    released = gate.release(gate._database.call(outbox.above, 0))
    (entry,) = gate._database.call(ledger.newest, 10)
    assert entry.kind == "Use"
    assert entry.bytes == released[0].message.ByteSize()
    assert entry.fields["used.cpu_cores"] == 2.1
    assert entry.fields["limit.memory_bytes"] == 8 << 30


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("signal", common_pb2.Signal(signal_id="/home/me/secret.py")),
        ("signal", common_pb2.Signal(signal_id="a" * 32, run_id="python heavy.py")),
        ("profile", common_pb2.ProfileNumbers(windows=[common_pb2.ProfileWindow(window_id="loadtest")])),
        ("ask", common_pb2.Ask(forecasts=[common_pb2.ResourceForecast(method="Load Test")])),
        ("ask", common_pb2.Ask(forecasts=[common_pb2.ResourceForecast(no_forecast_reason="40 min of history")])),
        ("features", broker_pb2.Features(schema_version=SCHEMA_VERSION, values={"price_all": 1.0})),
        ("features", broker_pb2.Features(schema_version=SCHEMA_VERSION, values={"functions": -1.0})),
    ],
)
def test_a_text_that_could_be_a_name_is_held_back(gate: Gate, kind: str, message):
    gate.set_telemetry(lambda: True)
    gate.choose(Switches(True, True, True, True))
    with pytest.raises(NotAllowed) as refusal:
        gate.keep(kind, message)
    for text in ("secret", "heavy", "loadtest", "price_all"):
        assert text not in str(refusal.value)


def test_every_text_field_that_can_leave_has_a_rule():
    request = broker_pb2.ConnectRequest.DESCRIPTOR
    roots = [request.fields_by_name[kind].message_type for kind in STREAM_KINDS]
    there = {name: tasks_pb2 if hasattr(tasks_pb2, name) else broker_pb2 for name in CALLS}
    roots += [getattr(module, name).DESCRIPTOR for name, module in there.items()]
    seen: set[str] = set()
    missing: list[str] = []
    while roots:
        message = roots.pop()
        if message.full_name in seen or message.full_name.startswith("google."):
            continue
        seen.add(message.full_name)
        for field in message.fields:
            if field.message_type is not None and not field.message_type.GetOptions().map_entry:
                roots.append(field.message_type)
            elif field.cpp_type == field.CPPTYPE_STRING and f"{message.name}.{field.name}" not in RULES:
                missing.append(f"{message.name}.{field.name}")
    assert missing == []


def test_only_the_gate_makes_what_the_client_sends():
    with pytest.raises(NotAllowed):
        Released(MESSAGES["sample"], 1, object())
    with pytest.raises(TypeError):
        _message(MESSAGES["sample"])  # type: ignore[arg-type]


def test_nothing_in_the_client_is_sent_unreleased():
    source = (Path(__file__).parents[3] / "daemon" / "foreload_daemon" / "broker" / "session.py").read_text()
    for line in source.splitlines():
        if ".write(" in line or "_stub." in line:
            assert "_message(released)" in line or "Connect()" in line or "getattr(self._stub" in line, line
