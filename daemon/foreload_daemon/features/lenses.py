"""One line above each heavy function: share, growth, need. Made of the last finished report, off the typing path."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foreload_core.units import cores_text, duration_text, memory_text
from lsprotocol import types
from pygls.uris import to_fs_path

from foreload_daemon.analysis import Opened
from foreload_daemon.daemon import Daemon
from foreload_daemon.runs.learned import Learned, LearnedQuery, learned
from foreload_daemon.server import ForeloadServer

if TYPE_CHECKING:
    from foreload_analyzers.report import Function, Report

COMMAND = "foreload.explainFunction"
LEARNED = "window/learned"
"""Request among windows: what earlier runs of a file used."""


def set_up(server: ForeloadServer, daemon: Daemon) -> None:
    """Registers lenses and hover."""
    known: dict[str, Learned] = {}

    def refresh(_opened: Opened | None = None) -> None:
        workspace = getattr(server.client_capabilities, "workspace", None)
        if workspace is not None and workspace.code_lens is not None and workspace.code_lens.refresh_support:
            server.workspace_code_lens_refresh(None)

    async def learn(uri: str) -> None:
        """Looks up what earlier runs of a file used; the lenses show it from the next time on."""
        path = to_fs_path(uri)
        if path is None:
            return
        found = await _learned(server, daemon, Path(path))
        if known.get(uri) != found:
            known[uri] = found
            refresh()

    def reported(opened: Opened) -> None:
        refresh()
        server.spawn("the lenses", learn(opened.uri))

    def runs_changed() -> None:
        for uri in daemon.analysis.documents if daemon.analysis is not None else ():
            server.spawn("the lenses", learn(uri))

    daemon.on_report.append(reported)
    daemon.on_context.append(refresh)
    daemon.on_runs.append(runs_changed)

    @server.request(LEARNED, LearnedQuery)
    async def answer_learned(query: LearnedQuery, _caller: str) -> Learned:
        return await learned(daemon.services.database, Path(query.path))

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions(resolve_provider=False))
    def lenses(params: types.CodeLensParams) -> list[types.CodeLens]:
        uri = params.text_document.uri
        opened = daemon.analysis.documents.get(uri) if daemon.analysis is not None else None
        if (
            opened is None
            or opened.report is None
            or not daemon.context.lensesEnabled
            or not daemon.settings.lenses_enabled
        ):
            return []
        return _lenses(opened.report, uri, daemon.context.lensThresholdRatio, daemon.cores(), known.get(uri, Learned()))

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(params: types.HoverParams) -> types.Hover | None:
        uri = params.text_document.uri
        opened = daemon.analysis.documents.get(uri) if daemon.analysis is not None else None
        if opened is None or opened.report is None:
            return None
        return await _hover(opened, params.position, daemon.context.lensThresholdRatio, known.get(uri, Learned()))


async def _learned(server: ForeloadServer, daemon: Daemon, path: Path) -> Learned:
    if not server.ready.is_set():
        return Learned()
    if server.forward is not None:
        from foreload_daemon.wire import read

        return read(Learned, await server.forward(LEARNED, {"path": str(path)}))
    return await learned(daemon.services.database, path)


def _lenses(report: Report, uri: str, threshold_ratio: float, cores: float, known: Learned) -> list[types.CodeLens]:
    from foreload_analyzers import heavy, lens_text

    found: list[types.CodeLens] = []
    functions = heavy(report, threshold_ratio)
    # What a run of the file used belongs to the function that takes most of it.
    hottest = max((function.hotness for function in functions), default=0.0)
    for function in functions:
        position = types.Position(function.line - 1, 0)
        text = lens_text(function, report, cores)
        if function.hotness == hottest:
            text = _with_learned(text, known)
        place: dict[str, Any] = {"uri": uri, "line": function.line - 1, "character": 4}
        command = types.Command(text, COMMAND, arguments=[place])
        found.append(types.CodeLens(types.Range(position, position), command))
    return found


def _with_learned(text: str, known: Learned) -> str:
    """The need as earlier runs had it, where there are any: measured is better than read out of code."""
    if known.cores is None:
        return text
    parts = text.split(" · ")
    need = f"used {cores_text(known.cores)} core{'' if cores_text(known.cores) == '1' else 's'}"
    if known.memory_bytes:
        need += f", {memory_text(known.memory_bytes)}"
    return " · ".join(
        [*parts[:-1], f"{need} in the last {'run' if known.run_count == 1 else f'{known.run_count} runs'}"]
    )


async def _hover(
    opened: Opened, position: types.Position, threshold_ratio: float, known: Learned
) -> types.Hover | None:
    from foreload_analyzers import heavy, hover_markdown, with_radon

    report = opened.report
    assert report is not None
    line = position.line + 1
    function = next((each for each in heavy(report, threshold_ratio) if each.line == line), None)
    if function is None:
        return None
    if not function.cyclomatic:
        # radon reads the whole file: only when somebody looks, and never on the server's loop.
        report = await asyncio.to_thread(with_radon, report, opened.source)
        opened.report = report if opened.version == opened.analysed_version else opened.report
        function = next((each for each in report.functions if each.line == line), function)
    text = hover_markdown(function, report) + _history_text(function, known)
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text))


def _history_text(_function: Function, known: Learned) -> str:
    if known.cores is None:
        return ""
    runs = "The last run of this file" if known.run_count == 1 else f"The last {known.run_count} runs of this file"
    peak = f"up to {cores_text(known.cores)} cores" + (
        f" and {memory_text(known.memory_bytes)}" if known.memory_bytes else ""
    )
    took = f", for about {duration_text(known.seconds)}" if known.seconds else ""
    return f"\n\n{runs} used {peak}{took}."
