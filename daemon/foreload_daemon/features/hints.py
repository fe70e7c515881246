"""Bottlenecks as faint hints in the text, never as problems, and what can be done about them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lsprotocol import types

from foreload_daemon.analysing.ignored import WHOLE_FILE
from foreload_daemon.analysis import Opened, Place
from foreload_daemon.daemon import Daemon
from foreload_daemon.features.ignoring import IGNORE, SHOW_AGAIN, ignored
from foreload_daemon.server import ForeloadServer

if TYPE_CHECKING:
    from foreload_analyzers.report import Bottleneck, Function

SOURCE = "foreload"


def set_up(server: ForeloadServer, daemon: Daemon) -> None:
    """Registers the hints and their light bulb."""
    published: dict[str, list[types.Diagnostic]] = {}

    def publish(uri: str, hints: list[types.Diagnostic]) -> None:
        if published.get(uri, []) != hints:
            published[uri] = hints
            server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, hints))

    def reported(opened: Opened) -> None:
        if daemon.analysis is None:
            return
        for uri in daemon.analysis.uris_of(opened):
            place = daemon.analysis.place_of(uri)
            publish(uri, _hints(place, daemon) if place is not None and opened.report is not None else [])

    def all_again() -> None:
        for opened in list(daemon.analysis.documents.values()) if daemon.analysis is not None else ():
            reported(opened)

    def closed(uri: str) -> None:
        publish(uri, [])
        published.pop(uri, None)

    daemon.on_report.append(reported)
    daemon.on_context.append(all_again)
    if daemon.analysis is not None:
        daemon.analysis.on_close.append(closed)

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix])
    )
    async def actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        uri = params.text_document.uri
        place = daemon.analysis.place_of(uri) if daemon.analysis is not None else None
        if place is None or place.opened.report is None:
            return []
        found: list[types.CodeAction] = []
        for function, item, line in _findings(place, daemon):
            if params.range.start.line <= line <= params.range.end.line:
                found += await _actions(place, uri, function, item, line)
        return found


def _findings(place: Place, daemon: Daemon) -> Iterator[tuple[Function, Bottleneck, int]]:
    """What is not ignored, with its line in the document, from 0."""
    report = place.opened.report
    hidden = ignored(daemon)
    for function in report.functions if report is not None else ():
        for item in function.bottlenecks:
            line = place.line_now(item.line)
            if line is not None and not hidden.holds(place.opened.uri, function.name, item.kind):
                yield function, item, line


def _hints(place: Place, daemon: Daemon) -> list[types.Diagnostic]:
    if not daemon.context.lensesEnabled or not daemon.settings.lenses_enabled:
        return []
    lines = place.opened.text.split("\n")
    found: list[types.Diagnostic] = []
    for _, item, line in _findings(place, daemon):
        text = lines[line + place.first] if line + place.first < len(lines) else ""
        start = len(text) - len(text.lstrip())
        span = types.Range(types.Position(line, _units(text[:start])), types.Position(line, _units(text.rstrip())))
        found.append(
            types.Diagnostic(span, item.message, severity=types.DiagnosticSeverity.Hint, code=item.kind, source=SOURCE)
        )
    return found


def _units(text: str) -> int:
    """The length of a text in the units of the protocol."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


async def _actions(place: Place, uri: str, function: Function, item: Bottleneck, line: int) -> list[types.CodeAction]:
    opened = place.opened
    found: list[types.CodeAction] = []
    if opened.language == "python" and place.first == 0 and place.lines is None:
        from foreload_analyzers.fixes import fix_for

        version, text = opened.version, opened.text
        fix = await asyncio.to_thread(fix_for, text, item.kind, line + 1)
        if fix is not None and opened.version == version:
            rows = text.split("\n")
            edits = [
                types.TextEdit(
                    types.Range(
                        types.Position(change.line, _units(rows[change.line][: change.column])),
                        types.Position(change.end_line, _units(rows[change.end_line][: change.end_column])),
                    ),
                    change.text,
                )
                for change in fix.changes
            ]
            found.append(
                types.CodeAction(
                    fix.title, kind=types.CodeActionKind.QuickFix, edit=types.WorkspaceEdit(changes={uri: edits})
                )
            )
    for title, name in (
        ("Foreload: ignore this here", function.name),
        ("Foreload: ignore this in the file", WHOLE_FILE),
    ):
        command = types.Command(title, IGNORE, arguments=[opened.uri, name, item.kind])
        found.append(types.CodeAction(title, kind=types.CodeActionKind.QuickFix, command=command))
    again = types.Command("Foreload: show what is ignored in this file again", SHOW_AGAIN, arguments=[opened.uri])
    found.append(types.CodeAction(again.title, kind=types.CodeActionKind.QuickFix, command=again))
    return found
