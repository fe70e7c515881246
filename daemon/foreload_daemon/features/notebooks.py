"""Open notebooks: the code cells of each as one program, analysed as a file is; findings go to their cells."""

from __future__ import annotations

from dataclasses import dataclass, field

from lsprotocol import types

from foreload_daemon.analysis import Analysis
from foreload_daemon.daemon import Daemon
from foreload_daemon.server import ForeloadServer

LANGUAGE = "python"


@dataclass(slots=True)
class Notebook:
    """A notebook as the editor has it: its code cells in their order (address, language, text)."""

    cells: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])


def set_up(server: ForeloadServer, daemon: Daemon) -> None:
    """Registers the notifications of notebooks."""
    notebooks: dict[str, Notebook] = {}

    def read(uri: str) -> None:
        """Takes the cells as the library has them after the editor's changes."""
        analysis = daemon.analysis
        document = server.workspace.get_notebook_document(notebook_uri=uri)
        if analysis is None or document is None:
            return
        known = notebooks.setdefault(uri, Notebook())
        cells: list[tuple[str, str, str]] = []
        for cell in document.cells:
            if cell.kind == types.NotebookCellKind.Code:
                text = server.workspace.get_text_document(cell.document)
                cells.append((cell.document, text.language_id or "", text.source))
        known.cells = cells
        server.spawn("the notebook", analyse(analysis, uri, known))

    async def analyse(analysis: Analysis, uri: str, known: Notebook) -> None:
        await analysis.load()
        if notebooks.get(uri) is known:
            _analyse(analysis, uri, known)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenNotebookDocumentParams) -> None:
        read(params.notebook_document.uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeNotebookDocumentParams) -> None:
        read(params.notebook_document.uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseNotebookDocumentParams) -> None:
        uri = params.notebook_document.uri
        notebooks.pop(uri, None)
        analysis = daemon.analysis
        if analysis is None:
            return
        cells = [cell for cell, (notebook, _, _) in analysis.cells.items() if notebook == uri]
        analysis.close(uri)
        for cell in cells:
            del analysis.cells[cell]
            for listener in analysis.on_close:
                listener(cell)


def _analyse(analysis: Analysis, uri: str, notebook: Notebook) -> None:
    """Only notebooks in Python reach this server; cells in another language are empty for the analysis."""
    from foreload_analyzers.notebook import plain_lines

    lines: list[str] = []
    table: dict[str, tuple[str, int, int]] = {}
    for cell, own, text in notebook.cells:
        part = plain_lines(text, is_python=True, foreign=own not in ("", LANGUAGE))
        table[cell] = (uri, len(lines), len(part))
        lines += part
    gone = [cell for cell, (of, _, _) in analysis.cells.items() if of == uri and cell not in table]
    for cell in gone:
        del analysis.cells[cell]
        for listener in analysis.on_close:
            listener(cell)
    analysis.cells.update(table)
    source = "\n".join(lines) + "\n"
    if uri not in analysis.documents:
        analysis.open(uri, LANGUAGE, source)
    else:
        analysis.change(uri, source)
