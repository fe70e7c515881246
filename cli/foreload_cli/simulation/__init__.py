"""The parts of `foreload simulate`: what is read, what is gone through, and how it is told."""
