"""The short-horizon density of demand: anchors, a mixture around them, and what each environment teaches it.

Needs numpy, so it is imported only where it is used.
"""

from foreload_core.density.anchors import Grain
from foreload_core.density.engine import Engine
from foreload_core.density.mixture import Mixture
from foreload_core.density.network import Weights, read_weights, write_weights
from foreload_core.density.record import Record

__all__ = ["Engine", "Grain", "Mixture", "Record", "Weights", "read_weights", "write_weights"]
