"""What messages may say, beside their form, which the codecs check. A refusal names field, value and rule."""

from __future__ import annotations

from datetime import datetime, timedelta

from foreload_core.features import SCHEMA_VERSION, problems
from foreload_core.types import Ask, Forecast, ProfileNumbers, Sample, Signal, SignalKind
from foreload_core.units import format_time
from foreload_proto.v1 import broker_pb2
from foreload_system.codecs import (
    CONTRACT_VERSION,
    CodecError,
    ask_from_proto,
    profile_from_proto,
    sample_from_proto,
    signal_from_proto,
)

from foreload_broker.ports import Consent, Content, FeatureVector, Inadmissible

LONGEST_ID = 128
SKEW = timedelta(minutes=5)
OLDEST_SAMPLE = timedelta(days=31)
OLDEST_SIGNAL = timedelta(days=1)
FURTHEST_AHEAD = timedelta(days=31)
LONGEST_VALIDITY = timedelta(days=1)
LONGEST_INTERVAL_SECONDS = 3600.0
MOST_STEPS = 20_000
MOST_WINDOWS = 2_000


def require_version(version: int) -> None:
    """Passes the version that this broker speaks.

    Raises:
        Inadmissible: it is another one; the message names both.
    """
    if version != CONTRACT_VERSION:
        advice = "update the broker" if version > CONTRACT_VERSION else "update the client"
        raise Inadmissible(
            f"contract version {version} is not spoken here, this broker speaks {CONTRACT_VERSION}; {advice}"
        )


def require_id(text: str, field: str) -> str:
    """Passes an identifier.

    Raises:
        CodecError: it is empty or too long.
    """
    if not 0 < len(text) <= LONGEST_ID:
        raise CodecError(f"{field} has {len(text)} characters; allowed are 1 to {LONGEST_ID}")
    return text


def read_content(message: broker_pb2.ConnectRequest, now: datetime) -> Content:
    """What a daemon says in one message.

    Raises:
        CodecError: it may not say that.
    """
    kind = message.WhichOneof("message")
    match kind:
        case "sample":
            return _sample(sample_from_proto(message.sample), now)
        case "signal":
            return _signal(signal_from_proto(message.signal), now)
        case "ask":
            return _ask(ask_from_proto(message.ask), now)
        case "profile":
            return _profile(profile_from_proto(message.profile))
        case "consent":
            return read_consent(message.consent)
        case "features":
            return _features(message.features)
        case "hello":
            raise CodecError("message is a second hello; only the first message of a stream is one")
        case _:
            raise CodecError("message says nothing; needed is one of sample, signal, ask, profile, consent, features")


def read_consent(message: broker_pb2.Consent) -> Consent:
    """The developer's switches.

    Raises:
        CodecError: the revision is not above 0.
    """
    if message.revision <= 0:
        raise CodecError(f"consent.revision is {message.revision}; it begins at 1 and grows with each change")
    return Consent(
        revision=message.revision,
        text_version=message.text_version,
        share_features=message.share_features,
        automatic_scaling=message.automatic_scaling,
        cohort_history=message.cohort_history,
    )


def check_sample(sample: Sample, now: datetime) -> Sample:
    """Passes a sample of an agent or daemon.

    Raises:
        CodecError: its time or interval cannot be.
    """
    return _sample(sample, now)


def _sample(sample: Sample, now: datetime) -> Sample:
    _require_time(sample.start, now - OLDEST_SAMPLE, now + SKEW, "sample.start")
    if not 0 < sample.interval_seconds <= LONGEST_INTERVAL_SECONDS:
        raise CodecError(
            f"sample.interval_seconds is {sample.interval_seconds:g}; allowed is up to {LONGEST_INTERVAL_SECONDS:g}"
        )
    return sample


def _signal(signal: Signal, now: datetime) -> Signal:
    require_id(signal.signal_id, "signal.signal_id")
    if len(signal.run_id) > LONGEST_ID:
        raise CodecError(f"signal.run_id has {len(signal.run_id)} characters; allowed are up to {LONGEST_ID}")
    latest = now + (FURTHEST_AHEAD if signal.kind is SignalKind.ANNOUNCED else SKEW)
    _require_time(signal.at, now - OLDEST_SIGNAL, latest, "signal.at")
    return signal


def _ask(ask: Ask, now: datetime) -> Ask:
    _require_time(ask.made_at, now - OLDEST_SIGNAL, now + SKEW, "ask.made_at")
    _require_time(ask.valid_until, ask.made_at, ask.made_at + LONGEST_VALIDITY, "ask.valid_until")
    step_count = sum(
        forecast.steps * len(forecast.quantiles) for forecast in ask.forecasts if isinstance(forecast, Forecast)
    )
    if step_count > MOST_STEPS:
        raise CodecError(f"ask.forecasts hold {step_count} values; allowed are up to {MOST_STEPS}")
    return ask


def _profile(profile: ProfileNumbers) -> ProfileNumbers:
    if len(profile.windows) > MOST_WINDOWS:
        raise CodecError(f"profile.windows are {len(profile.windows)}; allowed are up to {MOST_WINDOWS}")
    for window in profile.windows:
        require_id(window.window_id, "profile.windows.window_id")
    for resource, amount in profile.minimum.items():
        most = profile.maximum.get(resource)
        if most is not None and amount > most:
            raise CodecError(
                f"profile.minimum.{resource.field} is {amount:g}; allowed is up to the maximum of {most:g}"
            )
    return profile


def _features(message: broker_pb2.Features) -> FeatureVector:
    if message.schema_version != SCHEMA_VERSION:
        raise CodecError(f"features.schema_version is {message.schema_version}; this broker knows {SCHEMA_VERSION}")
    values = dict(message.values)
    found = problems(values)
    if found:
        raise CodecError(f"features: {'; '.join(found)}")
    return FeatureVector(message.schema_version, {name: values[name] for name in sorted(values)})


def _require_time(moment: datetime, earliest: datetime, latest: datetime, field: str) -> None:
    if not earliest <= moment <= latest:
        raise CodecError(
            f"{field} is {format_time(moment)}; allowed is {format_time(earliest)} to {format_time(latest)}"
        )
