"""The profile's editor: the text as a week, rules and bounds, and what a person's hand on it does to the text."""
