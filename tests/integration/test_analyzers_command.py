"""`foreload analyze` as a process: files, trees, standard input, formats, and what is wrong with them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parents[1] / "fixtures" / "analyzers"
GOLDENS = FIXTURES / "goldens"
SAMPLES = ("simulate", "light", "service", "training")
KEYS = [
    *("path", "language", "application_type", "application_type_confidence", "functions", "complexity"),
    *("complexity_confidence", "space_complexity", "space_complexity_confidence", "algorithm_class"),
    *("algorithm_class_confidence", "needs", "entry_points", "notes"),
    "problems",
]


def analyze(*arguments: str, cwd: Path = FIXTURES, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "foreload_cli.main", "analyze", *arguments],
        cwd=cwd,
        input=given,
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_goldens(name: str) -> None:
    """After a change that is meant: `foreload analyze --format json NAME.py`, read, into goldens/NAME.json."""
    ended = analyze("--format", "json", f"{name}.py")
    assert ended.returncode == 0
    assert json.loads(ended.stdout) == json.loads((GOLDENS / f"{name}.json").read_text())


def test_a_tree_is_one_object_a_line() -> None:
    ended = analyze("--format", "json", ".")
    rows = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [row["path"] for row in rows] == sorted(f"{name}.py" for name in SAMPLES)
    assert all(list(row) == KEYS for row in rows)


def test_gitignore_is_obeyed(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("build/\n*_made.py\n")
    for name in (
        "a.py",
        "a_made.py",
        "build/b.py",
        "sub/c.py",
        "sub/kept_made.py",
        "venv/lib/d.py",
        "node_modules/e.py",
        "notes.txt",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1\n")
    (tmp_path / "sub" / ".gitignore").write_text("!kept_made.py\n")
    (tmp_path / "venv" / "pyvenv.cfg").write_text("")
    whole = analyze("--format", "json", ".", cwd=tmp_path)
    assert [json.loads(line)["path"] for line in whole.stdout.splitlines()] == ["a.py", "sub/c.py", "sub/kept_made.py"]
    inner = analyze("--format", "json", "sub", cwd=tmp_path)
    assert [json.loads(line)["path"] for line in inner.stdout.splitlines()] == ["sub/c.py", "sub/kept_made.py"]


def test_worker_processes_give_the_same(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"m{number:02}.py").write_text(f"def f{number}(rows):\n    for row in rows:\n        print(row)\n")
    alone = analyze("--format", "json", "--jobs", "1", ".", cwd=tmp_path)
    together = analyze("--format", "json", "--jobs", "2", ".", cwd=tmp_path)
    assert alone.stdout == together.stdout
    assert alone.stdout.count(b"\n") == 12


def test_standard_input() -> None:
    ended = analyze("-", "--language", "python", "--format", "json", given=b"def f(rows):\n    return sorted(rows)\n")
    assert json.loads(ended.stdout)["functions"][0]["complexity"] == "nlogn"


def test_each_bad_file_has_one_message_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "large.py").write_bytes(b"#" * (50 * 1024 * 1024))
    (tmp_path / "binary.py").write_bytes(b"\x7fELF\x00\x01")
    (tmp_path / "notes.txt").write_text("words")
    (tmp_path / "good.py").write_text("x = 1\n")
    names = ("large.py", "binary.py", "notes.txt", "missing.py", "good.py")
    ended = analyze("--format", "json", *names, cwd=tmp_path)
    assert ended.returncode == 1
    messages = ended.stderr.decode().splitlines()
    assert len(messages) == 4
    for name, words in zip(
        ("large", "binary", "notes", "missing"), ("50.0 MiB", "binary", "--language", "no such file"), strict=True
    ):
        assert [words in message for message in messages if name in message] == [True], (name, messages)
    assert json.loads(ended.stdout.splitlines()[-1])["path"] == "good.py"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-",), "needs --language"),
        (("x.py", "--language", "cobol"), "allowed are "),
        ((), "PATH"),
        (("--format", "xml", "x.py"), "xml"),
    ],
)
def test_bad_usage(arguments: tuple[str, ...], words: str) -> None:
    ended = analyze(*arguments)
    assert ended.returncode == 2
    assert words in ended.stderr.decode()
    assert ended.stderr.count(b"\n") <= 2


def test_sarif() -> None:
    ended = analyze("--format", "sarif", "service.py", "simulate.py")
    run = json.loads(ended.stdout)["runs"][0]
    found = {
        (row["ruleId"], row["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]) for row in run["results"]
    }
    assert ("query_per_row", "service.py") in found
    assert {rule for rule, _ in found} <= {rule["id"] for rule in run["tool"]["driver"]["rules"]}


def test_sarif_has_the_shape_that_its_schema_asks_for(tmp_path: Path) -> None:
    source = "def f(rows):\n    seen = []\n    for row in rows:\n        if row in seen:  # ü\n"
    source += "            seen.append(row)\n"
    (tmp_path / "a b.py").write_text(source)
    outside = tmp_path / "outside.py"
    outside.write_text(source)
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "a b.py").write_text(source)
    log = json.loads(analyze("--format", "sarif", "a b.py", "../outside.py", cwd=inner).stdout)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert all(rule["shortDescription"]["text"] and rule["defaultConfiguration"]["level"] for rule in rules)
    assert run["originalUriBaseIds"]["%SRCROOT%"]["uri"] == inner.as_uri() + "/"
    assert run["columnKind"] == "unicodeCodePoints"
    memberships = [row for row in run["results"] if row["ruleId"] == "list_membership"]
    assert len(memberships) == 2
    for row in run["results"]:
        assert rules[row["ruleIndex"]]["id"] == row["ruleId"]
        assert row["level"] in ("none", "note", "warning", "error")
        assert row["message"]["text"]
    first, second = (row["locations"][0]["physicalLocation"] for row in memberships)
    assert first["artifactLocation"] == {"uri": "a%20b.py", "uriBaseId": "%SRCROOT%"}
    assert second["artifactLocation"] == {"uri": outside.as_uri()}
    line = source.splitlines()[3]
    assert first["region"] == {"startLine": 4, "startColumn": 9, "endColumn": len(line) + 1}


def test_files_of_a_folder_that_cannot_be_analysed_are_counted_and_no_failure(tmp_path: Path) -> None:
    (tmp_path / "binary.py").write_bytes(b"\x7fELF\x00\x01")
    (tmp_path / "good.py").write_text("x = 1\n")
    ended = analyze("--format", "json", ".", cwd=tmp_path)
    assert ended.returncode == 0
    assert ended.stderr.decode() == ("foreload analyze: 1 file analysed; left out: 1 file: binary\n")
    rows = {row["path"]: row["problems"] for row in map(json.loads, ended.stdout.splitlines())}
    assert rows["good.py"] == []
    assert "binary" in rows["binary.py"][0]


def test_against_a_profile() -> None:
    folder = FIXTURES.parent / "profiles"
    shown = analyze("work.py", "--against", "work.raw.txt", cwd=folder)
    assert shown.returncode == 0
    text = shown.stdout.decode()
    assert "P@1 1" in text
    assert "Kendall's tau-b" in text
    wrong = analyze("work.py", "--against", "work.py", cwd=folder)
    assert wrong.returncode == 2
    assert "this is no profile" in wrong.stderr.decode()
    other = analyze("light.py", "--against", str(folder / "work.raw.txt"))
    assert other.returncode == 1
    assert "work.py" in other.stderr.decode()


def test_tables() -> None:
    one = analyze("simulate.py").stdout.decode()
    assert "step" in one
    assert "O(n" in one
    many = analyze(".").stdout.decode()
    assert all(f"{name}.py" in many for name in SAMPLES)
