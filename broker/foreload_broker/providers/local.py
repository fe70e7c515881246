"""This machine as a provider: each instance is an agent of its own here, with a certificate and a folder of its own.

For trying out and for tests of the whole chain. The instances share this machine's resources, so a type's capacity is
what the agent measures, not what the price file says.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from foreload_core.types.instances import InstanceType
from foreload_system.certificates import CertificateError, issue
from foreload_system.identity import Identity
from foreload_system.paths import replace_file

from foreload_broker.ports import ProvidedInstance, Unavailable

STOP_SECONDS = 5.0
LOOK_SECONDS = 0.05


class LocalProvider:
    """Agents as processes. What runs is read from their folders, so that a broker that starts again finds them."""

    name = "local"

    def __init__(self, state: Path, authority_folder: Path, broker_address: str) -> None:
        """Prepares it.

        Args:
            state: the broker's state folder; instances lie in `instances` below it.
            authority_folder: signs their certificates.
            broker_address: what the agents dial.
        """
        self._folder = state / "instances"
        self._authority = authority_folder
        self._address = broker_address

    async def provision(self, instance_id: str, instance_type: InstanceType) -> None:
        """See `Provider.provision`."""
        if self._process_id(instance_id) is not None:
            return
        folder = self._folder / instance_id
        certificates = folder / "certs"
        try:
            certificates.mkdir(parents=True, exist_ok=True)
            issue(self._authority, Identity("agent", instance_id), certificates, datetime.now(UTC))
            (folder / "agent").mkdir(exist_ok=True)
            environments = folder / "agent" / "environments.json"
            if not environments.exists():
                replace_file(environments, b'{"environments": []}\n', mode=0o644)
            process_id = _spawned(
                [
                    *(sys.executable, "-m", "foreload_cli.main", "agent", "--state", str(folder)),
                    *("--instance", instance_id, "--broker", self._address),
                    *("--certificates", str(certificates), "--environments", str(environments)),
                ],
                folder / "agent.log",
            )
            content = {"pid": process_id, "instance_type": instance_type.name}
            replace_file(folder / "instance.json", (json.dumps(content) + "\n").encode(), mode=0o644)
        except (OSError, CertificateError) as error:
            raise Unavailable(f"instance {instance_id} cannot be started here: {error}") from error

    async def release(self, instance_id: str) -> None:
        """See `Provider.release`."""
        process_id = self._process_id(instance_id)
        if process_id is not None:
            os.kill(process_id, signal.SIGTERM)
            for _ in range(round(STOP_SECONDS / LOOK_SECONDS)):
                if self._process_id(instance_id) is None:
                    break
                await asyncio.sleep(LOOK_SECONDS)
            else:
                os.kill(process_id, signal.SIGKILL)
        shutil.rmtree(self._folder / instance_id, ignore_errors=True)

    async def list(self) -> tuple[ProvidedInstance, ...]:
        """See `Provider.list`. An instance whose agent has ended is not there any more."""
        found: list[ProvidedInstance] = []
        for path in sorted(self._folder.glob("*/instance.json")):
            name = path.parent.name
            if self._process_id(name) is not None:
                found.append(ProvidedInstance(name, json.loads(path.read_text(encoding="utf-8"))["instance_type"]))
        return tuple(found)

    def _process_id(self, instance_id: str) -> int | None:
        """Of the agent, if it is there and still ours; a number that somebody else has got since is not."""
        try:
            content = json.loads((self._folder / instance_id / "instance.json").read_text(encoding="utf-8"))
            process_id = int(content["pid"])
            with suppress(ChildProcessError):
                os.waitpid(process_id, os.WNOHANG)  # one of ours that has ended is there until somebody asks
            command = Path(f"/proc/{process_id}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return process_id if instance_id.encode() in command else None


def _spawned(command: list[str], log: Path) -> int:
    """Starts a program in a session of its own, so that it outlives this one. Returns its process id."""
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawn(command[0], command, os.environ, file_actions=actions, setsid=True)
