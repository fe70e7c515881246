"""The agent's settings and file: each mistake named with its key, its value and what is allowed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from foreload_agent.app.applied import AppliedRevisions
from foreload_agent.config import ConfigurationError, make_settings, read_environments
from foreload_core.types import Amounts

GIB = 1024**3


def written(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "environments.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def one(**entry: object) -> dict[str, object]:
    return {"environments": [{"environment_id": "a", **entry}]}


def test_defaults_follow_the_capacity(tmp_path: Path) -> None:
    [entry] = read_environments(written(tmp_path, {"environments": [{"environment_id": "demo"}]}))
    large, small = Amounts(8.0, 32 * GIB), Amounts(1.0, 2 * GIB)
    assert entry.platform == "cgroup"
    assert entry.floor_amounts(large) == Amounts(1.0, 2 * GIB)
    assert entry.initial_amounts(large) == Amounts(1.0, 4 * GIB)
    assert entry.floor_amounts(small) == Amounts(0.5, GIB)
    assert entry.initial_amounts(small) == Amounts(0.5, GIB)


def test_what_is_given_wins(tmp_path: Path) -> None:
    given = {"environment_id": "demo", "floor": {"cpu_cores": 0.25}, "initial": {"memory_bytes": 3 * GIB}}
    [entry] = read_environments(written(tmp_path, {"environments": [given]}))
    assert entry.floor_amounts(Amounts(8.0, 32 * GIB)) == Amounts(0.25, 2 * GIB)
    assert entry.initial_amounts(Amounts(8.0, 32 * GIB)) == Amounts(0.25, 3 * GIB)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is no JSON"),
        ({}, "environments is missing"),
        (one(environment_id="A b"), r"environments\.0\.environment_id is 'A b': allowed are 1 to 63"),
        (one(platform="vm"), r"platform is 'vm': allowed is 'cgroup', 'docker', 'dry_run'"),
        (one(floor={"cores": 1}), r"environments\.0\.floor\.cores is not known"),
        (one(floor={"cpu_cores": -1}), r"cpu_cores is -1: .*greater than 0"),
        ({"environments": [{"environment_id": "a"}] * 2}, "'a' stands there 2 times; once is allowed"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, content: object, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read_environments(written(tmp_path, content))


def test_a_missing_file_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r'is missing; write which environments .* \{"environments"'):
        read_environments(tmp_path / "no.json")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"broker": "nowhere"}, "--broker is 'nowhere': allowed is HOST:PORT"),
        ({"broker": "a:99999"}, "allowed is HOST:PORT with a port from 1 to 65535"),
        ({"instance": "../x"}, r"--instance is '\.\./x': allowed are 1 to 63"),
        ({"measure_seconds": 0}, "--measure-seconds is 0: .*greater than or equal to 0.1"),
    ],
)
def test_settings_out_of_range_are_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        make_settings(options)


def test_revisions_survive_and_a_broken_file_is_kept_aside(tmp_path: Path) -> None:
    path = tmp_path / "agent" / "applied.json"
    AppliedRevisions(path).remember("demo", 7)
    assert AppliedRevisions(path).revision("demo") == 7
    path.write_text("{half")
    assert AppliedRevisions(path).revision("demo") == 0
    assert path.with_suffix(".broken").read_text() == "{half"
