"""How long do customers wait at a counter? Forty thousand simulated days, spread over all cores from the first moment.

usage: python simulate.py [--days N] [--clerks N]
"""

import argparse
import multiprocessing
import os
import random
import time

OPENING_MINUTES = 480
CUSTOMERS_PER_MINUTE = 0.9


def simulate_day(seed: int, clerks: int) -> tuple[float, int]:
    """Plays one day minute by minute; returns the sum of all waits in minutes, and how many customers came."""
    chance = random.Random(seed)
    free_at = [0.0] * clerks
    waited = 0.0
    customers = 0
    for minute in range(OPENING_MINUTES):
        arriving = chance.random() < CUSTOMERS_PER_MINUTE
        while arriving:
            customers += 1
            soonest = 0
            for clerk in range(1, clerks):
                if free_at[clerk] < free_at[soonest]:
                    soonest = clerk
            start = max(free_at[soonest], float(minute))
            waited += start - minute
            free_at[soonest] = start + chance.expovariate(1 / 3.5)
            arriving = chance.random() < 0.1
    return waited, customers


def closest_pairs(waits: list[float]) -> int:
    """Counts the days that were nearly alike, by comparing each with each."""
    alike = 0
    for first in range(len(waits)):
        for second in range(first + 1, len(waits)):
            if abs(waits[first] - waits[second]) < 0.001:
                alike += 1
    return alike


def simulate(days: int, clerks: int) -> list[float]:
    """Average wait of each day; every core plays days of its own."""
    with multiprocessing.Pool(os.cpu_count()) as pool:
        played = pool.starmap(simulate_day, [(seed, clerks) for seed in range(days)], chunksize=50)
    return [waited / customers for waited, customers in played]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=40000, help="how many days to play (default: 40000)")
    parser.add_argument("--clerks", type=int, default=4, help="how many clerks serve (default: 4)")
    options = parser.parse_args()
    began = time.monotonic()
    waits = simulate(options.days, options.clerks)
    alike = closest_pairs(waits[:2000])
    print(f"{len(waits)} days, {options.clerks} clerks: {sum(waits) / len(waits):.2f} minutes of waiting on average")
    print(f"{alike} pairs of the first {min(len(waits), 2000)} days were alike")
    print(f"took {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main()
