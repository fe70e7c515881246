"""The one place that reads the package's own data: fitted weights."""

from __future__ import annotations

from functools import cache


@cache
def weights(name: str) -> bytes:
    """The content of `foreload_core/weights/<name>.weights`.

    Raises:
        FileNotFoundError: the package holds no such weights.
    """
    from importlib import resources

    return resources.files("foreload_core").joinpath("weights", f"{name}.weights").read_bytes()
