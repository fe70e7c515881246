"""Certificates as they lie in a folder: read, and told why peers would refuse them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from foreload_core.units import format_time

from foreload_system.identity import KINDS, Identity, IdentityError

RENEW_AFTER_RATIO = 2 / 3
_HALF_WRITTEN_SECONDS = 0.2


class CertificateError(Exception):
    """A certificate or key that cannot be used: which file, what is wrong, what to do."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What one program needs to prove who it is and to know its peers.

    Attributes:
        ca_pem: certificates of the authorities that are trusted.
        certificate_pem: the own certificate.
        key_pem: its private key.
        identity: the identity in it.
        not_after: when it ends, UTC.
        not_before: when it begins, UTC.
        folder: where it was read.
    """

    ca_pem: bytes
    certificate_pem: bytes
    key_pem: bytes
    identity: Identity
    not_after: datetime
    not_before: datetime
    folder: Path


def read_bundle(folder: Path) -> Bundle:
    """Reads an identity's folder. Whether it is valid now is `bundle_problems`' matter.

    Raises:
        CertificateError: a file is missing, unreadable or no PEM, key and certificate do not belong together, or the
            certificate names no identity.
    """
    deadline = time.monotonic() + _HALF_WRITTEN_SECONDS
    while True:
        ca_pem, certificate_pem, key_pem = (read_file(folder / name) for name in ("ca.pem", "cert.pem", "key.pem"))
        parse_certificates(folder / "ca.pem", ca_pem)
        certificate = parse_certificates(folder / "cert.pem", certificate_pem)[0]
        key = parse_key(folder / "key.pem", key_pem)
        if _public_bytes(key.public_key()) == _public_bytes(certificate.public_key()):
            break
        # A renewal writes two files one after the other; a reader in between looks once more.
        if time.monotonic() > deadline:
            raise CertificateError(
                f"{folder / 'key.pem'} is not the key of cert.pem beside it; issue the certificate again"
            )
        time.sleep(0.01)
    identity = _identity_of(folder / "cert.pem", certificate)
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return Bundle(ca_pem, certificate_pem, key_pem, identity, end, begin, folder)


def bundle_problems(bundle: Bundle, now: datetime, expected: Identity | None = None) -> list[str]:
    """Why peers would refuse this certificate at `now`, one sentence each; empty when it is good.

    Args:
        bundle: what `read_bundle` read.
        now: UTC.
        expected: the identity that it should carry; None: any.
    """
    path = bundle.folder / "cert.pem"
    found: list[str] = []
    if now >= bundle.not_after:
        found.append(f"{path} expired at {format_time(bundle.not_after)}; renew it with: foreload certs renew")
    if now < bundle.not_before:
        begin, today = format_time(bundle.not_before), format_time(now.replace(microsecond=0))
        found.append(f"{path} is valid only from {begin}, and this machine's clock says {today}; set the clock")
    if expected is not None and bundle.identity != expected:
        found.append(f"{path} is the certificate of {bundle.identity}; needed is that of {expected}")
    authorities = parse_certificates(bundle.folder / "ca.pem", bundle.ca_pem)
    certificate = parse_certificates(path, bundle.certificate_pem)[0]
    issuers = [authority for authority in authorities if _issued_by(certificate, authority)]
    if not issuers:
        found.append(
            f"{path} was issued by another authority than {bundle.folder / 'ca.pem'}; get both from the same broker"
        )
    elif all(now >= authority.not_valid_after_utc for authority in issuers):
        ended = format_time(max(authority.not_valid_after_utc for authority in issuers))
        found.append(f"{bundle.folder / 'ca.pem'} expired at {ended}; make a new authority with: foreload certs init")
    return found


def require_valid(bundle: Bundle, now: datetime, expected: Identity | None = None) -> None:
    """Raises what `bundle_problems` finds, so that a refusal is told apart from a broker that is down.

    Raises:
        CertificateError: there are problems; all of them in one message.
    """
    found = bundle_problems(bundle, now, expected)
    if found:
        raise CertificateError("; ".join(found))


def renewal_due(bundle: Bundle, now: datetime) -> bool:
    """Whether two thirds of the certificate's life are over."""
    return now >= bundle.not_before + (bundle.not_after - bundle.not_before) * RENEW_AFTER_RATIO


def certificate_hosts(bundle: Bundle) -> tuple[str, ...]:
    """Names and addresses that a certificate may serve under; empty for one that may not serve."""
    certificate = parse_certificates(bundle.folder / "cert.pem", bundle.certificate_pem)[0]
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    return (*names.get_values_for_type(x509.DNSName), *addresses)


def _public_bytes(key: object) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.DER, form)  # pyright: ignore[reportAttributeAccessIssue]


def read_file(path: Path) -> bytes:
    """A certificate file's bytes.

    Raises:
        CertificateError: it is missing or unreadable.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        kind, _, name = path.parent.name.partition("-")
        whose = f"{kind}/{name}" if kind in KINDS and name else "KIND/NAME"
        raise CertificateError(f"{path} is missing; issue the certificate with: foreload certs issue {whose}") from None
    except OSError as error:
        raise CertificateError(f"{path} cannot be read ({error.strerror}); it must be readable by this user") from error


def parse_certificates(path: Path, pem: bytes) -> list[x509.Certificate]:
    """The certificates in a PEM text, at least one.

    Raises:
        CertificateError: it holds none.
    """
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise CertificateError(f"{path} is no certificate; needed is PEM text with BEGIN CERTIFICATE") from error


def parse_key(path: Path, pem: bytes) -> ec.EllipticCurvePrivateKey:
    """The elliptic-curve key in a PEM text.

    Raises:
        CertificateError: it holds none.
    """
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise CertificateError(
            f"{path} is no private key; needed is PEM text with BEGIN PRIVATE KEY, without a password"
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise CertificateError(f"{path} is a {type(key).__name__}; needed is an elliptic-curve key (P-256)")
    return key


def _identity_of(path: Path, certificate: x509.Certificate) -> Identity:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        raise CertificateError(
            f"{path} names no identity; needed is one URI spiffe://foreload/KIND/NAME in it"
        ) from None
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    if len(uris) != 1:
        raise CertificateError(f"{path} names {len(uris)} URIs {uris}; needed is one, spiffe://foreload/KIND/NAME")
    try:
        return Identity.parse(uris[0])
    except IdentityError as error:
        raise CertificateError(f"{path}: {error}") from error


def _issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
