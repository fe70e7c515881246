"""What broker and agent keep is their user's alone, although the IDE's user passes through the state folder."""

from pathlib import Path

from foreload_broker.store.engine import open_engine


def test_the_folder_of_the_database_is_closed_to_others(tmp_path: Path) -> None:
    open_engine(f"sqlite:///{tmp_path}/broker/broker.db").dispose()
    assert (tmp_path / "broker").stat().st_mode & 0o077 == 0
