"""Real measurement, no change: what is wanted is said and not done."""

from foreload_agent.platforms.dry_run.actuate import DryRunActuator
from foreload_agent.platforms.dry_run.collect import DryRunCollector

__all__ = ["DryRunActuator", "DryRunCollector"]
