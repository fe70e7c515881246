"""Who holds an address that we want."""

from __future__ import annotations

import errno
import socket

import psutil

from foreload_broker.config import split_address

_SHOWN = 80


class AddressInUseError(Exception):
    """The address is taken, or cannot be had. The message says by whom, and what to do."""


def require_free(address: str, option: str) -> None:
    """Passes an address that can be listened on.

    Args:
        address: HOST:PORT.
        option: the setting that would choose another one, for the message.

    Raises:
        AddressInUseError: somebody listens there already, or the host is not this machine's.
    """
    host, port = split_address(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise AddressInUseError(
                    f"{address} is in use{_by(port)}; stop that, or choose another address with {option}"
                ) from error
            raise AddressInUseError(
                f"{address} cannot be listened on ({error.strerror}); choose another address with {option}"
            ) from error


def _by(port: int) -> str:
    try:
        holders = {
            connection.pid
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
        }
        names = [f"{_called(psutil.Process(pid))} (process {pid})" for pid in sorted(pid for pid in holders if pid)]
    except psutil.Error:
        return ""
    return f" by {', '.join(names)}" if names else ""


def _called(process: psutil.Process) -> str:
    """The command that a person would recognise: an interpreter's name alone says nothing."""
    command = " ".join(process.cmdline()) or process.name()
    return f"{command[:_SHOWN]}…" if len(command) > _SHOWN else command
