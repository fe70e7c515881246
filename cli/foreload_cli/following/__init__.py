"""The client's side of a task: its output, its input, its signals and its end, as if it ran here."""
