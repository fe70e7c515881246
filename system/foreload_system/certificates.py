"""Certificates: an authority of one's own, short-lived leaves with one identity each, renewed before they end.

An identity's folder holds ca.pem (whom to trust), cert.pem and key.pem; the authority's holds ca.pem and ca.key.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from foreload_core.units import format_time

from foreload_system.bundles import (
    RENEW_AFTER_RATIO,
    Bundle,
    CertificateError,
    bundle_problems,
    certificate_hosts,
    parse_certificates,
    parse_key,
    read_bundle,
    read_file,
    renewal_due,
    require_valid,
)
from foreload_system.identity import Identity
from foreload_system.paths import replace_file

__all__ = [
    "AUTHORITY_VALID_FOR",
    "LEAF_VALID_FOR",
    "LOCAL_HOSTS",
    "RENEW_AFTER_RATIO",
    "Bundle",
    "CertificateError",
    "bundle_problems",
    "certificate_hosts",
    "create_authority",
    "issue",
    "read_bundle",
    "renew_if_due",
    "renewal_due",
    "require_valid",
    "sign",
]

LEAF_VALID_FOR = timedelta(days=7)
AUTHORITY_VALID_FOR = timedelta(days=3650)
BACKDATED_FOR = timedelta(minutes=5)
"""Certificates begin this long before they are made, so that a peer whose clock is behind takes them."""
LOCAL_HOSTS = ("localhost", "127.0.0.1")


def create_authority(folder: Path, now: datetime, valid_for: timedelta = AUTHORITY_VALID_FOR) -> bool:
    """Makes an authority in `folder` (made where missing), or keeps the one that is there.

    Returns:
        Whether a new one was made.

    Raises:
        CertificateError: half of an authority is there; it is not overwritten.
    """
    files = (folder / "ca.pem", folder / "ca.key")
    present = [path for path in files if path.exists()]
    if len(present) == len(files):
        return False
    if (folder / "ca.pem").exists():
        raise CertificateError(
            f"{folder / 'ca.key'} is missing beside ca.pem; put it back, or remove the folder to start anew"
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Foreload authority")])
    subject_key = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = _builder(name, name, key.public_key(), now, now + valid_for)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_key_usage(signs_certificates=True), critical=True)
    # Whoever trusts this authority trusts it for Foreload's own identities only.
    permitted = [x509.UniformResourceIdentifier("foreload")]
    builder = builder.add_extension(
        x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None), critical=True
    )
    certificate = builder.add_extension(subject_key, critical=False).sign(key, hashes.SHA256())
    # The key first: a certificate without its key is the half that is refused above.
    replace_file(folder / "ca.key", _key_pem(key))
    replace_file(folder / "ca.pem", certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)
    return True


def issue(
    authority_folder: Path,
    identity: Identity,
    folder: Path,
    now: datetime,
    valid_for: timedelta = LEAF_VALID_FOR,
    hosts: Iterable[str] = LOCAL_HOSTS,
    owner: tuple[int, int] | None = None,
) -> Bundle:
    """Issues a certificate with a new key into `folder`, replacing what is there.

    Args:
        authority_folder: folder that `create_authority` filled.
        identity: who the certificate is for.
        folder: made where missing, for its owner alone.
        now: UTC.
        valid_for: from now; cut where the authority's own certificate ends.
        hosts: names and addresses a broker is reached by; only a broker's certificate may serve.
        owner: uid and gid of the user who is to use it; None: whoever runs this.

    Raises:
        CertificateError: the authority cannot be read or has ended.
        OSError: the folder cannot be written.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    authority_pem, certificate_pem = sign(authority_folder, identity, key.public_key(), now, valid_for, hosts)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(exist_ok=True, mode=0o700)
    if owner is not None:
        os.chown(folder, *owner, follow_symlinks=False)
    replace_file(folder / "ca.pem", authority_pem, mode=0o644, owner=owner)
    replace_file(folder / "key.pem", _key_pem(key), owner=owner)
    replace_file(folder / "cert.pem", certificate_pem, mode=0o644, owner=owner)
    return read_bundle(folder)


def sign(
    authority_folder: Path,
    identity: Identity,
    public_key: ec.EllipticCurvePublicKey,
    now: datetime,
    valid_for: timedelta = LEAF_VALID_FOR,
    hosts: Iterable[str] = (),
) -> tuple[bytes, bytes]:
    """Signs a certificate for a key that somebody else has.

    Args:
        authority_folder, identity, now, valid_for, hosts: as for `issue`.
        public_key: the key.

    Returns:
        The authority's certificate and the new one, PEM.

    Raises:
        CertificateError: the authority cannot be read or has ended.
    """
    authority, authority_key = _read_authority(authority_folder)
    if now >= authority.not_valid_after_utc:
        ended = format_time(authority.not_valid_after_utc)
        raise CertificateError(
            f"the authority in {authority_folder} ended at {ended}; remove it and run: foreload certs init"
        )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{identity.kind}-{identity.name}"[:64])])
    end = min(now + valid_for, authority.not_valid_after_utc)
    serves = identity.kind == "broker"
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(identity.uri)]
    names += [_host_name(host) for host in hosts] if serves else []
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH] + ([ExtendedKeyUsageOID.SERVER_AUTH] if serves else [])
    builder = _builder(subject, authority.subject, public_key, now, end)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    builder = builder.add_extension(issuer_key, critical=False)
    certificate = builder.add_extension(x509.SubjectAlternativeName(names), critical=False).sign(
        authority_key, hashes.SHA256()
    )
    pem = serialization.Encoding.PEM
    return authority.public_bytes(pem), certificate.public_bytes(pem)


def renew_if_due(
    authority_folder: Path,
    identity: Identity,
    folder: Path,
    now: datetime,
    valid_for: timedelta = LEAF_VALID_FOR,
    hosts: Iterable[str] | None = None,
    owner: tuple[int, int] | None = None,
) -> bool:
    """Issues anew where the certificate is missing, broken, foreign or past two thirds of its life.

    Args:
        authority_folder, identity, folder, now, valid_for: as for `issue`.
        hosts: as for `issue`; None keeps those of the certificate that is there.
        owner: as for `issue`; None keeps the folder's.

    Returns:
        Whether a new certificate was issued.

    Raises:
        CertificateError, OSError: as for `issue`; the old certificate stays.
    """
    kept_hosts: tuple[str, ...] = ()
    try:
        bundle = read_bundle(folder)
    except CertificateError:
        bundle = None  # what cannot be used is replaced
    if bundle is not None:
        good = bundle.ca_pem == read_file(authority_folder / "ca.pem") and not bundle_problems(bundle, now, identity)
        if good and not renewal_due(bundle, now):
            return False
        kept_hosts = certificate_hosts(bundle)
    if owner is None and folder.exists():
        status = folder.stat()
        owner = (status.st_uid, status.st_gid)
    chosen_hosts = hosts if hosts is not None else kept_hosts or LOCAL_HOSTS
    issue(authority_folder, identity, folder, now, valid_for, chosen_hosts, owner)
    return True


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, begin: datetime, end: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(begin - BACKDATED_FOR).not_valid_after(end)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _host_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _read_authority(folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    if not (folder / "ca.pem").exists():
        raise CertificateError(f"{folder} holds no authority; make one with: foreload certs init")
    certificate = parse_certificates(folder / "ca.pem", read_file(folder / "ca.pem"))[0]
    return certificate, parse_key(folder / "ca.key", read_file(folder / "ca.key"))
