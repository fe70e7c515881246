"""The `foreload` command: parses, calls one of the programs or the core, prints."""
