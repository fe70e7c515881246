"""The gRPC server: both services, health and reflection, under mutual TLS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc.aio
from foreload_proto.v1 import agent_pb2_grpc, broker_pb2_grpc, enrolment_pb2_grpc, tasks_pb2_grpc
from foreload_system.channels import SERVER_OPTIONS, server_credentials
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from grpc_health.v1.health_pb2 import HealthCheckResponse
from grpc_reflection.v1alpha import reflection

from foreload_broker.api.addresses import require_free
from foreload_broker.api.agent_service import AgentService
from foreload_broker.api.broker_service import BrokerService
from foreload_broker.api.enrolment_service import EnrolmentService
from foreload_broker.api.interceptors import Authorisation, Errors, NewcomersOnly
from foreload_broker.api.task_service import TaskService
from foreload_broker.config import split_address
from foreload_broker.loop.runner import Loop
from foreload_broker.loop.tasks.board import TaskBoard
from foreload_broker.platforms.agents import AgentConnections
from foreload_broker.security.access import AGENT_SERVICE, BROKER_SERVICE, ENROLMENT_SERVICE, TASK_SERVICE

HEALTH_SERVICE = "grpc.health.v1.Health"


class Server:
    """Started and stopped once."""

    def __init__(self, loop: Loop, connections: AgentConnections, tasks: TaskBoard, authority: Path) -> None:
        # Errors is outermost: what authorisation raises is an answer too.
        self._server = grpc.aio.server(interceptors=[Errors(), Authorisation()], options=SERVER_OPTIONS)
        self._health = HealthServicer()
        broker_pb2_grpc.add_BrokerServiceServicer_to_server(BrokerService(loop), self._server)
        agent_pb2_grpc.add_AgentServiceServicer_to_server(AgentService(loop, connections), self._server)
        tasks_pb2_grpc.add_TaskServiceServicer_to_server(TaskService(loop, tasks), self._server)
        enrolment = EnrolmentService(loop, authority)
        enrolment_pb2_grpc.add_EnrolmentServiceServicer_to_server(enrolment, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = (
            BROKER_SERVICE,
            AGENT_SERVICE,
            TASK_SERVICE,
            ENROLMENT_SERVICE,
            HEALTH_SERVICE,
            reflection.SERVICE_NAME,
        )
        reflection.enable_server_reflection(names, self._server)

    async def start(self, address: str, certificates: Path) -> str:
        """Listens.

        Args:
            address: HOST:PORT; port 0 takes a free one.
            certificates: folder of the broker's own certificate; read again when it changes.

        Returns:
            The address with the port that was taken.

        Raises:
            AddressInUseError: the address cannot be had.
            CertificateError: the certificate cannot be used.
        """
        require_free(address, "--listen")
        port = self._server.add_secure_port(address, server_credentials(certificates))
        await self._server.start()
        for service in ("", BROKER_SERVICE, AGENT_SERVICE):
            await self._set_health(service, HealthCheckResponse.SERVING)
        return _with_port(address, port)

    async def stop(self, grace_seconds: float) -> None:
        """Tells health checks first, then lets calls that go on end within the grace."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace_seconds)

    async def _set_health(self, service: str, status: Any) -> None:
        await self._health.set(service, status)


class NewcomersServer:
    """The second listener: proves who it is, and asks callers for no certificate. Started and stopped once."""

    def __init__(self, loop: Loop, authority: Path) -> None:
        self._server = grpc.aio.server(interceptors=[Errors(), NewcomersOnly()], options=SERVER_OPTIONS)
        enrolment_pb2_grpc.add_EnrolmentServiceServicer_to_server(EnrolmentService(loop, authority), self._server)

    async def start(self, address: str, certificates: Path) -> str:
        """Listens; see `Server.start`."""
        require_free(address, "--enrolment")
        port = self._server.add_secure_port(address, server_credentials(certificates, ask_clients=False))
        await self._server.start()
        return _with_port(address, port)

    async def stop(self, grace_seconds: float) -> None:
        """Lets calls that go on end within the grace."""
        await self._server.stop(grace_seconds)


def _with_port(address: str, port: int) -> str:
    host, _ = split_address(address)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
