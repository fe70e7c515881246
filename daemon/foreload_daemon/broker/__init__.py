"""The daemon's side of the broker: what may be in a message, the stream, and when it is tried again. gRPC is imported late."""
