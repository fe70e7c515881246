"""Use and limits from a Prometheus that is there already: decided and shown, not changed."""

from foreload_broker.platforms.prometheus.platform import Prometheus
from foreload_broker.platforms.prometheus.source import Source, SourceError

__all__ = ["Prometheus", "Source", "SourceError"]
