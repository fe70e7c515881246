"""One module a feature, each with `set_up(server, daemon)`; `foreload_daemon.compose` lists them in order."""
