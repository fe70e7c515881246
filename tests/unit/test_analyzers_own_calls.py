"""What counts as a call of one's own: all alternatives of an expression, and no type of a library."""

from __future__ import annotations

import pytest
from foreload_analyzers import analyze

FIBONACCI = {
    "python": "def f(n):\n    return n if n < 2 else f(n - 1) + f(n - 2)\n",
    "javascript": "const f = (n) => n < 2 ? n : f(n - 1) + f(n - 2);\n",
    "typescript": "function f(n: number): number { return n < 2 ? n : f(n - 1) + f(n - 2); }\n",
    "tsx": "function f(n: number): number { return n < 2 ? n : f(n - 1) + f(n - 2); }\n",
    "java": "class A { int f(int n) { return n < 2 ? n : f(n - 1) + f(n - 2); } }\n",
    "c": "int f(int n) { return n < 2 ? n : f(n - 1) + f(n - 2); }\n",
    "cpp": "int f(int n) { return n < 2 ? n : f(n - 1) + f(n - 2); }\n",
    "go": "func f(n int) int { if n < 2 { return n }; return f(n-1) + f(n-2) }\n",
    "rust": "fn f(n: u64) -> u64 { if n < 2 { n } else { f(n - 1) + f(n - 2) } }\n",
}


@pytest.mark.parametrize("language", sorted(FIBONACCI))
def test_two_calls_in_one_alternative_are_two(language: str) -> None:
    (function,) = analyze(FIBONACCI[language].encode(), language).functions
    assert function.complexity == "exponential"
    assert "calls itself 2 times" in function.evidence[0].text


def test_calls_in_different_alternatives_are_one() -> None:
    source = b"def f(n, odd):\n    return f(n - 1, odd) if odd[n] else f(n - 2, odd)\n"
    assert analyze(source, "python").functions[0].complexity == "linear"


def test_the_maker_of_a_library_type_is_not_the_own_one() -> None:
    source = (
        b"impl A {\n    fn new(k: usize) -> A {\n        let m = std::collections::BTreeMap::new();\n"
        b"        let v: Vec<i32> = Vec::new();\n        A { m, v }\n    }\n"
        b"    fn other() -> A { Self::new(1) }\n}\n"
    )
    made, other = analyze(source, "rust").functions
    assert made.complexity == other.complexity == "constant"


def test_the_maker_of_the_own_type_is_followed() -> None:
    source = (
        b"impl A {\n    fn new(rows: &Vec<i32>) -> A {\n        let mut t = 0;\n"
        b"        for r in rows { t += r; }\n        A { t }\n    }\n"
        b"    fn other(rows: &Vec<i32>) -> A { Self::new(rows) }\n}\n"
    )
    assert [function.complexity for function in analyze(source, "rust").functions] == ["linear", "linear"]
