"""Fits the model that tells hot functions and loops, and scores it on groups of programs that were held out.

    python scripts/models/fit_hotness.py PROFILES.jsonl [--write] [--ablate]

A line of PROFILES holds a program: {"id", "group", "file", "code", "functions": [{"line", "self_share", "cum_share"}],
"loops": [{"line", "kind", "excl_share", "incl_share"}]}. Programs of one group stay on one side. Needs scikit-learn
and scipy beside the product's own packages.
"""

# pyright: reportMissingImports=false
# What only fitting needs is not among the product's packages.
from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from foreload_analyzers import hot_loops, hot_signs
from foreload_analyzers.document import Document
from foreload_analyzers.hot_model import Floats, RankModel, ranks, write_models
from foreload_analyzers.hotness import Hotness, Shares, run_of, share_outside
from foreload_analyzers.judge import Judgement
from hotness_blocks import BLOCKS
from hotness_scores import calibration, interval
from scipy.optimize import minimize, minimize_scalar

OUT = Path(__file__).parents[2] / "analyzers" / "foreload_analyzers" / "models" / "hotness.bin"
RANKINGS = Path(__file__).parents[2] / "results" / "analysis" / "hot.jsonl"
STRENGTHS = {"functions": 0.1, "loops": 0.01}  # of the pull of the weights towards 0
SOFTENED = 0.7  # shares to this power are fitted to, so that more than the hottest function counts
HOT_PART = 0.8  # the hot functions are the fewest that hold this part of the time
SEEDS = (0, 1, 2, 3)
FOLDS = 5


@dataclass
class Table:
    """The things of one program that are ranked: their signs, measured shares, and which of them ran."""

    ranked: Floats
    flags: Floats
    shares: Floats
    ran: Floats
    led_places: tuple[int, ...]
    keep: Floats | None = None
    told: Callable[[Floats], Floats] | None = None  # of loops: the shares that the product tells, by weights
    signs: Floats = field(init=False)

    def __post_init__(self) -> None:
        led = self.ranked[:, list(self.led_places)]
        self.signs = np.hstack([ranks(self.ranked), led - led.max(axis=0), self.flags])


@dataclass
class Program:
    """A profiled program with what the analysis saw of it."""

    name: str
    group: str
    functions: Table
    lines: list[int]
    loop_lines: list[int]
    profile: dict[str, Any]
    recorder: Recorder


class Recorder(Hotness):
    """Keeps what the shares of a document are made of, instead of working them out."""

    judgements: Sequence[Judgement]
    outside: float
    table: tuple[Floats, Floats]

    def share_out(
        self, judgements: Any, fellows: Any, edges: Any, groups: Any, growths: Any, called: Any = frozenset()
    ) -> Shares:
        """Records, and answers with nothing."""
        run = run_of(judgements, edges, groups, growths, called)
        units = [judgement.unit for judgement in judgements]
        rows = self._likely.between(units, judgements, fellows)
        self.judgements = judgements
        self.outside = share_outside(run, units)
        flow = self._flows.follow(units, judgements, rows, run.starts)
        self.table = self.function_table(judgements, edges, growths, rows, flow, run.starts)
        none = [0.0] * len(units)
        loops = [(0.0,) * len(unit.loops) for unit in units]
        return Shares(none, loops, run.runs, run.total, run.work, run.waiting, run.reached, run.starts)


def read_program(row: dict[str, Any]) -> Program:
    """The signs and the measured shares of one program."""
    document = Document("python", row["file"])
    recorder = Recorder("python")
    document._composer.hotness = recorder  # pyright: ignore[reportPrivateUsage]
    document.open(row["code"].encode())
    report = document.report()
    lines = _lines_in_order(recorder, report)
    truth = {found["line"]: found for found in row["functions"]}
    shares = np.array([truth[line]["self_share"] if line in truth else 0.0 for line in lines])
    ran = np.array([truth[line]["cum_share"] if line in truth else 0.0 for line in lines])
    led = tuple(hot_signs.RANKED.index(name) for name in hot_signs.LED)
    loops = {(found.name, found.line): found.loops for found in report.functions}
    loop_lines: list[int] = []
    for judgement, line in zip(recorder.judgements, [None, *lines], strict=True):
        if line is None:
            loop_lines.extend([loop.line + 1 for loop in judgement.unit.loops])
        else:
            loop_lines.extend([loop.line for loop in loops[(judgement.unit.full_name, line)]])
    functions = Table(recorder.table[0], recorder.table[1], shares / shares.sum(), ran, led)
    return Program(row["id"], row["group"], functions, lines, loop_lines, row, recorder)


def _lines_in_order(recorder: Recorder, report: Any) -> list[int]:
    """The lines of the functions in the order of the judgements; names repeat, but keep their order."""
    pending: dict[tuple[str, int], list[int]] = {}
    for found in report.functions:
        pending.setdefault((found.name, found.end_line - found.line), []).append(found.line)
    return [
        pending[(judgement.unit.full_name, judgement.unit.end_line - judgement.unit.line)].pop(0)
        for judgement in recorder.judgements[1:]
    ]


def loop_table(program: Program, model: RankModel) -> Table | None:
    """The loops of a program, seen through a model of functions that was not fitted on it."""
    scores = model.scores(program.functions.ranked, program.functions.flags)
    shares = model.shares(scores)
    recorder = program.recorder
    outside = recorder.outside
    signs = recorder.loop_table(recorder.judgements, [outside, *(float(share) * (1.0 - outside) for share in shares)])
    kinds = [loop.kind for judgement in recorder.judgements for loop in judgement.unit.loops]
    truth: dict[int, dict[str, Any]] = {}
    for loop in program.profile["loops"]:
        if loop["kind"] in ("For", "While", "AsyncFor"):
            truth.setdefault(loop["line"], loop)
    seen: set[int] = set()
    keep: list[bool] = []
    for line, kind in zip(program.loop_lines, kinds, strict=True):
        is_loop = line in truth and line not in seen and kind != "comprehension"
        keep.append(is_loop)
        if is_loop:
            seen.add(line)
    total = sum(truth[line]["excl_share"] for line in seen)
    if len(seen) < 3 or total < 0.05:
        return None
    kept = [place for place, wanted in enumerate(keep) if wanted]
    shares_of = np.array([truth[program.loop_lines[place]]["excl_share"] for place in kept])
    ran = np.array([truth[program.loop_lines[place]]["incl_share"] for place in kept])
    table = Table(np.empty((len(signs), 0)), signs, shares_of / shares_of.sum(), ran, ())
    every = table.signs
    limits = [outside, *(float(share) * (1.0 - outside) for share in shares)]
    table.signs, table.keep = every[kept], np.array(kept)
    table.told = lambda weights: recorder.told_shares(recorder.judgements, np.array(limits), every @ weights)[kept]
    return table


def loop_tables(programs: Sequence[Program], seed: int) -> list[Table]:
    """The loops of programs, each seen through a model of functions that was fitted on the others."""
    tables: list[Table] = []
    for held in folds_of(programs, seed):
        others = [program.functions for index, program in enumerate(programs) if index not in held]
        model = model_of(fit(others, STRENGTHS["functions"]), hot_signs, 1.0)
        tables.extend(table for index in held if (table := loop_table(programs[index], model)) is not None)
    return tables


def fit(tables: Sequence[Table], strength: float, columns: Sequence[int] | None = None) -> Floats:
    """The weights of the signs: softmax over each program, fitted to the softened shares."""
    every = np.vstack([table.signs for table in tables])
    spread = every.std(axis=0)
    spread[spread < 1e-9] = np.inf
    used = np.zeros(every.shape[1], bool)
    used[list(columns) if columns is not None else slice(None)] = True
    rows = [(table.signs / spread, _softened(table.shares)) for table in tables]

    def loss(weights: Floats) -> tuple[float, Floats]:
        total, slope = 0.0, np.zeros(len(weights))
        for signs, wanted in rows:
            scores = signs @ weights
            scores = scores - scores.max()
            raised = np.exp(scores)
            total -= float(wanted @ (scores - np.log(raised.sum())))
            slope += signs.T @ (raised / raised.sum() - wanted)
        weights_used = weights * used
        value = total / len(rows) + strength * float(weights_used @ weights_used)
        return value, (slope / len(rows) + 2.0 * strength * weights_used) * used

    found = minimize(loss, np.zeros(every.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return found.x * used / spread


def _softened(shares: Floats) -> Floats:
    raised = shares**SOFTENED
    return raised / raised.sum()


def temperature_of(scored: Sequence[tuple[Floats, Floats]]) -> float:
    """The temperature at which held-out scores, as shares, are closest to the measured ones."""

    def loss(log_temperature: float) -> float:
        total = 0.0
        for scores, shares in scored:
            scaled = scores / np.exp(log_temperature)
            scaled = scaled - scaled.max()
            total -= float(shares @ (scaled - np.log(np.exp(scaled).sum())))
        return total

    return float(np.exp(minimize_scalar(loss, bounds=(-2.0, 2.0), method="bounded").x))


def model_of(weights: Floats, kind: Any, temperature: float) -> RankModel:
    """Weights of all signs as a model of the functions or loops."""
    first, second = len(kind.RANKED), len(kind.RANKED) + len(kind.LED)
    places = tuple(kind.RANKED.index(name) for name in kind.LED)
    return RankModel(weights[:first], weights[first:second], places, weights[second:], temperature)


def folds_of(programs: Sequence[Program], seed: int) -> list[list[int]]:
    """The held-out programs of each fold; groups stay together."""
    groups = sorted({program.group for program in programs})
    order = np.random.default_rng(seed).permutation(len(groups))
    fold = {groups[place]: position % FOLDS for position, place in enumerate(order)}
    return [
        [index for index, program in enumerate(programs) if fold[program.group] == number] for number in range(FOLDS)
    ]


def hot_of(shares: Floats) -> Floats:
    """The fewest things that together hold most of the time."""
    hot, held = np.zeros(len(shares), bool), 0.0
    for index in np.argsort(-shares, kind="stable"):
        if held >= HOT_PART * shares.sum():
            break
        hot[index] = True
        held += shares[index]
    return hot


def metrics(scores: Floats, table: Table, *, executed: bool) -> tuple[float, float]:
    """Whether the top pick is hot, and the area under the curve of hot against the rest; NaN where undefined."""
    chosen = table.ran > 0 if executed else np.ones(len(scores), bool)
    scores, shares = scores[chosen], table.shares[chosen]
    if len(scores) < 3:
        return float("nan"), float("nan")
    hot = hot_of(shares)
    ordered = np.argsort(-scores, kind="stable")
    places = np.flatnonzero(hot[ordered])
    rest = len(scores) - len(places)
    area = float("nan")
    if rest:
        area = float(np.sum(len(scores) - 1 - places - np.arange(len(places))[::-1]) / (len(places) * rest))
    return float(hot[ordered[0]]), area


def cross_validated(
    programs: Sequence[Program],
    columns: Sequence[int] | None = None,
    *,
    seeds: Sequence[int] = SEEDS,
    loops: bool = True,
) -> tuple[dict[str, list[list[float]]], list[tuple[Floats, Floats]], list[tuple[Floats, Floats]]]:
    """Metrics by name, a list a seed with a value a program; held-out scores with shares, of functions and of loops."""
    found: dict[str, list[list[float]]] = {}
    functions: list[tuple[Floats, Floats]] = []
    looped: list[tuple[Floats, Floats]] = []
    for seed in seeds:
        rows: dict[str, list[float]] = {}
        for held in folds_of(programs, seed):
            kept = [index for index in range(len(programs)) if index not in held]
            weights = fit([programs[index].functions for index in kept], STRENGTHS["functions"], columns)
            model = model_of(weights, hot_signs, 1.0)
            loop_weights: Floats | None = None
            if loops:
                inner = loop_tables([programs[index] for index in kept], seed)
                loop_weights = fit(inner, STRENGTHS["loops"])
            for index in held:
                table = programs[index].functions
                scores = table.signs @ weights
                functions.append((scores, table.shares))
                _note(rows, "functions", index, len(programs), scores, table)
                looped_table = None if loop_weights is None else loop_table(programs[index], model)
                if loop_weights is not None and looped_table is not None:
                    looped.append((looped_table.signs @ loop_weights, looped_table.shares))
                    told = looped_table.told(loop_weights) if looped_table.told else looped[-1][0]
                    _note(rows, "loops", index, len(programs), told, looped_table)
        for name, values in rows.items():
            found.setdefault(name, []).append(values)
    return found, functions, looped


def save_rankings(programs: Sequence[Program]) -> None:
    """The order of functions and loops of each program while its group was held out, for the bench."""
    lines: list[str] = []
    for held in folds_of(programs, SEEDS[0]):
        kept = [program for index, program in enumerate(programs) if index not in held]
        model = model_of(fit([program.functions for program in kept], STRENGTHS["functions"]), hot_signs, 1.0)
        weights = fit(loop_tables(kept, SEEDS[0]), STRENGTHS["loops"])
        for program in (programs[index] for index in held):
            scores = model.scores(program.functions.ranked, program.functions.flags)
            order = [program.lines[place] for place in np.argsort(-scores, kind="stable")]
            lines.append(json.dumps({"task": "hot", "id": program.name, "ranking": order}))
            table = loop_table(program, model)
            if table is not None and table.keep is not None and table.told is not None:
                places = table.keep[np.argsort(-table.told(weights), kind="stable")]
                loops = [program.loop_lines[place] for place in places]
                lines.append(json.dumps({"task": "hot_loops", "id": program.name, "loops": loops}))
    RANKINGS.parent.mkdir(parents=True, exist_ok=True)
    RANKINGS.write_text("".join(f"{line}\n" for line in lines))


def _note(rows: dict[str, list[float]], what: str, index: int, count: int, scores: Floats, table: Table) -> None:
    for executed in (False, True):
        first, area = metrics(scores, table, executed=executed)
        scope = "executed" if executed else "all"
        for name, value in (("P@1", first), ("AUC", area)):
            rows.setdefault(f"{what}, {scope}: {name}", [float("nan")] * count)[index] = value


def ablate(programs: Sequence[Program], tell: Callable[[str], None]) -> None:
    """Scores without one block of signs each."""
    names = hot_signs.names_of_signs()
    for block, signs in {"nothing": (), **BLOCKS}.items():
        gone = {*signs, *(f"{name}_below_most" for name in signs)}
        columns = [place for place, name in enumerate(names) if name not in gone]
        found, _, _ = cross_validated(programs, columns, loops=False)
        means = {name: float(np.nanmean(values)) for name, values in found.items()}
        tell(f"without {block:18s} " + "  ".join(f"{name} {value:.3f}" for name, value in means.items()))


def main(arguments: Sequence[str]) -> int:
    """Reads the profiles, scores, and writes the model where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("profiles", type=Path)
    parser.add_argument("--write", action="store_true", help="write the model into the package")
    parser.add_argument("--ablate", action="store_true", help="score without each block of signs")
    chosen = parser.parse_args(arguments)

    def tell(line: str) -> None:
        print(line, flush=True)

    lines = chosen.profiles.read_text(encoding="utf-8").splitlines()
    programs = [read_program(json.loads(line)) for line in lines]
    groups = [program.group for program in programs]
    tell(f"{len(programs)} programs in {len(set(groups))} groups, {FOLDS} folds, {len(SEEDS)} draws")
    found, functions, loops = cross_validated(programs)
    save_rankings(programs)
    for name, values in found.items():
        tell("{}: {:.3f} [{:.3f}, {:.3f}]".format(name, *interval(values, groups)))
    temperature, loop_temperature = temperature_of(functions), temperature_of(loops)
    tell(f"temperature: functions {temperature:.3f}, loops {loop_temperature:.3f}")
    for line in calibration(functions, temperature):
        tell(line)
    if chosen.ablate:
        ablate(programs, tell)
    if chosen.write:
        weights = fit([program.functions for program in programs], STRENGTHS["functions"])
        model = model_of(weights, hot_signs, temperature)
        # Loops are fitted on what models say of functions that they have not seen, as they will be in use.
        tables = loop_tables(programs, SEEDS[0])
        loop_model = model_of(fit(tables, STRENGTHS["loops"]), hot_loops, loop_temperature)
        OUT.parent.mkdir(exist_ok=True)
        OUT.write_bytes(write_models({"functions": model, "loops": loop_model}))
        tell(f"wrote {OUT.name}: {OUT.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
