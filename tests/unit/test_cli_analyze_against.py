"""The ranking of functions beside real profiles: recorded by py-spy and perf, and made here by cProfile."""

from __future__ import annotations

import cProfile
import json
from pathlib import Path

import pytest
from foreload_analyzers import Function, Report, analyze
from foreload_cli.analysis.against import compare
from foreload_cli.analysis.agreement import agreement, hot_set, kendall_tau_b
from foreload_cli.analysis.matching import Matcher, symbol_path
from foreload_cli.analysis.profiles import BadProfile, Frame, Measured, read_profile
from foreload_cli.analysis.work import Outcome

FIXTURES = Path(__file__).parents[1] / "fixtures" / "profiles"
PROGRAM = FIXTURES / "work.py"


def outcome() -> Outcome:
    return Outcome(str(PROGRAM), analyze(PROGRAM.read_bytes(), "python"), "")


def compared(measured: Measured, capsys: pytest.CaptureFixture[str]) -> dict:
    assert list(compare([outcome()], measured, as_json=True)) == []
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def by_cprofile(tmp_path: Path) -> Path:
    code = compile(PROGRAM.read_text(), str(PROGRAM), "exec")
    profile = cProfile.Profile()
    profile.runctx(code, {"__name__": "work", "print": lambda _text: None}, {})
    space: dict = {"__name__": "work"}
    exec(code, space)  # the fixture beside this test
    profile.runcall(space["nearest"], space["make"](60))
    profile.runcall(space["report"], list(range(100)))
    path = tmp_path / "profile"
    profile.dump_stats(path)
    return path


@pytest.mark.parametrize("name", ["work.raw.txt", "work.speedscope.json"])
def test_py_spy_agrees_that_the_inner_function_is_hot(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = compared(read_profile(FIXTURES / name), capsys)
    (file,) = found["files"]
    assert file["functions"][0]["name"] == "distance"
    assert file["functions"][0]["measured_share"] > 0.7
    assert found["p_at_1"] == 1
    assert found["auc"] == 1
    assert sum(each["measured_share"] for each in file["functions"]) == pytest.approx(1)


def test_cprofile_counts_what_is_written_in_c_for_its_caller(
    by_cprofile: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = read_profile(by_cprofile)
    assert measured.unit == "seconds"
    found = compared(measured, capsys)
    assert found["files"][0]["functions"][0]["name"] == "distance"
    shares = {each["name"]: each["measured_share"] for each in found["files"][0]["functions"]}
    assert shares["report"] > 0  # sorted and join are its own time
    assert found["p_at_1"] == 1


def test_perf_knows_compiled_functions_by_their_symbols() -> None:
    measured = read_profile(FIXTURES / "work.perf.txt")
    assert measured.kind == "perf"
    names = ("distance", "nearest", "make", "main")
    functions = tuple(function(name, 10 * line + 1) for line, name in enumerate(names))
    matcher = Matcher([("work.c", Report("c", functions))])
    weights = dict.fromkeys(names, 0.0)
    for stack, weight in measured.stacks.items():
        found = matcher.find(stack)
        if found is not None:
            weights[names[found[1]]] += weight
    assert max(weights, key=lambda name: weights[name]) == "distance"
    assert sum(weights.values()) == pytest.approx(measured.total)


def function(name: str, line: int) -> Function:
    return Function(name, line, line + 8, "linear", 0.5, "constant", 0.5, "", None, 0.1, 0)


def test_python_under_perf_is_known_by_its_file() -> None:
    text = (
        "python 71 [001] 12.5:  1000 cycles:u: \n"
        "\t  7f12 _PyEval_EvalFrameDefault+0x3e (/usr/bin/python3.12)\n"
        "\t  7f13 py::distance:/somewhere/profiles/work.py+0x8 (/tmp/perf-71.map)\n"
        "\t  7f14 py::main:/somewhere/profiles/work.py+0x8 (/tmp/perf-71.map)\n\n"
    )
    from foreload_cli.analysis.profiles.perf import read_perf

    (stack,) = read_perf(text).stacks
    assert stack[-1] == Frame("distance", "/somewhere/profiles/work.py")


@pytest.mark.parametrize(
    ("symbol", "parts"),
    [
        ("distance", ["distance"]),
        ("main.(*Tree).Insert", ["main", "Tree", "Insert"]),
        ("main.work.func1", ["main", "work"]),
        ("app::sort::quick::h0123456789abcdef", ["app", "sort", "quick"]),
        ("<app::Tree as core::iter::Iterator>::next", ["app", "Tree", "next"]),
        ("app::run::{{closure}}", ["app", "run"]),
        ("std::vector<int, std::allocator<int> > lib::Tree<int>::insert(int const&) const", ["lib", "Tree", "insert"]),
        ("(anonymous namespace)::work(char*, void (*)(int))", ["work"]),
    ],
)
def test_symbols_of_compilers(symbol: str, parts: list[str]) -> None:
    assert symbol_path(symbol) == parts


def test_a_decorated_function_and_a_comprehension_belong_where_they_stand() -> None:
    source = b"import functools\n\n@functools.cache\n@staticmethod\ndef f(n):\n    return [i for i in range(n)]\n"
    matcher = Matcher([("/a/b/mod.py", analyze(source, "python"))])
    assert matcher.find((Frame("f", "/a/b/mod.py", 3),)) == (0, 0)
    assert matcher.find((Frame("<listcomp>", "b/mod.py", 6),)) == (0, 0)
    assert matcher.find((Frame("f", "/other/mod.py", 3),)) is None
    assert matcher.find((Frame("<module>", "/a/b/mod.py", 1),)) is None


def test_two_files_of_one_name_are_told_apart_by_their_folders() -> None:
    report = analyze(b"def f(n):\n    return n\n", "python")
    matcher = Matcher([("/one/mod.py", report), ("/two/mod.py", report)])
    assert matcher.find((Frame("f", "two/mod.py", 1),)) == (1, 0)
    assert matcher.find((Frame("f", "mod.py", 1),)) is None


def test_rank_correlation_and_hot_set() -> None:
    assert kendall_tau_b([1, 2, 3, 4], [1, 2, 3, 4]) == 1
    assert kendall_tau_b([1, 2, 3, 4], [4, 3, 2, 1]) == -1
    assert kendall_tau_b([1, 1, 2], [1, 2, 3]) == pytest.approx(2 / (3 * 2) ** 0.5)
    assert kendall_tau_b([1, 1, 1], [1, 2, 3]) is None
    assert hot_set([0.5, 0.3, 0.2]) == {0, 1}
    assert agreement([0.9, 0.1], [0.9, 0.1]) is None
    found = agreement([0.1, 0.7, 0.2], [0.9, 0.05, 0.05])
    assert found is not None
    assert (found.first_is_hot, found.first_share, found.auc) == (False, 0.05, 0)


def test_events_of_speedscope_are_times_between_opening_and_closing(tmp_path: Path) -> None:
    events = [("O", 0, 0), ("O", 2, 1), ("C", 5, 1), ("C", 9, 0)]
    profile = {
        "type": "evented",
        "name": "t",
        "unit": "seconds",
        "startValue": 0,
        "endValue": 9,
        "events": [{"type": kind, "at": at, "frame": frame} for kind, at, frame in events],
    }
    frames = [{"name": "main", "file": "a.py"}, {"name": "inner", "file": "a.py"}]
    path = tmp_path / "p.json"
    path.write_text(json.dumps({"shared": {"frames": frames}, "profiles": [profile]}))
    assert read_profile(path).stacks == {(Frame("main", "a.py"),): 6, (Frame("inner", "a.py"),): 3}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"PERFILE2\0\0", "perf script"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"<svg>", "picture"),
        (b"\x7fELF\0\xff", "allowed are"),
        (b"words only\n", "allowed are"),
        (b"a;b 3\nno count\n", "line 2"),
        (b'{"traceEvents": []}', "Chrome"),
        (b'{"broken', "JSON"),
        (b'{"shared": {"frames": []}, "profiles": [{"unit": "none"}]}', "not whole"),
        (b"\xfb\xa9\x04", "cannot be read"),
        (b"<module> (a.py:1) 0\n", "holds no time"),
    ],
)
def test_a_wrong_file_is_named_for_what_it_is(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "profile"
    path.write_bytes(content)
    with pytest.raises(BadProfile, match=words):
        read_profile(path)


def test_no_such_profile(tmp_path: Path) -> None:
    with pytest.raises(BadProfile, match="no such file"):
        read_profile(tmp_path / "nothing")


def test_a_profile_of_other_files_says_which() -> None:
    measured = Measured("py-spy", "samples")
    measured.add((Frame("f", "elsewhere.py", 3),), 5)
    (message,) = compare([outcome()], measured, as_json=True)
    assert "elsewhere.py" in message
