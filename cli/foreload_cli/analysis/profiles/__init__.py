"""Profiles of cProfile, py-spy and perf, each read into the same form."""

from foreload_cli.analysis.profiles.measured import BadProfile, Frame, Measured
from foreload_cli.analysis.profiles.read import read_profile

__all__ = ["BadProfile", "Frame", "Measured", "read_profile"]
