"""Every reason has its sentence, and every code that a step may give is among them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from foreload_core.policy.situation import amount_numbers
from foreload_core.types import Reason, Resource, TargetChange
from foreload_core.units import GIB
from foreload_core.words import SENTENCES, amount_text, change_text, sentence, skill_text

CORE = Path(__file__).resolve().parents[2] / "core" / "foreload_core"
GIVEN_IN_PARTS = {
    *("run_history", "run_code", "run_kind", "run_developer"),
    *("quota_owner", "quota_organisation", "budget_owner", "budget_organisation"),
}
NEVER_SHOWN = {"run_ended"}
FORBIDDEN = re.compile(r"\b(?:quota|allocation|[Oo]ops|[Pp]lease|[Ee]rror)\b")


def numbers(resource: Resource, amount: float) -> dict[str, float]:
    names = re.findall(r"\{(\w+)\}", " ".join(SENTENCES.values()))
    about = {"begins_seconds": 60.0, "until_seconds": 3600.0, "after_seconds": 60.0, "run_count": 3.0}
    return amount_numbers(resource, **dict.fromkeys(names, amount)) | about | {"budget_usd_per_month": 90.0}


@pytest.mark.parametrize("code", SENTENCES)
@pytest.mark.parametrize("amount", [(Resource.CPU, 2.0), (Resource.CPU, 1.0), (Resource.MEMORY, 5.2 * GIB)])
def test_every_code_makes_a_sentence(code: str, amount: tuple[Resource, float]) -> None:
    text = sentence(Reason("step", code, numbers(*amount), "w"), {"w": "Load test"})
    assert text.endswith(".")
    assert text[0].isupper() or text[0].isdigit() or text[0] == "“"
    assert "unknown" not in text
    assert not re.search(r"[{}]|\bnan\b", text)
    assert not FORBIDDEN.search(text)
    assert not re.search(r"\b1 core (?:are|were|keep|leave)\b", text)


def test_every_code_of_the_policy_has_a_sentence() -> None:
    given: set[str] = set()
    for path in (*CORE.glob("policy/*.py"), CORE / "decide" / "planned.py", *CORE.glob("scheduler/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in SENTENCES:
                given.add(node.value)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Reason":
                code = node.args[1]
                assert not isinstance(code, ast.Constant) or code.value in SENTENCES or code.value in NEVER_SHOWN
    assert set(SENTENCES) - given - GIVEN_IN_PARTS - {"undone", "refused"} == set()


def test_the_sentences_of_the_story() -> None:
    started = Reason("runs", "run_code", amount_numbers(Resource.CPU, expected=2.0))
    assert sentence(started) == "A run has started that is expected to need 2 cores, from its code."
    ended = Reason(
        "stabilise", "lowered_after_run", amount_numbers(Resource.CPU, highest=0.6) | {"after_seconds": 60.0}
    )
    assert sentence(ended) == "The run has ended; the highest need of the last minute was 0.6 cores."


def test_a_window_without_a_known_name_and_a_code_without_a_sentence_are_said_too() -> None:
    soon = Reason(
        "windows", "window_soon", amount_numbers(Resource.CPU, expected=1.0) | {"begins_seconds": 60.0}, "w-1"
    )
    assert sentence(soon) == "A window of your profile begins in 60 s and is expected to need 1 core."
    assert sentence(Reason("later", "from_the_future")) == "Decided by the step “later” (from_the_future)."
    assert sentence(Reason("pin", "pinned")) == "You pinned an unknown amount."


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (TargetChange(Resource.CPU, 2.0, 4.0, ()), "CPU 2 → 4 cores"),
        (TargetChange(Resource.CPU, 3.0, 1.0, ()), "CPU 3 → 1 core"),
        (TargetChange(Resource.CPU, None, 2.5, ()), "CPU to 2.5 cores"),
        (TargetChange(Resource.MEMORY, 6.0 * GIB, 8.0 * GIB, ()), "Memory 6 → 8 GiB"),
        (TargetChange(Resource.MEMORY, 0.125 * GIB, 0.25 * GIB, ()), "Memory 128 → 256 MiB"),
        (TargetChange(Resource.GPU, 0.0, 1.0, ()), "GPU 0 → 1 GPU"),
        (TargetChange(Resource.NETWORK_RX, 1e6, 25e6, ()), "Network in 1 → 25 MB/s"),
    ],
)
def test_a_change_as_a_title(change: TargetChange, text: str) -> None:
    assert change_text(change) == text


def test_amounts_and_skill() -> None:
    assert amount_text(Resource.CPU, 1.0) == "1 core"
    assert amount_text(Resource.NETWORK_TX, 3e6) == "3.0 MB/s"
    good = "Good enough to act on. In the last 14 days it was 31 % closer than “same as last week”."
    assert skill_text(0.31, 14 * 86_400) == good
    assert skill_text(-0.1, 14 * 86_400) == "Not better than “same as last week” now, so it is not acted on."
    assert "too short" in skill_text(None, 0)
