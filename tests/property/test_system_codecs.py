"""What the core says arrives as it was said: every codec, there and back."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from foreload_core.types import (
    NO_AMOUNTS,
    Actuation,
    ActuationResult,
    Amounts,
    Ask,
    DemandEstimate,
    DemandSource,
    EnvironmentDecision,
    Forecast,
    NoForecast,
    PlannedChange,
    ProfileNumbers,
    Reason,
    Resource,
    RunKind,
    Sample,
    Signal,
    SignalKind,
    TargetChange,
    WindowKind,
    WindowOccurrence,
)
from foreload_proto.v1 import broker_pb2
from foreload_proto.v1 import common_pb2 as pb
from foreload_system import codecs
from foreload_system.codecs import values
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

EPOCH = datetime.fromtimestamp(0, UTC)
TIMES = st.integers(0, 250_000_000_000_000_000).map(lambda us: EPOCH + timedelta(microseconds=us))
TEXTS = st.text(max_size=12)
IDS = st.text(min_size=1, max_size=12)
COUNTS = st.integers(0, 2**31 - 1)
REVISIONS = st.integers(0, 2**63 - 1)
SIZES = st.floats(0, 1e15, allow_nan=False)
RATIOS = st.floats(0, 1)
BYTES = st.integers(0, 2**53)
RESOURCES = st.sampled_from(Resource)
AMOUNTS = st.builds(
    Amounts,
    st.none() | SIZES,
    st.none() | BYTES,
    st.none() | SIZES,
    st.none() | SIZES,
    st.none() | SIZES,
)
SAMPLES = st.builds(Sample, TIMES, SIZES, AMOUNTS, AMOUNTS, SIZES, COUNTS)
DEMANDS = st.builds(DemandEstimate, AMOUNTS, AMOUNTS, SIZES, SIZES, st.sampled_from(DemandSource), COUNTS)
SIGNALS = st.builds(
    Signal, IDS, st.sampled_from(SignalKind), TIMES, TEXTS, st.sampled_from(RunKind), st.none() | DEMANDS
)
REASONS = st.builds(Reason, TEXTS, TEXTS, st.dictionaries(TEXTS, st.floats(-1e15, 1e15), max_size=4), TEXTS)
RESULTS = st.builds(ActuationResult, TEXTS, IDS, RESOURCES, st.sampled_from(Actuation), st.none() | SIZES, TEXTS, TIMES)
CHANGES = st.builds(TargetChange, RESOURCES, st.none() | SIZES, SIZES, st.lists(REASONS, max_size=3).map(tuple))
PLANNED = st.builds(PlannedChange, RESOURCES, SIZES, TIMES, REASONS)
WINDOWS = st.builds(WindowOccurrence, TEXTS, st.sampled_from(WindowKind), TIMES, TIMES, AMOUNTS, st.none() | SIZES)
PROFILES = st.builds(
    ProfileNumbers,
    REVISIONS,
    st.lists(WINDOWS, max_size=4).map(tuple),
    AMOUNTS,
    AMOUNTS,
    st.none() | SIZES,
    RATIOS,
    st.none() | TIMES,
)


@st.composite
def forecasts(draw: st.DrawFn) -> Forecast | NoForecast:
    resource = draw(RESOURCES)
    if draw(st.booleans()):
        return NoForecast(resource, draw(IDS))
    steps = draw(st.integers(0, 5))
    series = st.lists(SIZES, min_size=steps, max_size=steps).map(tuple)
    quantiles = draw(st.dictionaries(RATIOS, series, max_size=4))
    skill = draw(st.none() | st.floats(-100, 1))
    return Forecast(resource, draw(TIMES), draw(SIZES), quantiles, draw(TEXTS), skill)


ASKS = st.builds(Ask, REVISIONS, TIMES, TIMES, st.lists(forecasts(), max_size=3).map(tuple))


@given(TIMES)
def test_times(moment: datetime) -> None:
    assert codecs.time_from_proto(codecs.time_to_proto(moment)) == moment


@given(AMOUNTS)
def test_amounts(amounts: Amounts) -> None:
    message = pb.Amounts.FromString(codecs.amounts_to_proto(amounts).SerializeToString())
    assert codecs.amounts_from_proto(message) == amounts


@given(SAMPLES)
def test_samples(sample: Sample) -> None:
    message = pb.Sample.FromString(codecs.sample_to_proto(sample).SerializeToString())
    assert codecs.sample_from_proto(message) == sample


@given(SIGNALS)
def test_signals(signal: Signal) -> None:
    message = pb.Signal.FromString(codecs.signal_to_proto(signal).SerializeToString())
    assert codecs.signal_from_proto(message) == signal


@given(ASKS)
def test_asks(ask: Ask) -> None:
    message = pb.Ask.FromString(codecs.ask_to_proto(ask).SerializeToString())
    assert codecs.ask_from_proto(message) == ask


@given(PROFILES)
def test_profiles(profile: ProfileNumbers) -> None:
    message = pb.ProfileNumbers.FromString(codecs.profile_to_proto(profile).SerializeToString())
    assert codecs.profile_from_proto(message) == profile


@given(RESULTS)
def test_results(result: ActuationResult) -> None:
    message = pb.ActuationResult.FromString(codecs.result_to_proto(result).SerializeToString())
    assert codecs.result_from_proto(message, result.environment_id) == result


@given(PLANNED)
def test_planned(planned: PlannedChange) -> None:
    message = broker_pb2.PlannedChange.FromString(codecs.planned_to_proto(planned).SerializeToString())
    assert codecs.planned_from_proto(message) == planned


@given(TEXTS, REVISIONS, TIMES, st.lists(CHANGES, max_size=4).map(tuple), st.lists(RESULTS, max_size=2))
def test_decisions(name: str, revision: int, at: datetime, changes: tuple[TargetChange, ...], results: list) -> None:
    target = NO_AMOUNTS
    for change in changes:
        target = target.with_amount(change.resource, change.to_amount)
    decision = EnvironmentDecision(name, revision, at, target, changes)
    message = pb.Decision.FromString(codecs.decision_to_proto(decision, results, undone=True).SerializeToString())
    assert codecs.decision_from_proto(message) == decision
    assert message.decision_id == decision.decision_id
    assert message.undone
    assert not message.dry_run
    read = [
        codecs.result_from_proto(one, result.environment_id)
        for one, result in zip(message.results, results, strict=True)
    ]
    assert read == results


@pytest.mark.parametrize(
    "table",
    [
        values.RESOURCES,
        values.RUN_KINDS,
        values.DEMAND_SOURCES,
        values.SIGNAL_KINDS,
        values.WINDOW_KINDS,
        values.ACTUATIONS,
    ],
)
def test_every_member_has_its_own_number(table: dict) -> None:
    members = type(next(iter(table)))
    assert set(table) == set(members)
    assert len(set(table.values())) == len(table)
    assert 0 not in table.values()


@given(
    st.sampled_from([math.nan, math.inf, -math.inf, -1.0, -1e-300]),
    RESOURCES.filter(lambda r: r is not Resource.MEMORY),
)
def test_impossible_amounts_are_named(value: float, resource: Resource) -> None:
    message = pb.Amounts(**{resource.field: value})
    with pytest.raises(codecs.CodecError, match=rf"used\.{resource.field} is .*allowed is a finite number, 0 or more"):
        codecs.amounts_from_proto(message, "used")


@given(st.binary(max_size=200))
def test_any_message_is_read_or_refused_in_words(data: bytes) -> None:
    try:
        message = pb.Signal.FromString(data)
    except DecodeError:  # what protobuf itself refuses never reaches a codec
        return
    try:
        signal = codecs.signal_from_proto(message)
    except codecs.CodecError:
        return
    assert codecs.signal_from_proto(codecs.signal_to_proto(signal)) == signal


def test_what_is_missing_is_named() -> None:
    with pytest.raises(codecs.CodecError, match=r"sample\.start is absent"):
        codecs.sample_from_proto(pb.Sample())
    with pytest.raises(codecs.CodecError, match=r"signal\.kind is 0; allowed is 1 \(run_start\)"):
        codecs.signal_from_proto(pb.Signal(signal_id="s"))
    good = codecs.ask_to_proto(Ask(1, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC), ()))
    good.forecasts.add(
        resource=pb.RESOURCE_CPU, quantiles=[pb.Quantile(level_ratio=0.5, values=[1]), pb.Quantile(level_ratio=0.9)]
    )
    with pytest.raises(codecs.CodecError, match=r"ask\.forecasts\[0\]\.quantiles have \[0, 1\] values"):
        codecs.ask_from_proto(good)
    assert replace(NO_AMOUNTS) == codecs.amounts_from_proto(pb.Amounts())
