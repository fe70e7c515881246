"""The one gate that everything passes which leaves this machine.

The broker's client sends nothing but `Released` messages, and only `Gate` makes those. For each message the gate asks:
does a switch that is on let this kind go; does every text in it follow the rule of its field, so that only numbers,
ids and known tags can be in it. Then it writes the message into the ledger, and only then gives it away.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from foreload_daemon.clock import Clock
from foreload_daemon.history import choices, ledger, notes, outbox
from foreload_daemon.history.choices import NO_CHOICE, Choice
from foreload_daemon.history.database import Database
from foreload_daemon.protocol import Switches

if TYPE_CHECKING:
    import sqlite3

    from google.protobuf.message import Message

_LOG = logging.getLogger(__name__)

TEXT_VERSION = 2
TEXT_DATE = "24 Nov 2026"
"""Version and date of the wording of the permission page. With a new one the answer is asked for again."""

CONFIRMED_NOTE = "consent_confirmed"
REVISION_NOTE = "consent_revision"
PURGE_NOTE = "purge_pending"
PURGED_NOTE = "purge_confirmed"

ANALYSIS, SHARE_FEATURES, AUTOMATIC_SCALING, COHORT_HISTORY = (
    "analysis",
    "share_features",
    "automatic_scaling",
    "cohort_history",
)
TELEMETRY_BOUND = (SHARE_FEATURES, COHORT_HISTORY)
"""Switches that VS Code's own telemetry switch turns off."""

ANY_SHARING, REVOKING = "any", "revoking"

STREAM_KINDS: Mapping[str, tuple[str, str]] = {
    "sample": (AUTOMATIC_SCALING, "Use"),
    "signal": (AUTOMATIC_SCALING, "A run"),
    "ask": (AUTOMATIC_SCALING, "Forecast"),
    "profile": (AUTOMATIC_SCALING, "Limits and budget of your profile"),
    "features": (SHARE_FEATURES, "Kind of code"),
}
"""Kinds of durable messages: the switch that lets each go, and its name in the ledger."""

CALLS: Mapping[str, tuple[str, str]] = {
    "Hello": (ANY_SHARING, "Connecting"),
    "ListDecisionsRequest": (AUTOMATIC_SCALING, "Asking for decisions"),
    "ExplainDecisionRequest": (AUTOMATIC_SCALING, "Asking why"),
    "PinLimitRequest": (AUTOMATIC_SCALING, "A pin"),
    "UndoDecisionRequest": (AUTOMATIC_SCALING, "An undo"),
    "DeclineDecisionRequest": (AUTOMATIC_SCALING, "A “not this time”"),
    "DeclineMoveRequest": (AUTOMATIC_SCALING, "Keeping a task where it is"),
    "PauseScalingRequest": (AUTOMATIC_SCALING, "A pause"),
    "SetConsentRequest": (REVOKING, "Your permission"),
    "PurgeRequest": (REVOKING, "Asking to delete everything"),
}
"""Other messages. `any`: a switch that sends is on. `revoking`: a person has answered; taking back always goes."""


class NotAllowed(Exception):  # noqa: N818 - it names what the gate says
    """The developer has not allowed this. The message is one sentence for a person."""


class Released:
    """A message that the gate let through. Nobody else can make one."""

    __slots__ = ("message", "sequence")

    def __init__(self, message: Message, sequence: int, key: object) -> None:
        if key is not _KEY:
            raise NotAllowed("only the gate releases messages")
        self.message = message
        self.sequence = sequence


_KEY = object()


@dataclass(frozen=True, slots=True)
class Effective:
    """The switches as they hold now: what was chosen, minus what VS Code's telemetry switch turns off."""

    analysis: bool = False
    share_features: bool = False
    automatic_scaling: bool = False
    cohort_history: bool = False

    @property
    def sends(self) -> bool:
        """Whether anything may be sent regularly."""
        return self.share_features or self.automatic_scaling or self.cohort_history


NOTHING_ALLOWED = Effective()


class Gate:
    """Knows what is allowed, and lets through nothing else."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        # One lock over "is it allowed" and "it is released": nothing slips out beside a revocation.
        self._lock = threading.RLock()
        self._choice = database.call(choices.latest)
        self._telemetry = False
        self.on_change: list[Callable[[], None]] = []

    @property
    def choice(self) -> Choice:
        """What the developer chose last, whether or not it holds under today's wording."""
        return self._choice

    @property
    def given(self) -> bool:
        """Whether the developer has answered today's wording."""
        return self._choice.text_version == TEXT_VERSION and self._choice.revision > 0

    @property
    def telemetry_enabled(self) -> bool:
        """VS Code's telemetry switch; off until the editor has said."""
        return self._telemetry

    @property
    def effective(self) -> Effective:
        """The switches as they hold now."""
        if not self.given:
            return NOTHING_ALLOWED
        chosen = self._choice
        return Effective(
            analysis=chosen.analysis,
            share_features=chosen.share_features and self._telemetry,
            automatic_scaling=chosen.automatic_scaling,
            cohort_history=chosen.cohort_history and self._telemetry,
        )

    def set_telemetry(self, read: Callable[[], bool]) -> None:
        """VS Code's telemetry switch may have changed; `read` says what it is, so that the last look always counts."""
        with self._lock:
            enabled = read()
            if enabled == self._telemetry:
                return
            self._telemetry = enabled
            self._drop_forbidden()
        self._tell()

    def choose(self, switches: Switches) -> Choice:
        """Keeps an answer of the developer; it holds from now on, also after a restart."""
        with self._lock:
            before = self._choice
            choice = Choice(
                0,
                self._clock.now().timestamp(),
                TEXT_VERSION,
                switches.analysis,
                switches.shareFeatures,
                switches.automaticScaling,
                switches.cohortHistory,
            )
            self._choice = self._database.call(
                _keep_choice, choice, purge=before.automatic_scaling and not choice.automatic_scaling
            )
            self._drop_forbidden()
        self._tell()
        return self._choice

    def allows(self, switch: str) -> bool:
        """Whether one switch (or `any`, `revoking`) lets something go now."""
        if switch == REVOKING:
            return self._choice is not NO_CHOICE and self._choice.revision > 0
        if switch == ANY_SHARING:
            return self.effective.sends
        return getattr(self.effective, switch)

    @property
    def confirmed(self) -> bool:
        """Whether the broker has confirmed the last answer."""
        return self._database.call(notes.read, CONFIRMED_NOTE) == self._fingerprint()

    @property
    def purge_pending(self) -> bool:
        """Whether the broker still has to be asked to delete what it holds."""
        return self._database.call(notes.read, PURGE_NOTE) == "1"

    def confirm(self, fingerprint: str) -> None:
        """The broker has taken in the answer with this fingerprint."""
        self._database.call(notes.write, CONFIRMED_NOTE, fingerprint)

    def purged(self, deleted: Mapping[str, int] | None = None) -> None:
        """The broker has deleted what it held: rows by what they were."""
        word = {"at": self._clock.now().timestamp(), "rows": sum((deleted or {}).values())}
        self._database.call(notes.write, PURGE_NOTE, "0")
        self._database.call(notes.write, PURGED_NOTE, json.dumps(word))

    @property
    def last_purge(self) -> tuple[float, int] | None:
        """When the broker last deleted everything, seconds since 1970, and how many rows; None: never."""
        text = self._database.call(notes.read, PURGED_NOTE)
        word = json.loads(text) if text else None
        return (float(word["at"]), int(word["rows"])) if word else None

    def ask_purge(self) -> None:
        """The developer wants everything deleted at the broker."""
        self._database.call(notes.write, PURGE_NOTE, "1")

    def fingerprint(self) -> str:
        """Names the answer and what of it holds, for `confirm`."""
        return self._fingerprint()

    def next_revision(self) -> int:
        """The revision under which the broker is told what holds; above all that it was told before."""
        return self._database.call(notes.next_revision, REVISION_NOTE, self._clock.now().timestamp())

    def keep(self, kind: str, message: Message) -> tuple[int, int]:
        """Puts a durable message into the outbox.

        Args:
            kind: one of STREAM_KINDS.
            message: the part of `ConnectRequest` of that kind.

        Returns:
            Its sequence, and how many other messages were dropped to make room.

        Raises:
            NotAllowed: no switch lets it go, or it holds a text that may not leave.
        """
        switch, words = STREAM_KINDS[kind]
        with self._lock:
            self._check(switch, words, message)
            return self._database.call(outbox.put, kind, message.SerializeToString(), self._clock.now().timestamp())

    def release(self, waiting: Sequence[outbox.Waiting]) -> list[Released]:
        """Durable messages, ready to be sent; what is not allowed any more is left out."""
        from foreload_proto.v1 import broker_pb2

        released: list[Released] = []
        entries: list[ledger.Entry] = []
        with self._lock:
            for item in waiting:
                request = broker_pb2.ConnectRequest(sequence=item.sequence)
                part = getattr(request, item.kind)
                part.MergeFromString(item.message)
                switch, words = STREAM_KINDS[item.kind]
                try:
                    self._check(switch, words, part)
                except NotAllowed as refusal:
                    _LOG.warning("held back: %s", refusal)
                    continue
                released.append(Released(request, item.sequence, _KEY))
                entries.append(self._entry(words, request.ByteSize(), part))
            self._database.call(ledger.put, entries)
        return released

    def release_call(self, message: Message) -> Released:
        """A message that is not durable: a hello, a question, a wish of the person.

        Raises:
            NotAllowed: no switch lets it go, or it holds a text that may not leave.
        """
        switch, words = CALLS.get(message.DESCRIPTOR.name, ("", message.DESCRIPTOR.name))
        if not switch:
            raise NotAllowed(f"{words} is no message that may leave")
        with self._lock:
            self._check(switch, words, message)
            self._database.call(ledger.put, [self._entry(words, message.ByteSize(), message)])
        return Released(message, 0, _KEY)

    def _check(self, switch: str, words: str, message: Message) -> None:
        from foreload_daemon.broker.fields import problems

        if not self.allows(switch):
            raise NotAllowed(f"{words}: not sent, because it is not allowed ({switch.replace('_', ' ')} is off).")
        found = problems(message)
        if found:
            raise NotAllowed(f"{words}: not sent, because {found[0]}.")

    def _entry(self, words: str, size: int, message: Message) -> ledger.Entry:
        from foreload_daemon.broker.fields import flat

        return ledger.Entry(self._clock.now().timestamp(), words, size, flat(message))

    def _drop_forbidden(self) -> None:
        kinds = [kind for kind, (switch, _) in STREAM_KINDS.items() if self.allows(switch)]
        self._database.call(outbox.keep_only, kinds)

    def _fingerprint(self) -> str:
        holds = self.effective
        return f"{self._choice.revision}:{holds.share_features:d}{holds.automatic_scaling:d}{holds.cohort_history:d}"

    def _tell(self) -> None:
        for listener in self.on_change:
            listener()


def _keep_choice(connection: sqlite3.Connection, choice: Choice, *, purge: bool) -> Choice:
    kept = choices.put(connection, choice)
    if purge:
        notes.write(connection, PURGE_NOTE, "1")
    elif choice.automatic_scaling:
        notes.write(connection, PURGE_NOTE, "0")
    return kept
