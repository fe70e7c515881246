"""`foreload broker`: runs the broker in the foreground."""

from __future__ import annotations

from typing import Any

from foreload_broker.config import BrokerSettings, SettingsError, read_settings

from foreload_cli.failure import CommandFailed
from foreload_cli.settings_options import command_from_settings

TEXT = "Run the broker in the foreground, until Ctrl-C or SIGTERM. Its log is JSON on stderr."


def _run(given: dict[str, Any]) -> None:
    try:
        settings = read_settings(given)
    except SettingsError as error:
        raise CommandFailed(str(error), exit_code=2) from error
    from foreload_broker import app
    from foreload_broker.api.addresses import AddressInUseError
    from foreload_broker.store.engine import StoreError
    from foreload_system.certificates import CertificateError

    try:
        app.run(settings)
    except SettingsError as error:
        raise CommandFailed(str(error), exit_code=2) from error
    except (app.AlreadyRunningError, app.NoClusterError, AddressInUseError, StoreError, CertificateError) as error:
        raise CommandFailed(f"broker: {error}") from error
    except OSError as error:
        where = error.filename or settings.state
        raise CommandFailed(
            f"broker: {where} cannot be written ({error.strerror}); make room, or choose another folder with --state"
        ) from error


command = command_from_settings(BrokerSettings, _run, TEXT)
