"""The signs of hot functions in blocks, for scores without one of them."""

from __future__ import annotations

from foreload_analyzers import hot_signs

BLOCKS = {
    "size": ("lines", "size"),
    "body": (
        "work", "plain_work", "loops", "for_loops", "while_loops", "comprehensions", "loop_depth", "own_growth",
        "looped_ratio",
    ),
    "calls made": ("calls", "looped_calls", "call_runs", "callees", "library_calls"),
    "statements": ("assigns", "looped_assigns", "updates", "stores", "returns", "parameters", "slices", "memberships"),
    "runs": (
        "from_starts", "from_all", "from_public", "plain_runs", "from_roots", "work_from_starts", "work_from_all",
        "work_from_public", "plain_work_plain_runs", "plain_work_from_all", "work_from_roots", "size_from_all",
        "size_plain_runs", "whole_work", "whole_work_from_all", "own_of_whole",
    ),
    "call graph": (
        "sites", "looped_sites", "site_runs", "caller_depth", "callers", "reach", "reached_by", "near_start",
        "near_root", "taken",
    ),
    "growth": ("growth", "space_growth", "own_growth"),
    "place in the file": ("place",),
    "flags": hot_signs.FLAGS,
}  # fmt: skip
