"""Changes of the database's shape, in order."""

HEAD = "0004"
"""The newest one, so that a database that has it needs no look at the others."""
