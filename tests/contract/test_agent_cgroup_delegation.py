"""Who may make groups where: root at the top, a user below what was delegated, nobody on a read-only machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from foreload_agent.platforms.cgroup import find, find_layout, list_environments
from foreload_agent.ports import PlatformUnavailableError

TREES = Path(__file__).parent.parent / "fixtures" / "cgroup"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copytree(TREES / "v2-systemd", tmp_path / "tree")
    return tmp_path / "tree"


def as_user(monkeypatch: pytest.MonkeyPatch, writable: set[str]) -> None:
    """As a user without rights but to write these folders, by their names."""

    def access(path: Path | str, mode: int) -> bool:
        folder = Path(path) if Path(path).is_dir() else Path(path).parent
        return folder.name in writable

    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "access", access)


def groups(tree: Path) -> str:
    layout = find_layout("demo", "foreload-test", tree)
    [place] = {layout.cgroup().cpu, layout.cgroup().memory}
    assert place is not None
    return str(place.folder.relative_to(tree / "sys/fs/cgroup"))


def test_root_makes_groups_at_the_top(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert groups(tree) == "foreload-test/demo"


def test_a_user_makes_them_beside_its_own_group_where_that_is_delegated(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_user(monkeypatch, {"user-1000.slice"})
    assert groups(tree) == "user.slice/user-1000.slice/foreload-test/demo"
    (tree / "sys/fs/cgroup/user.slice/user-1000.slice/foreload-test/demo").mkdir(parents=True)
    assert list_environments("foreload-test", tree) == ("demo",)
    inside = "0::/user.slice/user-1000.slice/foreload-test/demo"
    (tree / "proc/self/cgroup").write_text(inside + "\n")
    assert groups(tree) == "user.slice/user-1000.slice/foreload-test/demo"


def test_a_user_without_a_delegated_group_is_told_what_helps(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_user(monkeypatch, set())
    with pytest.raises(PlatformUnavailableError, match=r"may not make groups beside .*systemd-run --user --scope"):
        find_layout("demo", "foreload-test", tree)


@pytest.mark.parametrize(("layout", "version"), [("v1-docker", 1), ("v1-plain", 1), ("hybrid", 1), ("v2-pod", 2)])
def test_version_1_wins_where_it_has_the_controllers(
    layout: str, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert find_layout("demo", "foreload-test", TREES / layout).version == version


def test_a_machine_without_cgroups_says_so(tmp_path: Path) -> None:
    with pytest.raises(PlatformUnavailableError, match="cannot be read"):
        find_layout("demo", "foreload-test", tmp_path)


def test_the_way_through_systemd_is_taken_once_and_only_by_users(monkeypatch: pytest.MonkeyPatch) -> None:
    def undelegated(*_: object) -> tuple[Path, Path]:
        raise PlatformUnavailableError("not delegated")

    monkeypatch.setattr(find, "_base_of_version2", undelegated)
    monkeypatch.setattr(find, "_version1", lambda mounts: {})
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    monkeypatch.delenv(find.IN_SCOPE_VARIABLE, raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert find.scope_command(["foreload", "agent"], "foreload") is None
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    command = find.scope_command(["foreload", "agent"], "foreload")
    assert command is not None
    assert command[:3] == ["/usr/bin/systemd-run", "--user", "--scope"]
    assert command[-3:] == ["--", "foreload", "agent"]
    monkeypatch.setenv(find.IN_SCOPE_VARIABLE, "1")
    assert find.scope_command(["foreload", "agent"], "foreload") is None
    monkeypatch.delenv(find.IN_SCOPE_VARIABLE)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert find.scope_command(["foreload", "agent"], "foreload") is None
