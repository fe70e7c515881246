"""The `foreload` command: finds the sub-command's module by its name, and imports nothing else."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from foreload_cli.failure import CommandFailed

if TYPE_CHECKING:
    import typer

PROGRAM = "foreload"
SUMMARY = "Gives every development environment what it is about to need, before it needs it."
EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
DEBUG_VARIABLE = "FORELOAD_DEBUG"


@dataclass(frozen=True, slots=True)
class Entry:
    """One sub-command: the module that holds it (a Typer `app` or a function `command`), and what it does."""

    module: str
    summary: str


COMMANDS: Mapping[str, Entry] = {
    "up": Entry("foreload_cli.up", "Start the local broker and agent, and wait until they answer"),
    "down": Entry("foreload_cli.down", "Stop the local broker and agent"),
    "status": Entry("foreload_cli.status", "What runs, and what each environment has"),
    "analyze": Entry("foreload_cli.analyze", "Tags of files or trees: hot loops, growth, needs"),
    "forecast": Entry("foreload_cli.forecast", "Expected demand of a trace, and how good the forecast is"),
    "simulate": Entry("foreload_cli.simulate", "What Foreload would have done on a past, and what it would have cost"),
    "simulate-fleet": Entry("foreload_cli.simulate_fleet", "What a fleet would cost: environments, traces, instances"),
    "recommend": Entry("foreload_cli.recommend", "Amounts for an environment, interval by interval, as JSON Lines"),
    "run": Entry("foreload_cli.run", "Run a task that may be paused or moved when a peak is expected"),
    "tasks": Entry("foreload_cli.tasks", "Tasks: where they run, and why; keep one, signal one, follow one"),
    "decisions": Entry("foreload_cli.decisions", "The log of changes, newest first"),
    "why": Entry("foreload_cli.why", "One decision explained"),
    "audit": Entry("foreload_cli.audit", "Who did what to the broker, newest first"),
    "profile": Entry("foreload_cli.profile", "Check what the developer expects"),
    "history": Entry("foreload_cli.history", "Bring in and look at an environment's past"),
    "certs": Entry("foreload_cli.certs", "Certificates: make, show, renew"),
    "doctor": Entry("foreload_cli.doctor", "What is wrong with this set-up, and what to do"),
    "daemon": Entry("foreload_cli.daemon", "Run the language server of an environment"),
    "broker": Entry("foreload_cli.broker", "Run the broker"),
    "agent": Entry("foreload_cli.agent", "Run the agent of an instance"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one sub-command.

    Returns:
        0 done, 1 failed, 2 bad usage.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in ("--help", "-h", "help"):
        print(_overview())
        return EXIT_DONE if given else EXIT_USAGE
    if given[0] == "--version":
        print(f"{PROGRAM} {_version()}")
        return EXIT_DONE
    entry = COMMANDS.get(given[0])
    if entry is None:
        return _complain(_unknown(given[0]), EXIT_USAGE)
    return _run(given[0], entry, given[1:])


def _run(name: str, entry: Entry, arguments: Sequence[str]) -> int:
    import typer

    try:
        command = typer.main.get_command(_application(name, entry))
        outcome = command.main(list(arguments), prog_name=f"{PROGRAM} {name}", standalone_mode=False)
    except CommandFailed as failure:
        return _complain(str(failure), failure.exit_code)
    except typer.Exit as leaving:
        return leaving.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return _complain("stopped by Ctrl-C", EXIT_INTERRUPTED)
    except typer.TyperException as problem:
        return _complain(_usage(name, problem), problem.exit_code)
    except BrokenPipeError:
        # The reader (head, less) has seen enough; Python would complain once more when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_DONE
    except Exception as bug:
        if os.environ.get(DEBUG_VARIABLE):
            raise
        return _complain(f"{name}: {bug or type(bug).__name__} ({DEBUG_VARIABLE}=1 shows the whole trace)", EXIT_FAILED)
    return outcome if isinstance(outcome, int) else EXIT_DONE


def _application(name: str, entry: Entry) -> typer.Typer:
    """The Typer application of a sub-command's module."""
    import typer

    try:
        module = importlib.import_module(entry.module)
    except ModuleNotFoundError as missing:
        if missing.name != entry.module:
            raise
        raise CommandFailed(f"{name} is not part of this installation; install foreload anew") from missing
    if hasattr(module, "app"):
        return module.app
    application = typer.Typer(add_completion=False, rich_markup_mode=None)
    application.command(name, help=module.command.__doc__ or entry.summary)(module.command)
    return application


def _overview() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"Usage: {PROGRAM} COMMAND [OPTIONS]", "", f"  {SUMMARY}", "", "Commands:"]
    lines += [f"  {name:<{width}}  {entry.summary}" for name, entry in COMMANDS.items()]
    lines += [
        "",
        "Options:",
        f"  {'--version':<{width}}  Show the version",
        f"  {'--help':<{width}}  Show this, or a command's own help",
    ]
    return "\n".join(lines)


def _version() -> str:
    from importlib.metadata import version

    return version("foreload")


def _usage(name: str, problem: typer.TyperException) -> str:
    """What is wrong with the arguments, in one line; the whole help where none were given."""
    if type(problem).__name__ == "NoArgsIsHelpError":
        return f"{name}: a sub-command is missing\n\n{problem.format_message()}"
    text = (
        " ".join(problem.format_message().split())
        .replace("Value error, ", "")
        .replace("Input should", "it must")
        .rstrip(".")
    )
    return f"{name}: {text}. See: {PROGRAM} {name} --help" if text else ""


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, COMMANDS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"allowed are {', '.join(COMMANDS)}"
    return f"there is no command {name!r}; {hint}"


def _complain(message: str, exit_code: int) -> int:
    if message:
        print(f"{PROGRAM}: {message}", file=sys.stderr)
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
