"""Two texts as one edit."""

from __future__ import annotations

from foreload_daemon.analysis import edit_between
from hypothesis import given
from hypothesis import strategies as st

TEXTS = st.text(alphabet="ab\nü€", max_size=40).map(str.encode)


@given(TEXTS, TEXTS)
def test_the_edit_makes_the_new_text_of_the_old(old, new):
    start, old_end, new_end = edit_between(old, new)
    assert 0 <= start <= old_end <= len(old)
    assert start <= new_end <= len(new)
    assert old[:start] + new[start:new_end] + old[old_end:] == new


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_it_is_no_longer_than_what_changed(head, old, new, tail):
    start, old_end, new_end = edit_between(head + old + tail, head + new + tail)
    if old != new:
        assert start >= min(len(head), len(head + old + tail))
        assert old_end - start <= len(old)
        assert new_end - start <= len(new)
