"""What the functions of a file cost, for other open files that call them, and which of those a file can see.

A place is where a file lies, with `/` between folders: only its last parts are looked at. Nothing is read here; the
tables of the other files are given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from foreload_analyzers.costs import CONSTANT
from foreload_analyzers.exported import Exported, Exports
from foreload_analyzers.facts import ImportFact, Unit
from foreload_analyzers.growth import Growth
from foreload_analyzers.needs import Use

MAX_FUNCTIONS = 2_000  # of one file
MAX_THROUGH = 64  # functions of other files that a cost is made of; what is made of more is not followed
NOTHING_USED = Use()
_PYTHON, _SCRIPT = (".py", ".pyi"), (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts")
_C = (".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".hh", ".hxx", ".cu", ".inl")
FAMILIES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("python",), _PYTHON),
    **dict.fromkeys(("javascript", "typescript", "tsx"), _SCRIPT),
    **dict.fromkeys(("c", "cpp"), _C),
    "go": (".go",),
    "rust": (".rs",),
    "java": (".java",),
}
"""The endings of the files that a file of each language can call."""


def exports_of(place: str, units: Sequence[Unit], growths: Sequence[Growth], uses: Sequence[Use]) -> Exports:
    """The functions of a file that cost or take something, by their names. The first unit is no function."""
    found: dict[str, Exported] = {}
    for index in range(1, min(len(units), MAX_FUNCTIONS)):
        growth, use = growths[index], uses[index]
        # A function that is cheap and takes nothing makes no difference to those who call it.
        if growth.cost == CONSTANT and growth.space == CONSTANT and use == NOTHING_USED:
            continue
        unit = units[index]
        if unit.name and unit.parent <= 0 and len(growth.through) <= MAX_THROUGH:
            name = unit.full_name
            found[name] = Exported(place, name, growth.cost, growth.space, growth.symbol, use, growth.through)
    return found


def seen_from(
    place: str, language: str, imports: Iterable[ImportFact], tables: Mapping[str, Exports]
) -> dict[str, Exported]:
    """The functions of other files that a file can call, by the full paths of such calls.

    Args:
        place: of the file itself.
        language: of the file.
        imports: of the file.
        tables: of the other files, by place.
    """
    endings = FAMILIES.get(language, ())
    others = {other: table for other, table in tables.items() if other != place and other.endswith(endings) and table}
    found: dict[str, Exported] = {}
    if not others:
        return found
    for path, item in _visible(place, language, tuple(imports), others):
        found.setdefault(path, item)
    return found


def _visible(
    place: str, language: str, imports: Sequence[ImportFact], others: Mapping[str, Exports]
) -> Iterator[tuple[str, Exported]]:
    folder = place.rpartition("/")[0]
    if language in ("go", "java", "rust"):
        for other, table in others.items():
            if other.rpartition("/")[0] == folder:
                yield from _of_sibling(language, other, table)
    for fact in imports:
        if language == "python":
            yield from _of_python(folder, fact, others)
        elif language in ("javascript", "typescript", "tsx"):
            yield from _of_script(folder, fact, others)
        elif language in ("c", "cpp"):
            stem = _stem(fact.module)
            for other, table in others.items():
                if _stem(other) == stem:
                    yield from table.items()
        elif language == "go":
            last = fact.module.rpartition("/")[2]
            for other, table in others.items():
                if other.rpartition("/")[0].endswith(f"/{last}") and last:
                    yield from ((f"{fact.module}.{name}", item) for name, item in table.items())
        elif language == "java":
            yield from _of_java(fact.module, others)
        elif language == "rust":
            yield from _of_rust(fact.module, others)


def _of_sibling(language: str, other: str, table: Exports) -> Iterator[tuple[str, Exported]]:
    """What is seen of a file in the same folder without an import."""
    if language == "rust":
        stem = _stem(other)
        yield from ((f"{stem}.{name}", item) for name, item in table.items())
        yield from ((f"crate.{stem}.{name}", item) for name, item in table.items())
    else:
        yield from table.items()


def _of_python(folder: str, fact: ImportFact, others: Mapping[str, Exports]) -> Iterator[tuple[str, Exported]]:
    module = _python_file(folder, fact.module, others)
    if fact.name:
        if module is not None:
            yield from _named(f"{fact.module}.{fact.name}", fact.name, others[module])
        joined = f"{fact.module}{fact.name}" if fact.module.strip(".") == "" else f"{fact.module}.{fact.name}"
        below = _python_file(folder, joined, others)
        if below is not None:
            yield from ((f"{fact.module}.{fact.name}.{name}", item) for name, item in others[below].items())
    elif module is not None:
        yield from ((f"{fact.module}.{name}", item) for name, item in others[module].items())


def _python_file(folder: str, module: str, others: Mapping[str, Exports]) -> str | None:
    """The open file of a module; a relative one lies beside the importing file, else the nearest of its name."""
    name = module.lstrip(".")
    ups = len(module) - len(name)
    end = "/" + name.replace(".", "/") if name else ""
    if ups:
        for _ in range(ups - 1):
            folder = folder.rpartition("/")[0]
        wanted = [f"{folder}{end}{ending}" for ending in (".py", ".pyi", "/__init__.py")]
        return next((path for path in wanted if path in others), None)
    if not end:
        return None
    return _nearest(
        folder, [path for path in others if path.endswith((f"{end}.py", f"{end}.pyi", f"{end}/__init__.py"))]
    )


def _of_script(folder: str, fact: ImportFact, others: Mapping[str, Exports]) -> Iterator[tuple[str, Exported]]:
    if not fact.module.startswith("."):
        return
    parts = fact.module.split("/")
    while parts and parts[0] in (".", ".."):
        folder = folder.rpartition("/")[0] if parts.pop(0) == ".." else folder
    base = "/".join([folder, *parts])
    stem = base.rpartition(".")[0] if base.endswith(_SCRIPT) else base
    wanted = [base, *(f"{stem}{ending}" for ending in _SCRIPT), *(f"{base}/index{ending}" for ending in _SCRIPT)]
    other = next((path for path in wanted if path in others), None)
    if other is None:
        return
    table = others[other]
    if fact.name and fact.name != "default":
        yield from _named(f"{fact.module}.{fact.name}", fact.name, table)
        return
    yield from ((f"{fact.module}.{name}", item) for name, item in table.items())
    whole = table.get(fact.alias) or (next(iter(table.values())) if len(table) == 1 else None)
    if whole is not None:
        yield fact.module, whole  # what the module gives as a whole


def _of_java(module: str, others: Mapping[str, Exports]) -> Iterator[tuple[str, Exported]]:
    owner, _, name = module.rpartition(".")
    for other, table in others.items():
        if other.endswith(f"/{module.replace('.', '/')}.java"):
            yield from table.items()
        elif owner and other.endswith(f"/{owner.replace('.', '/')}.java"):
            item = table.get(f"{owner.rpartition('.')[2]}.{name}")
            if item is not None:
                yield name, item


def _of_rust(module: str, others: Mapping[str, Exports]) -> Iterator[tuple[str, Exported]]:
    owner, _, name = module.rpartition(".")
    for other, table in others.items():
        stem = _stem(other)
        if stem == "mod":
            stem = other.split("/")[-2]
        if stem == name:
            yield from ((f"{stem}.{each}", item) for each, item in table.items())
        elif stem == owner.rpartition(".")[2]:
            yield from _named(name, name, table)


def _named(path: str, name: str, table: Exports) -> Iterator[tuple[str, Exported]]:
    """A function under the path of its import, or the methods of a class of that name."""
    item = table.get(name)
    if item is not None:
        yield path, item
    else:
        for full, method in table.items():
            if full.startswith(f"{name}."):
                yield f"{path}{full[len(name) :]}", method


def _stem(place: str) -> str:
    return place.rpartition("/")[2].partition(".")[0]


def _nearest(folder: str, paths: Sequence[str]) -> str | None:
    """The path that shares most folders with another."""
    here = folder.split("/")

    def shared(path: str) -> int:
        return sum(1 for one, other in zip(here, path.split("/"), strict=False) if one == other)

    return max(paths, key=lambda path: (shared(path), path), default=None)
