"""The repository's virtual environment, filled from the lock with hashes."""

from __future__ import annotations

import os
import shutil
import sys
import venv

from steps.places import PACKAGE_FOLDERS, ROOT, VENV, VENV_PYTHON, fingerprint
from steps.running import Step, StepError, run

LOCK = ROOT / "requirements" / "dev.txt"


def _python_version() -> str:
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def _lock_key() -> str:
    return fingerprint([LOCK], _python_version())


def _is_ours() -> bool:
    """Whether .venv is of the Python that runs now; one made by another version cannot be filled further."""
    settings = VENV / "pyvenv.cfg"
    return (
        (VENV / "bin" / "pip").exists()
        and settings.exists()
        and f"version = {_python_version()}." in settings.read_text()
    )


def _install_lock() -> str | None:
    if not _is_ours():
        shutil.rmtree(VENV, ignore_errors=True)
        venv.create(VENV, with_pip=False, symlinks=True)
        run([str(VENV_PYTHON), "-m", "ensurepip", "--default-pip"], cwd=ROOT, what="Making the virtual environment")
    pip_install(str(VENV_PYTHON), ["--require-hashes", "-r", str(LOCK)], "Installing Python packages")
    return None


def pip_install(python: str, arguments: list[str], what: str) -> None:
    """pip install into the environment of that Python, with nothing asked and nothing cached elsewhere."""
    run(
        [python, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar=off", *arguments],
        cwd=ROOT,
        what=what,
    )


def _install_editable() -> str | None:
    pip_install(
        str(VENV_PYTHON),
        ["--no-deps", "--no-build-isolation", "--no-index", "-e", "."],
        "Installing foreload into the environment",
    )
    return None


def _foreload_installed() -> bool:
    return (VENV / "bin" / "foreload").exists()


def steps() -> list[Step]:
    """The lock first, then foreload itself, editable."""
    project = ROOT / "pyproject.toml"
    return [
        Step("Python packages", VENV / ".foreload-lock", _lock_key, _install_lock, kept=_is_ours),
        Step(
            "Foreload in the environment",
            VENV / ".foreload-editable",
            lambda: fingerprint([project, LOCK], _python_version()),
            _install_editable,
            kept=_foreload_installed,
        ),
    ]


def compile_sources() -> None:
    """Compiles our packages ahead, since the IDE's user may not write beside them and would compile at each start."""
    folders = [str(ROOT / folder) for folder in PACKAGE_FOLDERS]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    try:
        run(
            [str(VENV_PYTHON), "-m", "compileall", "-q", *folders],
            cwd=ROOT,
            env=environment,
            what="Compiling Python sources",
        )
    except StepError as failure:
        raise StepError(f"A Python file of the repository does not compile. {failure}") from failure
