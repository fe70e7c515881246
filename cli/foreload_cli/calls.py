"""One question to a broker, from a person's terminal."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from foreload_system.paths import certificate_directory, state_directory

from foreload_cli.failure import CommandFailed

T = TypeVar("T")
DEADLINE_SECONDS = 10.0
DEFAULT_ADDRESS = "127.0.0.1:7443"


@dataclass(frozen=True, slots=True)
class Target:
    """Which broker is asked, and as whom."""

    address: str
    certificates: Path


def operator_name() -> str:
    """This user's name as an operator's."""
    name = re.sub(r"[^a-z0-9]+", "-", getpass.getuser().lower()).strip("-")[:63]
    return name or "operator"


def operator_certificates(state: Path) -> Path:
    """Folder of this user's certificate as an operator."""
    return certificate_directory(state, "operator", operator_name())


def find_target(broker: str | None, certificates: Path | None, state: Path | None = None) -> Target:
    """The broker to ask.

    What is given wins; then, inside an environment, its own (FORELOAD_BROKER, FORELOAD_CERTS); then the local one.
    """
    folder = state or state_directory()
    inside = os.environ.get("FORELOAD_CERTS") if state is None else None
    if certificates is None:
        certificates = Path(inside) if inside else operator_certificates(folder)
    address = broker or (os.environ.get("FORELOAD_BROKER") if inside else None) or _local_address(folder)
    return Target(address, certificates)


def find_own_target(broker: str | None, certificates: Path | None, environment: str | None, state: Path) -> Target:
    """The broker to ask as an environment.

    What is given wins; then, inside an environment, its own; then the only one whose certificate lies on this machine.

    Raises:
        CommandFailed: it is not clear which environment is meant.
    """
    inside = os.environ.get("FORELOAD_CERTS")
    if certificates is None and environment is not None:
        certificates = certificate_directory(state, "environment", environment)
    if certificates is None and inside:
        certificates = Path(inside)
    if certificates is None:
        found = sorted((state / "certs").glob("environment-*"))
        if len(found) != 1:
            names = ", ".join(path.name.removeprefix("environment-") for path in found) or "none"
            raise CommandFailed(f"which environment is this? Say it with --environment; known here: {names}", 2)
        certificates = found[0]
    address = broker or os.environ.get("FORELOAD_BROKER") or _local_address(state)
    return Target(address, certificates)


def ask(target: Target, question: Callable[[Any], Awaitable[T]], enrolment: bool = False, service: str = "broker") -> T:
    """Asks a broker and returns its answer.

    Args:
        target: the broker.
        question: gets the stub of the broker's service.
        enrolment: it gets that of the service that issues certificates instead.
        service: `tasks`: it gets that of the service of tasks.

    Raises:
        CommandFailed: the own certificate cannot be used, the broker does not answer, or it refuses.
    """
    return asyncio.run(_ask(target, question, "enrolment" if enrolment else service))


async def _ask(target: Target, question: Callable[[Any], Awaitable[T]], service: str) -> T:
    import grpc
    import grpc.aio
    from foreload_proto.v1 import broker_pb2_grpc, enrolment_pb2_grpc, tasks_pb2_grpc
    from foreload_system.certificates import CertificateError, read_bundle, require_valid
    from foreload_system.channels import open_channel
    from foreload_system.reaching import active_broker, find_obstacle

    try:
        bundle = read_bundle(target.certificates)
        require_valid(bundle, datetime.now(UTC))
    except CertificateError as error:
        raise CommandFailed(str(error)) from error
    target = replace(target, address=await asyncio.to_thread(active_broker, target.address))
    async with open_channel(target.address, bundle) as channel:
        stubs: dict[str, Any] = {
            "broker": broker_pb2_grpc.BrokerServiceStub,
            "enrolment": enrolment_pb2_grpc.EnrolmentServiceStub,
            "tasks": tasks_pb2_grpc.TaskServiceStub,
        }
        stub = stubs[service]
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                return await question(stub(channel))
        except TimeoutError as error:
            raise CommandFailed(
                f"the broker at {target.address} did not answer within {DEADLINE_SECONDS:g} s"
            ) from error
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.UNAVAILABLE:
                found = await asyncio.to_thread(find_obstacle, target.address, bundle)
                said = f"the broker at {target.address} broke the connection off ({error.details()}); try again"
                raise CommandFailed(said if found is None else found.text) from error
            raise CommandFailed(f"the broker refuses: {error.details()}") from error


def _local_address(state: Path) -> str:
    try:
        return str(json.loads((state / "run" / "broker.json").read_text(encoding="utf-8"))["address"])
    except (OSError, ValueError, KeyError, TypeError):
        return DEFAULT_ADDRESS
