"""Under what a past is gone through: profiles, preferences and prices, each combination one row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from foreload_core.profile import Profile, expand, parse_profile
from foreload_core.types import Prices, ProfileNumbers

from foreload_cli.failure import CommandFailed
from foreload_cli.simulation.past import Past

PREFERENCES = {"cheapest": 0.0, "default": 0.5, "fastest": 1.0}
SHIPPED = "shipped prices"


@dataclass(frozen=True, slots=True)
class Case:
    """One row.

    Attributes:
        name: what sets it apart.
        profile: with its texts; None: none.
        preference_ratio: instead of the profile's; None: the profile's.
        prices: USD per hour.
        prices_name: of the file they are from.
    """

    name: str
    profile: Profile | None
    preference_ratio: float | None
    prices: Prices
    prices_name: str

    def numbers(self, past: Past) -> ProfileNumbers:
        """The profile as the decision sees it, over this past."""
        numbers = ProfileNumbers(revision=1)
        if self.profile is not None:
            begin = past.scenario.begin
            numbers = expand(self.profile, begin, begin + timedelta(days=past.days), revision=1)
        if self.preference_ratio is None:
            return numbers
        return replace(numbers, preference_ratio=self.preference_ratio)


def read_cases(
    profiles: Sequence[Path], preferences: Sequence[str], prices: Sequence[Path], pasts: Sequence[Past]
) -> tuple[Case, ...]:
    """Every combination. With a profile there is a row without one too: what it costs is the difference.

    Raises:
        CommandFailed: a file or a preference cannot be used.
    """
    known: list[tuple[str, Profile | None]] = [
        *((path.name, _profile(path, pasts)) for path in profiles),
        ("no profile" if profiles else "", None),
    ]
    ratios = [(text, _ratio(text)) for text in preferences] or [("", None)]
    lists = [(path.name, _prices(path)) for path in prices] or [(SHIPPED, _prices(None))]
    found: list[Case] = []
    for profile_name, profile in known:
        for ratio_name, ratio in ratios:
            for prices_name, price_list in lists:
                named = (profile_name, ratio_name, prices_name if len(lists) > 1 else "")
                name = ", ".join(["Foreload", *(part for part in named if part)])
                found.append(Case(name, profile, ratio, price_list, prices_name))
    return tuple(found)


def _ratio(text: str) -> float:
    if text in PREFERENCES:
        return PREFERENCES[text]
    try:
        ratio = float(text)
    except ValueError:
        ratio = -1.0
    if not 0 <= ratio <= 1:
        raise CommandFailed(
            f"simulate: --preference is {text}; allowed are cheapest, default, fastest, and 0 (cheapest) to 1", 2
        )
    return ratio


def _profile(path: Path, pasts: Sequence[Past]) -> Profile:
    try:
        profile, problems = parse_profile(path.read_bytes())
    except FileNotFoundError:
        raise CommandFailed(f"simulate: --profile is {path}; there is no such file", 2) from None
    except OSError as error:
        raise CommandFailed(f"simulate: --profile is {path}; it cannot be read: {error.strerror}", 2) from None
    if profile is None or problems:
        problem = problems[0]
        more = f" (and {len(problems) - 1} more; foreload profile check names them)" if len(problems) > 1 else ""
        where = f" {problem.path}:" if problem.path else ""
        raise CommandFailed(f"simulate: {path}:{problem.line}:{where} {problem.message}{more}", 2)
    if profile.windows and all(not _windows(profile, past) for past in pasts):
        raise CommandFailed(f"simulate: {path}: none of its windows lies within the traces; use dates within them", 2)
    return profile


def _windows(profile: Profile, past: Past) -> int:
    begin = past.scenario.begin
    return len(expand(profile, begin, begin + timedelta(days=past.days)).windows)


def _prices(path: Path | None) -> Prices:
    from foreload_broker.fleet_files import FleetFileError, read_prices

    try:
        return read_prices(path).resources
    except FleetFileError as error:
        raise CommandFailed(f"simulate: --prices: {error}", 2) from error
