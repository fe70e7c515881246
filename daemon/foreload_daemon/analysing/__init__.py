"""What the analysis of open documents is made of: edits, the work itself, and what a person ignores."""
