"""gRPC channels and servers under mutual TLS. Both sides prove who they are; certificates reload without a restart."""

from __future__ import annotations

import ipaddress
import logging
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from foreload_system.certificates import Bundle, CertificateError, read_bundle
from foreload_system.identity import Identity, IdentityError

_LOG = logging.getLogger(__name__)

KEEPALIVE_TIME_SECONDS = 20
KEEPALIVE_TIMEOUT_SECONDS = 10
LARGEST_MESSAGE_BYTES = 4 * 1024 * 1024

_COMMON_OPTIONS: tuple[tuple[str, Any], ...] = (
    ("grpc.keepalive_time_ms", KEEPALIVE_TIME_SECONDS * 1000),
    ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_SECONDS * 1000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_receive_message_length", LARGEST_MESSAGE_BYTES),
)
SERVER_OPTIONS: tuple[tuple[str, Any], ...] = (
    *_COMMON_OPTIONS,
    # Clients ping as often as KEEPALIVE_TIME_SECONDS says; a stricter server would hang up on them.
    ("grpc.http2.min_ping_interval_without_data_ms", KEEPALIVE_TIME_SECONDS * 1000 // 2),
    # Two brokers on one port would each see half of the fleet; the second one must fail instead.
    ("grpc.so_reuseport", 0),
)


def open_channel(address: str, bundle: Bundle) -> grpc.aio.Channel:
    """A channel to a broker. Connecting happens with the first call; the channel reconnects by itself.

    Args:
        address: host:port.
        bundle: the own certificate, checked by the caller (`certificates.require_valid`).
    """
    credentials = grpc.ssl_channel_credentials(bundle.ca_pem, bundle.key_pem, bundle.certificate_pem)
    options = [*_COMMON_OPTIONS, ("grpc.min_reconnect_backoff_ms", 200), ("grpc.max_reconnect_backoff_ms", 5000)]
    # Each channel has its own connection, so that one with a renewed certificate never shares that of the old one.
    options += [("grpc.use_local_subchannel_pool", 1), *target_options(address)]
    return grpc.aio.secure_channel(address, credentials, options=options)


def target_options(address: str) -> tuple[tuple[str, Any], ...]:
    """Under which name a broker's certificate is looked for, where it is not the address itself."""
    return (("grpc.ssl_target_name_override", "localhost"),) if _is_this_machine(address) else ()


def server_credentials(folder: Path, ask_clients: bool = True) -> grpc.ServerCredentials:
    """Credentials of a server that asks every client for a certificate; `ask_clients` false: that asks none.

    The folder's files are looked at with each new connection, so that a renewed certificate is served at once. Files
    that cannot be used leave the last good ones in force, and the log says so once.

    Raises:
        CertificateError: there is no usable certificate to begin with.
    """
    reloading = _ReloadingCertificate(folder)
    initial, changed = reloading.configuration(), reloading.changed
    # gRPC takes None for "as before"; the stubs do not say so.
    return grpc.dynamic_ssl_server_credentials(initial, changed, ask_clients)  # pyright: ignore[reportArgumentType]


def peer_identity(context: grpc.ServicerContext | grpc.aio.ServicerContext[Any, Any]) -> Identity:
    """Who the caller of a method is, by its certificate.

    Raises:
        IdentityError: the connection carries no identity of ours.
    """
    found: list[bytes] = list(context.auth_context().get("peer_spiffe_id", ()))  # pyright: ignore[reportAssignmentType]
    if len(found) != 1:
        raise IdentityError("the caller's certificate names no identity; needed is one URI spiffe://foreload/KIND/NAME")
    return Identity.parse(found[0].decode("utf-8", "replace"))


class _ReloadingCertificate:
    """The files of a folder, and whether they have changed since they were last looked at."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen = self._stamp()

    def configuration(self) -> grpc.ServerCertificateConfiguration:
        """What the files say now."""
        bundle = read_bundle(self._folder)
        return grpc.ssl_server_certificate_configuration([(bundle.key_pem, bundle.certificate_pem)], bundle.ca_pem)

    def changed(self) -> grpc.ServerCertificateConfiguration | None:
        """The new configuration, or None while the old one holds. Called by gRPC with each connection."""
        stamp = self._stamp()
        if stamp == self._seen:
            return None
        try:
            configuration = self.configuration()
        except CertificateError as error:
            self._seen = stamp
            _LOG.warning("the changed certificate is not used, the last good one stays: %s", error)
            return None
        self._seen = stamp
        return configuration

    def _stamp(self) -> tuple[tuple[int, int, int], ...]:
        stamps: list[tuple[int, int, int]] = []
        for name in ("ca.pem", "cert.pem", "key.pem"):
            try:
                status = (self._folder / name).stat()
            except OSError:
                stamps.append((0, 0, 0))
            else:
                stamps.append((status.st_ino, status.st_mtime_ns, status.st_size))
        return tuple(stamps)


def _is_this_machine(address: str) -> bool:
    """Whether the address is one of the loopback's, all of which a local broker's certificate names as localhost."""
    if address.startswith("unix:"):
        return True
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
