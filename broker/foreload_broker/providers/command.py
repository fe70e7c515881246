"""A provider by a program: it gets one JSON object on its standard input, and answers with one on its standard output.

    {"action": "provision", "instance_id": "pool-...", "instance_type": {"name": ..., "cpu_cores": ..., ...}}  -> {}
    {"action": "release", "instance_id": "pool-..."}                                                           -> {}
    {"action": "list"}                       -> {"instances": [{"instance_id": "pool-...", "instance_type": "..."}]}

Exit code 0 is done; anything else is a failure, and the last line of its standard error says why, for a person. The
same action may come again: to provision what is there and to release what is gone is done already. The program starts
the agent of the instance, or has it started; what it needs for that (a token of enrolment) is its own to ask for.
"""

from __future__ import annotations

import asyncio
import json
import shlex
from typing import Any

from foreload_core.types.instances import InstanceType

from foreload_broker.ports import ProvidedInstance, Unavailable

ANSWER_SECONDS = 120.0
MOST_BYTES = 16_000_000


class CommandProvider:
    """Runs the operator's program, one action at a time."""

    name = "command"

    def __init__(self, command: str, answer_seconds: float = ANSWER_SECONDS) -> None:
        """Prepares it.

        Args:
            command: program and arguments, as in a shell, but no shell reads them.
            answer_seconds: the program is ended when it has not answered by then.
        """
        self._arguments = shlex.split(command)
        self._answer_seconds = answer_seconds
        self._alone = asyncio.Lock()

    async def provision(self, instance_id: str, instance_type: InstanceType) -> None:
        """See `Provider.provision`."""
        described: dict[str, Any] = {
            "name": instance_type.name,
            "usd_per_hour": instance_type.usd_per_hour,
            "boot_seconds": instance_type.boot_seconds,
        }
        described |= {resource.field: amount for resource, amount in instance_type.capacity.items()}
        await self._run({"action": "provision", "instance_id": instance_id, "instance_type": described})

    async def release(self, instance_id: str) -> None:
        """See `Provider.release`."""
        await self._run({"action": "release", "instance_id": instance_id})

    async def list(self) -> tuple[ProvidedInstance, ...]:
        """See `Provider.list`."""
        answer = await self._run({"action": "list"})
        try:
            return tuple(
                ProvidedInstance(_text(entry["instance_id"]), _text(entry.get("instance_type", "")))
                for entry in answer["instances"]
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise Unavailable(
                f"{self._arguments[0]} list answered {json.dumps(answer)[:200]};"
                ' allowed is {"instances": [{"instance_id": TEXT, "instance_type": TEXT}]}'
            ) from error

    async def _run(self, request: dict[str, Any]) -> dict[str, Any]:
        action = f"{self._arguments[0]} {request['action']}"
        async with self._alone:
            try:
                process = await asyncio.create_subprocess_exec(
                    *self._arguments,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.PIPE,
                    limit=MOST_BYTES,
                )
            except OSError as error:
                raise Unavailable(f"{self._arguments[0]} cannot be started: {error.strerror or error}") from error
            try:
                out, complaint = await asyncio.wait_for(
                    process.communicate((json.dumps(request) + "\n").encode()), self._answer_seconds
                )
            except TimeoutError as error:
                raise Unavailable(f"{action} did not answer within {self._answer_seconds:g} s") from error
            finally:
                # Also when we are told to stop meanwhile: nobody would wait for it any more.
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        if process.returncode != 0:
            lines = complaint.decode(errors="replace").strip().splitlines()
            why = lines[-1][:300] if lines else "it did not say why"
            raise Unavailable(f"{action} failed with exit code {process.returncode}: {why}")
        try:
            answer = json.loads(out or b"{}")
        except ValueError as error:
            raise Unavailable(f"{action} answered {out[:100]!r}; allowed is one JSON object") from error
        if not isinstance(answer, dict):
            raise Unavailable(f"{action} answered {out[:100]!r}; allowed is one JSON object")
        return answer


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > 63:
        raise ValueError(f"{value!r} is no name")
    return value
