"""What a machine may lack before anything is installed: a fitting Python, and the network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_a_python_that_is_too_old_is_named_with_its_version(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nprintf '3\\t9\\tvenv\\t/bin/sh\\n'\n")
    old.chmod(0o755)
    node = shutil.which("node")
    assert node is not None
    ended = subprocess.run(
        [node, str(ROOT / "scripts" / "python.mjs"), "-c", "print(1)"],
        env={**os.environ, "FORELOAD_PYTHON": str(old)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert f"({old} is Python 3.9)" in ended.stderr


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to hide the system's Python")
def test_no_python_at_all_says_what_to_install(tmp_path: Path) -> None:
    hidden = tmp_path / "nothing"
    hidden.write_text("")
    node = shutil.which("node")
    system = Path("/usr/bin/python3")
    assert node is not None
    if not system.exists():
        pytest.skip("there is no /usr/bin/python3 to hide")
    script = tmp_path / "python.mjs"  # where a user without rights may read it
    shutil.copy(ROOT / "scripts" / "python.mjs", script)
    for folder in (tmp_path, *list(tmp_path.parents)[:3]):
        folder.chmod(folder.stat().st_mode | 0o011)
    command = f"mount --bind {hidden} {system.resolve()} && exec setpriv --reuid 65534 --regid 65534 --clear-groups "
    command += f"env -i PATH= {node} {script} -c 'print(1)'"
    ended = subprocess.run(
        ["unshare", "-m", "sh", "-c", command], capture_output=True, text=True, timeout=60, check=False
    )
    if "unshare" in ended.stderr or "mount:" in ended.stderr or "setpriv" in ended.stderr:
        pytest.skip(f"nothing can be hidden here: {ended.stderr.strip()}")
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "found none on PATH. Install it (Debian, Ubuntu: apt-get install python3 python3-venv)" in ended.stderr


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to take the network away")
def test_without_a_network_the_set_up_says_so_and_what_to_do(tmp_path: Path) -> None:
    for name in ("scripts", "requirements"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("pyproject.toml", "package.json", "package-lock.json"):
        shutil.copy(ROOT / name, tmp_path / name)
    alone = {"PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "1", "PIP_NO_CACHE_DIR": "1"}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    ended = subprocess.run(
        ["unshare", "-n", sys.executable, str(tmp_path / "scripts" / "prepare.py"), "--for", "check"],
        env={**inherited, **alone},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if "unshare" in ended.stderr:
        pytest.skip(f"the network cannot be taken away here: {ended.stderr.strip()}")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stdout + ended.stderr
    assert ended.stdout.count("This step needs the network") == 1
    assert "run the same command again" in ended.stdout
    assert len(ended.stdout.splitlines()) <= 5
