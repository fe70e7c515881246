"""Real cgroup version 2 in a guest machine, where the kernel here has only version 1 controllers.

Needs QEMU, a Python in /usr/bin, and a kernel image (Debian's cloud kernel does): FORELOAD_TEST_GUEST_KERNEL.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import stat
import subprocess
from pathlib import Path
from typing import IO, Any

import pytest

ROOT = Path(__file__).parents[2]
MIB = 1024 * 1024
KERNEL = os.environ.get("FORELOAD_TEST_GUEST_KERNEL", "")
PYTHON = next((path for path in sorted(Path("/usr/bin").glob("python3.1?"), reverse=True)), None)
QEMU = shutil.which("qemu-system-x86_64")
SKIPPED_LIBRARY = (
    "__pycache__",
    "test",
    "idlelib",
    "tkinter",
    "ensurepip",
    "lib2to3",
    "dist-packages",
    "site-packages",
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(QEMU is None, reason="needs qemu-system-x86_64"),
    pytest.mark.skipif(not Path(KERNEL or "/nowhere").exists(), reason="needs FORELOAD_TEST_GUEST_KERNEL"),
    pytest.mark.skipif(PYTHON is None, reason="needs a Python in /usr/bin"),
]


class Archive:
    """A root file system in memory, in the kernel's own archive format."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._count = 0
        self._folders: set[str] = set()

    def entry(self, name: str, mode: int, content: bytes = b"", device: tuple[int, int] = (0, 0)) -> None:
        parent = name.rpartition("/")[0]
        if parent and parent not in self._folders:
            self.entry(parent, stat.S_IFDIR | 0o755)
        if stat.S_ISDIR(mode):
            self._folders.add(name)
        self._count += 1
        encoded = name.encode() + b"\0"
        numbers = (self._count, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(encoded), 0)
        head = b"070701" + b"".join(b"%08x" % number for number in numbers) + encoded
        self._out.write(head + b"\0" * (-len(head) % 4) + content + b"\0" * (-len(content) % 4))

    def file(self, path: Path, name: str, mode: int = 0o755) -> None:
        self.entry(name, stat.S_IFREG | mode, path.read_bytes())

    def tree(self, folder: Path, name: str) -> None:
        for path in sorted(folder.rglob("*")):
            inner = path.relative_to(folder)
            if path.is_file() and not any(part in SKIPPED_LIBRARY for part in inner.parts):
                self.file(path, f"{name}/{inner}")


def libraries(*binaries: Path) -> set[Path]:
    found: set[Path] = set()
    for binary in binaries:
        told = subprocess.run(["ldd", binary], capture_output=True, text=True, check=True).stdout
        found |= {Path(word) for word in told.split() if word.startswith("/")}
    return found


def build(image: Path) -> None:
    assert PYTHON is not None
    library = Path("/usr/lib") / PYTHON.name
    with gzip.open(image, "wb", compresslevel=1) as out:
        archive = Archive(out)
        archive.entry("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
        archive.entry("dev/null", stat.S_IFCHR | 0o666, device=(1, 3))
        archive.entry("dev/urandom", stat.S_IFCHR | 0o666, device=(1, 9))
        archive.entry("tmp", stat.S_IFDIR | 0o777)
        archive.file(PYTHON, str(PYTHON).lstrip("/"))
        for path in libraries(PYTHON, *library.glob("lib-dynload/_ctypes.*.so")):
            archive.file(path, str(path).lstrip("/"))
        archive.tree(library, str(library).lstrip("/"))
        for package in ("agent/foreload_agent", "core/foreload_core", "system/foreload_system"):
            archive.tree(ROOT / package, f"code/{Path(package).name}")
        script = f"#!{PYTHON}\n" + (Path(__file__).parent / "guest" / "checks.py").read_text()
        archive.entry("init", stat.S_IFREG | 0o755, script.encode())
        archive.entry("TRAILER!!!", 0)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    assert QEMU is not None
    image = tmp_path_factory.mktemp("guest") / "root.gz"
    build(image)
    # Without KVM: guests that use it hang on some hosts; emulated, this takes about half a minute.
    machine = [QEMU, "-accel", "tcg", "-m", "1500", "-smp", "1", "-nographic", "-no-reboot", "-kernel", KERNEL]
    machine += ["-initrd", str(image), "-append", "console=ttyS0 quiet panic=-1"]
    done = subprocess.run(
        machine, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=500, check=False
    )
    lines = [line.partition("SAW ")[2] for line in done.stdout.splitlines() if "SAW " in line]
    checks = [json.loads(line) for line in lines]
    assert checks, done.stdout[-3000:]
    assert checks[-1] == {"check": "done"}
    assert "Traceback" not in done.stdout, done.stdout[-3000:]
    return checks


def of(seen: list[dict[str, Any]], check: str) -> list[dict[str, Any]]:
    return [one for one in seen if one["check"] == check]


def test_a_group_is_made_with_its_limits(seen: list[dict[str, Any]]) -> None:
    [created] = of(seen, "created")
    assert created["made"]
    assert (created["version"], created["cores"], created["memory_bytes"]) == (2, 0.5, 300 * MIB)


def test_quotas_limit_and_throttling_is_seen(seen: list[dict[str, Any]]) -> None:
    low, high = of(seen, "cpu")
    assert (low["limit_cores"], high["limit_cores"]) == (0.2, 0.7)
    assert low["used_cores"] < high["used_cores"]
    assert low["used_cores"] <= 0.3
    assert low["throttled_seconds"] > 0


def test_memory_goes_down_only_where_it_fits(seen: list[dict[str, Any]]) -> None:
    refused, applied = of(seen, "shrink")
    assert refused["actuation"] == "refused"
    assert "the margin asks for a limit of at least" in refused["detail"]
    assert applied["actuation"] == "applied"
    [below] = of(seen, "below_use")
    assert "would not fit" in below["refused"]
    assert below["alive"]
    assert below["high"] == "max"
    assert below["limit"] == 200 * MIB


def test_a_growing_process_is_never_killed_by_a_shrink(seen: list[dict[str, Any]]) -> None:
    [growth] = of(seen, "growth")
    assert growth["alive"]
    assert growth["kills"] == 0
    assert growth["outcomes"]["applied"] > 10
    assert "failed" not in growth["outcomes"]


def test_kills_are_counted_and_removal_lets_processes_live(seen: list[dict[str, Any]]) -> None:
    [kill] = of(seen, "kill")
    assert (kill["code"], kill["kills"]) == (-9, 1)
    [removal] = of(seen, "removal")
    assert removal["alive"]
    assert removal["membership"] == "0::/"
    assert not removal["left"]


def test_a_user_works_in_what_was_delegated_and_nowhere_else(seen: list[dict[str, Any]]) -> None:
    [user] = of(seen, "user")
    assert user["actuations"] == ["applied", "applied"]
    assert user["inside"] == "0::/user.slice/foreload-test/demo"
    assert user["listed"] == ["demo"]
    assert not user["left"]
    [refused] = of(seen, "user_refused")
    assert "systemd-run --user --scope" in refused["why"]
