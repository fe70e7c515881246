"""Shows everything that left this machine."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from foreload_daemon.daemon import Daemon
from foreload_daemon.history import ledger
from foreload_daemon.protocol import GET_LEDGER, Ledger, LedgerQuery, LedgerRow
from foreload_daemon.server import ForeloadServer

MOST_ROWS = 2000


def set_up(server: ForeloadServer, daemon: Daemon) -> None:
    """Registers the request."""

    @server.request(GET_LEDGER, LedgerQuery)
    async def get_ledger(query: LedgerQuery, _caller: str) -> Ledger:
        database = daemon.services.database
        entries = await database.run(ledger.newest, max(1, min(MOST_ROWS, query.limit)))
        total, total_bytes = await database.run(ledger.totals)
        return Ledger([_row(entry) for entry in entries], total, total_bytes)


def _row(entry: ledger.Entry) -> LedgerRow:
    at = datetime.fromtimestamp(entry.at_seconds, UTC).astimezone()
    text = f"{at.day} {at.strftime('%b, %H:%M:%S')}"
    return LedgerRow(
        text, entry.kind, entry.bytes, json.dumps({name: _value(value) for name, value in entry.fields.items()})
    )


def _value(value: object) -> object:
    return float(f"{value:.6g}") if isinstance(value, float) else value
