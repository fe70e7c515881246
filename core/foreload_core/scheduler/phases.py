"""The phases of an instance and the only ways from one to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from foreload_core.types.instances import Instance, InstancePhase

TRANSITIONS: Mapping[InstancePhase, frozenset[InstancePhase]] = {
    InstancePhase.REQUESTED: frozenset({InstancePhase.BOOTING, InstancePhase.READY, InstancePhase.FAILED}),
    InstancePhase.BOOTING: frozenset({InstancePhase.READY, InstancePhase.DRAINING, InstancePhase.FAILED}),
    InstancePhase.READY: frozenset({InstancePhase.DRAINING, InstancePhase.FAILED}),
    InstancePhase.DRAINING: frozenset({InstancePhase.READY, InstancePhase.RELEASED, InstancePhase.FAILED}),
    InstancePhase.FAILED: frozenset({InstancePhase.RELEASED}),
    InstancePhase.RELEASED: frozenset(),
}
"""From a phase to those that may follow. A drain may be taken back; what was released is never seen again."""
PAID = frozenset({InstancePhase.REQUESTED, InstancePhase.BOOTING, InstancePhase.READY, InstancePhase.DRAINING})
"""What is paid for. A machine that failed is given back at once and counts no longer."""
COMING = frozenset({InstancePhase.REQUESTED, InstancePhase.BOOTING})


def moved_to(instance: Instance, phase: InstancePhase, now: datetime) -> Instance:
    """The instance in another phase.

    Raises:
        ValueError: there is no way from the one to the other.
    """
    if phase not in TRANSITIONS[instance.phase]:
        allowed = ", ".join(sorted(TRANSITIONS[instance.phase])) or "none"
        raise ValueError(
            f"instance {instance.instance_id} cannot go from {instance.phase} to {phase}; allowed: {allowed}"
        )
    return replace(instance, phase=phase, since=now)
