"""`foreload daemon`: the language server of an environment, on stdin and stdout."""

from __future__ import annotations


def command() -> None:
    """Run the language server of an environment on stdin and stdout; an editor starts it.

    FORELOAD_ENVIRONMENT, FORELOAD_BROKER, FORELOAD_CERTS and FORELOAD_DAEMON_DIR say whose; the editor's settings win.
    """
    from foreload_daemon.start import main

    main()
