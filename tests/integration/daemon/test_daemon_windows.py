"""Several windows of one environment: one leads, the others show the same, and one takes over."""

from __future__ import annotations

import os
import signal
import stat

from foreload_daemon import protocol


async def test_the_second_window_reads_from_the_first(editor, wait_until):
    one, two = editor(), editor()
    await one.start()
    await wait_until(lambda: one.gauge_state() == "noPermission")
    await two.start()
    await wait_until(lambda: two.gauge_state() == "noPermission")
    mode = stat.S_IMODE((one.folder / "window.sock").stat().st_mode)
    assert mode == 0o600
    answer = await two.allow(analysis=True)
    assert answer.given
    await wait_until(lambda: one.gauge_state() == "learning" and two.gauge_state() == "learning")
    uri = two.open(two.workspace / "light.py", "def twice(value):\n    return value * 2\n")
    await wait_until(lambda: "no heavy functions" in two.states.get(uri, ""))
    two.tell(protocol.WATCH_DASHBOARD, open=True, range="15m")
    page = await wait_until(lambda: two.pages and two.pages[-1])
    assert page.range == "15m"
    assert one.pages == []
    two.tell(protocol.WATCH_DASHBOARD, open=False, range="15m")


async def test_telemetry_off_in_one_window_is_off_in_all(editor, wait_until):
    one, two = editor(), editor()
    await one.start(telemetry=True)
    await wait_until(lambda: one.gauges)
    await one.allow(analysis=True, features=True)
    assert (await one.ask(protocol.GET_PERMISSION)).telemetryEnabled
    await two.start(telemetry=False)
    await wait_until(lambda: two.gauge_state() in ("learning", "calm"))
    assert not (await one.ask(protocol.GET_PERMISSION)).telemetryEnabled
    await two.stop()
    for _ in range(100):
        if (await one.ask(protocol.GET_PERMISSION)).telemetryEnabled:
            break
    assert (await one.ask(protocol.GET_PERMISSION)).telemetryEnabled


async def test_when_the_leader_is_killed_another_takes_over(editor, wait_until):
    one, two = editor(), editor()
    await one.start()
    await wait_until(lambda: one.gauges)
    await one.allow(analysis=True)
    await two.start()
    await wait_until(lambda: two.gauge_state() == "learning")
    two.tell(protocol.WATCH_DASHBOARD, open=True, range="6h")
    await wait_until(lambda: two.pages)
    os.kill(one.pid, signal.SIGKILL)
    before = len(two.pages)
    await wait_until(lambda: len(two.pages) > before + 1)
    assert (await two.ask(protocol.GET_PERMISSION)).switches.analysis
    assert two.messages == []
