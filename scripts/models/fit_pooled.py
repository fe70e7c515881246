"""Fits the pooled forecaster of hours and days on a folder of traces: the weights that ship, and those of each fold.

Usage: fit_pooled.py TRACES [--epochs 6] [--out FILE] [--folds FOLDER]

TRACES has a manifest.csv with the columns id, source, path, dt_s. Series whose licence does not allow it (alibaba2018,
and the fleets) are never read. Needs torch beside the product's own packages; the product evaluates what is fitted
here with numpy alone. Series of one machine are always in the same fold.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from foreload_core.forecast.pooled import table
from foreload_core.forecast.pooled.anchors import COUNT
from foreload_core.forecast.pooled.network import OUTPUTS, REACH, Weights, skill_prior, write_weights
from foreload_core.forecast.pooled.past import DAY_SECONDS, Floats, filled, past_from
from foreload_core.types import LEVELS
from torch import nn  # pyright: ignore[reportMissingImports]

SOURCES = ("nab", "workstation", "azure", "bitbrains", "crane", "devday")
COLUMNS = ("cpu_cores", "memory_bytes", "net_rx_bytes_s", "net_tx_bytes_s", "gpu_util")
STEP_SECONDS, HOUR_SECONDS = 300.0, 3600.0
FOLDS = 5
CALLS = 8
"""So many cut-outs of each series, of half a day to 15 days."""
HIDDEN, BATCH, RATE = 64, 4096, 3e-3
LEVEL_WEIGHTS = (0.5, 1.0, 0.7, 0.5)
LARGEST_LOSS = 4.0
"""In mean daily changes; what is worse than this counts by its logarithm, so that one fall of a service is not all."""


@dataclass(frozen=True)
class Series:
    """One resource of one machine in steps of five minutes."""

    group: str
    source: str
    values: Floats
    first_seconds: float


@dataclass(frozen=True)
class Rows:
    """What is fitted on: one row a lead of an origin; see `network.quantiles_of`."""

    inputs: torch.Tensor
    anchors: torch.Tensor
    possible: torch.Tensor
    prior: torch.Tensor
    spread: torch.Tensor
    actual: torch.Tensor
    weight: torch.Tensor


def read_series(folder: Path) -> list[Series]:
    """All series of the permitted sources."""
    found: list[Series] = []
    for manifest in ("manifest.csv", "manifest-devday.csv"):
        if not (folder / manifest).exists():
            continue
        with (folder / manifest).open(newline="") as file:
            for entry in csv.DictReader(file):
                if entry["source"] in SOURCES and entry["dt_s"] in ("60", "300"):
                    found += _series_of(folder, entry)
    return found


def _series_of(folder: Path, entry: dict[str, str]) -> list[Series]:
    with gzip.open(folder / entry["path"], "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    start = datetime.fromisoformat(entry["start"]).timestamp()
    group = round(STEP_SECONDS / float(entry["dt_s"]))
    found: list[Series] = []
    for column in COLUMNS:
        texts = [row.get(column) or "" for row in rows]
        if not any(texts):
            continue
        values = np.array([float(text) if text else 0.0 for text in texts])
        values = values[: len(values) // group * group].reshape(-1, group).mean(axis=1)
        if values.max() > 0 and len(values) >= 3 * DAY_SECONDS / STEP_SECONDS:
            found.append(Series(entry["id"], entry["source"], filled(values), start))
    return found


def rows_of(each: Series, step_seconds: float, calls: int, chance: np.random.Generator) -> list[list[np.ndarray]]:
    """Rows of some cut-outs of a series, with leads and lengths drawn anew for each."""
    merged = round(step_seconds / STEP_SECONDS)
    values = each.values[: len(each.values) // merged * merged].reshape(-1, merged).mean(axis=1)
    day, count = round(DAY_SECONDS / step_seconds), len(values)
    found: list[list[np.ndarray]] = []
    for _ in range(calls):
        days = 15.0 if chance.random() < 0.6 else math.exp(chance.uniform(math.log(0.4), math.log(14)))
        length = min(count, max(13, round(day * days)))
        end = int(chance.integers(length, count + 1))
        past = past_from(values[end - length : end], step_seconds, each.first_seconds + (end - length) * step_seconds)
        if past.values.max() <= 0:
            continue
        origins = table.replay_origins(past)
        longest = 7 * day if merged > 1 or chance.random() < 0.1 else day
        drawn = [max(1, round(lead / step_seconds * chance.uniform(0.7, 1.3))) for lead in table.LEADS_SECONDS]
        leads = np.array(sorted({1, longest, *drawn, *chance.integers(1, longest + 1, 2).tolist()}), np.int64)
        made = table.tabulate(past, origins, leads)
        target = end - length + origins[:, None] + leads[None, :] - 1
        actual = np.where(target < count, values[np.minimum(target, count - 1)], np.nan)
        used = np.isfinite(actual) & (np.arange(len(origins))[:, None] >= 2)
        inputs = table.inputs_of(past, origins, leads, made.anchors, made.errors)
        unit = _unit(past.values, day)
        found.append([inputs[used], made.anchors[used], made.errors[used], actual[used], np.full(used.sum(), unit)])
    return found


def _unit(values: Floats, day: int) -> float:
    """What errors are measured in: the mean change from day to day, as in MASE."""
    long = len(values) >= 2 * day
    change = np.abs(values[day:] - values[:-day]).mean() if long else 2 * np.abs(np.diff(values)).mean()
    return max(float(change), 0.02 * float(values.mean()), 1e-12)


def gather(series: list[Series], chance: np.random.Generator) -> Rows:
    """All rows, every series of a source with the same weight, large sources less for each of theirs."""
    blocks: list[list[np.ndarray]] = []
    weights: list[Floats] = []
    of_source = {source: sum(each.source == source for each in series) for source in SOURCES}
    for each in series:
        made = rows_of(each, STEP_SECONDS, CALLS, chance)
        if len(each.values) >= 8 * DAY_SECONDS / STEP_SECONDS:
            made += rows_of(each, HOUR_SECONDS, 1, chance)
        for block in made:
            blocks.append(block)
            weights.append(np.full(len(block[3]), of_source[each.source] ** -0.5 / len(made) / max(1, len(block[3]))))
    inputs, anchors, errors, actual, unit = (np.concatenate(columns) for columns in zip(*blocks, strict=True))
    prior, spread = skill_prior(anchors, errors)
    weight = np.concatenate(weights)
    single = [
        inputs,
        np.nan_to_num(anchors) / unit[:, None],
        prior,
        spread / unit,
        actual / unit,
        weight / weight.mean(),
    ]
    found = [torch.from_numpy(np.ascontiguousarray(each, dtype=np.float32)) for each in single]
    possible = torch.from_numpy(np.isfinite(anchors))
    return Rows(found[0], found[1], possible, found[2], found[3], found[4], torch.clamp(found[5], max=10.0))


class Network(nn.Module):
    """As `foreload_core.forecast.pooled.network`, to be fitted."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.ModuleList([nn.Linear(table.INPUTS, HIDDEN), nn.Linear(HIDDEN, HIDDEN)])
        self.last = nn.Linear(HIDDEN, OUTPUTS + len(LEVELS))
        self.dropout = nn.Dropout(0.05)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, rows: Rows, chosen: torch.Tensor) -> torch.Tensor:
        """Quantiles of the chosen rows."""
        hidden = self.dropout(rows.inputs[chosen])
        for layer in self.hidden:
            hidden = nn.functional.silu(layer(hidden))
        found = self.last(hidden)
        logits = found[:, :OUTPUTS].view(-1, len(LEVELS), COUNT) + rows.prior[chosen][:, None, :]
        parts = torch.softmax(logits.masked_fill(~rows.possible[chosen][:, None, :], -1e9), dim=2)
        values = (parts * rows.anchors[chosen][:, None, :]).sum(dim=2)
        values = values + REACH * torch.tanh(found[:, OUTPUTS:]) * rows.spread[chosen][:, None]
        return torch.clamp(torch.cummax(values, dim=1)[0], min=0)

    def arrays(self) -> tuple[np.ndarray, ...]:
        """Matrices and biases as the product reads them."""
        layers = [*self.hidden, self.last]
        pairs = [(layer.weight.detach().numpy().T.copy(), layer.bias.detach().numpy().copy()) for layer in layers]
        return tuple(array for pair in pairs for array in pair)


def fit(rows: Rows, epochs: int) -> Network:
    """Least pinball loss at all levels."""
    torch.manual_seed(0)
    network = Network()
    batches = max(1, len(rows.actual) // BATCH)
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=epochs * batches + 1)
    levels, parts = torch.tensor(LEVELS), torch.tensor(LEVEL_WEIGHTS)
    for epoch in range(epochs):
        order, total = torch.randperm(len(rows.actual)), 0.0
        for batch in range(batches):
            chosen = order[batch * BATCH : (batch + 1) * BATCH]
            gap = rows.actual[chosen][:, None] - network(rows, chosen)
            loss = (torch.maximum(levels * gap, (levels - 1) * gap) * parts).sum(dim=1)
            loss = torch.where(loss > LARGEST_LOSS, LARGEST_LOSS + torch.log1p((loss - LARGEST_LOSS).clamp(0)), loss)
            mean = (loss * rows.weight[chosen]).mean()
            optimiser.zero_grad()
            mean.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += mean.item()
        print(f"  epoch {epoch}: {total / batches:.4f}", flush=True)
    network.eval()
    return network


def main() -> None:
    """Fits and writes; each fold's weights are for scoring only."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("traces", type=Path)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--folds", type=Path, help="folder for the weights of each fold and folds.json")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    series = read_series(asked.traces)
    groups = sorted({each.group for each in series})
    order = np.random.default_rng(3).permutation(len(groups))
    fold_of = {groups[place]: int(number) % FOLDS for number, place in enumerate(order)}
    card: dict[str, object] = {
        "fitted_on": {source: sum(each.source == source for each in series) for source in SOURCES},
        "licences": "NAB MIT; Azure Public V1 CC-BY; GWA-T-12 Bitbrains, cite Shen et al. 2015; Crane Apache-2.0",
        "loss": "pinball at 0.1, 0.5, 0.9, 0.95 in mean daily changes",
        "series": len(series),
    }
    if asked.folds:
        asked.folds.mkdir(parents=True, exist_ok=True)
        (asked.folds / "folds.json").write_text(json.dumps(fold_of, sort_keys=True))
        for fold in range(FOLDS):
            print(f"fold {fold}")
            kept = [each for each in series if fold_of[each.group] != fold]
            network = fit(gather(kept, np.random.default_rng(1)), asked.epochs)
            content = write_weights(Weights(network.arrays(), card | {"fold": fold}))
            (asked.folds / f"pooled-{fold}.weights").write_bytes(content)
    if asked.out:
        print("all")
        network = fit(gather(series, np.random.default_rng(1)), asked.epochs)
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_bytes(write_weights(Weights(network.arrays(), card)))


if __name__ == "__main__":
    main()
