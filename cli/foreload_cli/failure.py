"""How a sub-command says that it could not do its job."""

from __future__ import annotations


class CommandFailed(Exception):  # noqa: N818 - it names what happened to the command
    """The job failed. The message is one line: what, where, which value, what is allowed or what to do.

    Attributes:
        exit_code: 1 for a failed job, 2 for bad usage.
    """

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
