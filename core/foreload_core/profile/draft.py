"""The text of a new profile."""

from __future__ import annotations

import json


def new_profile_text(name: str, time_zone: str) -> str:
    """A valid profile with one example window, ready to be edited.

    Args:
        name: of the profile, 1 to 80 characters.
        time_zone: IANA name.
    """
    draft = {
        "version": 1,
        "name": name,
        "timeZone": time_zone,
        "windows": [
            {
                "name": "Tests before the stand-up",
                "kind": "peak",
                "every": "weekday 09:00-09:30",
                "expect": {"cpuCores": 2},
            }
        ],
        "preference": 0.5,
    }
    return json.dumps(draft, indent=2, ensure_ascii=False) + "\n"
