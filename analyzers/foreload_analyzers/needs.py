"""What running code takes before anything was measured: workers, memory, GPU, network, disk, and whether it ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from foreload_analyzers.callgraph import Edge
from foreload_analyzers.expressions import Expr
from foreload_analyzers.facts import CallFact
from foreload_analyzers.judge import WORK_PER_MICROSECOND, CallSite, Judgement
from foreload_analyzers.knowledge.parallel import NOTHING, PARALLEL, ParallelWords
from foreload_analyzers.languages import CALL, ITEMS, MEMBER, NAME
from foreload_analyzers.report import Needs
from foreload_analyzers.space import Allocation

LARGE_ARRAY = 250_000  # elements from which a linear algebra library spreads its work over cores
START_WORK = 30_000.0  # starting the interpreter: half computing, half waiting for the disk
MAX_WORKERS = 4096
MAX_DATA_BYTES = 10**12
HANDED_WAIT = 200_000 * WORK_PER_MICROSECOND  # of a request that a worker makes
MEMORY_BOUND_BYTES = 1024**3  # from here on memory is what a run takes most of


@dataclass(slots=True)
class Use:
    """What one function itself asks for; None and False where it does not."""

    workers: int | None = None
    all_cores: bool = False
    hands_out: bool = False
    processes: bool = False
    gpu: bool = False
    network: bool = False
    disk: bool = False
    endless: bool = False
    data_bytes: int | None = None
    network_wait: float = 0.0
    disk_wait: float = 0.0


def use_of(found: Judgement, held: Sequence[Allocation], knowledge: ModuleType) -> Use:
    """What one function itself asks for."""
    use = Use()
    words = PARALLEL.get(knowledge.__name__.rsplit(".", 1)[-1], NOTHING)
    handed_wait = 0.0
    large = any(item.kind == "array" and (item.elements is None or item.elements >= LARGE_ARRAY) for item in held)
    for site in found.calls:
        _workers(found, site, use, knowledge, words)
        method = "." + site.path.rsplit(".", 1)[-1] if "." in site.path else ""
        top = site.path.split(".", 1)[0]
        waits = knowledge.WAITS.get(site.path) or knowledge.WAITS.get(method)
        if waits is not None:
            use.network |= waits[0] == "network"
            use.disk |= waits[0] == "disk"
        use.network |= (
            top in knowledge.NETWORK_MODULES and "." in site.path and not site.path.startswith("urllib.parse")
        )
        if site.path in knowledge.SERVERS or (method in knowledge.SERVERS and method != ""):
            use.endless = True
            use.network |= method not in words.windows
        use.gpu |= site.path.startswith(words.gpu_prefixes) if words.gpu_prefixes else False
        use.gpu = use.gpu or _uses_gpu(found, site, top, method, knowledge)
        handed = _hands_over_network(found, site.fact, knowledge) if site.fact.name in knowledge.SPREADS else False
        if handed:
            use.network = True
            handed_wait += HANDED_WAIT
        use.all_cores |= site.path in knowledge.ALL_CORE_CALLS and large
        hard = method in knowledge.HARD_WORK and "." in site.path
        use.all_cores |= hard and any(_imports(found, module) for module in sorted(knowledge.ALL_CORE_MODULES))
    use.endless |= _never_ends(found)
    use.network_wait = found.waiting.get("network", 0.0) + found.waiting.get("database", 0.0) + handed_wait
    use.disk_wait = found.waiting.get("disk", 0.0)
    counted = [item for item in held if item.elements is not None]
    if counted:
        total = sum(int(min((item.elements or 0.0) * item.element_bytes, MAX_DATA_BYTES)) for item in counted)
        use.data_bytes = total if total > 0 else None
    return use


def _imports(found: Judgement, module: str) -> bool:
    """Whether the code around knows a module by its usual names."""
    outside = found.scope.outside
    usual = {"tensorflow": "tf", "xgboost": "xgb", "lightgbm": "lgb", "polars": "pl"}.get(module, module)
    return outside.imported(module) is not None or outside.imported(usual) == module


def _hands_over_network(found: Judgement, fact: CallFact, knowledge: ModuleType) -> bool:
    """Whether workers are given a function of a library that talks to the network."""
    given = (found.scope.path(argument.text) for argument in fact.arguments if argument.kind == MEMBER)
    return any(
        path.split(".", 1)[0] in knowledge.NETWORK_MODULES or knowledge.WAITS.get(path, ("", 0.0))[0] == "network"
        for path in given
    )


def _workers(found: Judgement, site: CallSite, use: Use, knowledge: ModuleType, words: ParallelWords) -> None:
    path, fact = site.path, site.fact
    method = "." + path.rsplit(".", 1)[-1] if "." in path else ""
    before = (use.workers, use.all_cores)
    how = _find_workers(found, site, method, use, knowledge, words)
    if (use.workers, use.all_cores) != before or how:
        exception = path in words.processes or path in words.threads or how in words.threads
        use.processes |= words.by_processes != exception
    elif words.policies and any(found.scope.path(argument.text) in words.policies for argument in fact.arguments):
        use.all_cores = True
    elif words.thread_types and method in (".emplace_back", ".push_back", ".emplace"):
        owner = fact.callee.parts[0] if fact.callee.parts else None
        declared = found.scope.declared(owner.text) if owner is not None and owner.kind in (NAME, MEMBER) else ""
        if any(f"<{kind}>" in declared.replace(" ", "") for kind in words.thread_types):
            use.hands_out = True
            _processes(found, fact, use, knowledge)


def _find_workers(
    found: Judgement, site: CallSite, method: str, use: Use, knowledge: ModuleType, words: ParallelWords
) -> str:
    """Books the workers that a call makes; returned is what they are told by, empty where it makes none."""
    path, fact = site.path, site.fact
    row = knowledge.POOLS.get(path) or (knowledge.POOLS.get(method) if method else None)
    if row is None and method in knowledge.POOL_METHODS and path not in knowledge.THREAD_POOLS:
        multiprocessing = (
            path.startswith(("multiprocessing", "concurrent"))
            or found.scope.outside.imported("multiprocessing") is not None
        )
        row = knowledge.POOLS["multiprocessing.Pool"] if multiprocessing or path.startswith("?") else None
    if row is not None:
        place, keywords, missing = row
        given = next((fact.keywords[name] for name in keywords if name in fact.keywords), None)
        if given is None and place >= 0:
            given = next(iter(fact.arguments[place:]), None)
        if given is None and missing == "one":
            return ""
        stated = _option(fact, words.options) if given is None and words.options else None
        if stated is not None:
            use.workers = min(MAX_WORKERS, max(stated, use.workers or 0))
        else:
            _take_workers(found, given, use, knowledge)
        use.hands_out = True
        return path
    if path in knowledge.PROCESSES:
        use.hands_out = True
        _processes(found, fact, use, knowledge)
        return path
    how = ""
    for name in sorted(knowledge.WORKER_KEYWORDS & fact.keywords.keys()):
        if path not in knowledge.THREAD_POOLS and fact.keywords[name].text not in ("0", "1", "None"):
            _take_workers(found, fact.keywords[name], use, knowledge)
            how = name
    return how


def _option(fact: CallFact, names: Sequence[str]) -> int | None:
    """A number of workers in an object of options: `{ maxThreads: 3 }`."""
    for argument in fact.arguments:
        for part in argument.parts if argument.kind == ITEMS else ():
            name, _, value = part.text.partition(":")
            if name.strip() in names and value.strip().isdecimal():
                return int(value.strip()[:5])
    return None


def _processes(found: Judgement, fact: CallFact, use: Use, knowledge: ModuleType) -> None:
    """Processes that are started one by one: as many as the loops around turn."""
    total: float | None = 1.0
    index = fact.loop
    while index >= 0:
        loop, bound = found.unit.loops[index], found.bounds[index]
        if counts_cores(found, loop.over, knowledge):
            use.all_cores = True
            return
        total = total * bound.turns if total is not None and bound.stated else None
        index = loop.parent
    if total is None:
        use.all_cores = True
    else:
        use.workers = min(MAX_WORKERS, max(1, int(total)) + (use.workers or 0))


def _take_workers(found: Judgement, given: Expr | None, use: Use, knowledge: ModuleType) -> None:
    if given is None or given.text == "None":
        use.all_cores = True
        return
    number = found.scope.constant(given)
    if number is None and given.kind == CALL and found.scope.path(given.name) in knowledge.SMALLEST:
        numbers = [value for part in given.parts[1:] if (value := found.scope.constant(part)) is not None]
        number = min(numbers) if numbers else None
    if number is not None and number < 0:
        use.all_cores = True  # -1 means all of them
    elif number is not None and number >= 1:
        use.workers = min(MAX_WORKERS, max(int(number), use.workers or 0))
    elif number is None:
        use.all_cores = True  # the machine's count, or a number that only the run knows: as a rule that count too


def counts_cores(found: Judgement, expr: Expr, knowledge: ModuleType) -> bool:
    """Whether an expression asks the machine for its number of cores."""
    pending, steps = [expr], 0
    while pending and steps < 40:
        steps += 1
        current = pending.pop()
        if current.kind == CALL and found.scope.path(current.name) in (knowledge.CORE_COUNTS | knowledge.CORE_SETS):
            return True
        if current.kind == NAME:
            pending.extend(found.scope.values(current.name))
        pending.extend(current.parts)
    return False


@cache
def _gpu_paths(knowledge: ModuleType) -> tuple[str, ...]:
    return tuple(f"{module}." for module in sorted(knowledge.GPU_MODULES))


def _uses_gpu(found: Judgement, site: CallSite, top: str, method: str, knowledge: ModuleType) -> bool:
    fact = site.fact
    if site.path.startswith(_gpu_paths(knowledge)):
        return True
    texts = [argument.text.lower() for argument in (*fact.arguments, *fact.keywords.values())]
    if method not in knowledge.GPU_METHODS and not any(word in text for text in texts for word in knowledge.GPU_TEXTS):
        return False
    return top in knowledge.GPU_AWARE_MODULES or any(
        _imports(found, module) for module in sorted(knowledge.GPU_AWARE_MODULES)
    )


def _never_ends(found: Judgement) -> bool:
    """A loop without an end outside of any other: no condition, no `break`, no `return`."""
    for loop in found.unit.loops:
        if loop.kind == "while" and loop.parent < 0 and loop.over.text.strip("()") in ("True", "1", "true"):
            leaves = any(loop.body_start <= fact.start < loop.body_end for fact in found.unit.returns)
            if not loop.has_break and not leaves and not found.unit.has_yield:
                return True
    return False


class Demand:
    """The needs of functions and of the whole file, from what each function uses by itself.

    Args:
        uses: of each unit.
        edges: calls between units.
        groups: units that call each other, callees first.
        modules: everything that the file imports.
        knowledge: of the language.

    Attributes:
        base_bytes: memory of the interpreter and the libraries.
        whole: what each unit asks for with all that it calls.
        pools: for units that run in the workers of a pool, what that pool asks for.
    """

    def __init__(
        self,
        uses: Sequence[Use],
        edges: Sequence[Sequence[Edge]],
        groups: Sequence[Sequence[int]],
        modules: AbstractSet[str],
        knowledge: ModuleType,
    ) -> None:
        self._uses = uses
        self._edges = edges
        self.base_bytes = base_bytes(modules, knowledge)
        words = PARALLEL.get(knowledge.__name__.rsplit(".", 1)[-1], NOTHING)
        self.gpu_library = bool(words.gpu_imports) and any(
            module.startswith(words.gpu_imports) for module in sorted(modules)
        )
        self.whole: list[Use] = list(uses)
        for group in groups:
            if len(group) == 1 and not edges[group[0]]:
                continue
            parts = [uses[index] for index in group]
            below = {edge.callee for index in group for edge in edges[index]}.difference(group)
            together = joined(parts, [self.whole[index] for index in sorted(below)])
            for index in group:
                self.whole[index] = together
        self.pools = self._handed_to_workers(knowledge)

    def of_function(self, index: int, work: float, waiting: float) -> Needs:
        """The needs of one function while it runs, its callees included, and of the pool that it runs in."""
        use = self.whole[index]
        pool = self.pools.get(index)
        return self._needs(use, use if pool is None else joined([pool], [use]), work, waiting)

    def of_program(self, starts: Iterable[int], work: float, waiting: float) -> Needs:
        """The needs of a run of the whole file, from where it starts."""
        use = joined([], [self.whole[index] for index in sorted(starts)])
        return self._needs(use, use, work, waiting)

    def _needs(self, use: Use, pool: Use, work: float, waiting: float) -> Needs:
        ratio = (work + START_WORK / 2) / (work + waiting + START_WORK)
        if use.endless and waiting > 0:
            ratio = min(ratio, 0.3)
        uses_gpu = use.gpu or self.gpu_library
        return Needs(
            kind=_kind(use, uses_gpu, ratio, work),
            parallel_kind="processes" if pool.processes else "threads" if _is_parallel(pool) else "none",
            parallel_workers=pool.workers,
            parallel_all_cores=pool.all_cores,
            cpu_bound_ratio=round(min(0.99, max(0.01, ratio)), 3),
            memory_base_bytes=self.base_bytes,
            memory_data_bytes=None if use.data_bytes is None else min(use.data_bytes, MAX_DATA_BYTES),
            uses_gpu=uses_gpu,
            uses_network=use.network,
            uses_disk=use.disk,
            long_running=use.endless,
        )

    def _handed_to_workers(self, knowledge: ModuleType) -> dict[int, Use]:
        """Functions that run in a pool's workers -> what those ask for that made the pools."""
        makers = {index for index, use in enumerate(self._uses) if use.hands_out}
        found: dict[int, set[int]] = {}
        for index, row in enumerate(self._edges if makers else ()):
            for edge in row:
                if edge.handed_over and edge.site.fact.name in knowledge.SPREADS:
                    for below in self._reach(edge.callee):
                        found.setdefault(below, set()).update({index} & makers or makers)
        return {index: joined([self._uses[maker] for maker in sorted(owners)], []) for index, owners in found.items()}

    def _reach(self, start: int) -> set[int]:
        seen, pending = {start}, [start]
        while pending:
            for edge in self._edges[pending.pop()]:
                if edge.callee not in seen:
                    seen.add(edge.callee)
                    pending.append(edge.callee)
        return seen


def _is_parallel(use: Use) -> bool:
    return use.all_cores or (use.workers or 1) > 1


def _kind(use: Use, uses_gpu: bool, ratio: float, work: float) -> str:
    """What bounds a run most: one of RESOURCE_KINDS."""
    if uses_gpu:
        return "gpu"
    waits = use.network_wait + use.disk_wait
    if (use.endless and use.network) or (use.network and (ratio < 0.5 or waits > work)):
        return "network" if use.network_wait >= use.disk_wait else "disk"
    if use.disk and (ratio < 0.5 or waits > work):
        return "disk"
    if (use.data_bytes or 0) >= MEMORY_BOUND_BYTES:
        return "memory"
    return "cpu"


def joined(own: Sequence[Use], below: Sequence[Use]) -> Use:
    """Several uses as one. Memory of one's own adds up; of what is called only the largest lives at a time."""
    every = [*own, *below]
    workers = [use.workers for use in every if use.workers is not None]
    mine = [use.data_bytes for use in own if use.data_bytes is not None]
    theirs = [use.data_bytes for use in below if use.data_bytes is not None]
    return Use(
        workers=max(workers) if workers else None,
        all_cores=any(use.all_cores for use in every),
        hands_out=any(use.hands_out for use in every),
        processes=any(use.processes for use in every),
        gpu=any(use.gpu for use in every),
        network=any(use.network for use in every),
        disk=any(use.disk for use in every),
        endless=any(use.endless for use in every),
        data_bytes=sum(mine) + max(theirs, default=0) if mine or theirs else None,
        network_wait=sum([use.network_wait for use in every]),
        disk_wait=sum([use.disk_wait for use in every]),
    )


def base_bytes(modules: AbstractSet[str], knowledge: ModuleType) -> int:
    """Memory of the interpreter with the libraries that are imported.

    Libraries share what they build on, so the largest counts whole and the others by half.
    """
    tops = {module.split(".", 1)[0] for module in modules}
    sizes = sorted((knowledge.LIBRARY_BYTES[top] for top in tops if top in knowledge.LIBRARY_BYTES), reverse=True)
    extra = sizes[0] + sum(sizes[1:]) // 2 if sizes else 0
    return int(knowledge.INTERPRETER_BYTES + extra)
