"""The broker: holds the state of the fleet, decides, journals, acts."""
