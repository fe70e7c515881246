"""What daemon, broker and agent share that touches a machine or a wire."""
