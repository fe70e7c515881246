"""What the preference from cheapest to fastest means for the density: one knob, smooth all along."""

from __future__ import annotations

import math

CHEAPEST_KNOB, FASTEST_KNOB = 0.8, 1.6
"""Knobs of `foreload recommend` at the ends. 1.0, in the middle, is about 1 % of the time short."""
_FALL, _RISE = math.log(CHEAPEST_KNOB), math.log(FASTEST_KNOB)


def knob_of(preference_ratio: float) -> float:
    """The knob of a preference: 0 is cheapest, 0.5 the default (exactly 1), 1 fastest; rising and without a kink."""
    ratio = min(1.0, max(0.0, preference_ratio))
    # The parabola in the logarithm through the three points.
    bend = 2 * (_RISE + _FALL)
    slope = _RISE - _FALL - bend
    return math.exp(_FALL + slope * ratio + bend * ratio * ratio)
