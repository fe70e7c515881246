"""The two ends of an environment's way out, and the rate that each of them sends at.

What an environment sends is shaped on its own interface, what it receives on the machine's end of the same pair: both
are sending sides, where a queue can hold packets back instead of dropping what has already come.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pyroute2 import IPRoute, NetNS
from pyroute2.netlink.exceptions import NetlinkError

ROOT, CLASS = "1:", "1:10"
DEFAULT_CLASS = 0x10
ROOT_PARENT = 0xFFFF_FFFF
ROOT_HANDLE, CLASS_HANDLE = 0x1_0000, 0x1_0010
LEAST_BYTES_PER_SECOND = 1_000.0
BURST_SECONDS = 0.01
LEAST_BURST_BYTES = 16_384


class LinkError(Exception):
    """Bandwidth cannot be limited here: why."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One interface of the environment and the machine's end of it, as indices in their namespaces."""

    inside: int
    outside: int


class Links:
    """Ways out of one network namespace.

    Args:
        pid: a process in it.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def pairs(self) -> tuple[Pair, ...]:
        """The virtual pairs that lead out of the namespace to this one.

        Raises:
            LinkError: the process is gone, shares this machine's network, or there is no such pair.
        """
        with self._namespaces() as (inside, outside):
            there: dict[int, Any] = {int(link["index"]): link for link in outside.get_links()}
            found: list[Pair] = []
            for link in inside.get_links():
                peer = int(link.get_attr("IFLA_LINK") or 0)
                end = there.get(peer)
                # The other end must point back: indices are numbers of another namespace and may meet by chance.
                if end is not None and end.get_attr("IFLA_LINK") == link["index"]:
                    found.append(Pair(int(link["index"]), peer))
        if not found:
            raise LinkError("no virtual interface leads from the environment's network to this machine's")
        return tuple(found)

    def rates(self) -> tuple[float | None, float | None]:
        """Limits of what it receives and sends, bytes per second; None: no limit.

        Raises:
            LinkError: as for `pairs`.
        """
        pairs = self.pairs()
        with self._namespaces() as (inside, outside):
            received = [_rate(outside, pair.outside) for pair in pairs]
            sent = [_rate(inside, pair.inside) for pair in pairs]
        return _least(received), _least(sent)

    def set_rate(self, *, receives: bool, bytes_per_second: float) -> None:
        """Sets one direction's limit, on every way out; connections go on.

        Raises:
            LinkError: as for `pairs`, or the kernel refuses.
        """
        rate = round(max(LEAST_BYTES_PER_SECOND, bytes_per_second))
        pairs = self.pairs()
        with self._namespaces() as (inside, outside):
            for pair in pairs:
                where, index = (outside, pair.outside) if receives else (inside, pair.inside)
                try:
                    _shape(where, index, rate)
                except NetlinkError as error:
                    raise LinkError(f"the kernel refuses to limit the bandwidth: {error}") from error

    def clear(self) -> None:
        """Takes the limits away. Where there are none, or the namespace is gone: nothing to do."""
        with contextlib.suppress(LinkError):
            pairs = self.pairs()
            with self._namespaces() as (inside, outside):
                for where, index in [
                    *((inside, pair.inside) for pair in pairs),
                    *((outside, pair.outside) for pair in pairs),
                ]:
                    if _has_root(where, index):
                        where.tc("del", index=index, parent=ROOT_PARENT)

    @contextlib.contextmanager
    def _namespaces(self) -> Iterator[tuple[Any, Any]]:
        path = Path(f"/proc/{self._pid}/ns/net")
        try:
            if path.readlink() == Path("/proc/self/ns/net").readlink():
                raise LinkError("the environment shares this machine's network, so its bandwidth is not its own")
            with NetNS(str(path)) as inside, IPRoute() as outside:
                yield cast("Any", inside), cast("Any", outside)
        except (FileNotFoundError, ProcessLookupError) as error:
            raise LinkError(f"process {self._pid} is gone, and its network with it") from error
        except PermissionError as error:
            raise LinkError("only root may change the bandwidth of an environment") from error


def _shape(where: Any, index: int, bytes_per_second: int) -> None:
    if not _has_root(where, index):
        where.tc("add", "htb", index=index, handle=ROOT, default=DEFAULT_CLASS)
    burst = max(LEAST_BURST_BYTES, round(bytes_per_second * BURST_SECONDS))
    options = {"rate": bytes_per_second, "ceil": bytes_per_second, "burst": burst, "cburst": burst}
    try:
        where.tc("change-class", "htb", index=index, handle=CLASS, parent=ROOT, **options)
    except NetlinkError as error:
        if error.code != errno.ENOENT:
            raise
        where.tc("add-class", "htb", index=index, handle=CLASS, parent=ROOT, **options)


def _has_root(where: Any, index: int) -> bool:
    return any(queue["handle"] == ROOT_HANDLE for queue in where.get_qdiscs(index=index))


def _rate(where: Any, index: int) -> float | None:
    for entry in where.get_classes(index=index):
        if entry["handle"] != CLASS_HANDLE:
            continue
        options = entry.get_attr("TCA_OPTIONS")
        wide = options.get_attr("TCA_HTB_RATE64")
        if wide:
            return float(wide)
        parameters = options.get_attr("TCA_HTB_PARMS")
        if parameters is not None:
            return float(parameters["rate"])
    return None


def _least(rates: list[float | None]) -> float | None:
    known = [rate for rate in rates if rate is not None]
    return min(known) if known else None
