"""The agent: small and privileged on each instance. It measures environments and applies limits; it decides nothing."""
