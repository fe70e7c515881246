"""What would have happened: the same `decide` as in production, driven over a past whose demand is known.

The policy sees only what its own limits let through, as in a cgroup; the figures are taken from the demand itself.
"""

from foreload_core.simulate.events import Event, signals_of
from foreload_core.simulate.rivals import (
    foresight_figures,
    foresight_limits,
    reactive_figures,
    reactive_limits,
    static_figures,
    static_limits,
)
from foreload_core.simulate.run import simulate
from foreload_core.simulate.scenario import Figures, Scenario, Simulation

__all__ = [
    "Event",
    "Figures",
    "Scenario",
    "Simulation",
    "foresight_figures",
    "foresight_limits",
    "reactive_figures",
    "reactive_limits",
    "signals_of",
    "simulate",
    "static_figures",
    "static_limits",
]
