"""Shows everything that left this machine, what was allowed when, and all of it as CSV."""

from __future__ import annotations

import asyncio

from foreload_daemon.daemon import Daemon
from foreload_daemon.pages import ledger as page
from foreload_daemon.protocol import GET_LEDGER, GET_LEDGER_CSV, Ledger, LedgerCsv, LedgerQuery
from foreload_daemon.server import ForeloadServer
from foreload_daemon.wire import BadMessage, Nothing

MOST_ROWS = 2000


def set_up(server: ForeloadServer, daemon: Daemon) -> None:
    """Registers the requests."""

    @server.request(GET_LEDGER, LedgerQuery)
    async def get_ledger(query: LedgerQuery, _caller: str) -> Ledger:
        if query.switch not in page.SWITCHES:
            raise BadMessage(f"LedgerQuery.switch is {query.switch!r}; allowed are {', '.join(page.SWITCHES)}")
        gate = daemon.services.gate
        said = await asyncio.to_thread(lambda: (gate.confirmed, gate.purge_pending, gate.last_purge))
        limit = max(1, min(MOST_ROWS, query.limit))
        return await daemon.services.database.run(
            page.ledger_page, daemon.environment, daemon.clock.now(), query.switch, limit, page.Confirmations(*said)
        )

    @server.request(GET_LEDGER_CSV, Nothing)
    async def get_ledger_csv(_message: Nothing, _caller: str) -> LedgerCsv:
        return LedgerCsv(await daemon.services.database.run(page.csv_text))
