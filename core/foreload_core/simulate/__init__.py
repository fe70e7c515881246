"""What would have happened: the same `decide` as in production, driven over a past whose demand is known."""

from foreload_core.simulate.account import Figures
from foreload_core.simulate.course import Simulation, simulate
from foreload_core.simulate.rivals import foresight_figures, reactive_figures, static_figures, vpa_figures
from foreload_core.simulate.scenario import Run, Scenario

__all__ = [
    "Figures",
    "Run",
    "Scenario",
    "Simulation",
    "foresight_figures",
    "reactive_figures",
    "simulate",
    "static_figures",
    "vpa_figures",
]
