"""Runs: what a command line will start, what the same thing used before, and what it uses this time."""
