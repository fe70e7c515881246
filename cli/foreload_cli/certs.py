"""`foreload certs`: make an authority, issue, show and renew certificates."""

from __future__ import annotations

import json
import pwd
import re
import sys
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from foreload_cli.failure import CommandFailed

if TYPE_CHECKING:
    from foreload_system.identity import Identity

app = typer.Typer(
    add_completion=False, rich_markup_mode=None, no_args_is_help=True, help="Certificates: make, show, renew."
)

_STATE = typer.Option("--state", help="Folder that holds certs/ [FORELOAD_STATE_DIR]")
_DAYS = typer.Option("--days", help="How long the certificate is valid", min=0.01, max=825)
_ADDRESS = re.compile(r".+:\d{1,5}")
_IDENTITY = typer.Argument(help="KIND/NAME; KIND is environment, agent, broker or operator")


class Format(StrEnum):
    """How a table is printed."""

    TABLE = "table"
    JSON = "json"


_FORMAT = typer.Option("--format", help="How to print")


@app.command("init", short_help="Make the authority that signs all certificates")
def init_command(state: Annotated[Path | None, _STATE] = None, form: Annotated[Format, _FORMAT] = Format.TABLE) -> None:
    """Make the authority that signs all certificates here; one that is there stays."""
    from foreload_system.certificates import CertificateError, create_authority
    from foreload_system.paths import authority_directory

    folder = authority_directory(_state(state))
    try:
        made = create_authority(folder, datetime.now(UTC))
    except (CertificateError, OSError) as error:
        raise CommandFailed(f"certs init: {_why(error, folder)}") from error
    if form is Format.JSON:
        print(json.dumps({"authority": str(folder), "made": made}))
    else:
        print(f"{'Made an' if made else 'Kept the'} authority in {folder}")


@app.command("issue", short_help="Issue a certificate with a new key")
def issue_command(
    identity: Annotated[str, _IDENTITY],
    state: Annotated[Path | None, _STATE] = None,
    days: Annotated[float, _DAYS] = 7.0,
    host: Annotated[list[str] | None, typer.Option(help="Name or address a broker is reached by; repeatable")] = None,
    owner: Annotated[str | None, typer.Option(help="User who is to read the files")] = None,
    folder: Annotated[Path | None, typer.Option(help="Where to put the files [STATE/certs/KIND-NAME]")] = None,
    form: Annotated[Format, _FORMAT] = Format.TABLE,
) -> None:
    """Issue a certificate with a new key, replacing the one that is there."""
    from foreload_system.certificates import LOCAL_HOSTS, CertificateError, issue
    from foreload_system.paths import authority_directory, certificate_directory

    base, who = _state(state), _identity(identity)
    target = folder or certificate_directory(base, who.kind, who.name)
    hosts = (*LOCAL_HOSTS, *(host or ()))
    try:
        issue(authority_directory(base), who, target, datetime.now(UTC), timedelta(days=days), hosts, _owner(owner))
    except (CertificateError, OSError, ValueError) as error:
        raise CommandFailed(f"certs issue: {_why(error, target)}") from error
    _show([_row(target)], form)


@app.command("list", short_help="Show the certificates and what is wrong")
def list_command(state: Annotated[Path | None, _STATE] = None, form: Annotated[Format, _FORMAT] = Format.TABLE) -> None:
    """Show the certificates here: whose, valid until when, and what is wrong with them."""
    _show([_row(folder) for folder in _folders(_state(state))], form)


@app.command("token", short_help="Make a one-time token for a newcomer on another machine")
def token_command(
    identity: Annotated[str, _IDENTITY],
    minutes: Annotated[float, typer.Option(help="How long it is good for", min=0.1, max=43_200)] = 60.0,
    broker: Annotated[str | None, typer.Option(help="Address of the broker, HOST:PORT [the local one]")] = None,
    certificates: Annotated[
        Path | None, typer.Option(help="Folder of an operator's certificate [STATE/certs/operator-USER]")
    ] = None,
    state: Annotated[Path | None, _STATE] = None,
    form: Annotated[Format, _FORMAT] = Format.TABLE,
) -> None:
    """Make a one-time token for `foreload certs enroll` on another machine. Whoever has it can use it."""
    from foreload_core.units import format_time
    from foreload_proto.v1 import enrolment_pb2
    from foreload_system.codecs import time_from_proto

    from foreload_cli.calls import ask, find_target, operator_certificates

    base, who = _state(state).absolute(), _identity(identity)
    target = find_target(broker, certificates or operator_certificates(base), base)
    request = enrolment_pb2.CreateTokenRequest(kind=who.kind, name=who.name, valid_seconds=minutes * 60)
    answer = ask(target, lambda stub: stub.CreateToken(request), enrolment=True)
    expires_at = format_time(time_from_proto(answer.expires_at))
    if form is Format.JSON:
        print(json.dumps({"token": answer.token, "identity": str(who), "expires_at": expires_at}))
    else:
        print(answer.token)
        print(
            f"For {who}, once, until {expires_at}. There: foreload certs enroll TOKEN --broker HOST:PORT",
            file=sys.stderr,
        )


@app.command("enroll", short_help="Get a first certificate from a broker, for a token")
def enroll_command(
    token: Annotated[str, typer.Argument(help="As made by foreload certs token; - reads it from stdin")],
    broker: Annotated[str, typer.Option(help="The broker's address for newcomers (its --enrolment), HOST:PORT")],
    state: Annotated[Path | None, _STATE] = None,
    folder: Annotated[Path | None, typer.Option(help="Where to put the files [STATE/certs/KIND-NAME]")] = None,
    form: Annotated[Format, _FORMAT] = Format.TABLE,
) -> None:
    """Get a first certificate. The token is sent only to the broker that made it."""
    from foreload_system.certificates import CertificateError
    from foreload_system.enrolment import EnrolmentError, Token, enroll
    from foreload_system.paths import certificate_directory

    try:
        parsed = Token.parse(sys.stdin.readline() if token == "-" else token)  # noqa: S105 - stdin's name
    except EnrolmentError as error:
        raise CommandFailed(f"certs enroll: {error}", exit_code=2) from error
    if not _ADDRESS.fullmatch(broker):
        raise CommandFailed(f"certs enroll: --broker is {broker!r}; allowed is HOST:PORT", exit_code=2)
    who = parsed.identity
    target = folder or certificate_directory(_state(state), who.kind, who.name)
    try:
        enroll(broker, parsed, target, datetime.now(UTC))
    except (EnrolmentError, CertificateError, OSError) as error:
        raise CommandFailed(f"certs enroll: {_why(error, target)}") from error
    _show([_row(target)], form)


@app.command("renew", short_help="Renew what is due or broken")
def renew_command(
    identity: Annotated[str | None, typer.Argument(help="Only this one, as KIND/NAME")] = None,
    state: Annotated[Path | None, _STATE] = None,
    days: Annotated[float, _DAYS] = 7.0,
    force: Annotated[bool, typer.Option("--force", help="Also those that are not due")] = False,
    form: Annotated[Format, _FORMAT] = Format.TABLE,
) -> None:
    """Renew what is past two thirds of its life, broken, or of another authority. Programs take it up by themselves."""
    from foreload_system.certificates import CertificateError, certificate_hosts, issue, read_bundle, renew_if_due
    from foreload_system.paths import authority_directory, certificate_directory

    base = _state(state)
    wanted = None if identity is None else _identity(identity)
    folders = _folders(base) if wanted is None else [certificate_directory(base, wanted.kind, wanted.name)]
    rows: list[dict[str, Any]] = []
    for folder in folders:
        who = wanted or _identity_of_folder(folder)
        if who is None:
            continue
        authority, now, valid_for = authority_directory(base), datetime.now(UTC), timedelta(days=days)
        try:
            if force:
                status = folder.stat() if folder.exists() else None
                hosts = certificate_hosts(read_bundle(folder)) if status is not None else ()
                owner = None if status is None else (status.st_uid, status.st_gid)
                issue(authority, who, folder, now, valid_for, hosts, owner)
                renewed = True
            else:
                renewed = renew_if_due(authority, who, folder, now, valid_for)
        except (CertificateError, OSError) as error:
            raise CommandFailed(f"certs renew: {_why(error, folder)}") from error
        rows.append({**_row(folder), "renewed": renewed})
    _show(rows, form)


def _why(error: Exception, folder: Path) -> str:
    """What is wrong, and where: a full disk names no file by itself."""
    if not isinstance(error, OSError):
        return str(error)
    return f"{error.filename or folder} cannot be written ({error.strerror}); make room there, or choose another folder"


def _state(chosen: Path | None) -> Path:
    from foreload_system.paths import state_directory

    return chosen or state_directory()


def _identity(text: str) -> Identity:
    from foreload_system.identity import Identity, IdentityError

    kind, _, name = text.partition("/")
    try:
        return Identity(kind, name)  # pyright: ignore[reportArgumentType]
    except IdentityError as error:
        raise CommandFailed(f"certs: {error}; write it as KIND/NAME", exit_code=2) from None


def _identity_of_folder(folder: Path) -> Identity | None:
    from foreload_system.identity import Identity, IdentityError

    kind, _, name = folder.name.partition("-")
    try:
        return Identity(kind, name)  # pyright: ignore[reportArgumentType]
    except IdentityError:
        return None  # some other folder; not ours to touch


def _folders(state: Path) -> list[Path]:
    base = state / "certs"
    folders = sorted(path for path in base.iterdir() if path.is_dir()) if base.is_dir() else []
    return [folder for folder in folders if _identity_of_folder(folder) is not None]


def _owner(name: str | None) -> tuple[int, int] | None:
    if name is None:
        return None
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise CommandFailed(f"certs issue: user {name!r} does not exist here", exit_code=2) from None
    return entry.pw_uid, entry.pw_gid


def _row(folder: Path) -> dict[str, Any]:
    """One certificate as it is shown."""
    from foreload_core.units import format_time
    from foreload_system.certificates import CertificateError, bundle_problems, read_bundle, renewal_due

    now, expected = datetime.now(UTC), _identity_of_folder(folder)
    try:
        bundle = read_bundle(folder)
    except CertificateError as error:
        return {
            "identity": str(expected or folder.name),
            "folder": str(folder),
            "not_after": None,
            "renewal_due": True,
            "problems": [str(error)],
        }
    return {
        "identity": str(bundle.identity),
        "folder": str(folder),
        "not_after": format_time(bundle.not_after),
        "renewal_due": renewal_due(bundle, now),
        "problems": bundle_problems(bundle, now, expected),
    }


def _show(rows: list[dict[str, Any]], form: Format) -> None:
    if form is Format.JSON:
        print(json.dumps(rows, indent=2))
        return
    if not rows:
        print("No certificates here. Make an authority with: foreload certs init")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None)
    for head in ("Identity", "Valid until"):
        table.add_column(head, no_wrap=True)
    for head in ("State", "Folder"):
        table.add_column(head, overflow="fold")  # a path that is cut cannot be used
    for row in rows:
        state = "; ".join(row["problems"]) or ("renewal is due" if row["renewal_due"] else "good")
        table.add_row(
            row["identity"], row["not_after"] or "", "renewed" if row.get("renewed") else state, row["folder"]
        )
    Console().print(table)
