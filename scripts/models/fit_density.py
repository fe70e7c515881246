"""Fits the network of the short-horizon density on a folder of traces: the weights that ship, and those of each fold.

Usage: fit_density.py TRACES [--out FILE] [--folds FOLDER] [--epochs 12]

TRACES has a manifest.csv with the columns id, source, path, n, dt_s, start, cap_cpu, cap_mem, cap_net. Series whose
licence does not allow it (alibaba2018, and the fleets) are never read. Needs torch beside the product's own packages;
the product evaluates what is fitted here with numpy alone. All series of a machine are in one fold, and a series that
was made of two machines is fitted on only where neither is held out. About 25 minutes and 4 GB on one core.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import itertools
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from foreload_core.density import Engine, Grain, Weights, write_weights
from foreload_core.density.layout import ANCHOR_COUNT, FREE_COUNT
from foreload_core.density.network import FREE_REACH, LOG_SCALE_MIDDLE, LOG_SCALE_REACH, MOST_STANDARD
from foreload_core.types import Resource
from numpy.typing import NDArray
from torch import nn  # pyright: ignore[reportMissingImports]
from torch.nn import functional  # pyright: ignore[reportMissingImports]

SOURCES = ("nab", "azure", "bitbrains", "crane")
COLUMNS = {
    "cpu_cores": (Resource.CPU, "cap_cpu"),
    "memory_bytes": (Resource.MEMORY, "cap_mem"),
    "net_rx_bytes_s": (Resource.NETWORK_RX, "cap_net"),
    "net_tx_bytes_s": (Resource.NETWORK_TX, "cap_net"),
}
SHORTEST_SECONDS = 6 * 86_400
HORIZON = 2
FOLDS, PAIRS, POWERS = 5, 130, 70
HIDDEN, BATCH, RATE, DROPOUT = (128, 96), 2048, 2e-3, 0.05
WARM, DRAWN = 300, 4000
"""The first samples of a series are not fitted on; an epoch draws so many of each, so that all weigh the same."""
COMPONENTS = ANCHOR_COUNT + FREE_COUNT
DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Series:
    """One resource of one machine, or of a mixture of two.

    Attributes:
        environment: rows of the same one are forecast together.
        machines: whose data it is made of.
    """

    environment: str
    machines: tuple[str, ...]
    source: str
    resource: Resource
    values: NDArray[np.float64]
    capacity: float
    step_seconds: int
    start_seconds: float


@dataclass(frozen=True)
class Example:
    """What is fitted on: the inputs after each sample, and the log demand two intervals later beside the reference."""

    inputs: NDArray[np.float16]
    wanted: NDArray[np.float32]


def read_series(folder: Path) -> list[Series]:
    """All series of the permitted sources that last for days."""
    found: list[Series] = []
    with (folder / "manifest.csv").open(newline="") as file:
        for entry in csv.DictReader(file):
            if entry["source"] in SOURCES and int(entry["n"]) * int(entry["dt_s"]) >= SHORTEST_SECONDS:
                found += _series_of(folder, entry)
    return found


def _series_of(folder: Path, entry: dict[str, str]) -> list[Series]:
    with gzip.open(folder / entry["path"], "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    start = datetime.fromisoformat(entry["start"]).timestamp()
    found: list[Series] = []
    for column, (resource, capacity) in COLUMNS.items():
        texts = [row.get(column) or "" for row in rows]
        if not any(texts):
            continue
        values = np.array([float(text) if text else math.nan for text in texts])
        most = float(entry[capacity] or 0.0) or float(np.nanmax(values))
        if most > 0:
            name = entry["id"]
            found.append(Series(name, (name,), entry["source"], resource, values, most, int(entry["dt_s"]), start))
    return found


def augmented(series: Sequence[Series]) -> list[Series]:
    """Sums of two machines, powers of one, and minutes as five minutes; each knows what it is made of."""
    chance = np.random.default_rng(1)
    machines: dict[str, dict[Resource, Series]] = {}
    for each in series:
        machines.setdefault(each.environment, {})[each.resource] = each
    names = sorted(name for name, parts in machines.items() if next(iter(parts.values())).step_seconds == 300)
    found: list[Series] = []
    for number in range(PAIRS):
        one, other = (machines[names[at]] for at in chance.choice(len(names), 2, replace=False))
        share = chance.uniform(0.2, 0.8)
        for resource in sorted(one.keys() & other.keys()):
            a, b = one[resource], other[resource]
            count = min(len(a.values), len(b.values))
            mixed = share * _unit(a.values[:count]) + (1 - share) * _unit(b.values[:count])
            found.append(_made(a, (*a.machines, *b.machines), mixed * np.nanmean(a.values), f"sum-{number}"))
    for number in range(POWERS):
        power = math.exp(chance.uniform(-0.5, 0.5))
        days = DAY_SECONDS * int(chance.integers(7))
        for each in machines[names[chance.integers(len(names))]].values():
            raised = _unit(_unit(each.values) ** power) * np.nanmean(each.values)
            found.append(_made(each, each.machines, raised, f"power-{number}", shift_seconds=days))
    for each in series:
        if each.step_seconds == 60:
            merged = each.values[: len(each.values) // 5 * 5].reshape(-1, 5).mean(axis=1)
            found.append(_made(each, each.machines, merged, f"{each.environment}-5min"))
    return found


def _unit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values / max(float(np.nanmean(values)), 1e-12)


def _made(
    like: Series, machines: tuple[str, ...], values: NDArray[np.float64], name: str, shift_seconds: int = 0
) -> Series:
    room = like.capacity / max(float(np.nanmax(like.values)), 1e-12)
    start = like.start_seconds + shift_seconds
    return Series(name, machines, like.source, like.resource, values, room * float(np.nanmax(values)), 300, start)


def examples_of(series: Sequence[Series]) -> list[Example]:
    """Drives the product's own engine over all series of a step together, and keeps what the network sees."""
    found: dict[int, Example] = {}
    groups: dict[tuple[int, int], list[int]] = {}
    for place, each in enumerate(series):
        groups.setdefault((each.step_seconds, len(each.values) // 4096), []).append(place)
    for (step_seconds, _), places in groups.items():
        rows = [series[place] for place in places]
        names = sorted({row.environment for row in rows})
        engine = Engine(
            [row.resource for row in rows],
            Grain(step_seconds, HORIZON),
            [row.capacity for row in rows],
            None,
            [names.index(row.environment) for row in rows],
        )
        longest = max(len(row.values) for row in rows)
        demand = np.full((len(rows), longest), np.nan)
        for line, row in enumerate(rows):
            demand[line, : len(row.values)] = row.values
        begun = np.array([row.start_seconds for row in rows])
        nothing = np.zeros(len(rows), bool)
        seen: list[NDArray[np.float16]] = []
        reference = np.zeros((len(rows), longest), np.float32)
        for at in range(longest):
            engine.observe(begun + at * float(step_seconds), demand[:, at], nothing)
            engine.forecast()
            inputs, where = engine.look()
            seen.append(np.clip(inputs, -6e4, 6e4).astype(np.float16))
            reference[:, at] = where
        stacked = np.stack(seen, axis=1)
        for line, place in enumerate(places):
            found[place] = _example(rows[line], float(engine.rows.floor[line]), stacked[line], reference[line])
    return [found[place] for place in range(len(series))]


def _example(row: Series, floor: float, inputs: NDArray[np.float16], reference: NDArray[np.float32]) -> Example:
    count = len(row.values)
    x = np.maximum(np.log(np.maximum(np.nan_to_num(row.values), 1e-300)), floor)
    wanted = (x[HORIZON:] - reference[: count - HORIZON]).astype(np.float32)
    return Example(inputs[: count - HORIZON].copy(), wanted)


class Network(nn.Module):
    """The layers of `foreload_core.density.network`, for fitting."""

    def __init__(self, examples: Sequence[Example]) -> None:
        super().__init__()
        chance = np.random.default_rng(0)
        width = examples[0].inputs.shape[1]
        sizes = (width, *HIDDEN, 3 * COMPONENTS)
        self.layers = nn.ModuleList([nn.Linear(a, b) for a, b in itertools.pairwise(sizes)])
        self.layers[-1].weight.data *= 0.3
        self.layers[-1].bias.data.zero_()
        self.layers[-1].bias.data[COMPONENTS : 2 * COMPONENTS] = 0.6
        drawn = np.concatenate(
            [each.inputs[chance.integers(0, len(each.inputs), 600)].astype(np.float32) for each in examples]
        )
        self.mean = torch.tensor(drawn.mean(axis=0))
        self.deviation = torch.tensor(np.maximum(drawn.std(axis=0), 1e-2))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """The last layer."""
        hidden = ((inputs - self.mean) / self.deviation).clamp(-MOST_STANDARD, MOST_STANDARD)
        if self.training:
            hidden = functional.dropout(hidden, DROPOUT)
        for number, layer in enumerate(self.layers):
            hidden = layer(hidden)
            if number < len(self.layers) - 1:
                hidden = functional.silu(hidden)
        return hidden


def loss_of(outputs: torch.Tensor, anchors: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Minus the log likelihood of the mixture; anchors and wanted beside the reference."""
    place, log_scale, weight = outputs.split(COMPONENTS, dim=1)
    place = torch.tanh(place)
    centre = torch.cat((anchors + place[:, :ANCHOR_COUNT], FREE_REACH * place[:, ANCHOR_COUNT:]), 1)
    log_scale = LOG_SCALE_MIDDLE + LOG_SCALE_REACH * torch.tanh(log_scale)
    z = ((wanted[:, None] - centre) * torch.exp(-log_scale)).clamp(-60, 60)
    density = -z - log_scale - 2 * functional.softplus(-z)
    return torch.logsumexp(weight, 1) - torch.logsumexp(density + weight, 1)


def fit(examples: Sequence[Example], epochs: int, seed: int) -> Network:
    """AdamW on the likelihood, one learning-rate cycle."""
    torch.manual_seed(seed)
    chance = np.random.default_rng(seed)
    network = Network(examples)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-2)
    steps = epochs * (len(examples) * DRAWN // BATCH) + 5
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps, pct_start=0.15)
    for epoch in range(epochs):
        inputs, wanted = _drawn(examples, chance)
        order = chance.permutation(len(inputs))
        total = 0.0
        for first in range(0, len(order) - BATCH + 1, BATCH):
            chosen = order[first : first + BATCH]
            x = torch.from_numpy(inputs[chosen].astype(np.float32))
            y = torch.from_numpy(wanted[chosen])
            y = y + torch.randn_like(y) * 2e-3  # what repeats to the last digit would draw all density to a point
            loss = loss_of(network(x), x[:, :ANCHOR_COUNT], y).mean()
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += float(loss.detach())
        print(f"epoch {epoch}: {total / max(1, len(order) // BATCH):.4f}", flush=True)
    return network.eval()


def _drawn(examples: Sequence[Example], chance: np.random.Generator) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
    inputs: list[NDArray[np.float16]] = []
    wanted: list[NDArray[np.float32]] = []
    for each in examples:
        count = len(each.inputs)
        chosen = chance.integers(min(WARM, count // 3), count, DRAWN)
        inputs.append(each.inputs[chosen])
        wanted.append(each.wanted[chosen])
    return np.concatenate(inputs), np.concatenate(wanted)


def weights_of(network: Network, card: dict[str, object]) -> Weights:
    """The network as the product reads it."""
    layers = [(layer.weight.detach().numpy().T, layer.bias.detach().numpy()) for layer in network.layers]
    matrices, biases = tuple(matrix for matrix, _ in layers), tuple(bias for _, bias in layers)
    return Weights(network.mean.numpy(), network.deviation.numpy(), matrices, biases, card)


def fold_of(machine: str) -> int:
    """Which fold a machine is in; the same for everybody."""
    return zlib.crc32(machine.encode()) % FOLDS


def main() -> None:
    """Fits and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("traces", type=Path)
    parser.add_argument("--out", type=Path, help="weights fitted on all series")
    parser.add_argument("--folds", type=Path, help="folder for the weights of each fold, for what it held out")
    parser.add_argument("--epochs", type=int, default=12)
    options = parser.parse_args()
    torch.set_num_threads(1)
    real = read_series(options.traces)
    series = [*real, *augmented(real)]
    print(f"{len(real)} series, {len(series) - len(real)} made of them", flush=True)
    examples = examples_of(series)
    listing = {each.environment: each.source for each in real}
    card: dict[str, object] = {"for": "samples", "machines": len(listing), "sources": sorted(set(listing.values()))}
    if options.folds is not None:
        options.folds.mkdir(parents=True, exist_ok=True)
        for fold in range(FOLDS):
            used = [
                example
                for each, example in zip(series, examples, strict=True)
                if all(fold_of(machine) != fold for machine in each.machines)
            ]
            network = fit(used, options.epochs, fold)
            content = write_weights(weights_of(network, {**card, "held_out_fold": fold}))
            (options.folds / f"fold-{fold}.weights").write_bytes(content)
    if options.out is not None:
        options.out.write_bytes(write_weights(weights_of(fit(examples, options.epochs, 0), card)))


if __name__ == "__main__":
    main()
