"""How each language's libraries spread work and reach a GPU, beside the tables of `knowledge/<name>.py`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ParallelWords:
    """What the needs of a language are told by.

    Attributes:
        by_processes: workers are processes unless they are in `threads`; else threads unless in `processes`.
        processes, threads: paths, and names of arguments, that are an exception from `by_processes`.
        options: names of the number of workers in an object of options.
        policies: arguments by which a library's call takes all cores.
        thread_types: containers of these make a thread of each item that is put in.
        gpu_prefixes: calls that begin so work on a GPU.
        gpu_imports: modules that begin so work on a GPU.
        windows: endless calls that wait for a person, not for the network.
    """

    by_processes: bool = False
    processes: frozenset[str] = frozenset()
    threads: frozenset[str] = frozenset()
    options: tuple[str, ...] = ()
    policies: frozenset[str] = frozenset()
    thread_types: tuple[str, ...] = ()
    gpu_prefixes: tuple[str, ...] = ()
    gpu_imports: tuple[str, ...] = ()
    windows: frozenset[str] = frozenset()


PARALLEL: dict[str, ParallelWords] = {
    "python": ParallelWords(
        by_processes=True,
        threads=frozenset({"nthread", "num_threads"}),
        windows=frozenset({".mainloop", ".exec", ".exec_"}),
    ),
    "javascript": ParallelWords(
        processes=frozenset({"child_process.fork", "cluster.fork"}),
        options=("maxThreads", "maxWorkers", "minThreads", "size", "threads", "numWorkers"),
        gpu_imports=("gpu.js", "@tensorflow/tfjs-node-gpu", "@webgpu"),
    ),
    "cpp": ParallelWords(
        processes=frozenset({"fork", "vfork", "posix_spawn", "MPI_Init"}),
        policies=frozenset({"execution.par", "execution.par_unseq", "std.execution.par", "std.execution.par_unseq"}),
        thread_types=("std::thread", "thread", "std::jthread", "jthread"),
        gpu_prefixes=("cuda", "cublas", "cudnn", "cufft", "hipMalloc", "hipLaunch", "hipMemcpy", "clEnqueue"),
        gpu_imports=("cuda", "hip/", "CL/", "cudnn", "cublas", "thrust/", "cub/"),
    ),
    "java": ParallelWords(
        gpu_imports=("jcuda", "org.jocl", "com.aparapi", "uk.ac.manchester.tornado"),
    ),
    "go": ParallelWords(gpu_imports=("gorgonia.org/cu",)),
    "rust": ParallelWords(gpu_imports=("wgpu", "cudarc", "cust", "vulkano", "opencl3")),
}
NOTHING = ParallelWords()
