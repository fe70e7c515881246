"""Environments as pods of a Kubernetes cluster, resized in place; the kubelet is the agent."""

from foreload_broker.platforms.kubernetes.cluster import Cluster, ClusterError
from foreload_broker.platforms.kubernetes.platform import Kubernetes

__all__ = ["Cluster", "ClusterError", "Kubernetes"]
