"""What daemon, broker and agent share that touches a machine or a wire."""

import os

# Read when gRPC is first imported, so it stands here, before all of ours that imports it: without it gRPC writes each
# failed handshake to stderr, past every log. What matters of it is said by `reaching`.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
