"""What the server says of code, as an editor asks it: calls across open files, notebooks, hints with their fixes."""

from __future__ import annotations

import asyncio
from typing import Any

from foreload_daemon.analysing.ignored import WHOLE_FILE
from foreload_daemon.features.ignoring import IGNORE, SHOW_AGAIN
from lsprotocol import types

NEAR = "def f(rows):\n    return [a + b for a in rows for b in rows]\n"
MAIN = "from near import f\n\n\ndef run(rows):\n    for row in rows:\n        f(rows)\n\n\nrun(list(range(10)))\n"
SEARCHED = """\
def known(rows, text):
    words = text.split()
    found = []
    for row in rows:
        if row in words:
            found.append(row)
    return found
"""
SEARCHED_LINE = 4
CELLS = (
    "import os\n",
    "def pairs(rows):\n    return [a + b for a in rows for b in rows]\n",
    "%time pairs(range(100))\n",
)


async def hover(one: Any, uri: str, line: int) -> str:
    found = await one.client.text_document_hover_async(
        types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(line, 5))
    )
    return found.contents.value if found is not None else ""


async def said(one: Any, uri: str, line: int, words: str, seconds: float = 20.0) -> str:
    """The hover of a line as soon as some words are in it."""
    deadline = asyncio.get_running_loop().time() + seconds
    while words not in (text := await hover(one, uri, line)):
        assert asyncio.get_running_loop().time() < deadline, text
        await asyncio.sleep(0.05)
    return text


async def actions(one: Any, uri: str, line: int) -> list[types.CodeAction]:
    place = types.Range(types.Position(line, 0), types.Position(line, 0))
    found = await one.client.text_document_code_action_async(
        types.CodeActionParams(types.TextDocumentIdentifier(uri), place, types.CodeActionContext([]))
    )
    return list(found or [])


async def run(one: Any, command: types.Command) -> None:
    await one.client.workspace_execute_command_async(types.ExecuteCommandParams(command.command, command.arguments))


async def test_a_call_costs_what_the_open_file_says_and_follows_its_edits(editor):
    one = editor()
    await one.start()
    await one.allow(analysis=True)
    main = one.open(one.workspace / "main.py", MAIN)
    await said(one, main, 3, "Time O(n) on `rows`")
    near = one.open(one.workspace / "near.py", NEAR)
    text = await said(one, main, 3, "Time O(n³) on `rows`")
    assert "calls `f` of near.py, which is O(n²)" in text
    one.change(near, 2, (1, 0), (1, len(NEAR.split("\n")[1])), "    return [a for a in rows]")
    assert "of near.py, which is O(n)" in await said(one, main, 3, "Time O(n²) on `rows`")
    one.client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(near)))
    await said(one, main, 3, "Time O(n) on `rows`")


async def test_a_notebook_is_one_program_and_findings_go_to_their_cells(editor, wait_until):
    one = editor()
    await one.start()
    await one.allow(analysis=True)
    book = (one.workspace / "book.ipynb").as_uri()
    uris = [f"vscode-notebook-cell:{one.workspace / 'book.ipynb'}#W{number}" for number in range(len(CELLS))]
    one.client.notebook_document_did_open(
        types.DidOpenNotebookDocumentParams(
            types.NotebookDocument(
                book, "jupyter-notebook", 1, [types.NotebookCell(types.NotebookCellKind.Code, uri) for uri in uris]
            ),
            [types.TextDocumentItem(uri, "python", 1, text) for uri, text in zip(uris, CELLS, strict=True)],
        )
    )
    await said(one, uris[1], 0, "Time O(n²) on `rows`")
    assert await hover(one, uris[0], 0) == ""
    await wait_until(lambda: book in one.states or uris[1] in one.states)

    # An edit in the first cell moves nothing in the second.
    one.client.notebook_document_did_change(
        types.DidChangeNotebookDocumentParams(
            types.VersionedNotebookDocumentIdentifier(2, book),
            types.NotebookDocumentChangeEvent(
                cells=types.NotebookDocumentCellChanges(
                    text_content=[
                        types.NotebookDocumentCellContentChanges(
                            types.VersionedTextDocumentIdentifier(2, uris[0]),
                            [types.TextDocumentContentChangeWholeDocument("import os\nimport sys\n\n\nx = 1\n")],
                        )
                    ]
                )
            ),
        )
    )
    # One in the second cell is seen there.
    one.client.notebook_document_did_change(
        types.DidChangeNotebookDocumentParams(
            types.VersionedNotebookDocumentIdentifier(3, book),
            types.NotebookDocumentChangeEvent(
                cells=types.NotebookDocumentCellChanges(
                    text_content=[
                        types.NotebookDocumentCellContentChanges(
                            types.VersionedTextDocumentIdentifier(2, uris[1]),
                            [types.TextDocumentContentChangeWholeDocument("\n" + SEARCHED)],
                        )
                    ]
                )
            ),
        )
    )
    await said(one, uris[1], 1, "Time O(n²) on `rows`")
    await wait_until(lambda: one.diagnostics.get(uris[1]))
    (hint,) = one.diagnostics[uris[1]]
    assert hint.range.start.line == SEARCHED_LINE + 1
    assert not one.diagnostics.get(uris[0])

    # A cell that is taken out takes its findings along.
    one.client.notebook_document_did_change(
        types.DidChangeNotebookDocumentParams(
            types.VersionedNotebookDocumentIdentifier(4, book),
            types.NotebookDocumentChangeEvent(
                cells=types.NotebookDocumentCellChanges(
                    structure=types.NotebookDocumentCellChangeStructure(
                        types.NotebookCellArrayChange(1, 1, []), did_close=[types.TextDocumentIdentifier(uris[1])]
                    )
                )
            ),
        )
    )
    await wait_until(lambda: one.diagnostics.get(uris[1]) == [])
    assert await hover(one, uris[1], 1) == ""
    one.client.notebook_document_did_close(
        types.DidCloseNotebookDocumentParams(
            types.NotebookDocumentIdentifier(book), [types.TextDocumentIdentifier(uri) for uri in (uris[0], uris[2])]
        )
    )
    assert one.messages == []


async def test_a_hint_has_a_fix_that_takes_it_away(editor, wait_until):
    one = editor()
    await one.start()
    await one.allow(analysis=True)
    uri = one.open(one.workspace / "search.py", SEARCHED)
    await wait_until(lambda: one.diagnostics.get(uri))
    (hint,) = one.diagnostics[uri]
    assert (hint.code, hint.severity, hint.range.start.line) == (
        "list_membership",
        types.DiagnosticSeverity.Hint,
        SEARCHED_LINE,
    )
    found = await actions(one, uri, SEARCHED_LINE)
    fix = next(action for action in found if action.edit is not None)
    assert "words_set" in fix.title
    edits = sorted(fix.edit.changes[uri], key=lambda edit: edit.range.start.line, reverse=True)
    for version, edit in enumerate(edits, 2):
        start, end = edit.range.start, edit.range.end
        one.change(uri, version, (start.line, start.character), (end.line, end.character), edit.new_text)
    await wait_until(lambda: one.diagnostics[uri] == [])
    assert await actions(one, uri, SEARCHED_LINE + 1) == []


async def test_a_finding_is_ignored_here_then_in_the_file_and_shown_again(editor, wait_until):
    one = editor()
    await one.start()
    await one.allow(analysis=True)
    uri = one.open(one.workspace / "two.py", SEARCHED + "\n\n" + SEARCHED.replace("known", "other"))
    await wait_until(lambda: len(one.diagnostics.get(uri, [])) == 2)
    assert [action.title for action in await actions(one, uri, SEARCHED_LINE)][-3:] == [
        "Foreload: ignore this here",
        "Foreload: ignore this in the file",
        "Foreload: show what is ignored in this file again",
    ]
    await run(one, types.Command("here", IGNORE, arguments=[uri, "known", "list_membership"]))
    await wait_until(lambda: len(one.diagnostics[uri]) == 1)
    (left,) = one.diagnostics[uri]
    second = left.range.start.line
    assert second == SEARCHED_LINE + SEARCHED.count("\n") + 2
    assert await actions(one, uri, SEARCHED_LINE) == []

    await run(one, types.Command("in the file", IGNORE, arguments=[uri, WHOLE_FILE, "list_membership"]))
    await wait_until(lambda: one.diagnostics[uri] == [])
    await run(one, types.Command("again", SHOW_AGAIN, arguments=[uri]))
    await wait_until(lambda: len(one.diagnostics[uri]) == 2)


async def test_a_lens_is_ignored_for_one_function_and_kept_over_a_restart(editor, wait_until, tmp_path):
    one = editor(folder=tmp_path / "daemon")
    await one.start()
    await one.allow(analysis=True)
    uri = one.open(one.workspace / "near.py", NEAR)
    await said(one, uri, 0, "[Ignore here]")
    assert len(await one.lenses(uri)) == 1
    await run(one, types.Command("ignore", IGNORE, arguments=[uri, "f", "lens"]))
    assert await one.lenses(uri) == []
    await one.stop()

    again = editor(folder=tmp_path / "daemon", workspace=one.workspace)
    await again.start()
    uri = again.open(one.workspace / "near.py", NEAR)
    await wait_until(lambda: uri in again.states)
    await said(again, uri, 0, "Time O(n²)")
    assert await again.lenses(uri) == []
