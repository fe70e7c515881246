"""The link to the broker over real mutual TLS, against brokers named by how they fail."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import timedelta

from foreload_daemon import protocol
from foreload_proto.v1 import broker_pb2

HEAVY = "from multiprocessing import Pool\n\n\ndef work(n):\n"
HEAVY += "    return sum(i * j for i in range(n) for j in range(n))\n\n\n"
HEAVY += "if __name__ == '__main__':\n    with Pool() as pool:\n        pool.map(work, [2000] * 64)\n"


def variables(certificates, server, **more):
    folder = certificates.issue("environment", "checkout-api", **more)
    return {"FORELOAD_BROKER": server.address, "FORELOAD_CERTS": str(folder)}


async def start_run(one, name="a", wait=2000):
    (one.workspace / "heavy.py").write_text(HEAVY)
    return await one.ask(
        protocol.RUN_STARTING,
        runId=name,
        trigger="task",
        waitMilliseconds=wait,
        commandLine="python heavy.py",
        cwd=str(one.workspace),
    )


async def test_without_permission_nothing_leaves(editor, serve, certificates, wait_until):
    server = await serve()
    one = editor(**variables(certificates, server))
    await one.start()
    await wait_until(lambda: one.gauge_state() == "noPermission")
    await start_run(one, wait=100)
    one.tell(protocol.RUN_ENDED, runId="a", exitCode=0)
    outcome = await one.ask(protocol.PAUSE, minutes=30)
    assert not outcome.done
    assert not (await one.ask(protocol.ANNOUNCE, cores=2, minutes=15)).done
    await asyncio.sleep(1)
    assert server.broker.seen.raw == []
    assert (await one.ask(protocol.GET_LEDGER, limit=10)).total == 0


async def test_a_run_is_told_taken_in_and_answered(editor, serve, certificates, wait_until):
    server = await serve()
    one = editor(**variables(certificates, server))
    await one.start()
    await one.allow(analysis=True, scaling=True)
    await wait_until(lambda: server.broker.seen.hellos)
    await wait_until(lambda: one.gauge_state() in ("learning", "calm"))
    answer = await start_run(one)
    # Nobody changes this container's limit here, so a limit that is lower is still waited for.
    assert answer.state in ("enough", "late", "raised")
    assert "signal" in server.broker.seen.kinds
    one.tell(protocol.RUN_ENDED, runId="a", exitCode=0)
    await wait_until(lambda: server.broker.seen.kinds.count("signal") == 2)
    ledger = await one.ask(protocol.GET_LEDGER, limit=50)
    assert ledger.total == len(server.broker.seen.raw)
    assert {row.kind for row in ledger.rows} >= {"Connecting", "A run", "Your permission"}
    assert all(row.bytes > 0 for row in ledger.rows)


async def test_a_slow_broker_never_holds_a_launch_longer_than_it_waits(
    editor, serve, certificates, brokers, wait_until
):
    server = await serve(brokers["SlowBroker"])
    one = editor(**variables(certificates, server))
    await one.start()
    await one.allow(analysis=True, scaling=True)
    await wait_until(lambda: one.gauge_state() in ("learning", "calm"))
    await start_run(one, "first")
    one.tell(protocol.RUN_ENDED, runId="first", exitCode=0)
    before = asyncio.get_running_loop().time()
    answer = await start_run(one, wait=300)
    assert answer.state == "late"
    assert asyncio.get_running_loop().time() - before < 3
    uri = one.open(one.workspace / "other.py", HEAVY)
    await wait_until(lambda: uri in one.states)


async def test_a_vanishing_broker_loses_and_doubles_nothing(editor, serve, certificates, brokers, wait_until):
    server = await serve(brokers["VanishingBroker"])
    one = editor(**variables(certificates, server))
    await one.start()
    await one.allow(analysis=True, scaling=True)
    await wait_until(lambda: server.broker.seen.hellos)
    for number in range(5):
        await start_run(one, f"r{number}")
        one.tell(protocol.RUN_ENDED, runId=f"r{number}", exitCode=0)
        one.tell(protocol.TRY_BROKER)
        await asyncio.sleep(0.3)

    def all_ended():
        one.tell(protocol.TRY_BROKER)
        kinds = [broker_pb2.ConnectRequest.FromString(raw) for raw in server.broker.seen.durable.values()]
        signals = [message.signal for message in kinds if message.WhichOneof("message") == "signal"]
        return signals if len(signals) >= 10 else None

    signals = await wait_until(all_ended, 40)
    assert len(signals) == 10
    assert len({signal.signal_id for signal in signals}) == 10


async def test_a_broker_that_dies_and_returns_is_caught_up_with(editor, serve, certificates, brokers, wait_until):
    server = await serve()
    one = editor(**variables(certificates, server))
    await one.start()
    await one.allow(analysis=True, scaling=True)
    await wait_until(lambda: one.gauge_state() in ("learning", "calm"))
    await server.stop()
    await wait_until(lambda: one.gauge_state() == "noBroker")
    assert "no broker" in one.gauges[-1].text
    assert "Limits stay as they are" in one.gauges[-1].note
    page = await one.ask(protocol.GET_DASHBOARD, range="6h")
    assert page.statusKind == "noBroker"
    assert page.strip.actions[0][0] == "tryBroker"
    assert one.messages == []
    assert (await start_run(one, wait=300)).state == "noBroker"
    one.tell(protocol.RUN_ENDED, runId="a", exitCode=0)
    await asyncio.sleep(0.3)
    await server.start()
    one.tell(protocol.TRY_BROKER)
    await wait_until(lambda: server.broker.seen.kinds.count("signal") == 2)
    await wait_until(lambda: one.gauge_state() in ("learning", "calm"))
    assert len(set(server.broker.seen.sequences)) == len(server.broker.seen.durable)


async def test_a_broker_that_talks_nonsense_changes_nothing(editor, serve, certificates, brokers, wait_until):
    server = await serve(brokers["LyingBroker"])
    one = editor(**variables(certificates, server))
    await one.start()
    await one.allow(scaling=True)
    await wait_until(lambda: server.broker.seen.hellos)
    await asyncio.sleep(1)
    page = await one.ask(protocol.GET_DASHBOARD, range="6h")
    assert "nan" not in page.sentence


async def test_an_unknown_contract_version_is_said(editor, serve, certificates, brokers, wait_until):
    server = await serve(brokers["OtherVersionBroker"])
    one = editor(**variables(certificates, server))
    await one.start()
    await one.allow(scaling=True)
    await wait_until(lambda: one.gauge_state() == "noBroker")
    assert "contract version 1 is not known; this broker speaks 99" in one.gauges[-1].note


async def test_an_expired_certificate_is_told_apart_from_a_broker_that_is_down(editor, serve, certificates, wait_until):
    server = await serve()
    expired = variables(certificates, server, valid_for=timedelta(hours=1), age=timedelta(hours=2))
    one = editor(**expired)
    await one.start()
    await one.allow(scaling=True)
    await wait_until(lambda: one.gauge_state() == "noBroker")
    assert "expired" in one.gauges[-1].note
    assert server.broker.seen.raw == []


async def test_a_foreign_authority_is_told_apart_too(editor, serve, certificates, other_certificates, wait_until):
    server = await serve()
    one = editor(**variables(other_certificates, server))
    await one.start()
    await one.allow(scaling=True)
    await wait_until(lambda: one.gauge_state() == "noBroker")
    assert "has a certificate of another authority than" in one.gauges[-1].note
    assert server.broker.seen.raw == []


async def test_a_renewed_certificate_is_used_at_once(editor, serve, certificates, wait_until):
    server = await serve()
    one = editor(**variables(certificates, server))
    await one.start()
    await one.allow(scaling=True)
    await wait_until(lambda: server.broker.seen.hellos == 1)
    certificates.issue("environment", "checkout-api")
    await wait_until(lambda: server.broker.seen.hellos == 2)
    await wait_until(lambda: one.gauge_state() in ("learning", "calm"))


async def test_taking_back_tells_the_broker_and_has_it_delete(editor, serve, certificates, wait_until):
    server = await serve()
    one = editor(**variables(certificates, server))
    await one.start()
    await one.allow(analysis=True, scaling=True)
    await wait_until(lambda: server.broker.seen.hellos)
    await one.allow(analysis=True)
    await wait_until(lambda: server.broker.seen.purges == 1)
    assert [consent.automatic_scaling for consent in server.broker.seen.consents] == [True, False]
    revisions = [consent.revision for consent in server.broker.seen.consents]
    assert revisions == sorted(set(revisions))
    for _ in range(100):
        if (await one.ask(protocol.GET_PERMISSION)).confirmedByBroker:
            break
        await asyncio.sleep(0.05)
    assert (await one.ask(protocol.GET_PERMISSION)).confirmedByBroker
    count = len(server.broker.seen.raw)
    await start_run(one, "later", wait=100)
    await asyncio.sleep(0.5)
    assert len(server.broker.seen.raw) == count


async def test_taking_back_while_the_broker_is_away_is_made_good_later(editor, serve, certificates, wait_until):
    server = await serve()
    one = editor(**variables(certificates, server))
    await one.start()
    await one.allow(scaling=True)
    await wait_until(lambda: server.broker.seen.hellos)
    await server.stop()
    await wait_until(lambda: one.gauge_state() == "noBroker")
    assert not (await one.allow()).confirmedByBroker
    outcome = await one.ask(protocol.PURGE)
    assert not outcome.done
    await server.start()
    one.tell(protocol.TRY_BROKER)
    await wait_until(lambda: server.broker.seen.purges >= 1)
    assert not server.broker.seen.consents[-1].automatic_scaling


async def test_no_name_path_or_command_ever_leaves(editor, serve, certificates, wait_until, tmp_path):
    """Canaries in source, names, paths, commands and the profile: not one of them in any byte or in the ledger."""
    canaries = [
        "canarysource",
        "canaryfunc",
        "canaryfile",
        "canarydir",
        "canarywindow",
        "canaryprofile",
        "canaryarg",
        "canarytask",
    ]
    workspace = tmp_path / "canarydir"
    workspace.mkdir()
    server = await serve()
    one = editor(workspace=workspace, **variables(certificates, server))
    source = HEAVY.replace("work", "canaryfunc") + '\nSECRET = "canarysource"\n'
    (workspace / "canaryfile.py").write_text(source)
    (workspace / ".foreload").mkdir()
    (workspace / ".foreload" / "profile.json").write_text(
        '{"version": 1, "name": "canaryprofile", "timeZone": "UTC", "tasks": {"canarytask": "low"}, "windows": [{"id": '
        '"canarywindow", "name": "canarywindow", "every": "day 00:00-23:59", "expect": {"cpuCores": 2}}]}'
    )
    await one.start()
    await one.allow(analysis=True, features=True, scaling=True, cohort=True)
    uri = one.open(workspace / "canaryfile.py")
    await wait_until(lambda: "heavy" in one.states.get(uri, ""))
    await wait_until(lambda: one.gauge_state() in ("learning", "calm"))
    await one.ask(
        protocol.RUN_STARTING,
        runId="canaryarg",
        trigger="terminal",
        waitMilliseconds=2000,
        commandLine="python canaryfile.py --canaryarg",
        cwd=str(workspace),
    )
    one.tell(protocol.RUN_ENDED, runId="canaryarg", exitCode=0)
    await one.ask(protocol.ANNOUNCE, cores=2, minutes=15)
    await one.ask(protocol.ACT, action="decline", decisionId="canaryarg")
    await one.ask(protocol.EXPLAIN, decisionId="/canarydir/canaryfile.py")
    await one.ask(protocol.PAUSE, minutes=5)
    await wait_until(lambda: server.broker.seen.kinds.count("signal") >= 3)
    await wait_until(lambda: "profile" in server.broker.seen.kinds)
    everything = b"".join(server.broker.seen.raw).lower()
    for canary in canaries:
        assert canary.encode() not in everything, canary
    rows = sqlite3.connect(one.folder / "history.sqlite3").execute("SELECT kind, fields FROM ledger").fetchall()
    assert rows
    text = repr(rows).lower()
    for canary in canaries:
        assert canary not in text, canary
    page = await one.ask(protocol.GET_DASHBOARD, range="6h")
    assert any(window.text == "canarywindow" for window in page.windows)


async def test_features_follow_the_telemetry_switch_and_scaling_does_not(editor, serve, certificates, wait_until):
    server = await serve()
    one = editor(**variables(certificates, server))
    await one.start(telemetry=False)
    await one.allow(analysis=True, features=True, scaling=True, cohort=True)
    uri = one.open(one.workspace / "heavy.py", HEAVY)
    await wait_until(lambda: "heavy" in one.states.get(uri, ""))
    await wait_until(lambda: server.broker.seen.consents)
    assert not server.broker.seen.consents[-1].share_features
    assert not server.broker.seen.consents[-1].cohort_history
    assert server.broker.seen.consents[-1].automatic_scaling
    await start_run(one, wait=500)
    await wait_until(lambda: "signal" in server.broker.seen.kinds)
    assert "features" not in server.broker.seen.kinds
    one.set_context(telemetry=True)
    await wait_until(lambda: server.broker.seen.consents[-1].share_features)
    await wait_until(lambda: "features" in server.broker.seen.kinds)
    one.set_context(telemetry=False)
    await wait_until(lambda: not server.broker.seen.consents[-1].share_features)
