"""`foreload decisions`: the log of changes, newest first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

MOST_IN_ONE_PAGE = 500


def command(
    environment: Annotated[str | None, typer.Option(help="Only this environment; for operators")] = None,
    limit: Annotated[int, typer.Option(help="How many", min=1, max=100_000)] = 20,
    state: Annotated[Path | None, typer.Option(help="Folder of certificates [FORELOAD_STATE_DIR]")] = None,
    broker: Annotated[str | None, typer.Option(help="Address of the broker, HOST:PORT [the local one]")] = None,
    certificates: Annotated[Path | None, typer.Option(help="Folder of the own certificate")] = None,
    form: Annotated[str, typer.Option("--format", help="table or json")] = "table",
) -> None:
    """Show what was changed, when, why, and what came of it."""
    from foreload_cli.calls import ask, find_target
    from foreload_cli.decision_texts import change_texts, outcome_text, plain_decision, reason_texts, time_text
    from foreload_cli.output import print_json, print_table, require_format

    require_format(form)

    async def question(stub: Any) -> list[Any]:
        return await read_pages(stub, environment or "", limit)

    decisions = ask(find_target(broker, certificates, state), question)
    if form == "json":
        print_json([plain_decision(decision) for decision in decisions])
        return
    if not decisions:
        print("Nothing was changed yet.")
        return
    rows = [
        (
            decision.decision_id,
            time_text(decision.decided_at),
            ", ".join(change_texts(decision)),
            (reason_texts(decision) or ["–"])[0],
            outcome_text(decision),
        )
        for decision in decisions
    ]
    print_table(("decision", "time", "change", "why", "outcome"), rows)


async def read_pages(stub: Any, environment_id: str, limit: int) -> list[Any]:
    """The newest decisions, in as many questions as it takes."""
    from foreload_proto.v1 import broker_pb2

    found: list[Any] = []
    while len(found) < limit:
        request = broker_pb2.ListDecisionsRequest(
            environment_id=environment_id,
            limit=min(limit - len(found), MOST_IN_ONE_PAGE),
            before_decision_id=found[-1].decision_id if found else "",
        )
        page = (await stub.ListDecisions(request)).decisions
        found.extend(page)
        if not page:
            break
    return found
