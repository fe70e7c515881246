"""Decisions in words: what changed, why, what came of it."""

from __future__ import annotations

from typing import Any

from foreload_core.plain import Plain, to_plain
from foreload_core.types import ActuationResult
from foreload_core.words import change_text, sentence
from foreload_system.codecs import decision_from_proto, reason_from_proto, result_from_proto, time_from_proto

OUTCOMES = {
    "applied": "done",
    "no_change": "no change",
    "deferred": "waits",
    "refused": "refused",
    "failed": "failed",
    "rolled_back": "taken back",
}


def time_text(moment: Any) -> str:
    """Day and time, local."""
    local = time_from_proto(moment).astimezone()
    return f"{local.day} {local:%b %H:%M:%S}"


def change_texts(message: Any) -> list[str]:
    """One title a change, such as "CPU 2 → 4 cores"."""
    return [change_text(change) for change in decision_from_proto(message).changes]


def reason_texts(message: Any) -> list[str]:
    """All reasons as sentences, each once, the one that it came from first."""
    sentences = [sentence(reason) for change in decision_from_proto(message).changes for reason in change.reasons]
    return list(dict.fromkeys(sentences))


def alternative_texts(reasons: Any) -> list[str]:
    """What was considered and not done, as sentences."""
    return list(dict.fromkeys(sentence(reason_from_proto(reason)) for reason in reasons))


def outcome_text(message: Any) -> str:
    """What came of it, in a few words."""
    if message.undone:
        return "undone by you"
    if message.dry_run:
        return "shown only"
    found = results(message)
    words = list(dict.fromkeys(OUTCOMES[result.actuation.value] for result in found))
    details = [result.detail for result in found if result.detail and result.actuation.value in ("refused", "failed")]
    if not words:
        return "on its way"
    return f"{', '.join(words)}: {details[0]}" if details else ", ".join(words)


def results(message: Any) -> list[ActuationResult]:
    """What came of each resource's instruction."""
    return [result_from_proto(result, message.environment_id) for result in message.results]


def plain_decision(message: Any) -> dict[str, Plain]:
    """A decision for programs: amounts in base units, and the sentences beside the codes."""
    decision = decision_from_proto(message)
    plain = to_plain(decision)
    assert isinstance(plain, dict)
    return {
        **plain,
        "decision_id": message.decision_id,
        "results": [to_plain(result) for result in results(message)],
        "undone": message.undone,
        "dry_run": message.dry_run,
        "changes_text": list(change_texts(message)),
        "reasons_text": list(reason_texts(message)),
        "outcome_text": outcome_text(message),
    }
