"""How well shares of time are told: intervals of means, and told against measured shares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from foreload_analyzers.hot_model import Floats

SAMPLES = 2000


def interval(values: Sequence[Sequence[float]], groups: Sequence[str]) -> tuple[float, float, float]:
    """The mean, and the middle 95 % of means over groups drawn anew."""
    by_program = np.nanmean(np.array(values), axis=0) if len(values) > 1 else np.array(values[0])
    names = sorted(set(groups))
    members = {
        name: [value for value, group in zip(by_program, groups, strict=True) if group == name] for name in names
    }
    random = np.random.default_rng(0)
    means: list[float] = []
    for _ in range(SAMPLES):
        drawn = [value for name in random.choice(names, len(names)) for value in members[str(name)]]
        means.append(float(np.nanmean(drawn)))
    low, high = np.percentile(means, [2.5, 97.5])
    return float(np.nanmean(by_program)), float(low), float(high)


def calibration(scored: Sequence[tuple[Floats, Floats]], temperature: float) -> list[str]:
    """Predicted against measured shares of functions that were held out, in steps of the predicted share."""
    predicted: list[float] = []
    measured: list[float] = []
    for scores, shares in scored:
        raised = np.exp((scores - scores.max()) / temperature)
        predicted.extend(raised / raised.sum())
        measured.extend(shares)
    told, real = np.array(predicted), np.array(measured)
    lines: list[str] = []
    for low, high in (
        (0, 0.02),
        (0.02, 0.05),
        (0.05, 0.1),
        (0.1, 0.2),
        (0.2, 0.35),
        (0.35, 0.5),
        (0.5, 0.7),
        (0.7, 1.01),
    ):
        chosen = (told >= low) & (told < high)
        if chosen.any():
            lines.append(
                f"{low:4.2f}-{min(high, 1):4.2f}: {chosen.sum():6d} functions, told {told[chosen].mean():.3f}, "
                f"measured {real[chosen].mean():.3f}"
            )
    return lines
