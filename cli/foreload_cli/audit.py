"""`foreload audit`: who did what to the broker, newest first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

MOST_IN_ONE_PAGE = 500


def command(
    limit: Annotated[int, typer.Option(help="How many", min=1, max=100_000)] = 20,
    state: Annotated[Path | None, typer.Option(help="Folder of certificates [FORELOAD_STATE_DIR]")] = None,
    broker: Annotated[str | None, typer.Option(help="Address of the broker, HOST:PORT [the local one]")] = None,
    certificates: Annotated[
        Path | None, typer.Option(help="Folder of an operator's certificate [STATE/certs/operator-USER]")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="table or json")] = "table",
) -> None:
    """Show who made tokens, enrolled, renewed a certificate or had data deleted. For operators.

    What was decided for environments is shown by foreload decisions.
    """
    from foreload_core.units import format_time
    from foreload_system.codecs import time_from_proto
    from foreload_system.paths import state_directory

    from foreload_cli.calls import ask, find_target, operator_certificates
    from foreload_cli.decision_texts import time_text
    from foreload_cli.output import print_json, print_table, require_format

    require_format(form)
    folder = (state or state_directory()).absolute()
    target = find_target(broker, certificates or operator_certificates(folder), folder)
    acts = ask(target, lambda stub: _read_pages(stub, limit), enrolment=True)
    if form == "json":
        print_json(
            [
                {"at": format_time(time_from_proto(act.at)), "actor": act.actor, "act": act.act, "about": act.about}
                for act in acts
            ]
        )
    elif acts:
        print_table(
            ("time", "who", "what", "about"), [(time_text(act.at), act.actor, act.act, act.about) for act in acts]
        )
    else:
        print("Nothing was done to this broker yet.")


async def _read_pages(stub: Any, limit: int) -> list[Any]:
    from foreload_proto.v1 import enrolment_pb2

    found: list[Any] = []
    while len(found) < limit:
        request = enrolment_pb2.ListActsRequest(
            limit=min(limit - len(found), MOST_IN_ONE_PAGE), before_number=found[-1].number if found else 0
        )
        page = (await stub.ListActs(request)).acts
        found.extend(page)
        if not page:
            break
    return found
