"""Who the IDE runs as: started by root it is another user, so that code in a terminal never has root's rights."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from steps.places import is_root
from steps.running import StepError


@dataclass(frozen=True)
class IdeUser:
    """A user of this machine."""

    name: str
    uid: int
    gid: int

    @property
    def other(self) -> bool:
        """Whether it is not the user of this process."""
        return self.uid != os.geteuid()

    def can_import(self, python: Path, module: str) -> bool:
        """Whether this user can start a Python and import a module in it; a folder on the way may be closed to them."""
        command = [str(python), "-I", "-c", f"import {module}"]
        who = {"user": self.uid, "group": self.gid, "extra_groups": []} if self.other else {}
        try:
            return subprocess.run(command, cwd="/", capture_output=True, check=False, **who).returncode == 0
        except OSError:
            return False

    def own(self, folder: Path) -> None:
        """Makes a folder, and gives it to this user alone."""
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        if self.other:
            os.chown(folder, self.uid, self.gid)

    def own_tree(self, folder: Path) -> None:
        """Gives a folder and everything in it to this user; links are not followed."""
        if not self.other:
            return
        for place in (folder, *folder.rglob("*")):
            os.chown(place, self.uid, self.gid, follow_symlinks=False)


def choose(named: str | None) -> IdeUser:
    """The user that was named, else the one who called sudo, else nobody; without root always the own user.

    Raises:
        StepError: there is no such user, or only root could run the IDE as them.
    """
    if not is_root():
        own = pwd.getpwuid(os.geteuid())
        if named not in (None, own.pw_name):
            raise StepError(f"--user is {named}; only root can run the IDE as another user than {own.pw_name}")
        return IdeUser(own.pw_name, own.pw_uid, own.pw_gid)
    name = named or os.environ.get("SUDO_USER") or "nobody"
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise StepError(f"--user is {name}, and this machine has no such user") from None
    if entry.pw_uid == 0:
        if named:
            raise StepError(
                "--user is root; allowed is any other user: what runs in the IDE must not have root's rights"
            )
        entry = pwd.getpwnam("nobody")
    return IdeUser(entry.pw_name, entry.pw_uid, entry.pw_gid)
