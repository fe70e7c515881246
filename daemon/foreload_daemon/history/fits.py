"""Forecasts of fitted methods, kept so that what came of them can be compared with what they said."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime

from foreload_core.types import Forecast, Resource

KEPT_SECONDS = 15 * 86400


def put(connection: sqlite3.Connection, forecasts: Iterable[Forecast], now_seconds: float) -> None:
    """Keeps forecasts, and forgets those older than two weeks."""
    connection.executemany(
        "INSERT OR REPLACE INTO fits (method, resource, start_seconds, forecast) VALUES (?, ?, ?, ?)",
        [
            (
                forecast.method,
                forecast.resource.value,
                forecast.start.timestamp(),
                json.dumps(
                    {"step": forecast.step_seconds, "levels": {str(k): v for k, v in forecast.quantiles.items()}}
                ),
            )
            for forecast in forecasts
        ],
    )
    connection.execute("DELETE FROM fits WHERE start_seconds < ?", (now_seconds - KEPT_SECONDS,))


def read(connection: sqlite3.Connection) -> list[Forecast]:
    """All kept forecasts, oldest first."""
    found: list[Forecast] = []
    for row in connection.execute("SELECT * FROM fits ORDER BY start_seconds"):
        content = json.loads(row["forecast"])
        quantiles = {float(level): tuple(values) for level, values in content["levels"].items()}
        start = datetime.fromtimestamp(row["start_seconds"], UTC)
        found.append(Forecast(Resource(row["resource"]), start, content["step"], quantiles, row["method"]))
    return found
