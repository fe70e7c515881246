"""Puts the server together: the features in their order, and the editor's life cycle."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.uris import to_fs_path

from foreload_daemon import protocol
from foreload_daemon.daemon import Daemon, show_problems
from foreload_daemon.server import ForeloadServer

_LOG = logging.getLogger(__name__)

FEATURES = (
    "context",
    "documents",
    "ignoring",
    "lenses",
    "hints",
    "notebooks",
    "permission",
    "ledger",
    "profile",
    "profile_editor",
    "runs",
    "forecast",
    "decisions",
    "pause",
    "announce",
    "gauge",
    "notices",
    "task_notices",
    "dashboard",
    "trends",
    "doctor",
)
"""The features in the order of their set-up: modules of `foreload_daemon.features` with `set_up(server, daemon)`."""


def compose(server: ForeloadServer | None = None) -> ForeloadServer:
    """A server with all features, ready to be started."""
    server = server or ForeloadServer()
    daemon = Daemon(server)
    failures: list[tuple[str, Exception]] = []
    for name in FEATURES:
        try:
            importlib.import_module(f"foreload_daemon.features.{name}").set_up(server, daemon)
        except Exception as error:  # noqa: BLE001 - one feature's failure never ends the others
            failures.append((name, error))

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        options = params.initialization_options
        folders = [folder.uri for folder in params.workspace_folders or []] or [params.root_uri or ""]
        workspace = tuple(Path(path) for uri in folders if uri and (path := to_fs_path(uri)))
        server.option_problems = daemon.configure(options if isinstance(options, Mapping) else {}, workspace)

    @server.feature(types.INITIALIZED)
    async def initialized(_params: types.InitializedParams) -> None:
        server.notify(protocol.GAUGE, protocol.Gauge("starting", "Foreload: starting", [], "For 2 s at most."))
        show_problems(server, server.option_problems)
        for name, error in failures:
            server.failed(name, error)
        server.spawn("Foreload", daemon.start())

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def configuration_changed(params: types.DidChangeConfigurationParams) -> None:
        given: Any = params.settings
        section = given.get("foreload", given) if isinstance(given, Mapping) else None
        if isinstance(section, Mapping):
            show_problems(server, daemon.change_settings(section))

    @server.feature(types.SHUTDOWN)
    async def shutdown(_params: None) -> None:
        await daemon.stop()

    return server
