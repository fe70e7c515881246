"""Steps of seconds: which runs are on or about to begin, what they need, and the density of demand that follows.

Needs numpy, so it is imported only where it is used.
"""

from foreload_core.runs.engine import RunEngine, RunWeights, run_weights
from foreload_core.runs.events import EventType, RunEvent, event_of
from foreload_core.runs.outlook import STATES, Outlook, look_ahead
from foreload_core.runs.regression import KindPrior
from foreload_core.runs.tracker import RunTracker

__all__ = [
    "STATES",
    "EventType",
    "KindPrior",
    "Outlook",
    "RunEngine",
    "RunEvent",
    "RunTracker",
    "RunWeights",
    "event_of",
    "look_ahead",
    "run_weights",
]
