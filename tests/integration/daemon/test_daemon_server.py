"""The real server process, driven as an editor does it."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from foreload_daemon import protocol
from lsprotocol import types
from pygls.exceptions import JsonRpcException

HEAVY = """\
def match(rows, others):
    found = []
    for row in rows:
        for other in others:
            if row in other:
                found.append(row)
    return found


def main():
    rows = list(range(20000))
    print(len(match(rows, [rows] * 300)))


main()
"""
LIGHT = "def twice(value):\n    return value * 2\n"


async def test_it_answers_soon_and_shows_use_before_anything_is_allowed(editor, wait_until):
    one = editor()
    await one.start()
    print(f"\nstart to initialize: {one.initialize_seconds:.2f} s")
    assert one.initialize_seconds < 10
    await wait_until(lambda: one.gauge_state() == "noPermission")
    gauge = one.gauges[-1]
    assert "not allowed yet" in gauge.text
    assert [row.name for row in gauge.rows][:2] == ["CPU", "Memory"]
    page = await one.ask(protocol.GET_DASHBOARD, range="6h")
    assert page.statusKind == "noPermission"
    assert page.strip.actions[0][0] == "permission"
    assert all(series.noForecast for series in page.series)
    assert one.messages == []


async def test_code_is_read_only_with_permission_and_lenses_follow_edits(editor, wait_until):
    one = editor()
    await one.start()
    heavy, light = one.workspace / "heavy.py", one.workspace / "light.py"
    uri, other = one.open(heavy, HEAVY), one.open(light, LIGHT)
    await wait_until(lambda: "not allowed" in one.states.get(uri, ""))
    assert await one.lenses(uri) == []
    await one.allow(analysis=True)
    await wait_until(lambda: "1 heavy function here" in one.states.get(uri, ""))
    found = await one.lenses(uri)
    assert [line for line, _ in found] == [0]
    assert "O(n" in found[0][1]
    assert await one.lenses(other) == []
    assert one.refreshes > 0

    one.change(uri, 2, (0, 0), (0, 0), "import os\n\n\n")
    await wait_until(lambda: one.states.get(uri))
    for _ in range(200):
        found = await one.lenses(uri)
        if [line for line, _ in found] == [3]:
            break
        await asyncio.sleep(0.05)
    assert [line for line, _ in found] == [3]
    hover = await one.client.text_document_hover_async(
        types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(3, 5))
    )
    assert "match" in hover.contents.value

    one.set_context(telemetry=True, lenses=False)
    await wait_until(lambda: one.refreshes > 2)
    assert await one.lenses(uri) == []
    await one.allow(analysis=False)
    await wait_until(lambda: "not allowed" in one.states.get(uri, ""))


async def test_broken_binary_and_huge_files_get_one_clear_message_and_the_rest_goes_on(editor, wait_until):
    one = editor()
    await one.start()
    await one.allow(analysis=True)
    broken = one.open(one.workspace / "broken.py", HEAVY + "\n\ndef half(:\n")
    binary = one.open(one.workspace / "binary.py", "a = 1\n\x00\x01\x02" * 100)
    huge = one.open(one.workspace / "huge.py", "x = 1  # " + "y" * 100 + "\n" + "x = 1\n" * (50 * 1024 * 1024 // 6))
    good = one.open(one.workspace / "good.py", HEAVY)
    await wait_until(lambda: "1 heavy function here" in one.states.get(good, ""))
    await wait_until(lambda: "the syntax is broken" in one.states.get(broken, ""))
    await wait_until(lambda: "not analysed" in one.states.get(binary, ""))
    await wait_until(lambda: "largestFileBytes" in one.states.get(huge, ""))
    assert [line for line, _ in await one.lenses(broken)] == [0]
    assert one.messages == []


async def test_a_malformed_profile_gets_a_diagnostic_at_its_line(editor, wait_until):
    one = editor()
    await one.start()
    folder = one.workspace / ".foreload"
    folder.mkdir()
    draft = await one.ask(protocol.NEW_PROFILE)
    uri = one.open(folder / "profile.json", draft.text, "json")
    await wait_until(lambda: uri in one.diagnostics)
    assert one.diagnostics[uri] == []
    lines = draft.text.count("\n")
    one.change(uri, 2, (0, 0), (lines + 1, 0), '{\n  "version": 1,\n  "name": "x",\n  "timeZone": "Mars/Base"\n}\n')
    await wait_until(lambda: one.diagnostics[uri])
    (problem,) = one.diagnostics[uri]
    assert problem.range.start.line == 3
    assert "Mars/Base" in problem.message


async def test_bad_parameters_name_the_field_the_value_and_what_is_allowed(editor, wait_until):
    one = editor()
    await one.start()
    for params, words in (
        ({"runId": "1", "trigger": "magic", "waitMilliseconds": 1}, "terminal, task, debug"),
        ({"runId": "1", "trigger": "task", "waitMilliseconds": "x"}, "a whole number"),
        ({"trigger": "task", "waitMilliseconds": 1}, "runId is missing"),
    ):
        with pytest.raises(JsonRpcException) as refusal:
            await one.ask(protocol.RUN_STARTING, **params)
        assert words in f"{refusal.value} {refusal.value.data}"
    assert (await one.ask(protocol.GET_LEDGER, limit=5)).total == 0


async def test_bad_settings_are_said_and_the_defaults_stay(editor, wait_until):
    one = editor()
    await one.start(
        {"broker": "nowhere", "settings": {"gauge": {"resources": ["disk"]}, "lenses": {"thresholdRatio": 3}}}
    )
    await wait_until(lambda: len(one.messages) >= 3)
    text = " ".join(one.messages)
    assert "foreload.gauge.resources is ['disk']; allowed is a list of cpu, memory, gpu, network" in text
    assert "foreload.lenses.thresholdRatio is 3; allowed is 0 to 1" in text
    assert "foreload.broker.address is 'nowhere'; allowed is host:port" in text
    await wait_until(lambda: one.gauge_state() == "noPermission")


async def test_a_run_is_measured_and_its_next_estimate_comes_from_history(editor, wait_until):
    one = editor()
    await one.start()
    await one.allow(analysis=True)
    (one.workspace / "heavy.py").write_text(HEAVY)
    answer = await one.ask(
        protocol.RUN_STARTING,
        runId="a",
        trigger="terminal",
        waitMilliseconds=100,
        commandLine="python heavy.py",
        cwd=str(one.workspace),
    )
    assert answer.state == "notAllowed"
    page = await one.ask(protocol.GET_DASHBOARD, range="15m")
    assert [(row.name, row.trigger) for row in page.runs] == [("heavy.py", "terminal")]
    assert any(window.kind == "signal" and "heavy.py" in window.text for window in page.windows)
    await wait_until(lambda: one.gauges)
    await asyncio.sleep(1.2)
    one.tell(protocol.RUN_ENDED, runId="a", exitCode=0)
    for _ in range(100):
        page = await one.ask(protocol.GET_DASHBOARD, range="15m")
        if page.runs[0].seconds is not None:
            break
        await asyncio.sleep(0.05)
    assert page.runs[0].seconds > 1
    assert page.runs[0].text


async def test_a_command_that_is_no_run_is_left_alone(editor):
    one = editor()
    await one.start()
    answer = await one.ask(
        protocol.RUN_STARTING, runId="a", trigger="terminal", waitMilliseconds=0, commandLine="git status", cwd="/"
    )
    assert answer.state == "unknown"
    assert (await one.ask(protocol.GET_DASHBOARD, range="15m")).runs == []


async def test_one_start_seen_as_task_and_as_command_is_one_run(editor):
    one = editor()
    await one.start()
    (one.workspace / "heavy.py").write_text(HEAVY)
    common = {"waitMilliseconds": 0, "cwd": str(one.workspace)}
    await one.ask(protocol.RUN_STARTING, runId="t", trigger="task", program="heavy.py", **common)
    await one.ask(protocol.RUN_STARTING, runId="s", trigger="terminal", commandLine="python heavy.py", **common)
    page = await one.ask(protocol.GET_DASHBOARD, range="15m")
    assert len(page.runs) == 1


async def test_permission_survives_kill_9(editor, wait_until):
    one = editor()
    await one.start()
    await one.allow(analysis=True)
    os.kill(one.pid, signal.SIGKILL)
    two = editor()
    await two.start()
    answer = await two.ask(protocol.GET_PERMISSION)
    assert answer.given
    assert answer.switches.analysis
    assert not answer.switches.automaticScaling


async def test_a_folder_that_cannot_be_written_is_said_once_and_everything_goes_on(editor, wait_until, tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    one = editor(folder=blocked / "daemon")
    await one.start()
    await wait_until(lambda: one.messages)
    assert "cannot be written" in one.messages[0]
    await one.allow(analysis=True)
    uri = one.open(one.workspace / "heavy.py", HEAVY)
    await wait_until(lambda: "1 heavy function here" in one.states.get(uri, ""))
    assert (await one.ask(protocol.GET_PERMISSION)).given
    assert len([text for text in one.messages if "cannot be written" in text]) == 1


async def test_the_doctor_says_what_to_do(editor):
    one = editor()
    await one.start()
    checks = {check.name: check for check in (await one.ask(protocol.RUN_DOCTOR)).checks}
    assert checks["Python"].state == "good"
    assert checks["Permission"].state == "warning"
    assert "Permission" in checks["Permission"].fix
    assert checks["Broker"].state == "warning"
