"""Reads the code that is open, where that is allowed, and says in the language status what came of it."""

from __future__ import annotations

from lsprotocol import types

from foreload_daemon.analysing.edits import moves_of
from foreload_daemon.analysing.languages import language_of_document
from foreload_daemon.analysis import Analysis, Opened
from foreload_daemon.daemon import Daemon
from foreload_daemon.protocol import ANALYSIS_STATE, AnalysisState
from foreload_daemon.server import ForeloadServer


def set_up(server: ForeloadServer, daemon: Daemon) -> None:
    """Registers the document notifications."""

    def reported(opened: Opened) -> None:
        server.notify(ANALYSIS_STATE, _state(opened, daemon.context.lensThresholdRatio))
        daemon.report_changed(opened)

    analysis = Analysis(lambda: daemon.settings.analysis_largest_file_bytes, lambda: daemon.analysis_allowed, reported)
    daemon.analysis = analysis
    daemon.on_permission.append(analysis.again)
    daemon.on_permission.append(analysis.warm_up)
    daemon.on_settings.append(analysis.again)

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        document = params.text_document
        language = language_of_document(document.language_id, document.uri)
        if language is not None:
            analysis.open(document.uri, language, document.text)
        daemon.document_changed(document.uri, document.text)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        text = server.workspace.get_text_document(uri).source
        analysis.change(uri, text, moves_of(params.content_changes))
        daemon.document_changed(uri, text)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        analysis.close(params.text_document.uri)


def _state(opened: Opened, threshold_ratio: float) -> AnalysisState:
    if opened.report is None:
        return AnalysisState(opened.uri, f"Foreload: {opened.problem}", 0)
    from foreload_analyzers import heavy

    count = len(heavy(opened.report, threshold_ratio))
    problems = list(opened.report.problems)
    if problems and not opened.report.functions:
        return AnalysisState(opened.uri, f"Foreload: not analysed: {'; '.join(problems)}", 0)
    words = f"{count} heavy function{'s' if count > 1 else ''} here" if count else "no heavy functions here"
    if opened.slow:
        words += f"; analysed when no key was pressed for {opened.pause_seconds:.0f} s, since the file is large"
    return AnalysisState(opened.uri, "; ".join([f"Foreload: {words}", *problems[:1]]), count)
