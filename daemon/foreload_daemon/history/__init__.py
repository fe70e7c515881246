"""The environment's own past, in one SQLite file that stays on this machine."""
