"""What others call: gRPC under mutual TLS, and the page of metrics."""
