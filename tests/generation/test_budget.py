from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from shop_style.generation.budget import STEPS, strongest
from styleeval.preservation.gate import Reason, Verdict


def candidates(limit: float, *, least: float = 0.0) -> tuple[Any, list[float]]:
    """Pictures whose product holds up to a strength, and that change enough from another on."""
    tried: list[float] = []

    def at(strength: float) -> Any:
        tried.append(strength)
        reasons = []
        if strength > limit:
            reasons.append(Reason("colour", "", strength, limit))
        if strength < least:
            reasons.append(Reason("unchanged", "", strength, least))
        verdict = Verdict(not reasons, tuple(reasons), strength / max(limit, 1e-9), "colour")
        return SimpleNamespace(strength=strength, verdict=verdict)

    return at, tried


def test_full_strength_is_taken_where_it_passes() -> None:
    at, tried = candidates(1.0)
    found = strongest(at)
    assert found.candidate.strength == 1 and found.bound_by == "" and tried == [1.0]


@pytest.mark.parametrize("limit", [0.04, 0.3, 0.61, 0.97])
def test_finds_the_strongest_that_passes_and_what_bound_it(limit: float) -> None:
    at, tried = candidates(limit)
    found = strongest(at)
    assert found.candidate.verdict.passed
    assert limit - 1 / 2**STEPS <= found.candidate.strength <= limit
    assert found.bound_by == "colour"
    assert len(tried) == 1 + STEPS


def test_where_nothing_passes_the_weakest_is_shown() -> None:
    at, tried = candidates(0.0)
    found = strongest(at)
    assert not found.candidate.verdict.passed
    assert found.candidate.strength == min(tried) == 1 / 2**STEPS


def test_asking_for_more_change_never_steers_to_less_truth() -> None:
    """Only 0.5 and above change enough, only 0.3 and below are true: the true one is kept."""
    at, _ = candidates(0.3, least=0.5)
    found = strongest(at)
    assert found.candidate.strength <= 0.3
    assert [reason.code for reason in found.candidate.verdict.reasons] == ["unchanged"]
