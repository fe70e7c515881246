"""The outbox and a broker: under any cuts and restarts nothing is lost and nothing comes twice."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from foreload_daemon.history import outbox
from foreload_daemon.history.database import Database
from hypothesis import given, settings
from hypothesis import strategies as st


@dataclass
class ModelBroker:
    """What is durable, by sequence; a sequence it has seen is passed over."""

    acknowledged: int = 0
    taken: list[bytes] = field(default_factory=list)

    def take(self, sequence: int, message: bytes) -> None:
        if sequence > self.acknowledged:
            self.acknowledged = sequence
            self.taken.append(message)


@dataclass(frozen=True)
class Put:
    count: int


@dataclass(frozen=True)
class Connect:
    """Connects, sends, and is cut: after so many messages sent, of which so many were acknowledged back."""

    sent: int
    told: int


@dataclass(frozen=True)
class Restart:
    """The daemon is killed and started again."""


STEPS = st.lists(
    st.one_of(
        st.builds(Put, st.integers(1, 4)),
        st.builds(Connect, st.integers(0, 6), st.integers(0, 6)),
        st.just(Restart()),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_everything_arrives_once_and_in_order(steps):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database, broker = Database(folder), ModelBroker()
        put: list[bytes] = []
        for step in [*steps, Connect(10_000, 10_000)]:
            if isinstance(step, Put):
                for _ in range(step.count):
                    put.append(str(len(put)).encode())
                    database.call(outbox.put, "signal", put[-1], 0.0)
            elif isinstance(step, Restart):
                database.close()
                database = Database(folder)
            else:
                connect(database, broker, step)
        assert broker.taken == put
        assert database.call(outbox.waiting) == 0
        database.close()


def connect(database: Database, broker: ModelBroker, step: Connect) -> None:
    database.call(outbox.begin_after, broker.acknowledged)
    database.call(outbox.acknowledge, broker.acknowledged)
    told = 0
    for item in database.call(outbox.above, broker.acknowledged, 100_000)[: step.sent]:
        broker.take(item.sequence, item.message)
        if told < step.told:
            told += 1
            database.call(outbox.acknowledge, item.sequence)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["sample", "signal", "ask", "profile"]), max_size=60), st.integers(1, 12))
def test_the_bound_holds_and_signals_outlive_samples(kinds, most):
    with tempfile.TemporaryDirectory() as name:
        database = Database(Path(name))
        before, outbox.MOST_MESSAGES = outbox.MOST_MESSAGES, most
        try:
            for kind in kinds:
                database.call(outbox.put, kind, b"x", 0.0)
                assert database.call(outbox.waiting) <= most
        finally:
            outbox.MOST_MESSAGES = before
        left = [item.kind for item in database.call(outbox.above, 0, 1000)]
        wanted = kinds.count("signal") + ("ask" in kinds) + ("profile" in kinds)
        if wanted <= most:
            assert left.count("signal") == kinds.count("signal")
        assert left.count("ask") <= 1
        database.close()
