"""Classic programs and the growth that textbooks give them."""

from __future__ import annotations

from textwrap import dedent

import pytest
from foreload_analyzers import Document, Function, Report, analyze, with_radon

TIME = {
    "walks a list": ("linear", "def f(rows):\n for row in rows:\n  print(row)\n"),
    "walks a list twice, nested": ("quadratic", "def f(rows):\n for a in rows:\n  for b in rows:\n   print(a, b)\n"),
    "three nested counts": (
        "cubic",
        ("def f(n):\n for i in range(n):\n  for j in range(n):\n"
        "   for k in range(n):\n    pass\n"),
    ),
    "one after the other": ("linear", "def f(rows):\n for a in rows:\n  pass\n for b in rows:\n  pass\n"),
    "fixed sizes": (
        "constant",
        ("def f(x):\n for i in range(26):\n  for step in ((0, 1), (1, 0)):\n"
        "   x += i\n return x\n"),
    ),
    "module constant": ("constant", "SIZE = 26\ndef f(x):\n for i in range(SIZE):\n  x += i\n return x\n"),
    "sorts": ("nlogn", "def f(rows):\n return sorted(rows)[0]\n"),
    "sorts in a loop": ("quadratic", "def f(rows):\n for row in rows:\n  rows.sort()\n"),
    "halves": ("logn", "def f(n):\n while n > 0:\n  n //= 2\n"),
    "doubles": ("logn", "def f(n):\n i = 1\n while i < n:\n  i *= 2\n"),
    "greatest common divisor": ("logn", "def f(a, b):\n while b:\n  a, b = b, a % b\n return a\n"),
    "trial division": (
        "linear",
        ("def f(n):\n i = 2\n while i * i <= n:\n  if n % i == 0:\n"
        "   return False\n  i += 1\n return True\n"),
    ),
    "binary search": (
        "logn",
        """\
        def f(rows, wanted):
            low, high = 0, len(rows) - 1
            while low <= high:
                middle = (low + high) // 2
                if rows[middle] < wanted:
                    low = middle + 1
                else:
                    high = middle - 1
            return low
        """,
    ),
    "two pointers": (
        "linear",
        """\
        def f(rows, limit):
            left = 0
            total = 0
            for right in range(len(rows)):
                total += rows[right]
                while total > limit:
                    total -= rows[left]
                    left += 1
            return left
        """,
    ),
    "monotonic stack": (
        "linear",
        """\
        def f(rows):
            stack = []
            for row in rows:
                while stack and stack[-1] < row:
                    stack.pop()
                stack.append(row)
        """,
    ),
    "breadth first": (
        "linear",
        """\
        from collections import deque
        def f(graph, start):
            queue = deque([start])
            seen = {start}
            while queue:
                node = queue.popleft()
                for other in graph[node]:
                    if other not in seen:
                        seen.add(other)
                        queue.append(other)
        """,
    ),
    "heap in a loop": (
        "nlogn",
        ("import heapq\ndef f(rows):\n heap = []\n"
        " for row in rows:\n  heapq.heappush(heap, row)\n"),
    ),
    "sieve by steps": ("nlogn", "def f(n):\n for i in range(1, n):\n  for j in range(i, n, i):\n   pass\n"),
    "membership in a list": (
        "quadratic",
        ("def f(rows):\n seen = []\n for row in rows:\n"
        "  if row not in seen:\n   seen.append(row)\n"),
    ),
    "membership in a set": (
        "linear",
        ("def f(rows):\n seen = set()\n for row in rows:\n"
        "  if row not in seen:\n   seen.add(row)\n"),
    ),
    "fibonacci": ("exponential", "def f(n):\n if n < 2:\n  return n\n return f(n - 1) + f(n - 2)\n"),
    "fibonacci, remembered": (
        "linear",
        ("from functools import cache\n@cache\ndef f(n):\n if n < 2:\n"
        "  return n\n return f(n - 1) + f(n - 2)\n"),
    ),
    "factorial": ("linear", "def f(n):\n return 1 if n < 2 else n * f(n - 1)\n"),
    "power by squaring": ("logn", "def f(x, n):\n if n == 0:\n  return 1\n half = f(x, n // 2)\n return half * half\n"),
    "tree": ("linear", "def f(node):\n if node is None:\n  return 0\n return 1 + max(f(node.left), f(node.right))\n"),
    "merge sort": (
        "nlogn",
        """\
        def f(rows):
            if len(rows) < 2:
                return rows
            middle = len(rows) // 2
            left, right = f(rows[:middle]), f(rows[middle:])
            merged = []
            for row in left:
                merged.append(row)
            return merged + right
        """,
    ),
    "permutations": (
        "exponential",
        ("from itertools import permutations\ndef f(rows):\n for order in permutations(rows):\n"
        "  print(order)\n"),
    ),
    "subsets by bits": ("exponential", "def f(n):\n for mask in range(1 << n):\n  print(mask)\n"),
    "pairs": (
        "quadratic",
        ("from itertools import combinations\ndef f(rows):\n for a, b in combinations(rows, 2):\n"
        "  print(a, b)\n"),
    ),
    "comprehension": ("quadratic", "def f(rows):\n return [(a, b) for a in rows for b in rows]\n"),
    "header sorts once": ("nlogn", "def f(rows):\n for row in sorted(rows):\n  print(row)\n"),
    "calls a loop in a loop": (
        "quadratic",
        ("def g(rows):\n for row in rows:\n  pass\ndef f(rows):\n"
        " for row in rows:\n  g(rows)\n"),
    ),
    "asynchronous": ("linear", "async def f(rows):\n async for row in rows:\n  await row\n"),
}  # fmt: skip
# Programs whose loops and calls cost less, or more, than their nesting says.
SEEN_WHOLE = {
    "islands of a grid": (
        "quadratic",
        """\
        def f(grid):
            def sink(i, j):
                if not (0 <= i < len(grid) and 0 <= j < len(grid[0])) or grid[i][j] == 0:
                    return
                grid[i][j] = 0
                sink(i + 1, j)
                sink(i - 1, j)
                sink(i, j + 1)
                sink(i, j - 1)
            for i in range(len(grid)):
                for j in range(len(grid[0])):
                    sink(i, j)
        """,
    ),
    "power of a small matrix": (
        "logn",
        """\
        def f(n):
            def multiply(a, b):
                columns = zip(*b)
                return [[sum(x * y for x, y in zip(row, column)) for column in columns] for row in a]
            def power(a, k):
                result = [[int(i == j) for j in range(len(a))] for i in range(len(a))]
                while k:
                    if k % 2:
                        result = multiply(result, a)
                    a = multiply(a, a)
                    k //= 2
                return result
            return power([[1, 1], [1, 0]], n)[0][1]
        """,
    ),
    "worklist": (
        "linear",
        """\
        def f(n, edges):
            near = [[] for _ in range(n)]
            for a, b in edges:
                near[a].append(b)
            order = [0]
            for node in order:
                for other in near[node]:
                    order.append(other)
            return order
        """,
    ),
    "union-find": (
        "linear",
        """\
        def f(n, edges):
            parent = list(range(n))
            def find(x):
                if parent[x] != x:
                    parent[x] = find(parent[x])
                return parent[x]
            for a, b in edges:
                parent[find(a)] = find(b)
        """,
    ),
    "memory of sets": (
        "exponential",
        """\
        def f(n, cost):
            memo = {}
            def best(used):
                if used in memo:
                    return memo[used]
                memo[used] = min(cost[i] + best(used | (1 << i)) for i in range(n))
                return memo[used]
            return best(0)
        """,
    ),
    "prefix function by windows": (
        "linear",
        """\
        def f(s):
            z = [0] * len(s)
            left, right = 0, 0
            for i in range(1, len(z)):
                if i <= right:
                    z[i] = min(right - i + 1, z[i - left])
                while i + z[i] < len(z) and s[z[i]] == s[i + z[i]]:
                    z[i] += 1
                if i + z[i] - 1 > right:
                    left, right = i, i + z[i] - 1
            return z
        """,
    ),
    "halved rounds": (
        "linear",
        """\
        def f(rows):
            n = len(rows)
            while n > 1:
                for i in range(n // 2):
                    rows[i] = rows[2 * i]
                n //= 2
        """,
    ),
    "pairs within groups": (
        "quadratic",
        """\
        from collections import defaultdict
        def f(rows):
            groups = defaultdict(list)
            for i, row in enumerate(rows):
                groups[row].append(i)
            for places in groups.values():
                for a in places:
                    for b in places:
                        print(a, b)
        """,
    ),
    "digits by divmod": (
        "logn",
        """\
        def f(n):
            total = 0
            while n:
                n, digit = divmod(n, 10)
                total += digit
            return total
        """,
    ),
    "sorted container": (
        "nlogn",
        """\
        from sortedcontainers import SortedList
        def f(rows):
            kept = SortedList()
            for row in rows:
                kept.add(row)
        """,
    ),
}
OTHER_LANGUAGES = {
    "counted loops in C++": (
        "cpp",
        "quadratic",
        """\
        int f(vector<int>& v) {
            int s = 0;
            for (int i = 0; i < v.size(); ++i)
                for (int j = i; j < v.size(); ++j) s += v[j];
            return s;
        }
        """,
    ),
    "window in C++": (
        "cpp",
        "linear",
        """\
        int f(vector<int>& v, int k) {
            int s = 0, l = 0;
            for (int r = 0; r < v.size(); ++r) {
                s += v[r];
                while (s > k) { s -= v[l]; ++l; }
            }
            return l;
        }
        """,
    ),
    "ordered map in C++": (
        "cpp",
        "nlogn",
        """\
        int f(vector<int>& v) {
            map<int, int> m;
            for (auto& x : v) { m[x] += 1; }
            return m.size();
        }
        """,
    ),
    "binary search by recursion in Java": (
        "java",
        "logn",
        """\
        class A {
            static int f(int[] a, int l, int r, int x) {
                int m = (l + r) / 2;
                if (a[m] == x) return m;
                if (a[m] < x) return f(a, m + 1, r, x);
                return f(a, l, m - 1, x);
            }
        }
        """,
    ),
    "a reader of words in Java": (
        "java",
        "constant",
        """\
        class Main {
            public static void main(String[] s) { Words in = new Words(); System.out.println(in.nextInt() + 1); }
            static class Words {
                BufferedReader br;
                StringTokenizer st;
                String next() {
                    while (!st.hasMoreTokens()) { st = new StringTokenizer(br.readLine()); }
                    return st.nextToken();
                }
                int nextInt() { return Integer.parseInt(next()); }
            }
        }
        """,
    ),
}
SPACE = {
    "nothing kept": ("constant", "def f(rows):\n total = 0\n for row in rows:\n  total += row\n return total\n"),
    "a copy": ("linear", "def f(rows):\n kept = [row * 2 for row in rows]\n return len(kept)\n"),
    "a table": ("quadratic", "def f(n):\n table = [[0] * n for _ in range(n)]\n return table[0][0]\n"),
    "a set": ("linear", "def f(rows):\n seen = set()\n for row in rows:\n  seen.add(row)\n return len(seen)\n"),
    "copied rows": ("linear", "def f(rows):\n kept = [row[:2] for row in rows]\n return len(kept)\n"),
    "deep recursion": ("linear", "def f(n):\n return 1 if n < 2 else n * f(n - 1)\n"),
    "26 letters": (
        "constant",
        ("def f(text):\n counts = [0] * 26\n for c in text:\n"
        "  counts[ord(c) - 97] += 1\n return max(counts)\n"),
    ),
}  # fmt: skip


def report_of(source: str) -> Report:
    return analyze(dedent(source).encode(), "python")


def function(source: str, name: str = "f") -> Function:
    return next(found for found in report_of(source).functions if found.name == name)


@pytest.mark.parametrize("case", TIME)
def test_time(case: str) -> None:
    expected, source = TIME[case]
    assert function(source).complexity == expected


@pytest.mark.parametrize("case", SEEN_WHOLE)
def test_time_over_all_turns_and_calls(case: str) -> None:
    expected, source = SEEN_WHOLE[case]
    assert function(source).complexity == expected


@pytest.mark.parametrize("case", OTHER_LANGUAGES)
def test_time_in_other_languages(case: str) -> None:
    language, expected, source = OTHER_LANGUAGES[case]
    document = Document(language)
    document.open(dedent(source).encode())
    assert document.report().complexity == expected


def test_models_weigh_the_whole_file_and_say_where_they_differ() -> None:
    report = analyze(dedent(TIME["binary search"][1]).encode(), "python")
    assert report.complexity == "logn"
    assert 0.4 < report.complexity_confidence <= 1.0
    for case, (_, source) in {**TIME, **SEEN_WHOLE}.items():
        document = Document("python")
        document.open(dedent(source).encode())
        whole, rules = document.whole_report(), document.report()
        assert 0.0 < whole.complexity_confidence <= 1.0, case
        assert (whole.complexity != rules.complexity) == any(note.startswith("time") for note in whole.notes), case


def test_what_a_program_is_started_with_is_no_size() -> None:
    source = "def f(rows):\n    for row in rows:\n        print(row)\n\n\nf([3, 1, 2])\n"
    assert function(source).complexity == "linear"


def test_an_edit_of_a_caller_changes_what_its_callee_is_given() -> None:
    small = dedent(
        """\
        class A:
            def f(self, n):
                def g(t):
                    for x in t:
                        pass
                g([1, 2])
        """
    )
    assert function(small, "g").complexity == "constant"
    document = Document("python")
    document.open(small.encode())
    document.report()
    start = small.index("[1, 2]")
    larger = small.replace("[1, 2]", "n")
    document.edit(start, start + 6, start + 1, (5, 10), (5, 16), (5, 11), larger.encode())
    assert next(found for found in document.report().functions if found.name == "g").complexity == "linear"


@pytest.mark.parametrize("case", SPACE)
def test_space(case: str) -> None:
    expected, source = SPACE[case]
    assert function(source).space_complexity == expected


def test_evidence_names_lines_and_what_grows() -> None:
    found = function(TIME["walks a list twice, nested"][1])
    assert [item.text for item in found.evidence] == [
        "line 2 walks `rows`",
        "line 3 walks `rows`, inside line 2, which walks it too",
    ]
    assert found.grows_with == "rows"


def test_loops_have_lines_and_depths() -> None:
    loops = function("def f(rows):\n\n    for a in rows:\n        while a:\n            a -= 1\n").loops
    assert [(loop.line, loop.end_line, loop.depth) for loop in loops] == [(3, 5, 1), (4, 5, 2)]


def test_methods_nested_and_decorated_functions_are_found() -> None:
    source = """\
        class A:
            def method(self):
                def inner():
                    pass
                return inner

            class B:
                @property
                def value(self):
                    return 1

        if True:
            def late():
                pass
        """
    assert [(found.name, found.line) for found in report_of(source).functions] == [
        ("A.method", 2), ("inner", 3), ("B.value", 9), ("late", 13),
    ]  # fmt: skip


def test_mutual_recursion_is_recursion() -> None:
    source = "def odd(n):\n return n > 0 and even(n - 1)\ndef even(n):\n return n == 0 or odd(n - 1)\n"
    assert {found.name: found.complexity for found in report_of(source).functions} == {
        "odd": "linear",
        "even": "linear",
    }


def test_the_program_is_what_its_start_reaches() -> None:
    source = (
        "def slow(n):\n for i in range(n):\n  for j in range(n):\n   pass\ndef fast(rows):\n for row in rows:\n  pass\n"
    )
    assert report_of(source + "fast([1, 2])\n").complexity == "linear"
    assert report_of(source).complexity == "quadratic"


def test_cyclomatic_complexity_comes_from_radon() -> None:
    source = "def f(a):\n    if a:\n        return 1\n    return 2\n"
    assert with_radon(report_of(source), source.encode()).functions[0].cyclomatic == 2


def test_broken_source_keeps_the_rest() -> None:
    report = report_of("def f(rows):\n    for row in rows:\n        pass\n\ndef broken(:\n    x = = 3\n")
    assert report.functions[0].name == "f"
    assert report.functions[0].complexity == "linear"
    assert "syntax is broken" in report.problems[0]


@pytest.mark.parametrize(
    ("source", "words"),
    [(b"x = 1\n" * 400_000, "files above 2 MiB"), (b"\x7fELF\x02\x01\x01\x00\x00\x00", "binary")],
)
def test_unfit_input_is_told(source: bytes, words: str) -> None:
    report = analyze(source, "python")
    assert words in report.problems[0]
    assert not report.functions


def test_other_encodings_do_not_disturb() -> None:
    report = analyze("# é\ndef f(rows):\n    for row in rows:\n        print('ü')\n".encode("latin-1"), "python")
    assert report.functions[0].complexity == "linear"


def test_deep_nesting_does_not_raise() -> None:
    for source in (
        "(" * 5_000,
        "x = " + "[" * 3_000 + "]" * 3_000,
        "".join(" " * i + "if x:\n" for i in range(300)) + " " * 300 + "pass\n",
    ):
        assert analyze(source.encode(), "python").language == "python"
