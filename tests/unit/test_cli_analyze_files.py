"""What `foreload analyze` reads and leaves out, and a worker that dies."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from foreload_analyzers.decoding import to_utf8
from foreload_cli.analysis.files import LeftOut, find_files
from foreload_cli.analysis.work import Outcome, Task, analyze_one, in_processes

WORDS = "größe = 'ŝanĝo'\n"


@pytest.mark.parametrize(
    "content",
    [
        WORDS.encode(),
        WORDS.encode("utf-8-sig"),
        WORDS.encode("utf-16"),
        WORDS.encode("utf-32"),
        b"\xfe\xff" + WORDS.encode("utf-16-be"),
    ],
)
def test_marked_encodings_come_out_as_utf8(content: bytes) -> None:
    assert to_utf8(content).decode() == WORDS


def test_encodings_without_a_mark() -> None:
    assert to_utf8("x = 1  # plain\n".encode("utf-16-le")).decode() == "x = 1  # plain\n"
    cyrillic = "# -*- coding: koi8-r -*-\nслово = 1\n"
    assert to_utf8(cyrillic.encode("koi8-r")).decode() == cyrillic
    latin = "naïve = 1\n".encode("latin-1")
    assert to_utf8(latin).decode() == "naïve = 1\n"
    lied = b"# coding: nonsense\nx = '\xff'\n"
    assert to_utf8(lied).count(b"\n") == 2
    binary = b"\x7fELF\x00\x01\x02\x00\x00\xff"
    assert to_utf8(binary) == binary


def test_a_file_in_utf16_is_analysed(tmp_path: Path) -> None:
    path = tmp_path / "wide.py"
    path.write_text("def f(rows):\n    return sorted(rows)\n", encoding="utf-16")
    outcome = analyze_one(Task(str(path), None, None))
    assert outcome.report is not None
    assert [function.name for function in outcome.report.functions] == ["f"]


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("build/\nmade_*.py\n")
    for name in ("a.py", "made_b.py", "build/c.py", "node_modules/x/d.py", "notes.txt", "picture.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")
    (tmp_path / "again").symlink_to(tmp_path)
    left_out = LeftOut()
    assert [path.name for path in find_files(tmp_path, left_out)] == ["a.py"]
    words = left_out.words()
    assert "1 file by .gitignore" in words
    assert "1 folder by .gitignore" in words
    assert "2 folders of packages" in words
    assert "1 link to folders" in words
    assert "in no known language" in words
    assert LeftOut().words() == ""


def kill_its_own_process(task: Task) -> Outcome:
    """Stands for an analysis that brings its process down."""
    if task.path == "bad":
        os.kill(os.getpid(), signal.SIGKILL)
    return Outcome(task.path, None, "")


def test_a_file_that_ends_its_worker_is_the_only_one_that_fails() -> None:
    tasks = [Task(name, None, b"") for name in ("a", "b", "bad", "c")]
    outcomes = list(in_processes(kill_its_own_process, tasks, 2))
    assert [outcome.path for outcome in outcomes] == ["a", "b", "bad", "c"]
    assert [bool(outcome.failure) for outcome in outcomes] == [False, False, True, False]
