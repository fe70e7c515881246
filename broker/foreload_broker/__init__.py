"""The broker: holds the state of the fleet, decides, journals, acts."""

from importlib.metadata import version

VERSION = version("foreload")
"""The version of this installation."""
