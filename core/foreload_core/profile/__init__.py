"""What the developer expects, in a file in the workspace: read, checked, and turned into numbers."""

from foreload_core.profile.document import Criticality, Problem, Profile, Window
from foreload_core.profile.draft import new_profile_text
from foreload_core.profile.expansion import expand
from foreload_core.profile.parsing import parse_profile
from foreload_core.profile.schema import PROFILE_SCHEMA

__all__ = [
    "PROFILE_SCHEMA",
    "Criticality",
    "Problem",
    "Profile",
    "Window",
    "expand",
    "new_profile_text",
    "parse_profile",
]
