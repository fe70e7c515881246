"""Hot functions, bottlenecks, needs, and the lines above functions."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from foreload_analyzers import Needs, Report, analyze, heavy, hover_markdown, language_of, lens, lens_text, with_radon

FIXTURES = Path(__file__).parents[1] / "fixtures" / "analyzers"

BOTTLENECKS = {
    "list_membership": "def f(rows):\n seen = []\n for row in rows:\n  if row in seen:\n   seen.append(row)\n",
    "text_concatenation": "def f(rows):\n text = ''\n for row in rows:\n  text += row\n return text\n",
    "sort_in_loop": "def f(rows, queue):\n for row in rows:\n  queue.sort()\n",
    "compile_in_loop": "import re\ndef f(rows):\n for row in rows:\n  re.compile('a').match(row)\n",
    "row_wise_frame": (
        "import pandas as pd\ndef f(path):\n frame = pd.read_csv(path)\n"
        " return frame.apply(len, axis=1)\n"
    ),
    "query_per_row": "def f(cursor, rows):\n for row in rows:\n  cursor.execute('select 1', row)\n",
    "cache_on_method": (
        "from functools import lru_cache\nclass A:\n @lru_cache(maxsize=None)\n"
        " def f(self):\n  return 1\n"
    ),
    "blocking_in_async": "import time\nasync def f():\n time.sleep(1)\n",
    "whole_file": "def f(path):\n with open(path) as file:\n  for line in file.readlines():\n   print(line)\n",
    "list_front": "def f(rows):\n queue = list(rows)\n while queue:\n  queue.pop(0)\n",
    "elementwise_array": "import numpy as np\ndef f(n):\n a = np.zeros(n)\n for i in range(n):\n  a[i] = i * 2\n",
    "array_growth": "import numpy as np\ndef f(rows):\n a = np.zeros(0)\n for row in rows:\n  a = np.append(a, row)\n",
    "single_core": "def f():\n total = 0\n for i in range(20_000_000):\n  total += i * i\n return total\nf()\n",
}  # fmt: skip
QUIET = {
    "a set is searched": "def f(rows):\n seen = set()\n for row in rows:\n  if row in seen:\n   seen.add(row)\n",
    "a short tuple": "def f(rows):\n for row in rows:\n  if row in ('a', 'b'):\n   print(row)\n",
    "numbers add up": "def f(rows):\n total = 0\n for row in rows:\n  total += row\n return total\n",
    "compiled once": "import re\ndef f(rows):\n pattern = re.compile('a')\n for row in rows:\n  pattern.match(row)\n",
    "awaited": "import asyncio\nasync def f():\n await asyncio.sleep(1)\n",
    "line by line": "def f(path):\n with open(path) as file:\n  for line in file:\n   print(line)\n",
    "each turn sorts its own": "def f(rows):\n for row in rows:\n  own = list(row)\n  own.sort()\n",
}  # fmt: skip
WORKERS = {
    "from multiprocessing import Pool\nwith Pool() as p:\n p.map(f, x)\n": (None, True),
    "from multiprocessing import Pool\nwith Pool(3) as p:\n p.map(f, x)\n": (3, False),
    "import multiprocessing as mp\np = mp.Pool(processes=mp.cpu_count())\n": (None, True),
    (
        "import os\nfrom concurrent.futures import ProcessPoolExecutor as E\nN = os.cpu_count()\n"
        "e = E(max_workers=N)\n"
    ): (None, True),
    "from concurrent import futures\nWORKERS = 4\ne = futures.ProcessPoolExecutor(WORKERS)\n": (4, False),
    "from joblib import Parallel, delayed\nParallel(n_jobs=-1)(x)\n": (None, True),
    "from joblib import Parallel, delayed\nParallel(n_jobs=2)(x)\n": (2, False),
    "from concurrent.futures import ThreadPoolExecutor\ne = ThreadPoolExecutor(8)\n": (None, False),
    "from multiprocessing import Process\nfor i in range(4):\n Process(target=f).start()\n": (4, False),
    (
        "import os\nfrom multiprocessing import Process\nfor i in range(os.cpu_count()):\n"
        " Process(target=f).start()\n"
    ): (None, True),
    "import os, multiprocessing\np = multiprocessing.Pool(min(4, os.cpu_count()))\n": (4, False),
    "import multiprocessing\np = multiprocessing.get_context('spawn').Pool(2)\n": (2, False),
    "print('hello')\n": (None, False),
}  # fmt: skip


def report_of(source: str) -> Report:
    return analyze(dedent(source).encode(), "python")


def fixture(name: str) -> Report:
    return analyze((FIXTURES / name).read_bytes(), "python", name)


@pytest.mark.parametrize("kind", BOTTLENECKS)
def test_bottleneck(kind: str) -> None:
    found = [item for function in report_of(BOTTLENECKS[kind]).functions for item in function.bottlenecks]
    assert kind in {item.kind for item in found}
    assert all(item.message and "\n" not in item.message for item in found)


@pytest.mark.parametrize("case", QUIET)
def test_no_bottleneck(case: str) -> None:
    assert [item for function in report_of(QUIET[case]).functions for item in function.bottlenecks] == []


@pytest.mark.parametrize("source", WORKERS)
def test_workers(source: str) -> None:
    needs = report_of(source).needs
    assert (needs.parallel_workers, needs.parallel_all_cores) == WORKERS[source]


def test_time_goes_to_what_is_called_in_loops() -> None:
    source = """\
        def inner(rows):
            total = 0
            for row in rows:
                for cell in row:
                    total += cell * cell
            return total

        def once():
            return 1

        for i in range(200):
            inner([[1] * 50] * 50)
        once()
        """
    shares = {function.name: function.hotness for function in report_of(source).functions}
    assert shares["inner"] > 0.9
    assert shares["once"] < 0.01


def test_code_outside_functions_is_shown_where_it_loops() -> None:
    report = report_of("n = 10\nfor i in range(n):\n    for j in range(n):\n        print(i, j)\n")
    assert [(found.name, found.line, len(found.loops)) for found in report.functions] == [("<module>", 2, 2)]
    assert report.features["functions"] == 0


def test_the_parallel_sample() -> None:
    report = fixture("simulate.py")
    assert report.needs.parallel_all_cores
    assert report.needs.cpu_bound_ratio > 0.95
    assert report.features["parallel_all_cores"] == 1
    assert report.application_type == "scientific"
    found = heavy(report)
    assert [function.name for function in found] == ["step"]
    texts = [lens_text(function, report, 4) for function in found]
    assert texts[0].startswith("hot: about ")
    assert " of this file's time · O(n²) on grid, matrix work · will use 4 cores" in texts[0]
    assert "will use 2 cores" in lens_text(found[0], report, 2)
    assert lens(found[0], report) is not None


def test_a_light_file_has_no_lens() -> None:
    report = fixture("light.py")
    assert heavy(report) == ()
    assert heavy(report, 0.0) == ()
    assert all(lens(function, report) is None for function in report.functions)
    assert not report.needs.parallel_all_cores


def test_a_lens_has_at_most_three_parts_in_lower_case() -> None:
    for name in ("simulate.py", "training.py"):
        report = fixture(name)
        for function in heavy(report):
            text = lens_text(function, report, 4)
            assert len(text.split(" · ")) <= 3
            assert text[0].islower()


def test_the_hover_gives_reasons() -> None:
    report = with_radon(fixture("simulate.py"), (FIXTURES / "simulate.py").read_bytes())
    text = hover_markdown(heavy(report)[0], report)
    assert "Time O(n²) on `grid`" in text
    assert "line 16 counts up to `grid`, inside line 15" in text
    assert "cyclomatic" in text


def test_training_needs() -> None:
    needs = fixture("training.py").needs
    assert needs.uses_gpu
    assert needs.parallel_all_cores
    assert needs.parallel_workers == 2
    assert needs.memory_base_bytes > 300 * 1024**2
    assert needs.memory_data_bytes == 4_000 * 4_000 * 4


def test_service_needs() -> None:
    report = fixture("service.py")
    assert report.application_type == "web_service"
    assert report.needs.long_running
    assert report.needs.uses_network
    assert report.needs.cpu_bound_ratio < 0.3


def test_stated_data() -> None:
    assert report_of("x = bytearray(500_000_000)\n").needs.memory_data_bytes == 500_000_000
    assert report_of("import numpy as np\nN = 1000\nx = np.zeros((N, N))\n").needs.memory_data_bytes == 8_000_000
    assert report_of("x = [0] * 1_000_000\n").needs.memory_data_bytes == 40_000_000
    assert report_of("def f(n):\n x = [0] * n\n").needs.memory_data_bytes is None


def test_an_endless_loop_runs_on() -> None:
    assert report_of("import time\nwhile True:\n time.sleep(1)\n").needs.long_running
    assert not report_of("while True:\n if input():\n  break\n").needs.long_running


def test_needs_have_defaults_that_claim_nothing() -> None:
    assert report_of("").needs == Needs(cpu_bound_ratio=0.5)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def bubble_sort(rows):\n  '''Sorts by swaps.'''\n  swapped = True\n", "sorting"),
        ("def dijkstra(graph, source):\n  '''Shortest path in a graph.'''\n  visited = set()\n", "graph"),
        ("import hashlib\ndef digest(data):\n  return hashlib.sha256(data).hexdigest()\n", "crypto_hash"),
        (
            (
                "def is_prime(number):\n  '''Primality of a number by its divisors.'''\n"
                "  divisor = 2\n  while divisor * divisor <= number:\n    if number % divisor == 0:\n"
                "      return False\n    divisor += 1\n  return number > 1\n"
            ),
            "math_number_theory",
        ),
    ],
)
def test_algorithm_class(source: str, expected: str) -> None:
    assert report_of(source).algorithm_class == expected


@pytest.mark.parametrize(
    ("path", "first_line", "expected"),
    [
        ("a/b.py", b"", "python"),
        ("a/b.pyi", b"", "python"),
        ("B.PY", b"", "python"),
        ("run", b"#!/usr/bin/env python3\n", "python"),
        ("run", b"#!/bin/sh\n", None),
        ("a.txt", b"#!/usr/bin/python\n", None),
        (".py", b"", None),
    ],
)
def test_language_of(path: str, first_line: bytes, expected: str | None) -> None:
    assert language_of(path, first_line) == expected
