"""Who is in which arm: uniform, sticky, independent between salts, and without a query."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from shop_style.experiments.assignment import assign
from shop_style.experiments.hashing import share, visitor_hash
from shop_style.experiments.snapshot import ArmEntry, ExperimentEntry, PhaseEntry
from shop_style.experiments.visitor import Visitor

VISITORS = [hashlib.md5(str(number).encode()).hexdigest() for number in range(20_000)]


def phase(pk: int = 1, weights: tuple[float, ...] = (0.5, 0.5)) -> PhaseEntry:
    arms = tuple(ArmEntry(id=10 + number, slug=f"arm-{number}") for number in range(len(weights)))
    return PhaseEntry(id=pk, number=pk, arms=arms, weights=weights)


def experiment(**values: Any) -> ExperimentEntry:
    phases = values.pop("phases", {1: phase()})
    return ExperimentEntry(
        **{
            "id": 7,
            "slug": "x",
            "state": "running",
            "placement": "",
            "coverage": 1.0,
            "layer": "",
            "layer_from": 0.0,
            "layer_to": 1.0,
            "layer_salt": "l" * 32,
            "coverage_salt": "c" * 32,
            "arm_salt": "a" * 32,
            "visitor_salt": "v" * 32,
            "ended": None,
            "current": max(phases),
            "phases": phases,
            **values,
        }
    )


def arm_of(item: ExperimentEntry, identifier: str, **values: Any) -> str | None:
    found = assign(item, Visitor(id=identifier, **values))
    return found.arm.slug if found else None


def test_a_share_is_the_first_64_bits_of_sha256() -> None:
    digest = hashlib.sha256(b"salt|visitor").digest()
    assert share("salt", "visitor") == int.from_bytes(digest[:8]) / 2**64
    assert all(0 <= share("s", visitor) < 1 for visitor in VISITORS[:1000])


@pytest.mark.parametrize("weights", [(0.5, 0.5), (0.9, 0.1), (0.2, 0.3, 0.5)])
def test_arms_get_their_weights(weights: tuple[float, ...]) -> None:
    item = experiment(phases={1: phase(weights=weights)})
    for number, weight in enumerate(weights):
        got = sum(arm_of(item, visitor) == f"arm-{number}" for visitor in VISITORS)
        expected = weight * len(VISITORS)
        # Five standard deviations of the binomial.
        assert abs(got - expected) < 5 * (expected * (1 - weight)) ** 0.5


def test_arms_of_two_experiments_are_independent() -> None:
    one, other = experiment(), experiment(arm_salt="b" * 32)
    both = sum(arm_of(one, v) == arm_of(other, v) for v in VISITORS)
    assert abs(both / len(VISITORS) - 0.5) < 5 * 0.5 / len(VISITORS) ** 0.5


def test_coverage_says_nothing_about_the_arm_and_raising_it_moves_nobody() -> None:
    small, large = experiment(coverage=0.2), experiment(coverage=0.6)
    inside = [v for v in VISITORS if arm_of(small, v)]
    assert abs(len(inside) / len(VISITORS) - 0.2) < 0.02
    assert all(arm_of(small, v) == arm_of(large, v) for v in inside)
    first = sum(arm_of(small, v) == "arm-0" for v in inside)
    assert abs(first / len(inside) - 0.5) < 5 * 0.5 / len(inside) ** 0.5


def test_layers_divide_the_visitors() -> None:
    left = experiment(layer="home", layer_to=0.5)
    right = experiment(layer="home", layer_from=0.5, arm_salt="b" * 32)
    sides = [(arm_of(left, v) is None, arm_of(right, v) is None) for v in VISITORS[:2000]]
    assert all(one != other for one, other in sides)


def test_who_has_entered_keeps_phase_and_arm_across_weights_and_coverage() -> None:
    before = experiment()
    after = experiment(phases={1: phase(1), 2: phase(2, (0.05, 0.95))}, coverage=0.01)
    for visitor in VISITORS[:500]:
        kept = assign(after, Visitor(id=visitor, phases={7: 1}))
        assert kept is not None and kept.phase.id == 1 and not kept.is_new
        assert kept.arm.slug == arm_of(before, visitor)
    entering = [found for v in VISITORS if (found := assign(after, Visitor(id=v))) is not None]
    assert entering and {found.phase.id for found in entering} == {2}
    assert all(found.is_new for found in entering)


def test_a_phase_that_is_unknown_is_as_if_never_entered() -> None:
    found = assign(experiment(), Visitor(id=VISITORS[0], phases={7: 99}))
    assert found is not None and found.is_new and found.phase.id == 1


def test_excluded_visitors_and_finished_experiments_enrol_nobody() -> None:
    assert assign(experiment(), Visitor(excluded="gpc")) is None
    assert assign(experiment(), Visitor(id=VISITORS[0], excluded="crawler")) is None
    assert assign(experiment(state="finished"), Visitor(id=VISITORS[0])) is None
    # Their conversions still find the arm.
    assert assign(experiment(state="finished"), Visitor(id=VISITORS[0], phases={7: 1})) is not None


def test_hashes_of_two_experiments_cannot_be_joined() -> None:
    one, other = visitor_hash("v" * 32, VISITORS[0]), visitor_hash("w" * 32, VISITORS[0])
    assert one != other and len(one) == len(other) == 24
    assert VISITORS[0] not in one


def test_assigning_asks_the_database_nothing(
    make_shop: Any, django_assert_num_queries: Any, db: None
) -> None:
    from shop_style.experiments.snapshot import current_snapshot

    make_shop().start()
    current_snapshot()
    with django_assert_num_queries(0):
        for visitor in VISITORS[:100]:
            (item,) = current_snapshot().live
            assert assign(item, Visitor(id=visitor)) is not None
