"""Tasks: processes that may be paused or moved. Each has a keeper of its own, so that it outlives the agent."""

from foreload_agent.platforms.tasks.attempt import Attempt
from foreload_agent.platforms.tasks.cell import Cell, Group
from foreload_agent.platforms.tasks.hosted import Hosted, Submitted, tasks_folder
from foreload_agent.platforms.tasks.workspaces import Workspace

__all__ = ["Attempt", "Cell", "Group", "Hosted", "Submitted", "Workspace", "tasks_folder"]
