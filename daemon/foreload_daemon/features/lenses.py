"""One line above each heavy function: share, growth, need. Made of the last finished report, off the typing path."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from foreload_core.units import cores_text, duration_text, memory_text
from lsprotocol import types
from pygls.uris import to_fs_path

from foreload_daemon.analysing.ignored import LENS, WHOLE_FILE, Ignored
from foreload_daemon.analysis import Opened, Place
from foreload_daemon.daemon import Daemon
from foreload_daemon.features.ignoring import IGNORE, ignored
from foreload_daemon.runs.learned import Learned, LearnedQuery, learned
from foreload_daemon.server import ForeloadServer

if TYPE_CHECKING:
    from foreload_analyzers.report import Function

COMMAND = "foreload.explainFunction"
STILL_SECONDS = 1.0
"""Nobody types any more when no key was pressed for this long."""
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
        # What appears or goes away moves the text: that waits until nobody types, and is then asked for again.
        asyncio.get_running_loop().call_later(STILL_SECONDS, refresh)
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
        place = daemon.analysis.place_of(uri) if daemon.analysis is not None else None
        if place is None or place.opened.report is None:
            return []
        if not daemon.context.lensesEnabled or not daemon.settings.lenses_enabled:
            return []
        functions = _shown(place.opened, daemon.context.lensThresholdRatio, ignored(daemon))
        return _lenses(place, functions, uri, daemon.cores(), known.get(place.opened.uri, Learned()))

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(params: types.HoverParams) -> types.Hover | None:
        place = daemon.analysis.place_of(params.text_document.uri) if daemon.analysis is not None else None
        if place is None or place.opened.report is None:
            return None
        return await _hover(daemon, place, params.position, known.get(place.opened.uri, Learned()))


async def _learned(server: ForeloadServer, daemon: Daemon, path: Path) -> Learned:
    if not server.ready.is_set():
        return Learned()
    if server.forward is not None:
        from foreload_daemon.wire import read

        return read(Learned, await server.forward(LEARNED, {"path": str(path)}))
    return await learned(daemon.services.database, path)


def _shown(opened: Opened, threshold_ratio: float, hidden: Ignored) -> tuple[Function, ...]:
    """The functions that get a line. While somebody types, none appears and none goes away."""
    from foreload_analyzers import heavy

    report = opened.report
    assert report is not None
    functions = tuple(
        function for function in heavy(report, threshold_ratio) if not hidden.holds(opened.uri, function.name, LENS)
    )
    names = opened.shown
    if names is None or time.monotonic() - opened.changed_at >= STILL_SECONDS:
        opened.shown = frozenset(function.name for function in functions)
        return functions
    return tuple(
        function
        for function in report.functions
        if function.name in names and not hidden.holds(opened.uri, function.name, LENS)
    )


def _lenses(
    place: Place, functions: tuple[Function, ...], uri: str, cores: float, known: Learned
) -> list[types.CodeLens]:
    from foreload_analyzers import lens_text

    report = place.opened.report
    assert report is not None
    found: list[types.CodeLens] = []
    # What a run of the file used belongs to the function that takes most of it.
    hottest = max((function.hotness for function in functions), default=0.0)
    for function in functions:
        line = place.line_now(function.line)
        if line is None:
            continue
        position = types.Position(line, 0)
        text = lens_text(function, report, cores)
        if function.hotness == hottest:
            text = _with_learned(text, known)
        target: dict[str, Any] = {"uri": uri, "line": line, "character": 4}
        found.append(types.CodeLens(types.Range(position, position), types.Command(text, COMMAND, arguments=[target])))
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


async def _hover(daemon: Daemon, place: Place, position: types.Position, known: Learned) -> types.Hover | None:
    from foreload_analyzers import hover_markdown, with_radon

    opened, report = place.opened, place.opened.report
    assert report is not None
    at_line = [function for function in report.functions if place.line_now(function.line) == position.line]
    function = next((each for each in at_line if each.complexity != "constant" or each.bottlenecks), None)
    if function is None and not (opened.shown or frozenset()).intersection(each.name for each in at_line):
        return None
    function = function or at_line[0]
    if not function.cyclomatic and report.language == "python":
        # radon reads the whole file: only when somebody looks, and never on the server's loop.
        version, name = opened.analysed_version, function.name
        report = await asyncio.to_thread(with_radon, report, opened.piece.source)
        opened.report = report if opened.analysed_version == version else opened.report
        function = next((each for each in report.functions if each.name == name), function)
    whole = await daemon.analysis.whole_report_of(opened) if daemon.analysis is not None else None
    text = hover_markdown(function, whole or report)
    text += _history_text(function, known) + _links(opened.uri, function.name)
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text))


def _links(uri: str, function: str) -> str:
    """What a person can do about the line above a function."""
    here = quote(json.dumps([uri, function, LENS]))
    file = quote(json.dumps([uri, WHOLE_FILE, LENS]))
    threshold = quote(json.dumps(["foreload.lenses.thresholdRatio"]))
    return (
        f"\n\n[Ignore here](command:{IGNORE}?{here}) · [Ignore in this file](command:{IGNORE}?{file}) · "
        f"[Threshold](command:workbench.action.openSettings?{threshold})"
    )


def _history_text(_function: Function, known: Learned) -> str:
    if known.cores is None:
        return ""
    runs = "The last run of this file" if known.run_count == 1 else f"The last {known.run_count} runs of this file"
    peak = f"up to {cores_text(known.cores)} cores" + (
        f" and {memory_text(known.memory_bytes)}" if known.memory_bytes else ""
    )
    took = f", for about {duration_text(known.seconds)}" if known.seconds else ""
    return f"\n\n{runs} used {peak}{took}."
