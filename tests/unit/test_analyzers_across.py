"""Calls to functions of other open files: their cost, what they take, and who is called, in all languages."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from foreload_analyzers import Document
from foreload_analyzers.across import seen_from
from foreload_analyzers.exported import Around, Exports
from foreload_analyzers.report import Function, Report

C_WALK = "for (int i = 0; i < n; i++) "
JS_WALK = "{ for (const a of rows) for (const b of rows) put(a, b); }\n"
JS_RUN = "{ for (const r of rows) { f(rows); } }\n"
TS_RUN, TS_F = f"function run(rows: number[]) {JS_RUN}", f"export function f(rows: number[]) {JS_WALK}"
GO_RUN = "func run(rows []int) { for range rows { near.F(rows) } }\n"
GO_F = "func F(rows []int) { for _, a := range rows { for _, b := range rows { use(a, b) } } }\n"
JAVA_RUN = "class Main { void run(int[] rows) { for (int r : rows) { Near.f(rows); } } }\n"
JAVA_F = "class Near { static void f(int[] rows) { for (int a : rows) for (int c : rows) use(a, c); } }\n"
# Language -> (place and text of the file that calls, of the file that is called). The callee is quadratic, and is
# called once for each row.
PAIRS: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "python": (
        ("/w/app/main.py", "from app.near import f\ndef run(rows):\n    for row in rows:\n        f(rows)\n"),
        ("/w/app/near.py", "def f(rows):\n    return [a + b for a in rows for b in rows]\n"),
    ),
    "javascript": (
        ("/w/a/main.js", f"import {{ f }} from './near';\nexport function run(rows) {JS_RUN}"),
        ("/w/a/near.js", f"export function f(rows) {JS_WALK}"),
    ),
    "typescript": (
        ("/w/a/main.ts", f"import {{ f }} from '../b/near';\n{TS_RUN}"),
        ("/w/b/near.ts", TS_F),
    ),
    "tsx": (
        ("/w/a/main.tsx", f"import {{ f }} from './near';\n{TS_RUN}"),
        ("/w/a/near.tsx", TS_F),
    ),
    "go": (
        ("/w/main.go", f'package main\nimport "w.org/w/near"\n{GO_RUN}'),
        ("/w/near/near.go", f"package near\n{GO_F}"),
    ),
    "rust": (
        ("/w/src/main.rs", "use crate::near::f;\nfn run(rows: &Vec<i32>) { for r in rows { f(rows); } }\n"),
        ("/w/src/near.rs", "pub fn f(rows: &Vec<i32>) { for a in rows { for b in rows { put(a, b); } } }\n"),
    ),
    "java": (
        ("/w/a/Main.java", f"package a;\nimport b.Near;\n{JAVA_RUN}"),
        ("/w/b/Near.java", f"package b;\n{JAVA_F}"),
    ),
    "c": (
        ("/w/main.c", f'#include "near.h"\nvoid run(int *rows, int n) {{ {C_WALK} f(rows, n); }}\n'),
        ("/w/near.c", f"void f(int *rows, int n) {{ {C_WALK}for (int j = 0; j < n; j++) put(i, j); }}\n"),
    ),
    "cpp": (
        ("/w/main.cpp", '#include "near.hpp"\nvoid run(std::vector<int> &rows) { for (int r : rows) f(rows); }\n'),
        ("/w/near.cpp", "void f(std::vector<int> &rows) { for (int a : rows) for (int b : rows) use(a, b); }\n"),
    ),
}  # fmt: skip


def opened(place: str, language: str, text: str) -> Document:
    document = Document(language, place)
    document.open(text.encode())
    document.report()
    return document


def function(report: Report, name: str) -> Function:
    return next(found for found in report.functions if found.name.rpartition(".")[2] == name)


def around(*documents: tuple[str, Document], called: frozenset[str] = frozenset()) -> Around:
    tables: Mapping[str, Exports] = {place: document.exports() for place, document in documents}
    return Around(tables, called)


@pytest.mark.parametrize("language", sorted(PAIRS))
def test_a_call_costs_what_the_function_of_the_other_file_costs(language: str) -> None:
    (place, text), (other_place, other_text) = PAIRS[language]
    document, other = opened(place, language, text), opened(other_place, language, other_text)
    assert function(document.report(), "run").complexity == "linear"
    assert document.look_around(around((other_place, other)))
    found = function(document.report(), "run")
    assert found.complexity == "cubic"
    name = "Near.f" if language == "java" else "F" if language == "go" else "f"
    told = f"calls `{name}` of {other_place.rpartition('/')[2]}, which is O(n²)"
    assert any(told in item.text for item in found.evidence)
    assert document.outgoing == {other_place: frozenset({name})}


def test_a_changed_summary_changes_those_that_depend_on_it_and_no_others() -> None:
    (place, text), (other_place, other_text) = PAIRS["python"]
    document, other = opened(place, "python", text), opened(other_place, "python", other_text)
    document.look_around(around((other_place, other)))
    document.report()
    linear = b"def f(rows):\n    return [a for a in rows]\n"
    other.open(linear + b"def g(rows):\n    return [a + b for a in rows for b in rows]\n")
    other.report()
    assert document.look_around(around((other_place, other)))
    assert function(document.report(), "run").complexity == "quadratic"
    other.open(linear + b"def g(rows):\n    return []\n")
    other.report()
    assert not document.look_around(around((other_place, other)))


def test_a_closed_file_is_no_longer_followed() -> None:
    (place, text), (other_place, other_text) = PAIRS["python"]
    document, other = opened(place, "python", text), opened(other_place, "python", other_text)
    document.look_around(around((other_place, other)))
    assert function(document.report(), "run").complexity == "cubic"
    assert document.look_around(Around())
    assert function(document.report(), "run").complexity == "linear"


def test_files_that_call_each_other_come_to_an_end() -> None:
    one = opened("/w/one.py", "python", "from two import g\ndef f(rows):\n    for r in rows:\n        g(rows)\n")
    two = opened("/w/two.py", "python", "from one import f\ndef g(rows):\n    for r in rows:\n        f(rows)\n")
    changed = True
    for _ in range(6):
        changed = one.look_around(around(("/w/two.py", two)))
        one.report()
        changed |= two.look_around(around(("/w/one.py", one)))
        two.report()
    assert not changed
    assert {function(one.report(), "f").complexity, function(two.report(), "g").complexity} <= {"linear", "quadratic"}


def test_what_a_function_takes_is_what_the_called_one_takes() -> None:
    text = "from .load import fetch\ndef run(urls):\n    return [fetch(url) for url in urls]\n"
    document = opened("/w/a/main.py", "python", text)
    other = opened("/w/a/load.py", "python", "import requests\ndef fetch(url):\n    return requests.get(url).text\n")
    assert not function(document.report(), "run").needs.uses_network
    document.look_around(around(("/w/a/load.py", other)))
    assert function(document.report(), "run").needs.uses_network


def test_a_function_that_another_file_calls_is_hot_there() -> None:
    text = (
        "def used(rows):\n    return [a * a for a in rows]\n\n\ndef unused(rows):\n    return [a * a for a in rows]\n"
    )
    document = opened("/w/a.py", "python", text)
    before = {found.name: found.hotness for found in document.report().functions}
    assert document.look_around(Around({}, frozenset({"used"})))
    after = {found.name: found.hotness for found in document.report().functions}
    assert after["used"] - after["unused"] > before["used"] - before["unused"]
    assert [found.name for found in document.report().functions if found.is_entry] == ["used"]


def test_modules_are_told_apart_by_their_folders() -> None:
    text = "def f(rows):\n    return [a for a in rows]\n"
    near, far = opened("/w/a/util.py", "python", text), opened("/w/b/util.py", "python", text)
    tables = {"/w/b/util.py": far.exports(), "/w/a/util.py": near.exports()}
    importing = opened("/w/a/main.py", "python", "from util import f\nfrom .util import f as g\nimport b.util\n")
    imports = [fact for chunk in importing.chunks() for fact in chunk.imports]
    seen = {path: item.place for path, item in seen_from("/w/a/main.py", "python", imports, tables).items()}
    assert seen == {"util.f": "/w/a/util.py", ".util.f": "/w/a/util.py", "b.util.f": "/w/b/util.py"}
    assert seen_from("/w/a/main.go", "go", imports, tables) == {}


def test_an_edit_goes_on_from_what_is_known_of_the_others() -> None:
    (place, text), (other_place, other_text) = PAIRS["python"]
    document, other = opened(place, "python", text), opened(other_place, "python", other_text)
    document.look_around(around((other_place, other)))
    document.report()
    changed = text + "\n\ndef more(rows):\n    f(rows)\n"
    size = len(text)
    document.edit(size, size, len(changed), (4, 0), (4, 0), (8, 0), changed.encode())
    assert function(document.report(), "more").complexity == "quadratic"
    assert function(document.report(), "run").complexity == "cubic"
