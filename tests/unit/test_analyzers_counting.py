"""The text of a document is read once and counted in two ways; of a long one a share is counted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from foreload_analyzers import Document
from foreload_analyzers.counting import LARGEST_COUNTED, Counting, bags_of, counted_texts
from foreload_analyzers.linear_model import Bags
from foreload_analyzers.tokens import Tokens

JAVA = b"""import java.util.*;
public class Main extends Base {
    // reads numbers
    static int sum(int[] rows) { int total = 0; for (int row : rows) total += row; return total; }

    public static void main(String[] args) { System.out.println(sum(new int[]{1, 2})); }
}
"""
FUNCTION = "def work_{number}(rows):\n    return sorted(rows)[{number}]\n\n\n"


def document_of(text: bytes, language: str) -> Document:
    document = Document(language)
    document.open(text)
    document.report()
    return document


def is_same(one: Bags, other: Bags, blocks: Sequence[str] = ("grams", "words", "chars", "modules")) -> bool:
    pairs = [(one[block], other[block]) for block in blocks]
    return all(np.array_equal(a.places, b.places) and np.array_equal(a.counts, b.counts) for a, b in pairs)


def test_words_are_those_of_the_text_as_it_stands() -> None:
    assert is_same(document_of(JAVA, "java").words(), Tokens(JAVA.decode(), "java").bags(), blocks=("grams", "words"))


def test_chunks_count_as_if_each_were_alone() -> None:
    chunks = document_of(JAVA, "java").chunks()
    alone, turned = bags_of(chunks, "java"), bags_of(chunks[::-1], "java")
    assert is_same(alone, turned)


def test_counts_do_not_depend_on_the_edits_that_led_to_a_text() -> None:
    for functions in (20, 700):
        text = "".join(FUNCTION.format(number=number) for number in range(functions)).encode()
        changed = text.replace(b"sorted(rows)[7]", b"max(rows)")
        before, after = (document_of(each, "python").chunks() for each in (text, changed))
        known = {chunk.text: chunk for chunk in before}
        now = [known.get(chunk.text, chunk) for chunk in after]
        counting = Counting("python")
        counting.bags(before)
        assert is_same(counting.bags(now), bags_of(after, "python"))


def test_of_a_long_text_a_share_is_counted() -> None:
    many = "".join(FUNCTION.format(number=number) for number in range(2000)).encode()
    one = b"def all_of_it(rows):\n" + b"    print(rows, 1)\n" * 3_000
    for text in (many, one):
        chunks = document_of(text, "python").chunks()
        counting = Counting("python")
        counting.bags(chunks)
        halvings = counting.halvings
        size = sum(len(part.encode()) for part in counted_texts(chunks, halvings))
        assert LARGEST_COUNTED / 4 < size < LARGEST_COUNTED * 1.5


def test_a_byte_that_sets_texts_apart_does_nothing_in_a_source() -> None:
    text = b"x = '\x02'\n\x02\ny = 1\n"
    document = document_of(text, "python")
    assert len(document.words()["words"].places) > 0
