"""Makes a command's options from a class of settings, so that names, ranges, texts and defaults are written once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from pydantic_settings import BaseSettings


def command_from_settings(
    kind: type[BaseSettings], run: Callable[[dict[str, Any]], None], text: str, leave_out: Collection[str] = ()
) -> Callable[..., None]:
    """A function that Typer makes a command of: one option a setting, None where it was not given.

    Args:
        kind: the settings; their ranges are checked by the class itself when it is made.
        run: called with what was given, by setting.
        text: help of the command.
        leave_out: settings that are for the environment only.
    """
    prefix = str(kind.model_config.get("env_prefix", ""))
    parameters = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_annotation(name, field, prefix)
        )
        for name, field in kind.model_fields.items()
        if name not in leave_out
    ]

    def command(**given: Any) -> None:
        run({name: value for name, value in given.items() if value is not None})

    command.__doc__ = text
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    command.__signature__ = inspect.Signature(parameters)  # pyright: ignore[reportFunctionMemberAccess]
    return command


def _annotation(name: str, field: FieldInfo, prefix: str) -> Any:
    option = f"--{name.replace('_', '-')}"
    flag = field.annotation is bool
    known = next((part for part in (field.annotation, *get_args(field.annotation)) if part in (bool, Path)), str)
    # Numbers arrive as texts: the class of settings checks them and names what is allowed.
    default = "" if field.default_factory is not None or field.default in ("", None) else f" [{_shown(field.default)}]"
    details = typer.Option(
        f"{option}/--no-{name.replace('_', '-')}" if flag else option,
        help=f"{field.description}{default}. {f'{prefix}{name}'.upper()}",
        metavar=None if flag else known.__name__.upper() if known is Path else _metavar(field),
        show_default=False,
    )
    return Annotated[known | None, details]


def _metavar(field: FieldInfo) -> str:
    return {int: "WHOLE", float: "NUMBER"}.get(field.annotation or str, "TEXT")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
