"""What a person does not want to be told again: commands behind the hover and the light bulb."""

from __future__ import annotations

from typing import Any

from foreload_daemon.analysing.ignored import Ignored
from foreload_daemon.daemon import Daemon
from foreload_daemon.server import ForeloadServer

IGNORE = "foreload.ignoreFinding"
SHOW_AGAIN = "foreload.showIgnored"


def ignored(daemon: Daemon) -> Ignored:
    """What is ignored in this environment."""
    analysis = daemon.analysis
    if analysis is None:
        return Ignored(daemon.folder)
    if analysis.ignored is None:
        analysis.ignored = Ignored(daemon.folder)
    return analysis.ignored


def set_up(server: ForeloadServer, daemon: Daemon) -> None:
    """Registers the commands."""

    def changed(uri: str) -> None:
        opened = daemon.analysis.documents.get(uri) if daemon.analysis is not None else None
        if opened is not None:
            opened.shown = None
            daemon.report_changed(opened)

    @server.command(IGNORE)
    def ignore(uri: str, function: str, kind: str) -> None:
        ignored(daemon).add(uri, function, kind)
        changed(uri)

    @server.command(SHOW_AGAIN)
    def show_again(uri: str, *_rest: Any) -> None:
        ignored(daemon).clear(uri)
        changed(uri)
