"""Shadow mode: everything is decided and shown, nothing is changed."""

from foreload_broker.platforms.dry_run.shadow import DryRun

__all__ = ["DryRun"]
