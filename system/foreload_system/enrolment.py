"""How a program gets a certificate from a broker: the first one for a one-time token, the next ones for the last one.

A token names who it is for, and carries the fingerprint of the authority, so that a newcomer who has nothing but the
token cannot be taken in by a false broker: the secret is sent only to one whose certificate is of that authority.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import grpc
import grpc.aio
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from foreload_proto.v1 import enrolment_pb2, enrolment_pb2_grpc

from foreload_system.bundles import (
    Bundle,
    CertificateError,
    parse_certificates,
    read_bundle,
    renewal_due,
    require_valid,
)
from foreload_system.channels import open_channel, target_options
from foreload_system.identity import Identity, IdentityError
from foreload_system.paths import replace_file
from foreload_system.reaching import active_broker

PREFIX = "foreload1"
SECRET_BYTES = 24
DEADLINE_SECONDS = 15.0


class EnrolmentError(Exception):
    """No certificate came of it: what, why, what to do."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a newcomer is given.

    Attributes:
        identity: whose certificate it is good for.
        secret: what makes it valid, once.
        fingerprint: SHA-256 of the authority's certificate (DER).
    """

    identity: Identity
    secret: str
    fingerprint: bytes

    @classmethod
    def make(cls, identity: Identity, authority_pem: bytes) -> Token:
        """A new one."""
        return cls(identity, secrets.token_urlsafe(SECRET_BYTES), authority_fingerprint(authority_pem))

    @classmethod
    def parse(cls, text: str) -> Token:
        """Reads one as it was printed.

        Raises:
            EnrolmentError: it is none, or not whole.
        """
        parts = text.strip().split(".")
        if len(parts) != 5 or parts[0] != PREFIX:
            raise EnrolmentError(
                f"the token is not whole; it reads {PREFIX}.KIND.NAME.SECRET.FINGERPRINT and is made by: "
                "foreload certs token KIND/NAME"
            )
        try:
            fingerprint = base64.urlsafe_b64decode(parts[4] + "=")
            identity = Identity(parts[1], parts[2])  # pyright: ignore[reportArgumentType]
        except (ValueError, IdentityError) as error:
            raise EnrolmentError(f"the token is not whole: {error}") from error
        if len(fingerprint) != hashlib.sha256().digest_size:
            raise EnrolmentError("the token is not whole: its last part is too short; copy it to its end")
        return cls(identity, parts[3], fingerprint)

    def __str__(self) -> str:
        fingerprint = base64.urlsafe_b64encode(self.fingerprint).decode().rstrip("=")
        return f"{PREFIX}.{self.identity.kind}.{self.identity.name}.{self.secret}.{fingerprint}"


def secret_hash(secret: str) -> str:
    """What a broker keeps of a secret. It is long and random, so that a plain hash does not give it away."""
    return hashlib.sha256(secret.encode()).hexdigest()


def authority_fingerprint(authority_pem: bytes) -> bytes:
    """SHA-256 of an authority's certificate.

    Raises:
        CertificateError: it is no certificate.
    """
    [certificate, *_] = parse_certificates(Path("ca.pem"), authority_pem)
    return certificate.fingerprint(hashes.SHA256())


def enroll(address: str, token: Token, folder: Path, now: datetime) -> Bundle:
    """Gets a first certificate into a folder.

    Args:
        address: the broker's listener for newcomers, HOST:PORT.
        token: good for one certificate.
        folder: made where missing; a certificate that is there stays unless a new one has come.
        now: UTC.

    Raises:
        EnrolmentError: the broker does not answer, is not the one that the token is of, or refuses.
        CertificateError, OSError: what came cannot be used or written.
    """
    return asyncio.run(_enroll(address, token, folder, now))


async def renew(address: str, bundle: Bundle, now: datetime) -> Bundle:
    """Gets the next certificate into the folder of the one that is there.

    Args:
        address: the broker's ordinary listener.
        bundle: a certificate that is still valid.
        now: UTC.

    Raises:
        EnrolmentError: the broker does not answer or refuses.
        CertificateError, OSError: what came cannot be used or written; the old one stays.
    """
    key, request = _request(bundle.identity)
    address = await asyncio.to_thread(active_broker, address)
    try:
        async with open_channel(address, bundle) as channel:
            stub = enrolment_pb2_grpc.EnrolmentServiceStub(channel)
            answer = await stub.Renew(
                enrolment_pb2.RenewRequest(certificate_request_pem=request), timeout=DEADLINE_SECONDS
            )
    except grpc.aio.AioRpcError as error:
        raise EnrolmentError(_words(address, error)) from error
    return _keep(bundle.folder, key, answer.certificate_pem, answer.authority_pem, bundle.identity, now)


async def renew_when_due(address: str, folder: Path, now: datetime) -> bool:
    """Renews at the broker what is past two thirds of its life and still valid.

    Returns:
        Whether a new certificate was kept.

    Raises:
        EnrolmentError, CertificateError, OSError: as for `renew`; the old one stays.
    """
    bundle = await asyncio.to_thread(read_bundle, folder)
    if not renewal_due(bundle, now) or now >= bundle.not_after:
        return False
    await renew(address, bundle, now)
    return True


async def _enroll(address: str, token: Token, folder: Path, now: datetime) -> Bundle:
    authority_pem = await _authority(address, token.fingerprint)
    key, request = _request(token.identity)
    message = enrolment_pb2.EnrollRequest(secret=token.secret, certificate_request_pem=request)
    try:
        async with _channel(address, authority_pem) as channel:
            stub = enrolment_pb2_grpc.EnrolmentServiceStub(channel)
            answer = await stub.Enroll(message, timeout=DEADLINE_SECONDS)
    except grpc.aio.AioRpcError as error:
        raise EnrolmentError(_words(address, error)) from error
    return _keep(folder, key, answer.certificate_pem, answer.authority_pem, token.identity, now)


async def _authority(address: str, fingerprint: bytes) -> bytes:
    """The authority of the broker at an address, where it is the one that is expected."""
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            leaf = await asyncio.to_thread(ssl.get_server_certificate, (host.strip("[]"), int(port)))
        async with _channel(address, leaf.encode()) as channel:
            stub = enrolment_pb2_grpc.EnrolmentServiceStub(channel)
            answer = await stub.GetAuthority(enrolment_pb2.GetAuthorityRequest(), timeout=DEADLINE_SECONDS)
    except (OSError, TimeoutError, ValueError) as error:
        raise EnrolmentError(
            f"no broker takes newcomers at {address} ({error}); is it started with --enrolment?"
        ) from (error)
    except grpc.aio.AioRpcError as error:
        raise EnrolmentError(_words(address, error)) from error
    try:
        [authority, *_] = parse_certificates(Path("ca.pem"), answer.authority_pem)
        same = secrets.compare_digest(authority.fingerprint(hashes.SHA256()), fingerprint)
        parse_certificates(Path("cert.pem"), leaf.encode())[0].verify_directly_issued_by(authority)
    except (CertificateError, InvalidSignature, ValueError, TypeError):
        same = False
    if not same:
        raise EnrolmentError(
            f"{address} is not the broker that the token was made by: its authority is another one; nothing was sent"
        )
    return answer.authority_pem


def _channel(address: str, roots_pem: bytes) -> grpc.aio.Channel:
    return grpc.aio.secure_channel(
        address, grpc.ssl_channel_credentials(roots_pem), options=list(target_options(address))
    )


def _request(identity: Identity) -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{identity.kind}-{identity.name}"[:64])])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return key, request.public_bytes(serialization.Encoding.PEM)


def _keep(
    folder: Path,
    key: ec.EllipticCurvePrivateKey,
    certificate_pem: bytes,
    authority_pem: bytes,
    identity: Identity,
    now: datetime,
) -> Bundle:
    """Writes what came, once it is known to be usable."""
    [certificate, *_] = parse_certificates(folder / "cert.pem", certificate_pem)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    own, given = (
        each.public_bytes(serialization.Encoding.DER, form) for each in (key.public_key(), certificate.public_key())
    )
    if own != given:
        raise EnrolmentError("the broker answered with a certificate for another key; it is not used")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    status = folder.stat()
    owner = (status.st_uid, status.st_gid)
    replace_file(folder / "ca.pem", authority_pem, mode=0o644, owner=owner)
    replace_file(folder / "key.pem", key_pem, owner=owner)
    replace_file(folder / "cert.pem", certificate_pem, mode=0o644, owner=owner)
    bundle = read_bundle(folder)
    require_valid(bundle, now, identity)
    return bundle


def _words(address: str, error: grpc.aio.AioRpcError) -> str:
    if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
        return f"the broker at {address} does not answer ({error.details()})"
    if error.code() is grpc.StatusCode.UNIMPLEMENTED:
        return f"the broker at {address} is too old to issue certificates; update it"
    return str(error.details())
