"""Fits what `foreload recommend` knows of runs before it sees any: a network at steps of seconds, and kinds' priors.

Usage: fit_runs.py TRACES... --out FILE [--epochs 6]

Each folder of TRACES has a manifest-devday.csv with the columns id, source, path, dt_s, start, cap_cpu, cap_mem,
cap_net, gpu_count; beside a series <name>-10s.csv.gz lies <name>-events.jsonl.gz. The weights that ship were fitted on
made environments of other seeds than those that are measured on. Needs torch beside the product's own packages; the
product evaluates what is fitted here with numpy alone.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import itertools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from foreload_core.density import Weights, write_weights
from foreload_core.runs import KindPrior, RunEvent, RunTracker, event_of, look_ahead
from foreload_core.runs.density import (
    FREE_REACH,
    LEAST_SCALE,
    MOST_SCALE,
    PLACE_REACH,
    SCALE_REACH,
    Density,
)
from foreload_core.runs.engine import signals_of
from foreload_core.runs.habits import SECONDS
from foreload_core.runs.layout import COMPONENTS, FREE_FROM, REFERENCE
from foreload_core.runs.outlook import STATES
from foreload_core.types import Resource
from numpy.typing import NDArray
from torch import nn  # pyright: ignore[reportMissingImports]
from torch.nn import functional  # pyright: ignore[reportMissingImports]

COLUMNS = {
    "cpu_cores": (Resource.CPU, "cap_cpu"),
    "memory_bytes": (Resource.MEMORY, "cap_mem"),
    "net_rx_bytes_s": (Resource.NETWORK_RX, "cap_net"),
    "net_tx_bytes_s": (Resource.NETWORK_TX, "cap_net"),
    "gpu_util": (Resource.GPU, "gpu_count"),
}
SOURCE, STEP_SECONDS, HORIZON = "devday10s", 10.0, 2
HIDDEN, BATCH, RATE, DROPOUT, NOISE = (96, 96), 4096, 2e-3, 0.03, 2e-3
IDLE_PART, WARM = 8, 60
"""Of the intervals without a session one in so many is fitted on, and weighs as much as all."""
RIDGE = 2.0
FEWEST_RUNS = 5


@dataclass(frozen=True)
class Environment:
    """One environment: demand of each resource, (resources, intervals), and the events of each interval."""

    name: str
    resources: tuple[Resource, ...]
    demand: NDArray[np.float64]
    capacity: dict[Resource, float]
    start_seconds: float
    events: list[list[RunEvent]]


@dataclass
class Examples:
    """What is fitted on, one row an interval and resource; places are told relative to the reference."""

    inputs: list[NDArray[np.float16]] = field(default_factory=list)
    places: list[NDArray[np.float16]] = field(default_factory=list)
    log_scales: list[NDArray[np.float16]] = field(default_factory=list)
    log_weights: list[NDArray[np.float16]] = field(default_factory=list)
    wanted: list[NDArray[np.float32]] = field(default_factory=list)
    importance: list[NDArray[np.float32]] = field(default_factory=list)


def read_environments(folder: Path) -> list[Environment]:
    """All environments of a folder that have steps of seconds."""
    with (folder / "manifest-devday.csv").open(newline="") as file:
        return [_environment(folder, entry) for entry in csv.DictReader(file) if entry["source"] == SOURCE]


def _environment(folder: Path, entry: dict[str, str]) -> Environment:
    path = folder / entry["path"]
    with gzip.open(path, "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    resources: list[Resource] = []
    demand: list[list[float]] = []
    capacity: dict[Resource, float] = {}
    for column, (resource, most) in COLUMNS.items():
        values = [float(row[column]) for row in rows if row.get(column)]
        if len(values) == len(rows) and max(values) > 0:
            resources.append(resource)
            demand.append(values)
            capacity[resource] = float(entry[most])
    start = datetime.fromisoformat(entry["start"]).timestamp()
    events: list[list[RunEvent]] = [[] for _ in rows]
    with gzip.open(path.with_name(entry["id"].rsplit("-", 1)[0] + "-events.jsonl.gz"), "rt") as file:
        for line in file:
            told = json.loads(line)
            at = datetime.fromisoformat(told["ts"]).timestamp()
            place = math.ceil((at - start) / STEP_SECONDS - 1e-9) - 1
            event = event_of(told, at)
            if event is not None and at >= start and place < len(rows):
                events[max(place, 0)].append(event)
    return Environment(entry["id"], tuple(resources), np.array(demand), capacity, start, events)


def priors_of(environments: Sequence[Environment]) -> dict[str, KindPrior]:
    """What is common to the runs of a kind: slopes from within the environments, the level as their mean."""
    runs: dict[str, list[tuple[str, list[float], dict[str, float]]]] = {}
    for each in environments:
        tracker = RunTracker(each.resources, STEP_SECONDS, each.capacity)
        names = (*(resource.value for resource in each.resources), SECONDS)
        scales = [*(math.log(each.capacity[resource]) for resource in each.resources), 0.0]
        for place, amounts in enumerate(each.demand.T.tolist()):
            kinds = {name: (run.kind, run.explaining, run.model) for name, run in tracker.runs.items()}
            tracker.observe(
                each.start_seconds + (place + 1) * STEP_SECONDS, amounts, [False] * len(amounts), each.events[place]
            )
            for name, (kind, explaining, model) in kinds.items():
                if name not in tracker.runs:
                    seen = {told: value - scale for told, value, scale in zip(names, model.last, scales, strict=True)}
                    runs.setdefault(kind, []).append((each.name, explaining, seen))
    return {kind: _prior(entries) for kind, entries in sorted(runs.items())}


def _prior(entries: Sequence[tuple[str, list[float], dict[str, float]]]) -> KindPrior:
    coefficients: dict[str, list[float]] = {}
    spread: dict[str, float] = {}
    for name in (*(resource.value for resource in Resource), SECONDS):
        chosen = [entry for entry in entries if name in entry[2]]
        if len(chosen) < FEWEST_RUNS:
            continue
        x = np.array([entry[1][1:] for entry in chosen])
        y = np.array([entry[2][name] for entry in chosen])
        owners = np.array([entry[0] for entry in chosen])
        inside_x, inside_y = x.copy(), y.copy()
        for owner in set(owners):
            mine = owners == owner
            inside_x[mine] -= x[mine].mean(axis=0)
            inside_y[mine] -= y[mine].mean()
        slopes = np.linalg.solve(inside_x.T @ inside_x + RIDGE * np.eye(x.shape[1]), inside_x.T @ inside_y)
        rest = y - x @ slopes
        level = float(np.mean([rest[owners == owner].mean() for owner in sorted(set(owners))]))
        coefficients[name] = [round(float(value), 3) for value in (level, *slopes)]
        spread[name] = round(float(np.abs(rest - level).mean()), 3)
    return KindPrior(coefficients, spread)


def collect(environments: Sequence[Environment], priors: dict[str, KindPrior], examples: Examples) -> None:
    """Drives the product's own tracker and density over the environments together; keeps what the network sees."""
    trackers = [RunTracker(each.resources, STEP_SECONDS, each.capacity, priors) for each in environments]
    resources = [resource for each in environments for resource in each.resources]
    capacity = [each.capacity[resource] for each in environments for resource in each.resources]
    density = Density(resources, STEP_SECONDS, HORIZON, capacity)
    demand = np.concatenate([each.demand for each in environments])
    per_environment = [each.demand.T.tolist() for each in environments]
    starts = np.repeat([each.start_seconds for each in environments], [len(each.resources) for each in environments])
    free = np.zeros(len(resources), np.bool_)
    for turn in range(demand.shape[1] - HORIZON):
        outlooks = []
        for each, tracker, values in zip(environments, trackers, per_environment, strict=True):
            ended = each.start_seconds + (turn + 1) * STEP_SECONDS
            tracker.observe(ended, values[turn], [False] * len(each.resources), each.events[turn])
            outlooks.append(look_ahead(tracker, HORIZON))
        signals = signals_of(outlooks)
        density.observe(starts + turn * STEP_SECONDS, demand[:, turn], free, signals)
        idle = signals.state == STATES.index("idle")
        with_idle = turn % IDLE_PART == 0
        if turn < WARM or (idle.all() and not with_idle):
            density.remember_anchors()
            continue
        inputs, base = density.look()
        chosen = np.flatnonzero(~idle | with_idle)
        reference = base.centre[:, REFERENCE : REFERENCE + 1]
        later = np.maximum(np.log(np.maximum(demand[:, turn + HORIZON], 1e-300)), density.floor)
        examples.inputs.append(inputs[chosen].astype(np.float16))
        examples.places.append((base.centre - reference)[chosen].astype(np.float16))
        examples.log_scales.append(np.log(base.scale[chosen]).astype(np.float16))
        examples.log_weights.append(np.log(base.weight[chosen]).astype(np.float16))
        examples.wanted.append((later - reference[:, 0])[chosen].astype(np.float32))
        examples.importance.append(np.where(idle[chosen], IDLE_PART, 1).astype(np.float32))


class Network(nn.Module):
    """As `foreload_core.density.network.Weights`, with dropout while it is fitted."""

    def __init__(self, inputs: NDArray[np.float32]) -> None:
        super().__init__()
        sizes = (inputs.shape[1], *HIDDEN, 3 * COMPONENTS)
        self.layers = nn.ModuleList([nn.Linear(a, b) for a, b in itertools.pairwise(sizes)])
        nn.init.zeros_(self.layers[-1].bias)
        self.layers[-1].weight.data *= 0.1
        self.register_buffer("mean", torch.tensor(inputs.mean(axis=0)))
        self.register_buffer("deviation", torch.tensor(np.maximum(inputs.std(axis=0), 2e-2)))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Places, log scales and log weights, (rows, 3 x components)."""
        hidden = ((inputs - self.mean) / self.deviation).clamp(-6, 6)
        hidden = functional.dropout(hidden, DROPOUT, self.training)
        for number, layer in enumerate(self.layers):
            hidden = layer(hidden)
            if number < len(self.layers) - 1:
                hidden = functional.silu(hidden)
        return hidden


def loss_of(
    outputs: torch.Tensor,
    places: torch.Tensor,
    log_scales: torch.Tensor,
    log_weights: torch.Tensor,
    wanted: torch.Tensor,
) -> torch.Tensor:
    """Negative log likelihood of each row under the mixture that the network moves; see `runs.density.moved`."""
    place, scale, weight = outputs.split(COMPONENTS, dim=1)
    reach = torch.full((COMPONENTS,), PLACE_REACH)
    reach[FREE_FROM:] = FREE_REACH
    centre = places + torch.tanh(place) * reach
    scale = (log_scales + SCALE_REACH * torch.tanh(scale)).clamp(math.log(LEAST_SCALE), math.log(MOST_SCALE))
    weight = log_weights + weight
    z = ((wanted[:, None] - centre) * torch.exp(-scale)).clamp(-60, 60)
    density = -z - scale - 2 * functional.softplus(-z)
    return torch.logsumexp(weight, 1) - torch.logsumexp(density + weight, 1)


def fit(examples: Examples, epochs: int) -> Network:
    """Likelihood, AdamW with one cycle of the learning rate."""
    torch.manual_seed(0)
    chance = np.random.default_rng(0)
    parts = [
        np.concatenate(part)
        for part in (
            examples.inputs, examples.places, examples.log_scales, examples.log_weights, examples.wanted,
            examples.importance,
        )
    ]  # fmt: skip
    count = len(parts[-1])
    network = Network(np.clip(parts[0][chance.choice(count, min(count, 200_000))].astype(np.float32), -30, 30))
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-2)
    turns = epochs * (count // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=turns + 1, pct_start=0.1)
    for epoch in range(epochs):
        network.train()
        order = chance.permutation(count)
        total = 0.0
        for begin in range(0, count - BATCH + 1, BATCH):
            chosen = np.sort(order[begin : begin + BATCH])
            inputs, places, log_scales, log_weights, wanted, importance = (
                torch.from_numpy(part[chosen].astype(np.float32)) for part in parts
            )
            wanted = wanted + NOISE * torch.randn_like(wanted)
            losses = loss_of(network(inputs), places, log_scales, log_weights, wanted).clamp(max=30.0)
            loss = (losses * importance).sum() / importance.sum()
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch}: {total / max(count // BATCH, 1):.4f}", flush=True)
    return network.eval()


def weights_of(network: Network, card: dict[str, object]) -> Weights:
    """The network as the product reads it."""

    def array(tensor: torch.Tensor) -> NDArray[np.float32]:
        return tensor.detach().numpy().astype(np.float32)

    return Weights(
        array(network.mean),
        array(network.deviation),
        tuple(array(layer.weight).T for layer in network.layers),
        tuple(array(layer.bias) for layer in network.layers),
        card,
    )


def main() -> None:
    """See the module's text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("traces", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=6)
    options = parser.parse_args()
    torch.set_num_threads(1)
    groups = [read_environments(folder) for folder in options.traces]
    print("read", flush=True)
    priors = priors_of([each for group in groups for each in group])
    print(f"priors of {', '.join(priors)}", flush=True)
    examples = Examples()
    collect([each for group in groups for each in group], priors, examples)
    print(f"{len(examples.wanted)} intervals kept", flush=True)
    network = fit(examples, options.epochs)
    card: dict[str, object] = {
        "fitted_on": [each.name for group in groups for each in group],
        "licence": "made environments, free",
        "script": "scripts/models/fit_runs.py",
        "kinds": {
            kind: {"coefficients": dict(prior.coefficients), "spread": dict(prior.spread)}
            for kind, prior in priors.items()
        },
    }
    options.out.write_bytes(write_weights(weights_of(network, card)))


if __name__ == "__main__":
    main()
