"""The gRPC contract's generated code."""
