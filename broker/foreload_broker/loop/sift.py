"""What of the daemons' messages is new, and what of that the developer allows to be kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from foreload_core.types import Ask, ProfileNumbers, Sample, Signal

from foreload_broker.ports import NO_CONSENT, Consent, FeatureVector, FromDaemon


@dataclass(slots=True)
class Sifted:
    """What one environment's daemon brought. Latest counts where only one is kept.

    Attributes:
        sequence: everything up to here has been looked at.
        consent: the switches after it, None where they did not change.
        scaling_revoked, features_revoked: what was kept with the permission is to be deleted.
        duplicate_count: messages that had come before.
        unwanted_count: messages that are not allowed to be kept.
    """

    sequence: int
    samples: list[Sample] = field(default_factory=list[Sample])
    signals: list[Signal] = field(default_factory=list[Signal])
    ask: Ask | None = None
    profile: ProfileNumbers | None = None
    features: FeatureVector | None = None
    consent: Consent | None = None
    scaling_revoked: bool = False
    features_revoked: bool = False
    duplicate_count: int = 0
    unwanted_count: int = 0

    @property
    def decisive(self) -> bool:
        """There is something in it to be decided on at once."""
        return bool(self.signals or self.ask or self.profile or self.consent)


def sift(
    messages: Iterable[FromDaemon], acknowledged: Mapping[str, int], consents: Mapping[str, Consent]
) -> dict[str, Sifted]:
    """Sorts what daemons sent by environment and sequence, and leaves out what came before and what may not be kept.

    Args:
        messages: in any order; a sequence may come several times.
        acknowledged: what is durable of each environment.
        consents: what each developer allows.
    """
    found: dict[str, Sifted] = {}
    for message in sorted(messages, key=lambda message: (message.environment_id, message.sequence)):
        name = message.environment_id
        known = found.get(name)
        if known is None:
            known = found[name] = Sifted(acknowledged.get(name, 0))
        if message.sequence <= known.sequence:
            known.duplicate_count += 1
            continue
        known.sequence = message.sequence
        _take(known, message, known.consent or consents.get(name, NO_CONSENT))
    return found


def take_consent(known: Sifted, given: Consent, before: Consent) -> bool:
    """Takes in the switches. What was collected with a permission that is now withdrawn is dropped.

    Returns:
        False where they are older than the ones that hold.
    """
    if given.revision <= before.revision:
        return False
    known.consent = given
    if not given.automatic_scaling:
        known.scaling_revoked = known.scaling_revoked or before.automatic_scaling
        known.samples.clear()
        known.signals.clear()
        known.ask = known.profile = None
    if not given.share_features:
        known.features_revoked = known.features_revoked or before.share_features
        known.features = None
    return True


def _take(known: Sifted, message: FromDaemon, consent: Consent) -> None:
    match message.content:
        case None:
            return
        case Consent() as given:
            take_consent(known, given, consent)
        case FeatureVector() as features if consent.share_features:
            known.features = features
        case Sample() as sample if consent.automatic_scaling:
            known.samples.append(sample)
        case Signal() as signal if consent.automatic_scaling:
            known.signals.append(signal)
        case Ask() as ask if consent.automatic_scaling:
            known.ask = ask
        case ProfileNumbers() as profile if consent.automatic_scaling:
            known.profile = profile
        case _:
            known.unwanted_count += 1
