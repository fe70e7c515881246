"""One managed environment: measured every second, reported every ten, resized when told so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from foreload_core.types import NO_AMOUNTS, Actuation, ActuationResult, Amounts, Resource, Sample

from foreload_agent.app.applied import AppliedRevisions
from foreload_agent.ports import Capability, EnvironmentGoneError, Outcome, Platform, PlatformUnavailableError

_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Instruction:
    """Absolute targets for one environment, as the broker sent them."""

    instruction_id: str
    environment_id: str
    revision: int
    target: Amounts


@dataclass(frozen=True, slots=True)
class Report:
    """A sample to send, and whether it should be decided on at once."""

    sample: Sample
    urgent: bool


class ManagedEnvironment:
    """Joins one environment's platform with what is remembered of it.

    Args:
        environment_id: the environment.
        platform: how it is measured and resized.
        floor, initial: as in the agent's file.
        applied: what was applied.
        report_seconds: time between two reports.
        urgent_throttled_ratio: a look with more of its time throttled is reported at once.
    """

    def __init__(
        self,
        environment_id: str,
        platform: Platform,
        floor: Amounts,
        initial: Amounts,
        applied: AppliedRevisions,
        report_seconds: float,
        urgent_throttled_ratio: float,
    ) -> None:
        self.environment_id = environment_id
        self.platform = platform
        self.floor = floor
        self.report_seconds = report_seconds
        self._initial = initial
        self._applied = applied
        self._urgent_throttled_ratio = urgent_throttled_ratio
        self._looks: list[Sample] = []
        self._gone = False
        self._is_made = True
        self._unmade = ""

    @property
    def applied_revision(self) -> int:
        """The highest revision that was applied here."""
        return self._applied.revision(self.environment_id)

    def start(self) -> None:
        """Makes the group where it is missing; what is there keeps its limits.

        Raises:
            PlatformUnavailableError: it cannot be made.
        """
        self._is_made = False
        self.platform.actuator.create(self._initial)
        self._is_made = True
        _LOG.info("environment ready", environment=self.environment_id, platform=self.platform.name)

    def capabilities(self) -> tuple[Capability, ...]:
        """What can be changed while it runs."""
        return self.platform.actuator.capabilities()

    def limit(self) -> Amounts:
        """The limits that hold now."""
        return self.platform.actuator.limit()

    def look(self, now: datetime, monotonic: float) -> Report | None:
        """Measures once; a report when one is due or something urgent happened.

        A group that was taken away by someone is made again, with the limits that held last.
        """
        try:
            look = self.platform.collector.measure(now, monotonic)
        except EnvironmentGoneError as error:
            self._come_back(str(error))
            return None
        self._gone = False
        if not self._is_made:  # a container that somebody else has started since
            self._make()
        if look.interval_seconds <= 0:
            return None
        self._initial = look.limit.over(self._initial)
        self._looks.append(look)
        urgent = look.oom_kills > 0 or look.throttled_seconds > self._urgent_throttled_ratio * look.interval_seconds
        if not urgent and sum(one.interval_seconds for one in self._looks) < self.report_seconds - 0.05:
            return None
        looks, self._looks = self._looks, []
        return Report(join_looks(looks), urgent)

    def apply(
        self, instruction: Instruction, superseded: Callable[[], bool], clock: Callable[[], datetime]
    ) -> tuple[ActuationResult, ...]:
        """Carries one instruction out, at most once, and remembers it before it is answered.

        Args:
            instruction: absolute targets.
            superseded: a newer instruction waits.
            clock: the time, UTC.
        """
        if instruction.revision <= self.applied_revision:
            limit = self.limit()
            detail = f"revision {instruction.revision} is not above {self.applied_revision}, which was applied already"
            outcomes = tuple(
                Outcome(resource, Actuation.NO_CHANGE, limit.get(resource), detail)
                for resource, _ in instruction.target.items()
            )
        else:
            outcomes = self._apply_and_remember(instruction, superseded)
        return tuple(
            ActuationResult(
                instruction_id=instruction.instruction_id,
                environment_id=self.environment_id,
                resource=outcome.resource,
                actuation=outcome.actuation,
                amount=outcome.amount,
                detail=outcome.detail,
                at=clock(),
            )
            for outcome in outcomes
        )

    def _apply_and_remember(self, instruction: Instruction, superseded: Callable[[], bool]) -> tuple[Outcome, ...]:
        target = raise_to_floor(instruction.target, self.floor)
        try:
            outcomes = self.platform.actuator.apply(target, superseded)
        except Exception as error:  # noqa: BLE001 - whatever a platform does, the broker gets an answer
            _LOG.exception("instruction failed", environment=self.environment_id, revision=instruction.revision)
            detail = f"{type(error).__name__}: {error}"
            outcomes = tuple(Outcome(resource, Actuation.FAILED, None, detail) for resource, _ in target.items())
        try:
            self._applied.remember(self.environment_id, instruction.revision)
        except OSError as error:
            # The limit is set, and cannot be remembered (disk full): said so, and harmless, since targets are absolute.
            _LOG.error("applied revision not stored", environment=self.environment_id, error=str(error))
        for outcome in outcomes:
            if outcome.actuation is Actuation.APPLIED and outcome.amount is not None:
                self._initial = self._initial.with_amount(outcome.resource, outcome.amount)
            level = _LOG.info if outcome.actuation in (Actuation.APPLIED, Actuation.NO_CHANGE) else _LOG.warning
            level(
                "limit",
                environment=self.environment_id,
                revision=instruction.revision,
                resource=outcome.resource.value,
                actuation=outcome.actuation.value,
                amount=outcome.amount,
                detail=outcome.detail,
            )
        return outcomes

    def _come_back(self, why: str) -> None:
        if not self._gone:
            _LOG.warning("environment is gone, making it again", environment=self.environment_id, why=why)
        self._gone, self._is_made = True, False
        self._looks = []
        self._make()

    def _make(self) -> None:
        try:
            self.platform.actuator.create(self._initial)
        except PlatformUnavailableError as error:
            if str(error) != self._unmade:  # once, not with each look
                _LOG.error("environment cannot be made", environment=self.environment_id, error=str(error))
            self._unmade = str(error)
        else:
            self._is_made, self._unmade = True, ""


def join_looks(looks: list[Sample]) -> Sample:
    """Several samples that follow each other as one: rates as means over time, the rest as at the end or summed up."""
    last = looks[-1]
    interval = sum(look.interval_seconds for look in looks)
    used = last.used
    for resource in Resource:
        if resource is Resource.MEMORY:
            continue
        parts = [(look.used.get(resource), look.interval_seconds) for look in looks]
        known = [(amount, seconds) for amount, seconds in parts if amount is not None and seconds > 0]
        seconds = sum(part for _, part in known)
        used = used.with_amount(resource, sum(amount * part for amount, part in known) / seconds if seconds else None)
    return Sample(
        start=looks[0].start,
        interval_seconds=interval,
        used=used,
        limit=last.limit,
        throttled_seconds=sum(look.throttled_seconds for look in looks),
        oom_kills=sum(look.oom_kills for look in looks),
    )


def raise_to_floor(target: Amounts, floor: Amounts) -> Amounts:
    """The target, never below what keeps the editor responsive: a last line of defence, should the broker err."""
    raised = NO_AMOUNTS
    for resource, amount in target.items():
        raised = raised.with_amount(resource, max(amount, floor.get(resource) or 0.0))
    return raised
