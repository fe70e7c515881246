"""What a decision says to a person: one sentence for each code of a reason.

Numbers first, a subject and a time, no more digits than are known. Names of windows never leave the environment; where
the reader knows them, they come in with `names`, keyed by the reason's reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from foreload_core.types import Reason, Resource, TargetChange
from foreload_core.units import GIB, MEGABYTE, MIB, cores_text, duration_text, gib_text, memory_text, rate_text

SENTENCES: Mapping[str, str] = {
    "live_use": "{use} are in use now, and {need} leave room above that.",
    "run_history": "A run has started that is expected to need {expected}, from its last {run_count} runs.",
    "run_code": "A run has started that is expected to need {expected}, from its code.",
    "run_kind": "A run has started that is expected to need {expected}, from {run_count} runs of its kind.",
    "run_developer": "A run has started that needs {expected}, as you said.",
    "runs_together": "{run_count} runs go on at once and are expected to need {need} together.",
    "announced": "You announced a need of {expected}.",
    "window_soon": "{reference} begins in {begins} and is expected to need {expected}.",
    "window": "{reference} is expected to need {expected}.",
    "forecast": "In {chance} the need stays below {expected} in the coming minutes.",
    "density": "By the last minutes, days and weeks, the need of the next minute stays below {expected} in {chance}.",
    "density_in_idle_window": "{expected} were expected, but {reference} says that little is needed.",
    "forecast_after_density": (
        "{expected} were forecast for the hours ahead; the next minutes are known better from the last ones."
    ),
    "forecast_not_licensed": (
        "{expected} were forecast, but the forecast is not better than “same as last week” now, so it is not acted on."
    ),
    "forecast_in_idle_window": "{expected} were forecast, but {reference} says that little is needed.",
    "throttled": "The CPU limit held something back, so {need} are tried.",
    "oom": "The system killed something for want of memory, so {need} are kept for a day.",
    "no_fresh_sample": "The limit stays at {limit}: there is no fresh measurement.",
    "lowered": "The highest need of the last {after} was {highest}.",
    "lowered_after_run": "The run has ended; the highest need of the last {after} was {highest}.",
    "lowered_after_window": "{reference} is over; the highest need of the last {after} was {highest}.",
    "lowered_after_missed_window": (
        "{reference} is over. Less than half of what it says was needed, {miss_count} times in a row. From now on it "
        "raises nothing, until it comes true or you change its need or length in the profile."
    ),
    "window_missed": (
        "{reference} says {expected}, but was not needed {miss_count} times in a row. It raises nothing until it comes "
        "true or you change its need or length in the profile."
    ),
    "prior": "Environments like this one need up to {expected} at this hour, in {chance}; its own past is short.",
    "lowers": "The use does not need it.",
    "lowers_after_run": "The run will need it no longer.",
    "lowers_after_window": "{reference} will need it no longer.",
    "dead_band": "{need} would be enough, but the saving is too small for a change.",
    "undone": "You took the change back, so it is not made again for {until}.",
    "refused": "The change was refused, so the limit is {hold} and it is tried again in {until}.",
    "minimum": "Your profile asks for at least {minimum}.",
    "pinned": "You pinned {pinned}.",
    "budget": "Your budget of {budget} a month pays for {limit} now; {need} would be needed.",
    "maximum": "Your maximum is {maximum}; {need} would be needed.",
    "capacity": "The instance has {capacity}; {need} would be needed.",
    "capacity_shared": "{room} of the instance's {capacity} are free for you now; {need} would be needed.",
    "quota_owner": "{room} of the {capacity} that your environments may hold are free; {need} would be needed.",
    "quota_organisation": "{room} of the {capacity} of your organisation are free; {need} would be needed.",
    "budget_owner": "The budget of {budget} a month for your environments leaves {limit} now; {need} would be needed.",
    "budget_organisation": (
        "The budget of {budget} a month of your organisation leaves {limit} now; {need} would be needed."
    ),
    "no_instance": "There is no instance on which it may run.",
    "no_room": "No instance has room for it now.",
    "too_large": "No instance is large enough for it.",
    "floor": "{floor} keep the editor responsive.",
    "live_floor": "{use} are in use now, so the limit goes no lower than {limit}.",
    "paused": "Scaling is paused, so the limit stays at {limit}; {need} would be needed.",
    "not_allowed": "Automatic scaling is not allowed, so the limit stays at {limit}; {need} would be needed.",
}
"""Code of a reason -> its sentence. `{name}` is the number `name_<unit>`, in the words of its unit."""

RESOURCE_NAMES: Mapping[Resource, str] = {
    Resource.CPU: "CPU",
    Resource.MEMORY: "Memory",
    Resource.GPU: "GPU",
    Resource.NETWORK_RX: "Network in",
    Resource.NETWORK_TX: "Network out",
}


def _plural(text: str, one: str, many: str) -> str:
    return f"{text} {one if text == '1' else many}"


def _gpus_text(count: float) -> str:
    return _plural(cores_text(count), "GPU", "GPUs")


def _money_text(usd: float) -> str:
    return f"${usd:.2f}".removesuffix(".00")


def _chance_text(level_ratio: float) -> str:
    for cases in (10, 20, 100):
        if abs(level_ratio * cases - round(level_ratio * cases)) < 1e-6:
            return f"{round(level_ratio * cases)} of {cases} cases"
    return f"{round(level_ratio * 100)} of 100 cases"


_UNITS: tuple[tuple[str, Callable[[float], str]], ...] = (
    ("cpu_cores", lambda amount: _plural(cores_text(amount), "core", "cores")),
    ("memory_bytes", memory_text),
    ("gpu_count", _gpus_text),
    ("network_rx_bytes_per_second", rate_text),
    ("network_tx_bytes_per_second", rate_text),
    ("usd_per_month", _money_text),
    ("seconds", duration_text),
)


def amount_text(resource: Resource, amount: float) -> str:
    """An amount with its unit, such as "2.1 cores" or "5.2 GiB"."""
    return next(text(amount) for unit, text in _UNITS if unit == resource.field)


def skill_text(skill_ratio: float | None, record_seconds: float) -> str:
    """How good a forecast was, and whether it is acted on.

    Args:
        skill_ratio: as in `Forecast.skill_ratio`; None: not known yet.
        record_seconds: length of the past that it is taken from.
    """
    if skill_ratio is None:
        return "Its record is too short to say how good it is, so it is not acted on."
    closer = round(abs(skill_ratio) * 100)
    if skill_ratio > 0 and closer > 0:
        last = duration_text(record_seconds)
        return f"Good enough to act on. In the last {last} it was {closer} % closer than “same as last week”."
    return "Not better than “same as last week” now, so it is not acted on."


def sentence(reason: Reason, names: Mapping[str, str] | None = None) -> str:
    """The reason in one sentence.

    Args:
        reason: any reason; a code of a newer version is named as it is.
        names: reference -> name, where the reader knows it.
    """
    template = SENTENCES.get(reason.code)
    if template is None:
        return f"Decided by the step “{reason.step}” ({reason.code})."
    words = re.sub(r"\{(\w+)\}", lambda match: _word(match.group(1), reason, names or {}), template)
    return _agreeing(words[:1].upper() + words[1:])


def _word(name: str, reason: Reason, names: Mapping[str, str]) -> str:
    if name == "reference":
        known = names.get(reason.reference)
        return f"“{known}”" if known else "a window of your profile"
    if name == "chance":
        return _chance_text(reason.numbers.get("level_ratio", 0.9))
    if name in ("run_count", "miss_count"):
        return f"{reason.numbers.get(name, 0):.0f}"
    if name == "after":
        after_seconds = reason.numbers.get("after_seconds", 60.0)
        return "minute" if after_seconds == 60.0 else duration_text(after_seconds)
    for unit, text in _UNITS:
        amount = reason.numbers.get(f"{name}_{unit}")
        if amount is not None:
            return text(amount)
    return "an unknown amount"


def _agreeing(words: str) -> str:
    """A single amount, and one with its unit in a mass noun, takes the verb in the singular."""
    words = re.sub(r"\b(last) 1 runs\b", r"\1 run", words).replace("from 1 runs", "from 1 run")
    singular = r"((?:^|[,:;] (?:but |and |so )?|and )(?:1 core|1 GPU|[\d.]+ (?:GiB|MiB|MB/s|kB/s)))"
    for many, one in (("are", "is"), ("leave", "leaves"), ("keep", "keeps"), ("were", "was")):
        words = re.sub(rf"{singular} {many}\b", rf"\1 {one}", words)
    return re.sub(r"(of the instance's (?:1 core|1 GPU|[\d.]+ (?:GiB|MiB|MB/s|kB/s))) are", r"\1 is", words)


def change_text(change: TargetChange) -> str:
    """The change as a title, such as "CPU 2 → 4 cores"."""
    amounts = [amount for amount in (change.from_amount, change.to_amount) if amount is not None]
    texts, unit = _amount_texts(change.resource, amounts)
    if len(texts) == 1:
        return f"{RESOURCE_NAMES[change.resource]} to {texts[0]} {unit}"
    return f"{RESOURCE_NAMES[change.resource]} {texts[0]} → {texts[1]} {unit}"


def _amount_texts(resource: Resource, amounts: list[float]) -> tuple[list[str], str]:
    if resource is Resource.MEMORY:
        if max(amounts) >= GIB / 2:
            return [gib_text(amount) for amount in amounts], "GiB"
        return [f"{amount / MIB:.0f}" for amount in amounts], "MiB"
    if resource in (Resource.NETWORK_RX, Resource.NETWORK_TX):
        return [f"{amount / MEGABYTE:.3g}" for amount in amounts], "MB/s"
    texts = [cores_text(amount) for amount in amounts]
    one, many = ("core", "cores") if resource is Resource.CPU else ("GPU", "GPUs")
    return texts, one if texts[-1] == "1" else many
