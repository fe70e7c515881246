"""Reading cgroups, version 1, version 2 and hosts with both, through one class."""

from foreload_system.cgroup.places import Mount, NoCgroupError, Place, find_mounts, read_memberships
from foreload_system.cgroup.reading import Cgroup, CgroupReading, locate

__all__ = ["Cgroup", "CgroupReading", "Mount", "NoCgroupError", "Place", "find_mounts", "locate", "read_memberships"]
