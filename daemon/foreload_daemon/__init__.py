"""The language server of one environment: analyses code, watches use and limits, forecasts, asks the broker."""

VERSION = "0.1.0"
"""Version of the distribution; a test holds it to the package's own."""
