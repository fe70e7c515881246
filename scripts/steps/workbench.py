"""The IDE of `npm start`: its folders, settings, extensions, environment and command line."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from steps import ide
from steps.ide_user import IdeUser
from steps.places import ROOT
from steps.running import StepError

FIRST_PORT = 8484
SAMPLE = ROOT / "samples" / "workspace"
PYTHON_DEBUGGERS = ("ms-python.debugpy", "foreload.python-debug")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SETTINGS: Mapping[str, object] = {
    "chat.disableAIFeatures": True,
    "extensions.autoUpdate": "off",
    "extensions.ignoreRecommendations": True,
    "files.simpleDialog.enable": True,
    "remote.autoForwardPorts": False,
    "telemetry.telemetryLevel": "off",
    "terminal.integrated.defaultProfile.linux": "bash",
    "update.mode": "none",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
}


@dataclass(frozen=True)
class Workbench:
    """An IDE of one user, in a folder of its own below the state folder.

    Attributes:
        folder: everything of it, short enough for the sockets in it.
        user: who it runs as.
        desktop: path of `code`, or None for code-server in the browser.
    """

    folder: Path
    user: IdeUser
    desktop: str | None

    @property
    def home(self) -> Path:
        """HOME of everything that runs in the IDE."""
        return self.folder / "home"

    @property
    def workspace(self) -> Path:
        """The writable copy of the sample workspace."""
        return self.folder / "workspace"

    @property
    def certificates(self) -> Path:
        """The environment's certificate and key, readable by the user alone."""
        return self.folder / "certs"

    def make_folders(self, certificates: Path, python: Path) -> None:
        """Makes what is missing, and copies the environment's certificate; what a person changed in the sample stays.

        Args:
            certificates: folder with the environment's ca.pem, cert.pem and key.pem.
            python: what `python` is in the IDE's terminals. The IDE asks a login shell for PATH, so it is set there.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for place in (self.folder, self.home, self.certificates, self._extensions, self._data):
            self.user.own(place)
        for name in ("ca.pem", "cert.pem", "key.pem"):
            shutil.copy(certificates / name, self.certificates / name)
            (self.certificates / name).chmod(0o600)
        settings = self._data / "User" / "settings.json"
        if not settings.exists():
            settings.parent.mkdir(parents=True, exist_ok=True)
            settings.write_text(json.dumps(SETTINGS, indent=2) + "\n")
        self._config.write_text("auth: none\n")
        for name in (".profile", ".bashrc"):
            start = self.home / name
            line = f'export PATH="{python.parent}:$PATH"\n'
            if not start.exists() or line not in start.read_text():
                start.write_text(line + (start.read_text() if start.exists() else ""))
        for source in sorted(SAMPLE.rglob("*")):
            target = self.workspace / source.relative_to(SAMPLE)
            if source.is_file() and "__pycache__" not in source.parts and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
        self.user.own_tree(self.folder)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _extensions(self) -> Path:
        return self.folder / "extensions"

    @property
    def _config(self) -> Path:
        return self.folder / "config.yaml"

    def environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        """The whole environment of the IDE: nothing of the caller's but language, terminal, display and gallery."""
        kept = {
            name: os.environ[name]
            for name in (
                "LANG",
                "LC_ALL",
                "TERM",
                "TZ",
                "DISPLAY",
                "WAYLAND_DISPLAY",
                "XAUTHORITY",
                "EXTENSIONS_GALLERY",
            )
            if name in os.environ
        }
        named = {
            "HOME": str(self.home),
            "USER": self.user.name,
            "LOGNAME": self.user.name,
            "SHELL": "/bin/bash",
            "PATH": PATH,
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "XDG_DATA_HOME": str(self.home / ".local" / "share"),
            "XDG_STATE_HOME": str(self.home / ".local" / "state"),
            "XDG_CACHE_HOME": str(self.home / ".cache"),
        }
        return {"LANG": "C.UTF-8", **kept, **named, **extra}

    def _program(self) -> list[str]:
        if self.desktop is not None:
            return [self.desktop]
        installed = ide.locate()
        return [str(installed.node), str(installed.entry), "--config", str(self._config)]

    def _common(self) -> list[str]:
        return [*self._program(), "--user-data-dir", str(self._data), "--extensions-dir", str(self._extensions)]

    def command(self, port: int, *, telemetry: bool) -> list[str]:
        """The command line that starts it.

        Args:
            port: where code-server listens, on this machine's loopback only, since it asks for no password.
            telemetry: whether the IDE's own telemetry switch is left to its settings.
        """
        quiet = [] if telemetry else ["--disable-telemetry"]
        if self.desktop is not None:
            return [*self._common(), "--new-window", "--wait", "--disable-workspace-trust", *quiet, str(self.workspace)]
        listen = ["--auth", "none", "--bind-addr", f"127.0.0.1:{port}"]
        calm = ["--disable-update-check", "--disable-workspace-trust", "--disable-getting-started-override"]
        return [*self._common(), *listen, *calm, *quiet, "--ignore-last-opened", str(self.workspace)]

    def _run(self, environment: Mapping[str, str], *arguments: str) -> str:
        who = {"user": self.user.uid, "group": self.user.gid, "extra_groups": []} if self.user.other else {}
        ended = subprocess.run(
            [*self._common(), *arguments],
            env=dict(environment),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
            **who,
        )
        if ended.returncode != 0:
            raise StepError(
                f"The IDE refused `{' '.join(arguments)}`:\n{(ended.stdout + ended.stderr).strip()[-2000:]}"
            )
        return ended.stdout

    def install(self, environment: Mapping[str, str], vsix: Path, debugger: Path) -> None:
        """Installs the extension, and the companion debugger where no other is there; nothing when both are current."""
        mark = self.folder / ".extensions"
        wanted = " ".join(f"{path.name}:{path.stat().st_mtime_ns}:{path.stat().st_size}" for path in (vsix, debugger))
        if mark.exists() and mark.read_text() == wanted:
            return
        present = self._run(environment, "--list-extensions").lower().split()
        files = [vsix] if any(name in present for name in PYTHON_DEBUGGERS[:1]) else [vsix, debugger]
        arguments: list[str] = []
        for file in files:  # the repository may lie where this user cannot read
            copy = self.folder / file.name
            shutil.copyfile(file, copy)
            if self.user.other:
                os.chown(copy, self.user.uid, self.user.gid)
            arguments += ["--install-extension", str(copy)]
        self._run(environment, *arguments, "--force")
        for file in files:
            (self.folder / file.name).unlink()
        mark.write_text(wanted)


def free_port(wanted: int) -> tuple[int, bool]:
    """The wanted port of the loopback, or the next free one after it; and whether it is the wanted one.

    Raises:
        StepError: none of the next hundred is free.
    """
    for port in range(wanted, min(wanted + 100, 65536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port, port == wanted
    raise StepError(f"--port is {wanted}, and neither it nor one of the next 99 is free")
