"""npm start for those who change Foreload: rebuilds the extension at each save and puts it into the running IDE."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

from steps import extension
from steps.places import DIST, PACKAGE_FOLDERS, ROOT, files_below
from steps.running import StepError, run, say
from steps.session import state_directory

LOOK_SECONDS = 1.0


def _newest(folders: list[Path], suffixes: tuple[str, ...]) -> float:
    return max((path.stat().st_mtime for path in files_below(folders, suffixes)), default=0.0)


def _installed() -> list[Path]:
    pattern = f"ide/*/extensions/foreload.foreload-{extension.version()}*/dist"
    return sorted(state_directory().glob(pattern))


def _rebuild() -> None:
    try:
        run(["node", str(ROOT / "extension" / "build.mjs")], cwd=ROOT, what="Building the extension")
    except StepError as error:
        say(str(error))
        return
    for place in _installed():
        shutil.copytree(DIST, place, dirs_exist_ok=True, copy_function=shutil.copyfile)
    say("The extension is new: run “Developer: Reload Window”")


def main() -> int:
    """Exit code of npm start, which this one starts with its own arguments."""
    started = subprocess.Popen([sys.executable, str(ROOT / "scripts" / "start.py"), *sys.argv[1:]], cwd=ROOT)
    scripts = [ROOT / "extension" / "src"]
    packages = [ROOT / folder for folder in PACKAGE_FOLDERS]
    seen = (_newest(scripts, (".ts", ".css")), _newest(packages, (".py", ".scm")))
    try:
        while started.poll() is None:
            time.sleep(LOOK_SECONDS)
            now = (_newest(scripts, (".ts", ".css")), _newest(packages, (".py", ".scm")))
            if now[0] != seen[0] and _installed():
                _rebuild()
            if now[1] != seen[1]:
                say("Python is new: “Foreload: Restart” for the daemon, npm run stop and start for the rest")
            seen = now
    except KeyboardInterrupt:
        pass  # start.py got it too, and says what it stops
    return started.wait()


if __name__ == "__main__":
    sys.exit(main())
