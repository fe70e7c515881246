"""`foreload why ID`: one decision explained."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from foreload_cli.failure import CommandFailed


def command(
    decision_id: Annotated[str, typer.Argument(help="Id of the decision, as in: foreload decisions", metavar="ID")],
    state: Annotated[Path | None, typer.Option(help="Folder of certificates [FORELOAD_STATE_DIR]")] = None,
    broker: Annotated[str | None, typer.Option(help="Address of the broker, HOST:PORT [the local one]")] = None,
    certificates: Annotated[Path | None, typer.Option(help="Folder of the own certificate")] = None,
    form: Annotated[str, typer.Option("--format", help="table or json")] = "table",
) -> None:
    """Explain one decision: what it saw, why it did what it did, what bounded it, what it cost, what was not done."""
    from foreload_proto.v1 import broker_pb2

    from foreload_cli.calls import ask, find_target
    from foreload_cli.output import print_json, require_format

    require_format(form)
    if not decision_id.rpartition("-")[2].isdecimal():
        raise CommandFailed(
            f"{decision_id!r} is no decision's id; it reads ENVIRONMENT-NUMBER, as in checkout-api-17", exit_code=2
        )
    request = broker_pb2.ExplainDecisionRequest(decision_id=decision_id)
    answer = ask(find_target(broker, certificates, state), lambda stub: stub.ExplainDecision(request))
    if form == "json":
        print_json(_plain(answer))
    else:
        _print(answer)


def _plain(answer: Any) -> dict[str, Any]:
    from foreload_core.plain import to_plain
    from foreload_system.codecs import amounts_from_proto, forecast_from_proto, sample_from_proto, signal_from_proto

    from foreload_cli.decision_texts import alternative_texts, plain_decision

    return {
        "decision": plain_decision(answer.decision),
        "live": to_plain(sample_from_proto(answer.live)) if answer.HasField("live") else None,
        "signals": [to_plain(signal_from_proto(signal)) for signal in answer.signals],
        "forecasts": [to_plain(forecast_from_proto(forecast)) for forecast in answer.forecasts],
        "capacity": to_plain(amounts_from_proto(answer.capacity)),
        "minimum": to_plain(amounts_from_proto(answer.minimum)),
        "maximum": to_plain(amounts_from_proto(answer.maximum)),
        "price_usd_per_hour_before": answer.price_usd_per_hour_before,
        "price_usd_per_hour_after": answer.price_usd_per_hour_after,
        "alternatives_text": alternative_texts(answer.alternatives),
    }


def _print(answer: Any) -> None:
    from foreload_cli.decision_texts import alternative_texts, change_texts, outcome_text, reason_texts, time_text
    from foreload_cli.output import print_table

    decision = answer.decision
    print(f"{decision.decision_id}, {time_text(decision.decided_at)}: {', '.join(change_texts(decision))}")
    for sentence in reason_texts(decision):
        print(f"  {sentence}")
    print(f"Outcome: {outcome_text(decision)}.")
    rows = [
        (name, _amounts(message))
        for name, message in (
            ("use then", answer.live.used),
            ("limit then", answer.live.limit),
            ("what the instance has", answer.capacity),
            ("minimum of the profile", answer.minimum),
            ("maximum of the profile", answer.maximum),
        )
    ]
    rows += [(f"{_kind(signal)} {time_text(signal.at)}", _demand(signal)) for signal in answer.signals]
    before, after = answer.price_usd_per_hour_before, answer.price_usd_per_hour_after
    rows.append(("price per hour", f"${before:.3f} before, ${after:.3f} after"))
    print_table(("decided on", ""), [(name, text) for name, text in rows if text])
    not_done = alternative_texts(answer.alternatives)
    if not_done:
        print("Considered and not done:")
        for sentence in not_done:
            print(f"  {sentence}")


def _amounts(message: Any) -> str:
    from foreload_core.types import Resource
    from foreload_core.units import cores_text, memory_text, rate_text
    from foreload_system.codecs import amounts_from_proto

    texts = {
        Resource.CPU: lambda amount: f"{cores_text(amount)} cores",
        Resource.MEMORY: memory_text,
        Resource.GPU: lambda amount: f"{amount:g} GPUs",
        Resource.NETWORK_RX: lambda amount: f"{rate_text(amount)} in",
        Resource.NETWORK_TX: lambda amount: f"{rate_text(amount)} out",
    }
    return ", ".join(texts[resource](amount) for resource, amount in amounts_from_proto(message).items())


def _kind(signal: Any) -> str:
    from foreload_core.types import SignalKind
    from foreload_system.codecs import signal_from_proto

    return "need announced for" if signal_from_proto(signal).kind is SignalKind.ANNOUNCED else "run since"


def _demand(signal: Any) -> str:
    return f"needs {_amounts(signal.demand.high)} in 9 of 10 cases" if signal.HasField("demand") else "need not known"
