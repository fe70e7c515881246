"""The extension: bundled by esbuild, packed with the daemon's wheel and its locked requirements into one vsix."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from steps.manifest import MANIFEST, TEXTS
from steps.places import DIST, OUT, PACKAGE_FOLDERS, ROOT, VENV_PYTHON, files_below, fingerprint, tool
from steps.running import Step, StepError, run

BUNDLED = DIST / "wheels"
DEBUGGER = ROOT / "scripts" / "ide" / "python-debug"


def version() -> str:
    """The version of the extension and of everything in it."""
    return str(json.loads(MANIFEST.read_text())["version"])


def vsix() -> Path:
    """Where the packed extension lies."""
    return OUT / f"foreload-{version()}.vsix"


def debugger_vsix() -> Path:
    """Where the packed companion lies, which debugs Python where no marketplace is."""
    return OUT / "foreload-python-debug.vsix"


def wheel() -> Path:
    """The wheel that the vsix holds."""
    return next(BUNDLED.glob("foreload-*.whl"))


def _extension_sources() -> list[Path]:
    return files_below([ROOT / "extension", ROOT / "l10n", MANIFEST, TEXTS, ROOT / "tsconfig.json"])


def _wheel_sources() -> list[Path]:
    lock = ROOT / "requirements" / "runtime.txt"
    return files_below([*(ROOT / folder for folder in PACKAGE_FOLDERS), ROOT / "pyproject.toml", lock])


def _build() -> str | None:
    run(["node", str(ROOT / "extension" / "build.mjs"), "--production"], cwd=ROOT, what="Building the extension")
    if not (DIST / "extension.js").exists():
        raise StepError("Building the extension: it ended well, but dist/extension.js is not there")
    return None


def build_wheel(folder: Path) -> Path:
    """Makes the wheel of all Python packages in a folder, in place of an earlier one."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("foreload-*.whl"):
        old.unlink()
    run(
        [str(VENV_PYTHON), "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        what="Building the wheel",
    )
    return next(folder.glob("foreload-*.whl"))


def _bundle_python() -> str | None:
    build_wheel(BUNDLED)
    shutil.copy(ROOT / "requirements" / "runtime.txt", BUNDLED / "requirements.txt")
    return None


def _vsce(folder: Path, target: Path, what: str) -> None:
    options = ["--no-dependencies", "--allow-missing-repository", "--skip-license", "--no-rewrite-relative-links"]
    run([tool("vsce"), "package", *options, "--out", str(target)], cwd=folder, what=what)


def _pack() -> str | None:
    OUT.mkdir(exist_ok=True)
    for old in OUT.glob("foreload-[0-9]*.vsix"):
        old.unlink()
    _vsce(ROOT, vsix(), "Packing the extension")
    return None


def _pack_debugger() -> str | None:
    _vsce(DEBUGGER, debugger_vsix(), "Packing the Python debugger")
    return None


def _pack_inputs() -> str:
    texts = [ROOT / name for name in ("README.md", "CHANGELOG.md", "LICENSE", ".vscodeignore")]
    return fingerprint([*_extension_sources(), *_wheel_sources(), *(path for path in texts if path.exists())])


def steps() -> list[Step]:
    """Build, wheel, vsix."""
    return [
        Step(
            "Extension",
            OUT / ".built-extension",
            lambda: fingerprint(_extension_sources()),
            _build,
            kept=(DIST / "extension.js").exists,
        ),
        Step(
            "Wheel",
            OUT / ".built-wheel",
            lambda: fingerprint(_wheel_sources()),
            _bundle_python,
            kept=lambda: any(BUNDLED.glob("*.whl")),
        ),
        Step("vsix", OUT / ".packed", _pack_inputs, _pack, kept=lambda: vsix().exists()),
        Step(
            "Python debugger",
            OUT / ".packed-debugger",
            lambda: fingerprint(files_below([DEBUGGER])),
            _pack_debugger,
            kept=debugger_vsix().exists,
        ),
    ]
