"""What costs more than it needs to in each language, and what looks like it but does not."""

from __future__ import annotations

from textwrap import dedent

import pytest
from foreload_analyzers import analyze

FOUND = {
    ("javascript", "list_front"): "function f(xs) { const q = [...xs]; while (q.length) { q.shift(); } }",
    ("javascript", "list_membership"): (
        "function f(xs) { const s = []; for (const x of xs) { if (s.indexOf(x) < 0) s.push(x); } "
        "}"
    ),
    ("javascript", "await_in_loop"): (
        "async function f(urls) { const all = []; for (const url of urls) { all.push(await fetch(url)); } return all; }"
    ),
    ("java", "text_concatenation"): (
        'class A { String f(java.util.List<String> xs) { String t = ""; for (String x : xs) { t += x; } return t; } }'
    ),
    ("java", "list_front"): (
        "class A { void f(java.util.List<String> xs) { for (int i = 0; i < xs.size(); i++) { xs.remove(0); } } }"
    ),
    ("go", "compile_in_loop"): (
        'package a\nimport "regexp"\nfunc f(xs []string) {\n for _, x := range xs {\n'
        '  regexp.MustCompile("a").MatchString(x)\n }\n}\n'
    ),
    ("rust", "list_front"): (
        "fn f(xs: &Vec<i64>) { let mut v: Vec<i64> = Vec::new(); for x in xs { v.insert(0, *x); } "
        "}"
    ),
    ("rust", "needless_copy"): (
        "fn f(xs: &Vec<i64>) { let v: Vec<i64> = Vec::new(); for x in xs { let w = v.clone(); g(w); } }"
    ),
    ("cpp", "length_in_condition"): "void f(char *s) { for (int i = 0; i < strlen(s); i++) { g(s[i]); } }",
    ("cpp", "list_front"): "void f(std::vector<int> v) { while (!v.empty()) { v.erase(v.begin()); } }",
    ("python", "needless_copy"): (
        "def f(rows):\n rows = list(rows)\n while rows:\n  print(rows[0])\n  rows = "
        "rows[1:]\n"
    ),
    ("python", "loader_without_workers"): (
        "from torch.utils.data import DataLoader\ndef f(data):\n return DataLoader(data, batch_size=8)\n"
    ),
    ("python", "device_copy_in_loop"): """\
        import torch
        def f(model, batches):
            total = 0.0
            for batch in batches:
                loss = model(batch)
                loss.backward()
                total += loss.item()
        """,
}  # fmt: skip
QUIET = {
    ("javascript", "a text that grows"): 'function f(xs) { let t = ""; for (const x of xs) { t += x; } return t; }',
    ("cpp", "a text that grows"): (
        'std::string f(std::vector<std::string> &xs) { std::string t = ""; for (auto &x : xs) t += x; return t; }'
    ),
    ("javascript", "arguments of a program"): (
        "function f() { const args = process.argv.slice(2); while (args.length) { args.shift(); } }"
    ),
    ("javascript", "the place is asked for"): (
        "function f(xs, ys) { const s = [...ys]; for (const x of xs) { const at = s.indexOf(x); s.splice(at, 1); } }"
    ),
    ("javascript", "a quick call"): (
        "const fs = require('fs'); async function f(p) { if (fs.existsSync(p)) fs.chmodSync(p, 1); }"
    ),
    ("python", "a list of its own for each turn"): (
        "def f(rows):\n for row in rows:\n  parts = row.split()\n  if 'a' in parts:\n   parts.pop(0)\n"
    ),
    ("python", "a default says nothing"): (
        "def f(rows, skip=()):\n for row in rows:\n  if row not in skip:\n   print(row)\n"
    ),
    ("python", "statements of a schema"): (
        "def f(cursor, statements):\n for statement in statements:\n  cursor.execute(statement)\n"
    ),
    ("python", "columns at a time"): (
        "import numpy as np\ndef f(model, xs, n):\n a = np.zeros(n)\n for i in range(n):\n  a[i] = model.fit(xs[i])\n"
    ),
    ("python", "a sort of what changes"): (
        "def f(rows, stubs):\n for row in rows:\n  for at in sorted(stubs):\n   stubs[at] = row\n"
    ),
    ("python", "a recurrence"): (
        "import numpy as np\ndef f(n):\n a = np.zeros(n)\n for i in range(1, n):\n  a[i] = a[i - 1] * 2\n"
    ),
    ("python", "an ending"): "def f(words):\n text = ''\n for word in words:\n  text += '.'\n return text\n",
    ("python", "each turn joins its own"): (
        "import numpy as np\ndef f(rows):\n for row in rows:\n  both = np.concatenate([row, row])\n  print(both)\n"
    ),
    ("python", "a file that is taken whole on purpose"): (
        "def f(path):\n with open(path) as file:\n  return "
        "file.read()\n"
    ),
    ("python", "a loader with workers"): (
        "from torch.utils.data import DataLoader\ndef f(data):\n return DataLoader(data, num_workers=2)\n"
    ),
    ("javascript", "a set"): (
        "function f(xs) { const s = new Set(); for (const x of xs) { if (s.has(x)) continue; "
        "s.add(x); } }"
    ),
    ("javascript", "one after the other"): (
        "async function f(urls) { for (const url of urls) { const a = await fetch(url); if (a.ok) break; } }"
    ),
    ("rust", "borrowed"): "fn f(xs: &Vec<i64>) -> i64 { let mut t = 0; for x in xs { t += x; } t }",
    ("cpp", "measured once"): "void f(char *s) { int n = strlen(s); for (int i = 0; i < n; i++) { g(s[i]); } }",
}  # fmt: skip


def kinds_in(source: str, language: str) -> set[str]:
    report = analyze(dedent(source).encode(), language)
    return {item.kind for function in report.functions for item in function.bottlenecks}


@pytest.mark.parametrize("case", FOUND, ids=" ".join)
def test_found(case: tuple[str, str]) -> None:
    language, kind = case
    assert kind in kinds_in(FOUND[case], language)


@pytest.mark.parametrize("case", QUIET, ids=" ".join)
def test_quiet(case: tuple[str, str]) -> None:
    assert kinds_in(QUIET[case], case[0]) == set()
