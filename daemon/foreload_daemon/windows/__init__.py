"""Several windows of one environment: one daemon leads (samples, talks to the broker), the others read from its local socket."""
