"""The IDE for machines without VS Code: code-server with its own Node.js, installed once a machine into the cache."""

from __future__ import annotations

import json
import os
import platform
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from steps.places import ROOT, cache_directory, find_npm, fingerprint, is_root
from steps.running import Step, StepError, one_at_a_time, run
from steps.system_packages import COMPILER

DEFINITION = ROOT / "scripts" / "ide"
LOCKS = (DEFINITION / "package.json", DEFINITION / "package-lock.json", DEFINITION / "workbench-lock.json")
COMPILED_MODULES = ("@vscode/spdlog", "@vscode/native-watchdog", "node-pty")
RECIPE = "1"


@dataclass(frozen=True)
class Ide:
    """Where the installed IDE lies."""

    folder: Path

    @property
    def node(self) -> Path:
        """The Node.js that code-server needs; not the one of the repository."""
        return _node_folder(self.folder) / "bin" / "node"

    @property
    def entry(self) -> Path:
        """The script that starts code-server."""
        return self.folder / "node_modules" / "code-server" / "out" / "node" / "entry.js"


def _machine() -> str:
    machine = {"x86_64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine())
    if machine is None or platform.system() != "Linux":
        raise StepError(
            f"The IDE in the browser runs on Linux on x86_64 and arm64, not on {platform.system()} {platform.machine()}"
        )
    return machine


def _node_folder(folder: Path) -> Path:
    return folder / "node_modules" / f"node-linux-{_machine()}"


def key() -> str:
    """Hash of the locks, the machine and the way of installing."""
    return fingerprint(LOCKS, _machine(), RECIPE)


def locate() -> Ide:
    """Where the IDE is or will be."""
    version = json.loads(LOCKS[0].read_text())["dependencies"]["code-server"]
    return Ide(cache_directory() / f"ide-{version}-{key()}")


def step() -> Step:
    """Installs the IDE unless the cache has it."""
    ide = locate()
    return Step(
        "IDE in the browser (once a machine)",
        ide.folder / ".ready",
        key,
        _install,
        kept=lambda: ide.entry.exists() and ide.node.exists(),
    )


def _install() -> str | None:
    if not COMPILER.present():
        return f"left out: it needs a C++ compiler (Debian: {COMPILER.name})"
    ide = locate()
    ide.folder.parent.mkdir(parents=True, exist_ok=True)
    if is_root():
        ide.folder.parent.chmod(0o755)
    with one_at_a_time(ide.folder.parent):
        if (ide.folder / ".ready").exists():
            return "another set-up has just done it"
        unfinished = ide.folder.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.rmtree(ide.folder, ignore_errors=True)
        unfinished.mkdir()
        _fill(unfinished)
        _open_to_readers(unfinished)
        unfinished.rename(ide.folder)
        (ide.folder / ".ready").write_text(key() + "\n")
    return None


def _fill(folder: Path) -> None:
    npm = find_npm()
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(DEFINITION / name, folder / name)
    quiet = ["--no-audit", "--no-fund", "--loglevel=error"]
    what = "Installing the IDE"
    run([npm, "ci", "--ignore-scripts", *quiet], cwd=folder, what=what)
    node = _node_folder(folder)
    # A user's npm settings may name the headers of another Node; this one's own must win when modules are compiled.
    environment = {
        **os.environ,
        "PATH": f"{node / 'bin'}:{os.environ.get('PATH', '')}",
        "npm_config_nodedir": str(node),
    }
    workbench = folder / "node_modules" / "code-server" / "lib" / "vscode"
    shutil.copy(DEFINITION / "workbench-lock.json", workbench / "npm-shrinkwrap.json")
    run([npm, "ci", "--omit=dev", "--ignore-scripts", *quiet], cwd=workbench, env=environment, what=what)
    run(
        [npm, "rebuild", "--loglevel=error", *COMPILED_MODULES],
        cwd=workbench,
        env=environment,
        what="Compiling the IDE's terminal",
    )
    run([npm, "ci", "--omit=dev", "--ignore-scripts", *quiet], cwd=workbench / "extensions", env=environment, what=what)
    for link, target in (("remote-cli/code-server", "code-linux.sh"), ("helpers/browser.sh", "browser-linux.sh")):
        place = workbench / "bin" / link
        place.unlink(missing_ok=True)
        place.symlink_to(target)
    (folder / "README.txt").write_text(
        "Installed by Foreload's `npm start` and `npm test`; may be deleted at any time, and is then installed again.\n"
        f"node: node_modules/{node.name}/bin/node\ncode-server: node_modules/code-server/out/node/entry.js\n"
    )


def _open_to_readers(folder: Path) -> None:
    """Lets every user of the machine read it, whatever the umask was: the IDE runs as another user than root."""
    for place in (folder, *folder.rglob("*")):
        if place.is_symlink():
            continue
        mode = place.stat().st_mode
        extra = stat.S_IRGRP | stat.S_IROTH
        if place.is_dir() or mode & stat.S_IXUSR:
            extra |= stat.S_IXGRP | stat.S_IXOTH
        if mode & extra != extra:
            place.chmod(mode | extra)
