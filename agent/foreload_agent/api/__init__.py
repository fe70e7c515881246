"""The agent's side of the contract with the broker: it dials out, and one stream carries everything."""
