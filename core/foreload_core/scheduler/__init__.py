"""The fleet: what is fitted into an instance, a quota and a budget, what is placed where, and how many instances."""
