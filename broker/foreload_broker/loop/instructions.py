"""Instructions that agents have not answered yet. They are sent again, with the same revision, until they have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from foreload_core.types import Actuation, ActuationResult, EnvironmentDecision

from foreload_broker.ports import Instruction

DEFERRED_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """One instruction on its way.

    Attributes:
        instruction: what is to be done.
        due_seconds: monotonic time from which it is sent again; 0: not sent yet.
        attempt_count: how often it was sent.
        signal_ids: signals whose launches wait for it.
    """

    instruction: Instruction
    due_seconds: float = 0.0
    attempt_count: int = 0
    signal_ids: tuple[str, ...] = ()


class Instructions:
    """The newest instruction of each environment that is not done with."""

    def __init__(self, decisions: Iterable[EnvironmentDecision], answer_seconds: float) -> None:
        self._waiting = {decision.environment_id: Waiting(instruction_for(decision)) for decision in decisions}
        self._answer_seconds = answer_seconds

    def add(self, decision: EnvironmentDecision) -> None:
        """A new decision replaces the one before: targets are absolute."""
        before = self._waiting.get(decision.environment_id)
        signal_ids = () if before is None else before.signal_ids
        self._waiting[decision.environment_id] = Waiting(instruction_for(decision), signal_ids=signal_ids)

    def withhold(self, environment_id: str, signal_ids: Iterable[str]) -> None:
        """These signals were taken in; what they changed, if anything, is not done yet."""
        waiting = self._waiting.get(environment_id)
        if waiting is not None:
            self._waiting[environment_id] = replace(waiting, signal_ids=(*waiting.signal_ids, *signal_ids))

    def withheld(self, environment_id: str) -> tuple[str, ...]:
        """The signals whose launches wait for an answer."""
        waiting = self._waiting.get(environment_id)
        return () if waiting is None else waiting.signal_ids

    def revision(self, environment_id: str) -> int:
        """Revision of the instruction that waits for its answer; 0 for none."""
        waiting = self._waiting.get(environment_id)
        return 0 if waiting is None else waiting.instruction.revision

    def to_send(self, now_seconds: float, connected: Mapping[str, str]) -> list[tuple[str, Instruction]]:
        """Instance and instruction for each that is due, and counts them as sent.

        Args:
            now_seconds: monotonic.
            connected: environment -> instance whose agent is there.
        """
        due: list[tuple[str, Instruction]] = []
        for name in sorted(self._waiting):
            waiting = self._waiting[name]
            if name not in connected or waiting.due_seconds > now_seconds:
                continue
            wait_seconds = min(LONGEST_WAIT_SECONDS, self._answer_seconds * 2.0 ** min(waiting.attempt_count, 10))
            self._waiting[name] = replace(
                waiting, due_seconds=now_seconds + wait_seconds, attempt_count=waiting.attempt_count + 1
            )
            due.append((connected[name], waiting.instruction))
        return due

    def answered(
        self, environment_id: str, revision: int, results: Iterable[ActuationResult], now_seconds: float
    ) -> bool:
        """Takes note of an answer.

        Returns:
            Whether nothing more is expected of the environment's decisions up to this revision.
        """
        deferred = any(result.actuation is Actuation.DEFERRED for result in results)
        waiting = self._waiting.get(environment_id)
        if waiting is not None and waiting.instruction.revision <= revision:
            if deferred:
                self._waiting[environment_id] = replace(
                    waiting, due_seconds=now_seconds + DEFERRED_SECONDS, signal_ids=()
                )
            else:
                del self._waiting[environment_id]
        return not deferred

    def resend(self, environment_ids: Iterable[str]) -> None:
        """These agents have just come (back): what waits for them goes out at once."""
        for name in environment_ids:
            if name in self._waiting:
                self._waiting[name] = replace(self._waiting[name], due_seconds=0.0, attempt_count=0)

    def forget(self, environment_id: str) -> None:
        """Drops what waits for an environment."""
        self._waiting.pop(environment_id, None)

    def next_due_seconds(self, connected: Mapping[str, str]) -> float | None:
        """Monotonic time of the next one to be sent, None for never."""
        return min((waiting.due_seconds for name, waiting in self._waiting.items() if name in connected), default=None)


def instruction_for(decision: EnvironmentDecision) -> Instruction:
    """The instruction that carries a decision out."""
    return Instruction(
        instruction_id=decision.decision_id,
        environment_id=decision.environment_id,
        revision=decision.revision,
        target=decision.target,
        decided_at=decision.decided_at,
    )
