"""Certificates for newcomers with a token, and for who has one already."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from foreload_proto.v1 import enrolment_pb2, enrolment_pb2_grpc
from foreload_system.certificates import CertificateError, sign
from foreload_system.channels import peer_identity
from foreload_system.codecs import CodecError, time_to_proto
from foreload_system.enrolment import Token, secret_hash
from foreload_system.identity import Identity, IdentityError
from sqlalchemy import Connection

from foreload_broker.loop.runner import Loop
from foreload_broker.loop.writer import Writer
from foreload_broker.ports import Inadmissible, Unavailable
from foreload_broker.security.access import Denied
from foreload_broker.store import enrolment

_LOG = structlog.get_logger(__name__)
LONGEST_TOKEN_SECONDS = 30 * 86_400.0
DEFAULT_TOKEN_SECONDS = 3600.0
DEFAULT_ACTS, MOST_ACTS = 100, 500
LONGEST_REQUEST_BYTES = 16_384
ENROLLED_KINDS = ("environment", "agent", "operator")
"""A second broker is not made by a token: it would be trusted by all."""


class EnrolmentService(enrolment_pb2_grpc.EnrolmentServiceServicer):
    """Serves both listeners; who may call what on which is the interceptors' matter.

    Args:
        loop: for the database and the clock.
        authority: folder of the authority that signs.
    """

    def __init__(self, loop: Loop, authority: Path) -> None:
        self._loop = loop
        self._authority = authority

    async def GetAuthority(  # noqa: N802 - gRPC's name, as of all methods here
        self, request: enrolment_pb2.GetAuthorityRequest, context: Any
    ) -> enrolment_pb2.GetAuthorityResponse:
        """Whom this broker's certificate is from."""
        return enrolment_pb2.GetAuthorityResponse(authority_pem=self._authority_pem())

    async def CreateToken(self, request: enrolment_pb2.CreateTokenRequest, context: Any) -> Any:  # noqa: N802
        """A token for one newcomer."""
        creator = peer_identity(context)
        if request.kind not in ENROLLED_KINDS:
            raise CodecError(f"kind is {request.kind!r}; allowed are {', '.join(ENROLLED_KINDS)}")
        try:
            identity = Identity(request.kind, request.name)
        except IdentityError as error:
            raise CodecError(str(error)) from error
        seconds = request.valid_seconds or DEFAULT_TOKEN_SECONDS
        if not 0 < seconds <= LONGEST_TOKEN_SECONDS:
            raise CodecError(
                f"valid_seconds is {request.valid_seconds:g}; allowed is above 0 up to {LONGEST_TOKEN_SECONDS:.0f}"
            )
        token = Token.make(identity, self._authority_pem())
        expires_at = self._loop.now() + timedelta(seconds=seconds)

        def store(connection: Connection, now: datetime) -> None:
            enrolment.add_token(connection, secret_hash(token.secret), identity, str(creator), expires_at)
            enrolment.log_act(connection, now, str(creator), "token created", str(identity))

        await self._stored(store)
        _LOG.info("token created", identity=str(identity), by=str(creator))
        return enrolment_pb2.CreateTokenResponse(token=str(token), expires_at=time_to_proto(expires_at))

    async def ListActs(self, request: enrolment_pb2.ListActsRequest, context: Any) -> Any:  # noqa: N802
        """Who did what to this broker, newest first."""
        limit = min(request.limit or DEFAULT_ACTS, MOST_ACTS)

        def read() -> list[enrolment.Act]:
            with self._loop.database.reading() as connection:
                return enrolment.read_acts(connection, limit, request.before_number or None)

        acts = [
            enrolment_pb2.AdministrativeAct(
                number=act.number, at=time_to_proto(act.at), actor=act.actor, act=act.act, about=act.about
            )
            for act in await self._loop.in_reader(read)
        ]
        return enrolment_pb2.ListActsResponse(acts=acts)

    async def Enroll(self, request: enrolment_pb2.EnrollRequest, context: Any) -> Any:  # noqa: N802
        """A first certificate. The token is used up with it, also where the newcomer never gets the answer."""
        key = _public_key(request.certificate_request_pem)
        self._authority_pem()

        def take(connection: Connection, now: datetime) -> Identity | None:
            identity = enrolment.take_token(connection, secret_hash(request.secret), now)
            if identity is not None:
                enrolment.log_act(connection, now, str(identity), "enrolled", f"from {context.peer()}")
            return identity

        identity = await self._stored(take)
        if identity is None:
            raise Denied(
                "this token is not known here: it was used, has ended, or is of another broker; "
                "an operator makes a new one with: foreload certs token KIND/NAME"
            )
        authority_pem, certificate_pem = self._sign(identity, key)
        _LOG.info("enrolled", identity=str(identity), peer=context.peer())
        return enrolment_pb2.EnrollResponse(certificate_pem=certificate_pem, authority_pem=authority_pem)

    async def Renew(self, request: enrolment_pb2.RenewRequest, context: Any) -> Any:  # noqa: N802
        """The next certificate of who has one."""
        identity = peer_identity(context)
        authority_pem, certificate_pem = self._sign(identity, _public_key(request.certificate_request_pem))

        def log(connection: Connection, now: datetime) -> None:
            enrolment.log_act(connection, now, str(identity), "certificate renewed", f"from {context.peer()}")

        await self._stored(log)
        return enrolment_pb2.RenewResponse(certificate_pem=certificate_pem, authority_pem=authority_pem)

    def _authority_pem(self) -> bytes:
        path = self._authority / "ca.pem"
        if not (self._authority / "ca.key").exists():
            raise Unavailable(
                f"this broker does not hold the authority's key ({self._authority / 'ca.key'}), so it issues nothing"
            )
        try:
            return path.read_bytes()
        except OSError as error:
            raise Unavailable(f"{path} cannot be read ({error.strerror})") from error

    def _sign(self, identity: Identity, key: ec.EllipticCurvePublicKey) -> tuple[bytes, bytes]:
        try:
            return sign(self._authority, identity, key, self._loop.now())
        except CertificateError as error:
            raise Unavailable(f"no certificate can be issued: {error}") from error

    async def _stored(self, job: Callable[[Connection, datetime], Any]) -> Any:
        def write(writer: Writer, now: datetime) -> Any:
            return writer.administer(job, now)

        return await self._loop.in_writer(write)


def _public_key(request_pem: bytes) -> ec.EllipticCurvePublicKey:
    """The key of a certificate request that was signed with it."""
    if len(request_pem) > LONGEST_REQUEST_BYTES:
        raise CodecError(f"certificate_request_pem has {len(request_pem)} bytes; allowed are {LONGEST_REQUEST_BYTES}")
    try:
        request = x509.load_pem_x509_csr(request_pem)
    except ValueError as error:
        raise CodecError("certificate_request_pem is no certificate request in PEM") from error
    key = request.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.key_size < 256:
        raise CodecError("certificate_request_pem holds no elliptic-curve key of at least 256 bits")
    if not request.is_signature_valid:
        raise Inadmissible("certificate_request_pem was not signed with the key in it")
    return key
