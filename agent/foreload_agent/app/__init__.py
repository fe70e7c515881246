"""The agent as a program: its environments, and what joins them to the broker."""
