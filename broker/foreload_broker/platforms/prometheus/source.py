"""What a Prometheus knows of each environment at one moment, by its query API (`/api/v1/query`)."""

from __future__ import annotations

import math
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx2 as httpx
from foreload_core.types import NO_AMOUNTS, Amounts, Resource
from foreload_system.identity import is_name

TIMEOUT_SECONDS = 10.0

# As cAdvisor and kube-state-metrics name them. {by} and {where} come from the settings.
_USED: Mapping[Resource, str] = {
    Resource.CPU: "sum by ({by}) (rate(container_cpu_usage_seconds_total{{container!='',{where}}}[{rate}s]))",
    Resource.MEMORY: "sum by ({by}) (container_memory_working_set_bytes{{container!='',{where}}})",
    Resource.NETWORK_RX: "sum by ({by}) (rate(container_network_receive_bytes_total{{{where}}}[{rate}s]))",
    Resource.NETWORK_TX: "sum by ({by}) (rate(container_network_transmit_bytes_total{{{where}}}[{rate}s]))",
}
_LIMITS: Mapping[Resource, str] = {
    Resource.CPU: "sum by ({by}) (kube_pod_container_resource_limits{{resource='cpu',{where}}})",
    Resource.MEMORY: "sum by ({by}) (kube_pod_container_resource_limits{{resource='memory',{where}}})",
}
_KILLS = "sum by ({by}) (increase(container_oom_events_total{{{where}}}[{rate}s]))"


class SourceError(Exception):
    """Prometheus cannot be asked. The message says which one, what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One environment at one moment.

    Attributes:
        used: rates are means over the window.
        limit: what stands in the pod's specification.
        oom_kills: in the window.
    """

    used: Amounts = NO_AMOUNTS
    limit: Amounts = NO_AMOUNTS
    oom_kills: int = 0


class Source:
    """Asks one Prometheus.

    Args:
        address: its URL, as in https://prometheus.example:9090.
        label: the label whose value names an environment, as in `pod`.
        where: what series must match beside, in Prometheus's own words, as in `namespace=~"dev-.*"`; may be empty.
        window_seconds: over which rates are taken; several times the interval at which Prometheus looks itself.
        token_file: a file with a bearer token, read for each look, so that it may be renewed; None: none is sent.
        authority_file: PEM of the authority that the server's certificate is from; None: the system's.

    Raises:
        SourceError: the authority's file cannot be used.
    """

    def __init__(
        self,
        address: str,
        label: str,
        where: str,
        window_seconds: int = 60,
        token_file: Path | None = None,
        authority_file: Path | None = None,
    ) -> None:
        self._address = address.rstrip("/")
        self._label = label
        self._where = where.strip().strip(",")
        self._token_file = token_file
        self.window_seconds = window_seconds
        try:
            trust = ssl.create_default_context(cafile=str(authority_file) if authority_file else None)
        except (OSError, ssl.SSLError) as error:
            raise SourceError(f"{authority_file} cannot be used as an authority ({error}); needed is PEM") from error
        self._client = httpx.AsyncClient(timeout=TIMEOUT_SECONDS, verify=trust)

    async def look(self) -> dict[str, Seen]:
        """What is there now, by environment. An environment without use is left out.

        Raises:
            SourceError: no answer, or none that could be used.
        """
        headers = self._headers()
        used = {resource: await self._ask(query, headers) for resource, query in _USED.items()}
        limits = {resource: await self._ask(query, headers) for resource, query in _LIMITS.items()}
        kills = await self._ask(_KILLS, headers)
        names = used[Resource.CPU].keys() | used[Resource.MEMORY].keys()
        return {
            name: Seen(_amounts(used, name), _amounts(limits, name), round(kills.get(name, 0.0)))
            for name in sorted(names)
        }

    async def close(self) -> None:
        """Gives the connections back."""
        await self._client.aclose()

    def _headers(self) -> dict[str, str]:
        if self._token_file is None:
            return {}
        try:
            return {"Authorization": f"Bearer {self._token_file.read_text(encoding='ascii').strip()}"}
        except (OSError, UnicodeError) as error:
            raise SourceError(f"the token for Prometheus cannot be read from {self._token_file} ({error})") from error

    async def _ask(self, query: str, headers: Mapping[str, str]) -> dict[str, float]:
        """Value by environment; what is no name of an environment, or no number, is left out."""
        text = query.format(by=self._label, where=self._where, rate=self.window_seconds)
        try:
            answer = await self._client.post(f"{self._address}/api/v1/query", data={"query": text}, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceError(f"no Prometheus answers at {self._address} ({type(error).__name__}: {error})") from error
        if answer.status_code != httpx.codes.OK:
            raise SourceError(f"{self._address} answers {answer.status_code} to {text}: {_words(answer)}")
        try:
            series = cast("list[dict[str, Any]]", answer.json()["data"]["result"])
            found = [(str(one["metric"].get(self._label, "")), float(one["value"][1])) for one in series]
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise SourceError(f"{self._address} does not answer as a Prometheus does") from error
        return {name: value for name, value in found if is_name(name) and math.isfinite(value)}


def _amounts(by_resource: Mapping[Resource, Mapping[str, float]], name: str) -> Amounts:
    amounts = NO_AMOUNTS
    for resource, values in by_resource.items():
        value = values.get(name)
        if value is not None and value >= 0:
            amounts = amounts.with_amount(resource, value)
    return amounts


def _words(answer: httpx.Response) -> str:
    """Prometheus says what is wrong with a query; others say something shorter than a page, or nothing."""
    try:
        return str(answer.json()["error"])[:300]
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase
