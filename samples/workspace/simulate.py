"""How long do customers wait at a counter, and how sure is that? Every core plays days of its own at once.

usage: python simulate.py [--days N] [--clerks N]
"""

import argparse
import multiprocessing
import os
import random
import time

OPENING_MINUTES = 480
CUSTOMERS_PER_MINUTE = 0.9
ROUNDS = 160


def simulate_day(seed: int, clerks: int) -> float:
    """Plays one day minute by minute; returns the average wait in minutes."""
    chance = random.Random(seed)
    free_at = [0.0] * clerks
    waited = 0.0
    customers = 0
    for minute in range(OPENING_MINUTES):
        if chance.random() > CUSTOMERS_PER_MINUTE:
            continue
        soonest = 0
        for clerk in range(1, clerks):
            if free_at[clerk] < free_at[soonest]:
                soonest = clerk
        start = max(free_at[soonest], float(minute))
        waited += start - minute
        customers += 1
        free_at[soonest] = start + chance.expovariate(1 / 3.5)
    return waited / customers


def resample(waits: list[float], seed: int) -> list[float]:
    """Averages of days drawn again and again from those that were played: how much the answer could be off."""
    chance = random.Random(seed)
    averages = []
    for _ in range(ROUNDS):
        total = 0.0
        for _ in range(len(waits)):
            total += waits[int(chance.random() * len(waits))]
        averages.append(total / len(waits))
    return averages


def simulate(days: int, clerks: int, pool) -> list[float]:
    """Average wait of each day."""
    return pool.starmap(simulate_day, [(seed, clerks) for seed in range(days)], chunksize=50)


def spread(waits: list[float], pool) -> tuple[float, float]:
    """Between which averages 9 of 10 answers lie."""
    drawn = pool.starmap(resample, [(waits, seed) for seed in range(16)], chunksize=1)
    averages = sorted(average for part in drawn for average in part)
    return averages[len(averages) // 20], averages[-len(averages) // 20]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=20000, help="how many days to play (default: 20000)")
    parser.add_argument("--clerks", type=int, default=4, help="how many clerks serve (default: 4)")
    options = parser.parse_args()
    began = time.monotonic()
    with multiprocessing.Pool(os.cpu_count()) as pool:
        waits = simulate(options.days, options.clerks, pool)
        low, high = spread(waits, pool)
    print(f"{len(waits)} days, {options.clerks} clerks: {sum(waits) / len(waits):.2f} minutes of waiting on average")
    print(f"9 of 10 answers lie between {low:.3f} and {high:.3f} minutes")
    print(f"took {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main()
