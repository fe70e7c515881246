"""The daemon's side of the broker: what a message may hold, the stream, and when it is tried again. gRPC comes late."""
