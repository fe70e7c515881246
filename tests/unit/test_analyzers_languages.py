"""Every language: its fixture's functions cost what they cost, and what is special to it is seen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from foreload_analyzers import Document, Function, analyze, language_of
from foreload_analyzers.generated import is_generated
from foreload_analyzers.grammar import syntax
from foreload_analyzers.languages import BY_ID, BY_NAME, LANGUAGES
from foreload_analyzers.notebook import Cell, analyze_cells, analyze_notebook, plain_lines, read_cells
from foreload_analyzers.outline import outline

CODE = Path(__file__).parents[1] / "fixtures" / "code"
EXPECTED = {
    "java/Graph.java": {
        "Graph.pairs": "quadratic",
        "Graph.halvings": "logn",
        "Graph.rank": "nlogn",
        "Graph.letters": "constant",
        "Graph.paths": "quadratic",
    },
    "cpp/solve.cpp": {
        "Fenwick.add": "logn",
        "Solution.twoSum": "linear",
        "Solution.lcs": "quadratic",
        "Solution.distinct": "nlogn",
    },
    "c/sieve.c": {"total": "linear", "search": "logn"},
    "javascript/server.js": {"matrix": "quadratic", "permute": "exponential", "Queue.drain": "linear"},
    "typescript/store.ts": {"Base.sorted": "nlogn", "closest": "quadratic", "fib": "linear", "pick": "linear"},
    "tsx/table.tsx": {"Table": "quadratic", "Counter.render": "constant"},
    "go/crawl.go": {"grid": "quadratic", "search": "logn", "fetch": "linear", "queue.Len": "constant"},
    "rust/words.rs": {"table": "quadratic", "pairs": "quadratic", "gcd": "logn"},
    "python/report.py": {"common": "quadratic", "reach": "linear"},
}


def functions(path: str) -> dict[str, Function]:
    language = language_of(path)
    assert language is not None
    report = analyze((CODE / path).read_bytes(), language, path)
    assert report.problems == ()
    return {function.name: function for function in report.functions}


@pytest.mark.parametrize("path", EXPECTED)
def test_the_functions_of_each_language_cost_what_they_cost(path: str) -> None:
    found = functions(path)
    assert {name: found[name].complexity for name in EXPECTED[path]} == EXPECTED[path]


def test_every_language_has_a_fixture() -> None:
    assert {path.split("/")[0] for path in EXPECTED} == set(BY_NAME)


@pytest.mark.parametrize("language", [language.name for language in LANGUAGES])
def test_the_queries_of_every_language_fit_its_grammar(language: str) -> None:
    assert syntax(language).language.name == language


@pytest.mark.parametrize(
    ("path", "name", "workers"),
    [("java/Graph.java", "Graph.main", 4), ("c/sieve.c", "total", 8), ("rust/words.rs", "main", 4)],
)
def test_workers_are_counted_where_the_code_states_them(path: str, name: str, workers: int) -> None:
    assert functions(path)[name].needs.parallel_workers == workers


def test_goroutines_take_all_cores() -> None:
    assert functions("go/crawl.go")["fetch"].needs.parallel_all_cores


def test_a_large_array_of_c_is_known_by_its_shape() -> None:
    data = functions("c/sieve.c")["main"].needs.memory_data_bytes
    assert data is not None
    assert data >= 4_000_000


@pytest.mark.parametrize(
    ("header", "complexity"),
    [
        ("for (int i = 0; i < n; i++)", "linear"),
        ("for (int i = n - 1; i >= 0; --i)", "linear"),
        ("for (int i = 1; i < n; i *= 2)", "logn"),
        ("for (int i = n; i > 0; i >>= 1)", "logn"),
        ("for (int i = 0; i < 10; i++)", "constant"),
        ("for (char c = 'a'; c <= 'z'; c++)", "constant"),
        ("for (int i = 0, j = n; i < j; i++, j--)", "linear"),
    ],
)
@pytest.mark.parametrize("language", ["c", "cpp", "java"])
def test_loops_with_a_start_a_condition_and_a_step(language: str, header: str, complexity: str) -> None:
    code = f"int f(int n) {{ int x = 0; {header} {{ x += 1; }} return x; }}"
    source = f"class A {{ {code} }}" if language == "java" else code
    assert analyze(source.encode(), language).functions[0].complexity == complexity


@pytest.mark.parametrize(
    ("path", "first_line", "expected"),
    [
        ("a/b.mjs", b"", "javascript"),
        ("b.cts", b"", "typescript"),
        ("b.TSX", b"", "tsx"),
        ("b.hpp", b"", "cpp"),
        ("b.h", b"", "cpp"),
        ("b.rs", b"", "rust"),
        ("run", b"#!/usr/bin/env node", "javascript"),
        ("b.txt", b"", None),
    ],
)
def test_files_are_known_by_their_names(path: str, first_line: bytes, expected: str | None) -> None:
    assert language_of(path, first_line) == expected


def test_editors_names_of_languages() -> None:
    assert BY_ID["typescriptreact"].name == "tsx"
    assert BY_ID["javascriptreact"].name == "javascript"
    assert BY_ID["go"].name == "go"


def test_a_notebook_is_reported_cell_by_cell() -> None:
    report = analyze_notebook((CODE / "notebook" / "sales.ipynb").read_bytes())
    assert report.report.problems == ()
    found = {cell.index: [(function.name, function.line) for function in cell.functions] for cell in report.cells}
    assert found == {1: [], 2: [("pairs", 1)], 3: [], 4: [("<module>", 4)]}
    pairs = next(cell for cell in report.cells if cell.index == 2).functions[0]
    assert [loop.line for loop in pairs.loops] == [3, 4]
    assert all(item.text.startswith(f"line {item.line} ") for item in pairs.evidence)


def test_magics_and_shell_lines_keep_the_lines_of_a_cell() -> None:
    text = "%%time\n!pip install \\\n  x\nif x:\n    %run y\nfiles = !ls\nx?"
    assert plain_lines(text) == ["", "", "", "if x:", "    pass", "files = None", ""]
    assert plain_lines("%%bash\nls") == ["", ""]


def test_a_function_of_one_cell_is_known_in_the_next() -> None:
    cells = [
        Cell(0, "def f(a):\n    for x in a:\n        for y in a:\n            print(x, y)"),
        Cell(1, "for k in range(9):\n    f(rows)"),
    ]
    report = analyze_cells(cells)
    assert report.report.complexity == "quadratic"
    assert [function.line for function in report.cells[1].functions] == [1]


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"{", "not valid JSON"), (b"[]", "no list of cells"), (b'{"cells": 3}', "no list of cells")],
)
def test_what_is_no_notebook_is_told(content: bytes, words: str) -> None:
    assert words in read_cells(content).problems[0]


def test_a_notebook_in_another_language_is_told_or_analysed() -> None:
    notebook = {"cells": [], "metadata": {"language_info": {"name": "R"}}}
    assert "'r', which is not analysed" in analyze_notebook(json.dumps(notebook).encode()).report.problems[0]


@pytest.mark.parametrize(
    ("path", "head", "expected"),
    [
        ("web/node_modules/x/index.js", b"", True),
        ("lib/site-packages/x.py", b"", True),
        ("x.min.js", b"", True),
        ("api/x_pb2.py", b"", True),
        ("mock.go", b"// Copyright\n// Code generated by mockgen. DO NOT EDIT.\npackage x", True),
        ("a.js", b"var x;" * 900, True),
        ("src/gen.py", b"# Generated by the build\nx = 1\n", True),
        ("src/a.py", b"def f():\n    # looks for files generated by others\n    pass\n", False),
        ("src/vendors.py", b"x = 1\n", False),
    ],
)
def test_generated_and_vendored_files(path: str, head: bytes, expected: bool) -> None:
    assert is_generated(path, head) is expected


def test_the_outline_of_a_file_has_its_functions_and_loops() -> None:
    source = (CODE / "java" / "Graph.java").read_bytes()
    rules = syntax("java")
    tree = rules.parser().parse(source)
    found = {function.name: function for function in outline(tree.root_node, source, rules)}
    assert [(loop.line, loop.depth) for loop in found["Graph.paths"].loops] == [(61, 1), (62, 2)]
    assert {function.complexity_confidence for function in found.values()} == {0.0}


def test_an_edit_leads_where_a_fresh_parse_does_in_every_language() -> None:
    for path in EXPECTED:
        language = language_of(path) or ""
        source = (CODE / path).read_bytes()
        document = Document(language)
        document.open(source)
        document.report()
        at = source.index(b"\n", len(source) // 2) + 1
        row = source.count(b"\n", 0, at)
        text = source[:at] + b"\n" + source[at:]
        document.edit(at, at, at + 1, (row, 0), (row, 0), (row + 1, 0), text)
        fresh = Document(language)
        fresh.open(text)
        assert document.report().functions == fresh.report().functions
