"""The editor's part goes on whatever is wrong around it: one message, and lenses as ever."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from foreload_daemon import protocol

HEAVY = "def match(a):\n    for x in a:\n        for y in a:\n            if x == y:\n                print(x)\n\n\n"
HEAVY += "match(range(1000))\n"
needs_root = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount read-only and small file systems"),
]


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator:
    """Mounts: `mounted(folder, "-t", "tmpfs", ...)`."""
    folders: list[Path] = []

    def mount(folder: Path, *options: str) -> Path:
        folder.mkdir(exist_ok=True)
        ended = subprocess.run(["mount", *options, str(folder)], check=False, capture_output=True, text=True)
        if ended.returncode != 0:
            pytest.skip(f"nothing can be mounted here: {ended.stderr.strip()}")
        folders.append(folder)
        return folder

    yield mount
    for folder in folders:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def read_only(mounted, source: Path, target: Path) -> Path:
    mounted(target, "--bind", str(source))
    subprocess.run(["mount", "-o", "remount,ro,bind", str(target)], check=True)
    return target


async def shows_lenses(one, wait_until, workspace: Path) -> None:
    await one.allow(analysis=True, scaling=True)
    uri = one.open(workspace / "heavy.py", HEAVY)
    await wait_until(lambda: "1 heavy function here" in one.states.get(uri, ""))
    assert len(await one.lenses(uri)) == 1
    await wait_until(lambda: one.gauge_state() not in ("", "starting"))


class TestMounts:
    pytestmark = needs_root

    async def test_a_read_only_workspace_is_as_good_as_any(self, editor, wait_until, mounted, tmp_path):
        source = tmp_path / "source"
        source.mkdir()
        workspace = read_only(mounted, source, tmp_path / "workspace")
        one = editor(workspace=workspace)
        await one.start()
        await shows_lenses(one, wait_until, workspace)
        assert one.messages == []

    async def test_a_read_only_folder_of_the_daemon_is_said_once(self, editor, wait_until, mounted, tmp_path):
        source = tmp_path / "source"
        source.mkdir()
        one = editor(folder=read_only(mounted, source, tmp_path / "daemon"))
        await one.start()
        await shows_lenses(one, wait_until, one.workspace)
        (message,) = one.messages
        assert "cannot be written: Read-only file system. It is kept in memory" in message

    async def test_a_disk_that_fills_up_is_said_once(self, editor, wait_until, mounted, tmp_path):
        folder = mounted(tmp_path / "daemon", "-t", "tmpfs", "-o", "size=2m", "tmpfs")
        one = editor(folder=folder)
        await one.start()
        await wait_until(lambda: one.gauge_state() not in ("", "starting"))
        with contextlib.suppress(OSError), (folder / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(bytes(4096))
        await shows_lenses(one, wait_until, one.workspace)
        await wait_until(lambda: one.messages)
        (message,) = one.messages
        assert "cannot be written: the disk is full" in message
        assert "Free some space" in message


async def test_a_damaged_history_is_kept_aside_and_said_once(editor, wait_until, tmp_path):
    folder = tmp_path / "daemon"
    folder.mkdir()
    (folder / "history.sqlite3").write_bytes(b"no database at all" * 1000)
    one = editor(folder=folder)
    await one.start()
    await shows_lenses(one, wait_until, one.workspace)
    (message,) = one.messages
    assert "could not be read (file is not a database). A new history was begun; the old file is kept as" in message


async def test_bad_variables_are_said_and_left_out(editor, wait_until):
    one = editor(FORELOAD_ENVIRONMENT="Not A Name", FORELOAD_BROKER="nowhere")
    await one.start()
    await shows_lenses(one, wait_until, one.workspace)
    text = " ".join(one.messages)
    assert len(one.messages) == 2
    assert "FORELOAD_ENVIRONMENT is 'Not A Name'; allowed is lower-case letters, digits and hyphens" in text
    assert "FORELOAD_BROKER is 'nowhere'; allowed is host:port" in text


async def test_the_certificate_of_another_environment_is_not_used(editor, serve, certificates, wait_until):
    server = await serve()
    folder = certificates.issue("environment", "someone-else")
    one = editor(FORELOAD_BROKER=server.address, FORELOAD_CERTS=str(folder))
    await one.start()
    await one.allow(scaling=True)
    await wait_until(lambda: one.gauge_state() == "noBroker")
    assert "is the certificate of environment someone-else; needed is that of environment" in one.gauges[-1].note
    assert server.broker.seen.raw == []


async def test_the_doctor_tells_distrust_apart_and_does_not_advise_a_start(
    editor, serve, other_certificates, wait_until
):
    server = await serve()
    folder = other_certificates.issue("environment", "checkout-api")
    one = editor(FORELOAD_BROKER=server.address, FORELOAD_CERTS=str(folder))
    await one.start()
    await one.allow(scaling=True)
    await wait_until(lambda: one.gauge_state() == "noBroker")
    checks = {check.name: check for check in (await one.ask(protocol.RUN_DOCTOR)).checks}
    assert "has a certificate of another authority than" in checks["Broker"].text
    assert checks["Broker"].fix == "Get ca.pem and certificate from that broker"
    assert checks["Link"].state == "bad"
    assert "foreload up" not in checks["Link"].fix
