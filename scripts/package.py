"""Makes what is handed out into out/: the wheel, and the vsix that holds it with its locked requirements."""

from __future__ import annotations

import sys

from steps import extension, node_packages, python_environment
from steps.places import OUT, ROOT
from steps.running import StepError, one_at_a_time, run_steps, say


def main() -> int:
    """Exit code 1 with one message when something could not be built."""
    try:
        with one_at_a_time(ROOT):
            run_steps([*python_environment.steps(), node_packages.step(), *extension.steps()])
        wheel = extension.build_wheel(OUT)
    except StepError as error:
        say(str(error))
        return 1
    for product in (wheel, extension.vsix()):
        say(f"{product.relative_to(ROOT)}  {product.stat().st_size / 1024:.0f} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
