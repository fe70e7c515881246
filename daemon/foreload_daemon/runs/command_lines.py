"""From a command line to the file that will run and its kind. Only looks at text and at which files exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from foreload_core.types import RunKind

from foreload_daemon.runs.programs import (
    BY_MODULE,
    BY_PROGRAM,
    CARGO_VERBS,
    MAKE_TARGETS,
    PYTHON_TAKES_VALUE,
    RUNNER_TAKES_VALUE,
    RUNNERS,
    SCRIPT_VERBS,
    WRAPPER_OPERANDS,
    WRAPPERS,
    WRAPPING_MODULES,
    WRAPPING_TAKES_VALUE,
)

_PYTHON = re.compile(r"(python|pypy)(\d+(\.\d+)*)?w?(\.exe)?")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*", re.DOTALL)
_SEPARATORS = frozenset({"&&", "||", ";", "|", "&", "|&"})

_WEIGHT = {
    kind: place
    for place, kind in enumerate(
        (RunKind.OTHER, RunKind.SERVE, RunKind.NOTEBOOK, RunKind.PROGRAM, RunKind.BUILD, RunKind.TEST)
    )
}


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a command line starts.

    Attributes:
        kind: what kind of thing.
        entry: the file that runs, or what stands for it (a Makefile, package.json, a folder of tests); None: not known.
        name: what a person calls it; stays on this machine.
        tags: the parts beside the entry that make another run of it (a target, a test's name), for the key.
    """

    kind: RunKind
    entry: Path | None
    name: str
    tags: tuple[str, ...] = ()

    @property
    def key_text(self) -> str:
        """What the key of the run is made of; empty where the entry is not known."""
        return "" if self.entry is None else "\0".join((str(self.entry), *self.tags))


NOTHING = Resolved(RunKind.OTHER, None, "")


def resolve(command_line: str, cwd: Path) -> Resolved | None:
    """What a shell's command line starts; of several commands the heaviest kind, of equal ones the last.

    Args:
        command_line: as typed.
        cwd: the shell's folder; `cd` in the line changes it for what follows.

    Returns:
        None where nothing in it is a run (cd, ls, git ...).
    """
    found: Resolved | None = None
    for given in _commands(command_line):
        words = _unwrapped(given)
        if not words:
            continue
        if words[0] in ("cd", "pushd"):
            target = next((word for word in words[1:] if not word.startswith("-")), "~")
            cwd = cwd / Path(target).expanduser()
            continue
        resolved = resolve_words(words, cwd)
        if resolved is not None and (found is None or _WEIGHT[resolved.kind] >= _WEIGHT[found.kind]):
            found = resolved
    return found


def resolve_words(words: Sequence[str], cwd: Path) -> Resolved | None:
    """What one command, given as its words, starts; None where it is no run."""
    words = _unwrapped(list(words))
    if not words:
        return None
    program = Path(words[0]).name
    arguments = list(words[1:])
    if _PYTHON.fullmatch(program):
        return _python(arguments, cwd)
    if program in ("npm", "pnpm", "yarn", "bun"):
        return _package_script(program, arguments, cwd)
    if program in ("make", "gmake"):
        return _make(arguments, cwd)
    if program in ("cargo", "go"):
        verb = next((word for word in arguments if not word.startswith("-")), "")
        kind = CARGO_VERBS.get(verb, RunKind.BUILD)
        manifest = _existing(cwd / ("Cargo.toml" if program == "cargo" else "go.mod"))
        return Resolved(kind, manifest, f"{program} {verb}".strip(), (verb,))
    if program in ("pytest", "py.test"):
        return _pytest(arguments, cwd)
    if program in BY_PROGRAM:
        kind = BY_PROGRAM[program]
        target = _first_file(arguments, cwd)
        return Resolved(kind, target, f"{program} {target.name}" if target else program)
    script = _existing(cwd / words[0]) if "/" in words[0] else None
    if script is not None and _is_python_script(script):
        return Resolved(_kind_of_file(script), script, script.name)
    if script is not None and script.suffix in (".sh", ".bash"):
        return Resolved(RunKind.PROGRAM, script, script.name)
    return None


def resolve_program(program: str, kind: str | None = None) -> Resolved:
    """What a debug configuration's or task's `program` starts."""
    path = Path(program)
    by_name = _kind_of_file(path)
    wanted = next((option for option in RunKind if option.value == kind), by_name)
    return Resolved(wanted, path.resolve() if path.exists() else None, path.name)


def _python(arguments: list[str], cwd: Path) -> Resolved | None:
    index = 0
    while index < len(arguments):
        word = arguments[index]
        if word == "-m":
            return _module(arguments[index + 1], arguments[index + 2 :], cwd) if index + 1 < len(arguments) else None
        if word.startswith("-m") and len(word) > 2:
            return _module(word[2:], arguments[index + 1 :], cwd)
        if word.startswith("-c"):
            return Resolved(RunKind.PROGRAM, None, "python -c")
        if word in ("-V", "--version", "-h", "--help", "-"):
            return None
        if not word.startswith("-"):
            return _script(word, cwd)
        index += 2 if word in PYTHON_TAKES_VALUE else 1
    return None


def _script(word: str, cwd: Path) -> Resolved:
    path = (cwd / Path(word).expanduser()).resolve()
    if path.is_dir():
        path = path / "__main__.py"
    if not path.is_file():
        return Resolved(_kind_of_file(path), None, path.name)
    if path.name == "manage.py":
        return Resolved(RunKind.SERVE, path, path.name)
    return Resolved(_kind_of_file(path), path, path.name)


def _module(module: str, arguments: list[str], cwd: Path) -> Resolved | None:
    top = module.partition(".")[0]
    if module in ("pytest", "py.test"):
        return _pytest(arguments, cwd)
    if top in WRAPPING_MODULES:
        inner = _after_options(arguments, WRAPPING_TAKES_VALUE)
        if inner[:1] == ["run"]:
            inner = _after_options(inner[1:])
        return _python(["-m", *inner[1:]] if inner[:1] == ["-m"] else inner, cwd)
    path = Path(*module.split("."))
    for candidate in (cwd / path / "__main__.py", (cwd / path).with_suffix(".py"), cwd / "src" / path / "__main__.py"):
        if candidate.is_file():
            return Resolved(_kind_of_file(candidate), candidate.resolve(), module)
    return Resolved(BY_MODULE.get(module, BY_MODULE.get(top, RunKind.PROGRAM)), None, f"python -m {module}")


def _pytest(arguments: list[str], cwd: Path) -> Resolved:
    targets = [word for word in arguments if not word.startswith("-") and (cwd / word.partition("::")[0]).exists()]
    if not targets:
        return Resolved(RunKind.TEST, cwd.resolve(), "pytest")
    first = (cwd / targets[0].partition("::")[0]).resolve()
    tags = tuple(sorted(targets)) if len(targets) > 1 or "::" in targets[0] else ()
    return Resolved(RunKind.TEST, first, f"pytest {targets[0]}", tags)


def _make(arguments: list[str], cwd: Path) -> Resolved:
    targets: list[str] = []
    words = iter(arguments)
    for word in words:
        if word in ("-C", "--directory"):
            cwd = cwd / next(words, ".")
        elif word in ("-f", "--file", "-j", "-l", "-o", "-W") and word != "-j":
            next(words, None)
        elif not word.startswith("-") and not _ASSIGNMENT.fullmatch(word) and not word.isdigit():
            targets.append(word)
    kind = next((MAKE_TARGETS[target] for target in targets if target in MAKE_TARGETS), RunKind.BUILD)
    makefile = next((path for name in ("GNUmakefile", "makefile", "Makefile") if (path := _existing(cwd / name))), None)
    return Resolved(kind, makefile, " ".join(["make", *targets]), tuple(targets))


def _package_script(program: str, arguments: list[str], cwd: Path) -> Resolved | None:
    words = [word for word in arguments if not word.startswith("-")]
    verb = words[0] if words else "install"
    script = words[1] if verb in ("run", "run-script", "exec") and len(words) > 1 else verb
    if verb in ("install", "i", "ci", "add"):
        kind = RunKind.BUILD
    elif script.startswith("test"):
        kind = RunKind.TEST
    else:
        kind = SCRIPT_VERBS.get(
            script, RunKind.BUILD if verb in ("run", "run-script", "build") or program == "yarn" else RunKind.OTHER
        )
    if kind is RunKind.OTHER:
        return None
    return Resolved(kind, _existing(cwd / "package.json"), f"{program} {script}", (script,))


def _unwrapped(words: list[str]) -> list[str]:
    """The command without assignments, wrappers and runners before it."""
    while words:
        name = Path(words[0]).name
        if _ASSIGNMENT.fullmatch(words[0]) or words[0] in ("{", "(", "!", "then", "do", "else"):
            words = words[1:]
        elif name in WRAPPERS and (name != "coverage" or words[1:2] == ["run"]):
            rest = words[2:] if name == "coverage" else words[1:]
            rest = _after_options(rest, WRAPPERS[name])
            words = rest[WRAPPER_OPERANDS.get(name, 0) :]
            if name == "coverage":
                words = ["python", *words]
        elif len(words) > 1 and (name, words[1]) in RUNNERS:
            words = _after_options(words[2:], RUNNER_TAKES_VALUE)
            if words and words[0].endswith(".py"):
                words = ["python", *words]
        elif name == "npx" or name == "uvx" or name == "bunx":
            words = _after_options(words[1:])
        else:
            return words
    return words


def _after_options(words: list[str], take_value: frozenset[str] = frozenset()) -> list[str]:
    index = 0
    while index < len(words) and words[index].startswith("-") and words[index] != "-m":
        if words[index] == "--":
            return words[index + 1 :]
        index += 2 if words[index] in take_value else 1
    return words[index:]


def _commands(command_line: str) -> list[list[str]]:
    """The simple commands of a line, as words; redirections left out. A line that no shell could read has none."""
    lexer = shlex.shlex(command_line, posix=True, punctuation_chars=";&|<>()")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    commands: list[list[str]] = [[]]
    skip = False
    try:
        for word in lexer:
            if word in _SEPARATORS or word in ("(", ")"):
                commands.append([])
            elif word and set(word) <= set("<>&"):
                # The word after a redirection is a file, and a digit before it belongs to it.
                if commands[-1] and commands[-1][-1].isdigit():
                    commands[-1].pop()
                skip = True
            elif skip:
                skip = False
            else:
                commands[-1].append(word)
    except ValueError:
        return []
    return [words for words in commands if words]


def _kind_of_file(path: Path) -> RunKind:
    name = path.name
    if name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py":
        return RunKind.TEST
    if name in ("setup.py", "build.py"):
        return RunKind.BUILD
    return RunKind.PROGRAM


def _is_python_script(path: Path) -> bool:
    if path.suffix == ".py":
        return True
    try:
        with path.open("rb") as file:
            first = file.readline(200)
    except OSError:
        return False
    return first.startswith(b"#!") and b"python" in first


def _first_file(arguments: Sequence[str], cwd: Path) -> Path | None:
    return next((path for word in arguments if not word.startswith("-") and (path := _existing(cwd / word))), None)


def _existing(path: Path) -> Path | None:
    try:
        return path.resolve() if path.is_file() else None
    except OSError:
        return None
