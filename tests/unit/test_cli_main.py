"""The command finds its sub-commands by name, and says in one line what is wrong."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest
from foreload_cli.main import COMMANDS, main


def test_version_and_help(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"foreload {version('foreload')}\n"
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, ""),
        (["statsu"], 2, "there is no command 'statsu'; did you mean status?"),
        (["xyzzy"], 2, "there is no command 'xyzzy'; allowed are up, down,"),
        (["status", "--format", "xml"], 2, "--format is 'xml'; allowed are table and json"),
        (["status", "--nonsense"], 2, "status: No such option: --nonsense"),
        (["why", "seventeen"], 2, "'seventeen' is no decision's id; it reads ENVIRONMENT-NUMBER"),
        (["broker", "--tick-seconds", "0"], 2, "--tick-seconds is '0'; allowed is a number from 0.05 up to 60"),
        (["up", "--environment", "Not A Name"], 2, "environment 'Not A Name' is not allowed; use 1 to 63 lower-case"),
    ],
)
def test_bad_usage_is_one_line(capsys, arguments, code, said):
    assert main(arguments) == code
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") <= 1


def test_no_broker_says_how_to_start_one(capsys, tmp_path):
    assert main(["status", "--state", str(tmp_path)]) == 1
    assert "start broker and agent with: foreload up" in capsys.readouterr().err


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from foreload_cli.main import main; main(['--help']); "
        "heavy = {'typer', 'rich', 'grpc', 'pydantic', 'sqlalchemy', 'numpy'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("name", ["up", "down", "status", "decisions", "why", "broker"])
def test_each_command_has_its_own_help(capsys, name):
    assert main([name, "--help"]) == 0
    assert f"Usage: foreload {name}" in capsys.readouterr().out
