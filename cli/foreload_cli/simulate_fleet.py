"""`foreload simulate-fleet`: capacity planning, with a fleet that is driven by traces."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from foreload_cli.failure import CommandFailed

if TYPE_CHECKING:
    from foreload_broker.platforms.simulated.demand import Trace

EVENTS_SUFFIX = "-events.jsonl"


def command(
    traces: Annotated[
        list[Path],
        typer.Argument(help="CSV, also .gz; NAME-events.jsonl beside NAME.csv says when somebody works and what runs"),
    ],
    environments: Annotated[
        int | None,
        typer.Option(help="Environments of the fleet; traces are used again [one a trace]", min=1, max=20_000),
    ] = None,
    instances: Annotated[
        int | None, typer.Option(help="Always so many instances [as many as the plan asks for]", min=1, max=10_000)
    ] = None,
    days: Annotated[float, typer.Option(help="Days that are measured", min=0.1, max=365)] = 14.0,
    learn_days: Annotated[float, typer.Option(help="Days before that are only watched", min=0, max=60)] = 7.0,
    step_seconds: Annotated[float, typer.Option(help="Length of a step", min=10, max=3600)] = 60.0,
    prices: Annotated[Path | None, typer.Option(help="Price file [the shipped one]")] = None,
    tenants: Annotated[Path | None, typer.Option(help="Owners, priorities, quotas and budgets [none]")] = None,
    instance_type: Annotated[str | None, typer.Option(help="Of the price file [its first one]")] = None,
    failures: Annotated[float, typer.Option(help="Failures of an instance a day", min=0, max=24)] = 0.0,
    waiting_usd_per_hour: Annotated[
        float, typer.Option(help="What an hour costs in which a person waits", min=0, max=100_000)
    ] = 60.0,
    form: Annotated[str, typer.Option("--format", help="table or json")] = "table",
) -> None:
    """What a fleet would cost: these environments, these traces, that many instances; against static and VPA sizes."""
    from foreload_broker.fleet_files import FleetFileError, read_prices, read_tenancy
    from foreload_broker.platforms.simulated.demand import fleet_demand
    from foreload_broker.platforms.simulated.figures import FleetSettings
    from foreload_broker.platforms.simulated.fleet import FleetSimulation
    from foreload_broker.platforms.simulated.rivals import static_figures, vpa_figures
    from foreload_core.scheduler.pool import PoolSettings

    from foreload_cli.output import print_json, progress, require_format

    require_format(form)
    try:
        price_list, tenancy = read_prices(prices), read_tenancy(tenants)
    except FleetFileError as error:
        raise CommandFailed(f"simulate-fleet: {error}", 2) from error
    chosen = price_list.instance_type(instance_type) if instance_type else next(iter(price_list.instance_types), None)
    if chosen is None:
        names = ", ".join(known.name for known in price_list.instance_types) or "none"
        raise CommandFailed(f"simulate-fleet: --instance-type is {instance_type!r}; the price file has {names}", 2)
    with progress(quiet=form == "json") as say:
        say("traces")
        read = [read_fleet_trace(path) for path in traces]
        seconds = (days + learn_days) * 86_400
        try:
            demand = fleet_demand(read, environments or len(read), step_seconds, seconds)
        except ValueError as error:
            raise CommandFailed(f"simulate-fleet: {error}", 2) from error
        settings = FleetSettings(
            chosen,
            instance_count=instances,
            pool=PoolSettings(waiting_usd_per_hour=waiting_usd_per_hour),
            prices=price_list.resources,
            tenancy=tenancy,
            measured_from_seconds=learn_days * 86_400,
            failures_per_instance_day=failures,
        )
        figures = FleetSimulation(demand, settings).run(lambda part: say(f"{part:.0%} of {days + learn_days:g} days"))
        say("static and VPA-style sizes")
        first = round(learn_days * 86_400 / step_seconds)
        rivals = [static_figures(demand, chosen, first)]
        if first:  # without a past there is nothing to recommend from
            rivals.append(vpa_figures(demand, chosen, first))
    content = {
        "instance_type": chosen.name,
        "foreload": asdict(figures),
        "rivals": [asdict(rival) for rival in rivals],
    }
    if form == "json":
        print_json(content)
    else:
        _print(content)


def read_fleet_trace(path: Path) -> Trace:
    """A trace with the events beside it, if there are any.

    Raises:
        CommandFailed: it cannot be read, or has no CPU in it.
    """
    import numpy as np
    from foreload_broker.platforms.simulated.demand import Trace
    from foreload_broker.platforms.simulated.runs import RunEvent
    from foreload_core.types import Resource, RunKind
    from foreload_system.traces import TraceError, read_events, read_trace

    try:
        trace = read_trace(path)
        beside = _events_of(path)
        events = () if beside is None else read_events(beside)
    except TraceError as error:
        raise CommandFailed(f"simulate-fleet: {error}") from error
    cores, memory = (
        np.array([np.nan if value is None else value for value in trace.values.get(resource, ())], np.float32)
        for resource in (Resource.CPU, Resource.MEMORY)
    )
    if not len(cores):
        raise CommandFailed(f"simulate-fleet: {path} has no cpu_cores; a fleet is planned by them")
    memory = memory if len(memory) else np.full(len(cores), np.nan, np.float32)
    kinds = {kind.value for kind in RunKind}
    at_work = np.zeros(len(cores), np.bool_)
    begun: int | None = None
    runs: list[RunEvent] = []
    for event in events:
        step = int((event.at - trace.start).total_seconds() // trace.interval_seconds)
        if event.type == "session_start":
            begun = max(0, step) if begun is None else begun
        elif event.type == "session_end" and begun is not None:
            at_work[begun : step + 1] = True
            begun = None
        elif event.type in ("run_start", "run_end"):
            kind = RunKind(event.kind) if event.kind in kinds else RunKind.OTHER
            runs.append(RunEvent(step, event.run_id, kind, event.type == "run_start"))
    if begun is not None:
        at_work[begun:] = True
    return Trace(
        path.name, trace.start, trace.interval_seconds, cores, memory, at_work if at_work.any() else None, tuple(runs)
    )


def _events_of(path: Path) -> Path | None:
    name = path.name.removesuffix(".gz").removesuffix(".csv")
    for stem in (name, name.rpartition("-")[0]):
        for suffix in (EVENTS_SUFFIX, f"{EVENTS_SUFFIX}.gz"):
            candidate = path.with_name(stem + suffix)
            if stem and candidate.exists():
                return candidate
    return None


def _print(content: dict[str, Any]) -> None:
    from foreload_cli.output import print_table

    own = content["foreload"]
    rows = [
        (
            "Foreload",
            f"${own['instance_cost_usd']:,.0f}",
            f"{own['instance_count']:.1f}",
            f"{own['violation_ratio']:.2%}",
            f"{own['waiting_ratio']:.2%}",
            f"{own['morning_waiting_ratio']:.2%}",
        )
    ]
    for rival in content["rivals"]:
        cost, count = f"${rival['instance_cost_usd']:,.0f}", f"{rival['instance_count']:.1f}"
        rows.append((rival["name"], cost, count, f"{rival['violation_ratio']:.2%}", "–", "–"))
    heads = ("way", "cost", "instances", "violation", "waiting", "in the morning")
    days = own["measured_seconds"] / 86_400
    print(f"{own['environment_count']} environments over {days:g} days on {content['instance_type']} instances.")
    print_table(heads, rows, (1, 2, 3, 4, 5))
    hours = [f"{hour:02d} h {count:.1f}" for hour, count in enumerate(own["instances_by_hour"])]
    print("Instances by the hour (UTC), workdays: " + " · ".join(hours))
    print(
        f"{own['decision_count']:,} changes of limits, {own['deferred_count']:,} times something did not fit,"
        f" {own['oom_count']:,} times memory was short, {own['failure_count']} instances failed."
    )
