"""Observes, decides, journals, acts. The only reader of the clock and the only writer of state."""
