"""What a row of the log offers fits what holds."""

from __future__ import annotations

from foreload_core.types import Amounts, Resource, TargetChange
from foreload_daemon.pages.decision_rows import _actions, _is_pinned

UP = (TargetChange(Resource.CPU, 1.0, 2.0, ()),)


def test_a_pinned_limit_can_be_unpinned() -> None:
    assert _is_pinned(UP, Amounts(cpu_cores=2.0))
    assert not _is_pinned(UP, Amounts(cpu_cores=1.0))
    assert _actions("applied", can_act=True, is_pinned=True) == ["why", "undo", "unpin"]
    assert _actions("applied", can_act=True, is_pinned=False) == ["why", "undo", "pin"]


def test_what_is_over_or_cannot_be_asked_offers_its_reasons_only() -> None:
    assert _actions("undone", can_act=True, is_pinned=False) == ["why"]
    assert _actions("applied", can_act=False, is_pinned=True) == ["why"]
