"""Why a broker cannot be reached, asked of the wire itself: one connection, one sentence."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass

from foreload_system.bundles import Bundle

REACH_SECONDS = 3.0
LISTEN_SECONDS = 1.0
_EXPIRED = 10
"""OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What stands between a program and a broker.

    Attributes:
        text: one sentence without a full stop, with what to do.
        distrust: one side does not trust the other's certificate, so that trying again changes nothing.
    """

    text: str
    distrust: bool = False


def active_broker(addresses: str, seconds: float = LISTEN_SECONDS) -> str:
    """The address of the broker that listens, which of several brokers the active one alone does. Blocks.

    Args:
        addresses: one HOST:PORT, or several with commas between them.
        seconds: how long each may take to let a connection in.

    Returns:
        The only address, unlooked at; of several the first that listens, else the first.
    """
    several = [address for part in addresses.split(",") if (address := part.strip())]
    if len(several) < 2:
        return addresses.strip()
    for address in several:
        host, _, port = address.rpartition(":")
        with suppress(OSError, ValueError, OverflowError):
            socket.create_connection((host.strip("[]"), int(port)), timeout=seconds).close()
            return address
    return several[0]


def find_obstacle(address: str, bundle: Bundle | None, seconds: float = REACH_SECONDS) -> Obstacle | None:
    """Connects as a client does, and says what is in the way. Blocks for up to twice `seconds`.

    Args:
        address: HOST:PORT.
        bundle: the own certificate, as it lies in its folder; None: only whether anything listens is looked at.
        seconds: how long connecting and shaking hands may take, each.

    Returns:
        None where the connection stands.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        return Obstacle(f"the broker's address is {address!r}; allowed is HOST:PORT, as in 127.0.0.1:7443")
    try:
        plain = socket.create_connection((host.strip("[]"), int(port)), timeout=seconds)
    except TimeoutError:
        return Obstacle(
            f"no broker answers at {address} within {seconds:g} s; look at the address and at what lies between"
        )
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        return Obstacle(f"no broker answers at {address} ({why}); start it with: foreload up")
    with plain:
        return None if bundle is None else _shake_hands(plain, address, bundle)


def _shake_hands(plain: socket.socket, address: str, bundle: Bundle) -> Obstacle | None:
    authority = bundle.folder / "ca.pem"
    try:
        context = ssl.create_default_context(cadata=bundle.ca_pem.decode("ascii"))
        context.check_hostname = False  # whose certificate it is is gRPC's to check; here only trust is looked at
        context.load_cert_chain(bundle.folder / "cert.pem", bundle.folder / "key.pem")
        context.set_alpn_protocols(["h2"])
    except (OSError, ValueError) as error:
        return Obstacle(f"the certificate in {bundle.folder} cannot be used ({error}); issue it again", distrust=True)
    try:
        with context.wrap_socket(plain) as secured:
            # With TLS 1.3 a server refuses a client's certificate after the handshake: the first read tells.
            if secured.recv(1):
                return None
    except ssl.SSLCertVerificationError as error:
        if error.verify_code == _EXPIRED:
            text = f"the certificate of the broker at {address} has expired; renew it there with: foreload certs renew"
        else:
            text = (
                f"the broker at {address} has a certificate of another authority than {authority}; "
                "get ca.pem and certificate from that broker"
            )
        return Obstacle(text, distrust=True)
    except TimeoutError:
        return Obstacle(f"what listens at {address} does not answer as a broker does; look at the address")
    except ssl.SSLError as error:
        if "ALERT" not in (error.reason or ""):
            return Obstacle(f"what listens at {address} is no broker, it does not speak TLS; look at the address")
    except OSError:
        pass  # hung up on: a refusal as well
    return Obstacle(
        f"the broker at {address} does not accept the certificate in {bundle.folder}; "
        "get ca.pem and certificate from that broker",
        distrust=True,
    )
