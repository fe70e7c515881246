"""Opens the local history and keeps it usable: what cannot be written goes on in memory, and is said once."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import secrets
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from foreload_daemon.history.schema import MIGRATIONS, VERSION

_LOG = logging.getLogger(__name__)
FILE_NAME = "history.sqlite3"
BUSY_TIMEOUT_SECONDS = 5.0
CACHE_KIB = 1024

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class NewerHistoryError(Exception):
    """The file was written by a newer Foreload."""


class Database:
    """One connection to the history. Calls from several threads take turns.

    Attributes:
        path: the file, or None while it is in memory only.
        problem: one sentence for the person where the file cannot be used; empty when it can.
        on_problem: called once, with that sentence, when the file fails later.
    """

    def __init__(self, folder: Path) -> None:
        self._lock = threading.RLock()
        self.problem = ""
        self.on_problem: Callable[[str], None] = lambda _text: None
        self.path: Path | None = folder / FILE_NAME
        self._connection = self._open(folder)
        # One thread: what is asked first is done first.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="history")

    async def run(
        self,
        job: Callable[Concatenate[sqlite3.Connection, Arguments], Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """As `call`, off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: self.call(job, *args, **kwargs))

    def call(
        self,
        job: Callable[Concatenate[sqlite3.Connection, Arguments], Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Runs `job(connection, ...)` in one transaction, which is durable when this returns.

        A file that can no longer be written (full disk, read-only) is left behind: what it holds is copied into memory,
        and the job runs there.

        Raises:
            sqlite3.Error: the job itself is wrong.
        """
        with self._lock:
            try:
                return self._transact(job, *args, **kwargs)
            except sqlite3.Error as error:
                if self.path is None or not _is_file_trouble(error):
                    raise
                self._go_on_in_memory(error)
                return self._transact(job, *args, **kwargs)

    def close(self) -> None:
        """Closes the file; the write-ahead log is folded in."""
        self._thread.shutdown(wait=True)
        with self._lock:
            self._connection.close()

    def _transact(self, job: Callable[..., Result], *args: object, **kwargs: object) -> Result:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = job(connection, *args, **kwargs)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return result

    def _open(self, folder: Path) -> sqlite3.Connection:
        path = folder / FILE_NAME
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return _connect(path)
        except NewerHistoryError as error:
            self._say(str(error))
        except sqlite3.Error as error:
            if isinstance(error, sqlite3.DatabaseError) and _is_broken(error):
                return self._start_anew(path, error)
            self._say(_trouble_text(path, error))
        except OSError as error:
            self._say(_trouble_text(path, error))
        self.path = None
        return _connect(None)

    def _start_anew(self, path: Path, error: sqlite3.Error) -> sqlite3.Connection:
        """A file that is no database is kept beside, and a new one is begun."""
        aside = path.with_name(f"{path.name}.broken-{secrets.token_hex(4)}")
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        path.replace(aside)
        self._say(f"{path} could not be read ({error}). A new history was begun; the old file is kept as {aside.name}.")
        return _connect(path)

    def _go_on_in_memory(self, error: sqlite3.Error) -> None:
        assert self.path is not None
        text = _trouble_text(self.path, error)
        memory = _connect(None)
        try:
            _copy(self._connection, memory)
        except sqlite3.Error as unreadable:
            _LOG.warning("what %s holds could not be copied either: %s", self.path, unreadable)
            memory = _connect(None)
        self._connection.close()
        self._connection, self.path = memory, None
        self._say(text)
        self.on_problem(text)

    def _say(self, text: str) -> None:
        self.problem = text
        _LOG.warning("%s", text)


def _connect(path: Path | None) -> sqlite3.Connection:
    if path is not None and not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    connection = sqlite3.connect(
        path if path is not None else ":memory:",
        timeout=BUSY_TIMEOUT_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.row_factory = sqlite3.Row
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        if path is not None:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        _migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, path: Path | None) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise NewerHistoryError(
            f"{path} was written by a newer Foreload (format {version}; this one knows {VERSION}). "
            "History is kept in memory only until Foreload is updated."
        )
    for number in range(version, VERSION):
        # One transaction a step, the version inside it: a crash in between leaves the last whole step.
        connection.executescript(f"BEGIN IMMEDIATE; {MIGRATIONS[number]} PRAGMA user_version = {number + 1}; COMMIT;")
    # Proves that the file can be written, not only opened.
    connection.execute("INSERT OR IGNORE INTO meta (key, value) VALUES ('salt', ?)", (secrets.token_hex(32),))
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('opened_by', ?)", (str(os.getpid()),))


def _copy(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Copies all rows. (SQLite's own backup would bring the file's journal mode along and may need to write.)"""
    tables = [row["name"] for row in target.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    target.execute("BEGIN")
    # The counters come last: filling the tables moves them, and a number that was given must never be given again.
    for table in sorted(tables, key=lambda name: name == "sqlite_sequence"):
        if table == "sqlite_sequence":
            target.execute("DELETE FROM sqlite_sequence")
        rows = source.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - names come from our own schema
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            target.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", [tuple(row) for row in rows])  # noqa: S608
    target.execute("COMMIT")


def _is_file_trouble(error: sqlite3.Error) -> bool:
    names = ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_CORRUPT", "SQLITE_NOTADB")
    return getattr(error, "sqlite_errorname", "").startswith(names)


def _is_broken(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT"))


def _trouble_text(path: Path, error: Exception) -> str:
    full = (
        getattr(error, "sqlite_errorname", "").startswith("SQLITE_FULL") or getattr(error, "errno", 0) == errno.ENOSPC
    )
    why = "the disk is full" if full else str(getattr(error, "strerror", "") or error)
    cure = "Free some space" if full else "Make its folder writable, or set FORELOAD_DAEMON_DIR to another one"
    return (
        f"The history in {path} cannot be written: {why}. It is kept in memory until the editor closes. "
        f"{cure}, then restart Foreload."
    )
