"""Several windows of one environment: one daemon leads (samples, asks the broker), the others read its local socket."""
