"""What a command line starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from foreload_core.types import RunKind
from foreload_daemon.runs.command_lines import resolve, resolve_program


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project").resolve()
    for name in (
        "x.py",
        "test_x.py",
        "manage.py",
        "Makefile",
        "package.json",
        "pkg/__main__.py",
        "pkg/mod.py",
        "run.sh",
    ):
        path = root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    (root / "tests").mkdir()
    (root / "tool").write_text("#!/usr/bin/env python3\n")
    return root


PROGRAM, TEST, BUILD, SERVE = RunKind.PROGRAM, RunKind.TEST, RunKind.BUILD, RunKind.SERVE


@pytest.mark.parametrize(
    ("line", "kind", "entry"),
    [
        ("python x.py", PROGRAM, "x.py"),
        ("python3 -u -W ignore x.py --n 3 > out.txt 2>&1", PROGRAM, "x.py"),
        ("A=1 B='two words' .venv/bin/python3.11 x.py", PROGRAM, "x.py"),
        ("cd pkg && python ../x.py", PROGRAM, "x.py"),
        ("(cd pkg; python mod.py)", PROGRAM, "pkg/mod.py"),
        ("python -m pkg", PROGRAM, "pkg/__main__.py"),
        ("python -m pkg.mod", PROGRAM, "pkg/mod.py"),
        ("python pkg", PROGRAM, "pkg/__main__.py"),
        ("time nice -n 5 python x.py", PROGRAM, "x.py"),
        ("env -u HOME A=b python x.py", PROGRAM, "x.py"),
        ("timeout 10 python x.py", PROGRAM, "x.py"),
        ("nohup python x.py &", PROGRAM, "x.py"),
        ("uv run --with numpy x.py", PROGRAM, "x.py"),
        ("poetry run python x.py", PROGRAM, "x.py"),
        ("python -m cProfile -o out x.py", PROGRAM, "x.py"),
        ("coverage run x.py", PROGRAM, "x.py"),
        ("./tool --fast", PROGRAM, "tool"),
        ("python x.py | tee log", PROGRAM, "x.py"),
        ("git pull && python x.py", PROGRAM, "x.py"),
        ("python manage.py runserver", SERVE, "manage.py"),
        ("pytest", TEST, ""),
        ("pytest -x tests", TEST, "tests"),
        ("python -m pytest tests::a", TEST, "tests"),
        ("python test_x.py", TEST, "test_x.py"),
        ("make -j8 test", TEST, "Makefile"),
        ("make", BUILD, "Makefile"),
        ("npm test", TEST, "package.json"),
        ("npm run build", BUILD, "package.json"),
        ("npm start", SERVE, "package.json"),
        ("make && pytest tests", TEST, "tests"),
    ],
)
def test_kind_and_entry(folder: Path, line: str, kind: RunKind, entry: str):
    found = resolve(line, folder)
    assert found is not None
    assert (found.kind, found.entry) == (kind, folder / entry)


@pytest.mark.parametrize(
    "line", ["", "ls -la", "cd pkg", "git status", "python", "python --version", 'python "x.py', "&&", "|"]
)
def test_what_is_no_run(folder: Path, line: str):
    assert resolve(line, folder) is None


@pytest.mark.parametrize("line", ["python missing.py", "python -c 'print(1)'", "python -m nowhere"])
def test_what_cannot_be_found_keeps_its_kind(folder: Path, line: str):
    found = resolve(line, folder)
    assert found is not None
    assert (found.kind, found.entry, found.key_text) == (PROGRAM, None, "")


def test_a_target_makes_another_key(folder: Path):
    keys = {
        resolve(line, folder).key_text for line in ("make test", "make docs", "make", "pytest tests::a", "pytest tests")
    }
    assert len(keys) == 5


def test_the_same_file_has_the_same_key_however_it_is_called(folder: Path):
    lines = ("python x.py", "python3 ./x.py", "cd pkg && python ../x.py", f"python {folder}/x.py --other argument")
    assert len({resolve(line, folder).key_text for line in lines}) == 1
    assert resolve_program(str(folder / "x.py")).key_text == resolve("python x.py", folder).key_text
