"""The features that the analysis emits are those of the schema: names, ranges, version and the order of labels."""

from __future__ import annotations

from pathlib import Path

import pytest
from foreload_analyzers import ALGORITHM_CLASSES, APPLICATION_TYPES, COMPLEXITIES, FEATURE_SCHEMA_VERSION, analyze
from foreload_analyzers.knowledge.lexicon import LEXICON
from foreload_analyzers.lenses import CLASS_WORDS
from foreload_core.features import CODE_FEATURES, SCHEMA_VERSION, problems

FIXTURES = sorted((Path(__file__).parents[1] / "fixtures" / "analyzers").glob("*.py"))
OPTIONAL = {"parallel_workers", "memory_data_bytes", "algorithm_class", "application_type"}


def test_versions_agree() -> None:
    assert FEATURE_SCHEMA_VERSION == SCHEMA_VERSION


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_names_and_ranges(path: Path) -> None:
    features = analyze(path.read_bytes(), "python", path.name).features
    names = {feature.name for feature in CODE_FEATURES}
    assert problems(features) == []
    assert names - OPTIONAL <= features.keys() <= names


def test_every_feature_can_be_emitted() -> None:
    seen = {name for path in FIXTURES for name in analyze(path.read_bytes(), "python", path.name).features}
    assert seen == {feature.name for feature in CODE_FEATURES}


def test_label_orders_fit_the_ranges() -> None:
    high = {feature.name: feature.high for feature in CODE_FEATURES}
    assert high["complexity_order"] == high["space_complexity_order"] == len(COMPLEXITIES) - 1
    assert high["algorithm_class"] == len(ALGORITHM_CLASSES) - 1
    assert high["application_type"] == len(APPLICATION_TYPES) - 1
    assert list(ALGORITHM_CLASSES) == sorted(ALGORITHM_CLASSES)
    assert list(APPLICATION_TYPES) == sorted(APPLICATION_TYPES)
    meaning = next(feature.meaning for feature in CODE_FEATURES if feature.name == "complexity_order")
    assert [meaning.index(f"{place} {name}") for place, name in enumerate(COMPLEXITIES)] == sorted(
        meaning.index(f"{place} {name}") for place, name in enumerate(COMPLEXITIES)
    )


def test_every_class_has_words() -> None:
    assert set(LEXICON) == set(CLASS_WORDS) == set(ALGORITHM_CLASSES)
