"""`foreload profile`: checks what the developer expects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foreload_cli.failure import CommandFailed

if TYPE_CHECKING:
    from foreload_core.profile import Profile
    from foreload_core.types import ProfileNumbers

DEFAULT_FILE = Path(".foreload") / "profile.json"
AHEAD_DAYS = 14
SHOWN_OCCURRENCES = 10

app = typer.Typer(
    add_completion=False, rich_markup_mode=None, no_args_is_help=True, help="Check what the developer expects."
)


class Format(StrEnum):
    """How it is printed."""

    TABLE = "table"
    JSON = "json"


@app.callback()
def _group() -> None:
    """Check what the developer expects."""


@app.command("check", short_help="Name everything that is wrong with a profile")
def check_command(
    file: Annotated[Path, typer.Argument(help="The profile")] = DEFAULT_FILE,
    form: Annotated[Format, typer.Option("--format", help="How to print")] = Format.TABLE,
) -> None:
    """Name everything that is wrong with a profile; where nothing is, show when its windows happen next."""
    from foreload_core.plain import to_plain
    from foreload_core.profile import expand, parse_profile

    from foreload_cli.output import print_json

    profile, problems = parse_profile(_read(file))
    now = datetime.now(UTC)
    numbers = None if profile is None else expand(profile, now, now + timedelta(days=AHEAD_DAYS))
    if form is Format.JSON:
        windows = [] if numbers is None else to_plain(numbers.windows)
        print_json({"file": str(file), "problems": to_plain(problems), "windows": windows})
    elif problems:
        for problem in problems:
            where = f" {problem.path}:" if problem.path else ""
            print(f"{file}:{problem.line}:{where} {problem.message}")
    elif profile is not None and numbers is not None:
        count = f"{len(profile.windows)} window{'' if len(profile.windows) == 1 else 's'}"
        print(f"{file}: “{profile.name}” is good: {count}, times in {profile.time_zone}.")
        _print_windows(profile, numbers)
    if problems:
        raise typer.Exit(1)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise CommandFailed(f"profile check: {file} is not there; name the file, or make one in VS Code", 2) from None
    except OSError as error:
        raise CommandFailed(f"profile check: {file} cannot be read: {error.strerror}", 2) from None


def _print_windows(profile: Profile, numbers: ProfileNumbers) -> None:
    """The next occurrences, as wall times of the profile's zone."""
    from zoneinfo import ZoneInfo

    from foreload_core.words import amount_text

    from foreload_cli.output import print_table

    zone = ZoneInfo(profile.time_zone)
    rows: list[list[str]] = []
    for window in numbers.windows[:SHOWN_OCCURRENCES]:
        start, end = window.start.astimezone(zone), window.end.astimezone(zone)
        need = ", ".join(amount_text(resource, amount) for resource, amount in window.expected.items())
        if window.factor is not None:
            need = f"{window.factor:g} times the use"
        day = f"{start:%a} {start.day} {start:%b}"
        rows.append(
            [day, f"{start:%H:%M}–{end:%H:%M}", profile.window_names[window.window_id], window.kind.value, need]
        )
    if rows:
        print_table(("day", "time", "window", "kind", "need"), rows)
    left = len(numbers.windows) - len(rows)
    if left > 0:
        print(f"and {left} more in the next {AHEAD_DAYS} days")
