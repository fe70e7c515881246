"""All settings of daemon and extension: the one place where each has its default, range and text.

`vscode_configuration` makes the block in the extension's manifest from it; a test keeps both the same.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PREFIX = "foreload."
GAUGE_RESOURCES = ("cpu", "memory", "gpu", "network")
ENVIRONMENT_VARIABLE = "FORELOAD_ENVIRONMENT"
BROKER_VARIABLE = "FORELOAD_BROKER"
CERTIFICATES_VARIABLE = "FORELOAD_CERTS"
LOCAL_ENVIRONMENT = "local"

_NAME = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$"
_ONE_ADDRESS = r"([^\s:,]+:[0-9]{1,5}|\[[0-9a-fA-F:]+\]:[0-9]{1,5})"
_ADDRESS = rf"^({_ONE_ADDRESS}(,{_ONE_ADDRESS})*)?$"


def _setting(default: Any, name: str, text: str, **schema: Any) -> Any:
    metadata = {"name": name, "text": text, **schema}
    if isinstance(default, tuple):
        return dataclasses.field(default_factory=lambda: default, metadata={**metadata, "default": list(default)})
    return dataclasses.field(default=default, metadata={**metadata, "default": default})


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person may set. Empty texts mean: as the environment says, else none."""

    broker_address: str = _setting(
        "",
        "broker.address",
        "Address of the broker that may change limits here, as `host:port`; of several with commas between them, the "
        "active one. Empty: what the environment says.",
        pattern=_ADDRESS,
        allowed="host:port, for example 127.0.0.1:7443, or several with commas between them",
        scope="machine-overridable",
    )
    broker_certificates: str = _setting(
        "",
        "broker.certificates",
        "Folder with `ca.pem`, `cert.pem` and `key.pem` of this environment. Empty: what the environment says.",
        scope="machine-overridable",
    )
    environment: str = _setting(
        "",
        "environment",
        "Name of this environment. Empty: what the environment says, else `local`.",
        pattern=_NAME,
        allowed="lower-case letters, digits and hyphens, at most 63",
        scope="machine-overridable",
    )
    python_interpreter: str = _setting(
        "",
        "python.interpreter",
        "Python (3.11 to 3.13) that has `foreload` installed. Empty: a private environment that Foreload makes once.",
        scope="machine-overridable",
    )
    gauge_resources: tuple[str, ...] = _setting(
        ("cpu", "memory"),
        "gauge.resources",
        "What the status bar shows, in this order.",
        items=GAUGE_RESOURCES,
    )
    lenses_enabled: bool = _setting(True, "lenses.enabled", "Show above heavy functions what they will need.")
    lenses_threshold_ratio: float = _setting(
        0.1,
        "lenses.thresholdRatio",
        "A heavy function gets a lens from this share of its file's expected CPU time on; 0 shows all of them.",
        minimum=0.0,
        maximum=1.0,
    )
    analysis_largest_file_bytes: int = _setting(
        2 * 1024 * 1024,
        "analysis.largestFileBytes",
        "Files larger than this are not analysed.",
        minimum=1024,
        maximum=16 * 1024 * 1024,
    )
    runs_wait_milliseconds: int = _setting(
        300,
        "runs.waitMilliseconds",
        "Longest time for which a task or a debug session waits for its limit before it starts regardless.",
        minimum=0,
        maximum=300,
    )
    runs_watch_processes: bool = _setting(
        True,
        "runs.watchProcesses",
        "Also see runs that start outside of the editor's terminals: tmux, ssh, make.",
    )
    telemetry_enabled: bool = _setting(
        True,
        "telemetry.enabled",
        "Numbers about the kind of code may be sent, where you allowed it. VS Code's own switch wins when it is off.",
        tags=("telemetry", "usesOnlineServices"),
    )


def read_settings(given: Mapping[str, Any], current: Settings | None = None) -> tuple[Settings, list[str]]:
    """Settings with the given values over the current ones.

    Args:
        given: by name without the prefix `foreload.`, flat ("gauge.resources") or nested ({"gauge": {...}}).
        current: what stays where nothing is given; the defaults where it is None.

    Returns:
        The settings, and one sentence for each value that cannot be used (its old value stays).
    """
    flat = _flatten(given)
    values: dict[str, Any] = {}
    problems: list[str] = []
    for field in dataclasses.fields(Settings):
        name = field.metadata["name"]
        if flat.get(name) is None:
            continue
        value, allowed = _check(flat[name], field.metadata)
        if allowed:
            problems.append(f"{PREFIX}{name} is {flat[name]!r}; allowed is {allowed}")
        else:
            values[field.name] = value
    return dataclasses.replace(current or Settings(), **values), problems


def variable_problems(settings: Settings, variables: Mapping[str, str] = os.environ) -> list[str]:
    """One sentence for each of the environment's variables that counts, cannot be used and is therefore left out."""
    fields = {field.metadata["name"]: field.metadata for field in dataclasses.fields(Settings)}
    found: list[str] = []
    for variable, name, instead in (
        (ENVIRONMENT_VARIABLE, "environment", settings.environment),
        (BROKER_VARIABLE, "broker.address", settings.broker_address),
    ):
        _, allowed = _check(variables.get(variable, ""), fields[name])
        if allowed and not instead:
            found.append(f"{variable} is {variables[variable]!r}; allowed is {allowed}")
    return found


def environment_id(settings: Settings, variables: Mapping[str, str] = os.environ) -> str:
    """The environment's name: the setting, else FORELOAD_ENVIRONMENT, else `local`."""
    named = settings.environment or variables.get(ENVIRONMENT_VARIABLE, "")
    return named if re.fullmatch(_NAME, named) and named else LOCAL_ENVIRONMENT


def broker_address(settings: Settings, variables: Mapping[str, str] = os.environ) -> str:
    """host:port of the broker, or empty where there is none that could be one."""
    named = settings.broker_address or variables.get(BROKER_VARIABLE, "")
    return named if re.fullmatch(_ADDRESS, named) else ""


def certificates_folder(settings: Settings, variables: Mapping[str, str] = os.environ) -> str:
    """Folder of the environment's certificate, or empty where there is none."""
    return settings.broker_certificates or variables.get(CERTIFICATES_VARIABLE, "")


def vscode_configuration() -> dict[str, Any]:
    """The block `contributes.configuration` of the extension's manifest."""
    properties: dict[str, Any] = {}
    for order, field in enumerate(dataclasses.fields(Settings)):
        properties[PREFIX + field.metadata["name"]] = _schema(field.metadata, order)
    return {"title": "Foreload", "properties": properties}


def _schema(metadata: Mapping[str, Any], order: int) -> dict[str, Any]:
    default = metadata["default"]
    kinds = {bool: "boolean", str: "string", int: "integer", float: "number", list: "array"}
    schema: dict[str, Any] = {"type": kinds[type(default)], "default": default}
    for key in ("minimum", "maximum", "pattern"):
        if key in metadata:
            schema[key] = metadata[key]
    if "pattern" in metadata:
        schema["patternErrorMessage"] = f"Allowed is {metadata['allowed']}."
    if "items" in metadata:
        schema["items"] = {"type": "string", "enum": list(metadata["items"])}
        schema["uniqueItems"] = True
    if "tags" in metadata:
        schema["tags"] = list(metadata["tags"])
    return {
        **schema,
        "scope": metadata.get("scope", "resource"),
        "order": order,
        "markdownDescription": metadata["text"],
    }


def _check(value: Any, metadata: Mapping[str, Any]) -> tuple[Any, str]:
    """The value as the setting holds it, or what is allowed instead (empty when the value is good)."""
    default = metadata["default"]
    if isinstance(default, bool):
        return value, "" if isinstance(value, bool) else "true or false"
    if isinstance(default, list):
        allowed: tuple[str, ...] = metadata["items"]
        good = isinstance(value, list | tuple) and value and all(item in allowed for item in value)
        return tuple(dict.fromkeys(value)) if good else value, "" if good else f"a list of {', '.join(allowed)}"
    if isinstance(default, str):
        good = isinstance(value, str) and (
            "pattern" not in metadata or re.fullmatch(metadata["pattern"], value) is not None
        )
        return value, "" if good else metadata.get("allowed", "text")
    low, high = metadata["minimum"], metadata["maximum"]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    whole = isinstance(default, float) or (number and float(value).is_integer())
    good = number and whole and low <= value <= high
    return type(default)(value) if good else value, "" if good else f"{low:g} to {high:g}"


def _flatten(given: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in given.items():
        name = f"{prefix}{key}".removeprefix(PREFIX)
        if isinstance(value, Mapping):
            flat |= _flatten(value, f"{name}.")
        else:
            flat[name] = value
    return flat
