"""What is expected: forecasts, asks, and a profile's numbers."""

from __future__ import annotations

import math

from foreload_core.types import Ask, Forecast, NoForecast, ProfileNumbers, WindowOccurrence
from foreload_proto.v1 import common_pb2 as pb

from foreload_system.codecs.values import (
    WINDOW_KINDS,
    CodecError,
    amounts_from_proto,
    amounts_to_proto,
    enum_from_proto,
    finite,
    required_time,
    resource_from_proto,
    resource_to_proto,
    time_from_proto,
    time_to_proto,
)


def forecast_to_proto(forecast: Forecast | NoForecast) -> pb.ResourceForecast:
    """One resource's forecast, or why there is none."""
    if isinstance(forecast, NoForecast):
        return pb.ResourceForecast(resource=resource_to_proto(forecast.resource), no_forecast_reason=forecast.reason)
    return pb.ResourceForecast(
        resource=resource_to_proto(forecast.resource),
        start=time_to_proto(forecast.start),
        step_seconds=forecast.step_seconds,
        quantiles=[
            pb.Quantile(level_ratio=level, values=values) for level, values in sorted(forecast.quantiles.items())
        ],
        method=forecast.method,
        skill_ratio=forecast.skill_ratio,
    )


def forecast_from_proto(message: pb.ResourceForecast, field: str = "forecast") -> Forecast | NoForecast:
    """One resource's forecast, or why there is none.

    Raises:
        CodecError: unknown resource, no start, quantiles of unequal length, or numbers that are negative or not finite.
    """
    resource = resource_from_proto(message.resource, f"{field}.resource")
    if message.no_forecast_reason:
        return NoForecast(resource, message.no_forecast_reason)
    quantiles: dict[float, tuple[float, ...]] = {}
    for number, quantile in enumerate(message.quantiles):
        where = f"{field}.quantiles[{number}]"
        level = finite(quantile.level_ratio, f"{where}.level_ratio", 0.0, 1.0)
        quantiles[level] = tuple(finite(value, f"{where}.values") for value in quantile.values)
    lengths = {len(values) for values in quantiles.values()}
    if len(lengths) > 1:
        raise CodecError(f"{field}.quantiles have {sorted(lengths)} values; needed is the same number in each")
    skill = message.skill_ratio if message.HasField("skill_ratio") else None
    return Forecast(
        resource=resource,
        start=required_time(message.start, message.HasField("start"), f"{field}.start"),
        step_seconds=finite(message.step_seconds, f"{field}.step_seconds"),
        quantiles=quantiles,
        method=message.method,
        skill_ratio=None if skill is None else finite(skill, f"{field}.skill_ratio", -math.inf, 1.0),
    )


def ask_to_proto(ask: Ask) -> pb.Ask:
    """One ask."""
    return pb.Ask(
        revision=ask.revision,
        made_at=time_to_proto(ask.made_at),
        valid_until=time_to_proto(ask.valid_until),
        forecasts=[forecast_to_proto(forecast) for forecast in ask.forecasts],
    )


def ask_from_proto(message: pb.Ask, field: str = "ask") -> Ask:
    """One ask.

    Raises:
        CodecError: a time is absent, or a forecast cannot be read.
    """
    forecasts = [forecast_from_proto(one, f"{field}.forecasts[{i}]") for i, one in enumerate(message.forecasts)]
    return Ask(
        revision=message.revision,
        made_at=required_time(message.made_at, message.HasField("made_at"), f"{field}.made_at"),
        valid_until=required_time(message.valid_until, message.HasField("valid_until"), f"{field}.valid_until"),
        forecasts=tuple(forecasts),
    )


def profile_to_proto(profile: ProfileNumbers) -> pb.ProfileNumbers:
    """A profile's numbers."""
    until = profile.windows_until
    return pb.ProfileNumbers(
        revision=profile.revision,
        windows=[_window_to_proto(window) for window in profile.windows],
        minimum=amounts_to_proto(profile.minimum),
        maximum=amounts_to_proto(profile.maximum),
        budget_usd_per_month=profile.budget_usd_per_month,
        preference_ratio=profile.preference_ratio,
        windows_until=None if until is None else time_to_proto(until),
    )


def profile_from_proto(message: pb.ProfileNumbers, field: str = "profile") -> ProfileNumbers:
    """A profile's numbers.

    Raises:
        CodecError: a window without a time or with an unknown kind, or numbers out of range.
    """
    budget = message.budget_usd_per_month if message.HasField("budget_usd_per_month") else None
    until = (
        time_from_proto(message.windows_until, f"{field}.windows_until") if message.HasField("windows_until") else None
    )
    return ProfileNumbers(
        revision=message.revision,
        windows=tuple(_window_from_proto(one, f"{field}.windows[{i}]") for i, one in enumerate(message.windows)),
        minimum=amounts_from_proto(message.minimum, f"{field}.minimum"),
        maximum=amounts_from_proto(message.maximum, f"{field}.maximum"),
        budget_usd_per_month=None if budget is None else finite(budget, f"{field}.budget_usd_per_month"),
        preference_ratio=finite(message.preference_ratio, f"{field}.preference_ratio", 0.0, 1.0),
        windows_until=until,
    )


def _window_to_proto(window: WindowOccurrence) -> pb.ProfileWindow:
    return pb.ProfileWindow(
        window_id=window.window_id,
        kind=WINDOW_KINDS[window.kind],  # pyright: ignore[reportArgumentType]
        start=time_to_proto(window.start),
        end=time_to_proto(window.end),
        expected=amounts_to_proto(window.expected),
        factor=window.factor,
    )


def _window_from_proto(message: pb.ProfileWindow, field: str) -> WindowOccurrence:
    return WindowOccurrence(
        window_id=message.window_id,
        kind=enum_from_proto(WINDOW_KINDS, message.kind, f"{field}.kind"),
        start=required_time(message.start, message.HasField("start"), f"{field}.start"),
        end=required_time(message.end, message.HasField("end"), f"{field}.end"),
        expected=amounts_from_proto(message.expected, f"{field}.expected"),
        factor=finite(message.factor, f"{field}.factor") if message.HasField("factor") else None,
    )
