"""The Python that runs the daemon in the IDE: the repository's own, or a copy where the user cannot reach that."""

from __future__ import annotations

import shutil
import venv
from pathlib import Path

from steps import extension, python_environment
from steps.ide_user import IdeUser
from steps.places import VENV_PYTHON, cache_directory, fingerprint, is_root
from steps.running import Step, StepError, run, run_steps


def locate(user: IdeUser) -> Path:
    """A Python that has foreload and debugpy installed and that this user can run; made first where there is none.

    A clone in root's home is closed to every other user; then the packages are installed once more, in the cache.

    Raises:
        StepError: none could be made.
    """
    if user.can_import(VENV_PYTHON, "foreload_daemon"):
        return VENV_PYTHON
    wheel = extension.wheel()
    folder = cache_directory() / f"python-{fingerprint([python_environment.LOCK])}"
    python = folder / "bin" / "python"

    def make() -> str | None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        venv.create(folder, with_pip=False, symlinks=True)
        run([str(python), "-m", "ensurepip", "--default-pip"], cwd=folder, what="Making the IDE's Python")
        python_environment.pip_install(
            str(python),
            ["--require-hashes", "-r", str(python_environment.LOCK)],
            "Installing the IDE's Python packages",
        )
        return None

    def install() -> str | None:
        python_environment.pip_install(
            str(python), ["--no-deps", "--no-index", "--force-reinstall", str(wheel)], "Installing foreload for the IDE"
        )
        return None

    run_steps(
        [
            Step("Python for the IDE's user", folder / ".lock", lambda: folder.name, make, kept=python.exists),
            Step("Foreload for the IDE's user", folder / ".wheel", lambda: fingerprint([wheel]), install),
        ]
    )
    if is_root():
        folder.parent.chmod(0o755)
    if not user.can_import(python, "foreload_daemon"):
        raise StepError(
            f"The user {user.name} cannot run {VENV_PYTHON} or {python}: a folder on the way to one, or to the "
            "Python behind them, is closed to other users. Set FORELOAD_PYTHON to a Python that all may read."
        )
    return python
