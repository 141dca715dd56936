from __future__ import annotations

import numpy as np
import pytest

from styleeval.preservation import THRESHOLDS, Thresholds, Verdict, judge, scorecard
from tests.styleeval import pictures


def verdict(candidate: np.ndarray, mode: str | Thresholds, *, sure: float = 1.0) -> Verdict:
    card = scorecard(pictures.bottle(), candidate, pictures.product(), mask_confidence=sure)
    return judge(card, mode)


def codes(given: Verdict) -> set[str]:
    return {reason.code for reason in given.reasons}


def test_knows_every_mode() -> None:
    assert set(THRESHOLDS) == {"background", "grade", "artistic", "fabric", "restore"}


def test_a_gentle_grade_passes() -> None:
    given = verdict(pictures.warm(), "grade")
    assert given.passed and not given.reasons
    assert 0 < given.burden < 1


def test_a_wrong_hue_fails_a_grade_on_colour_though_its_structure_is_fine() -> None:
    given = verdict(pictures.wrong_hue_same_luma(), "grade")
    assert not given.passed
    assert "colour" in codes(given)
    assert not {"structure", "structure_spot"} & codes(given)


def test_an_upside_down_label_fails_on_its_spot() -> None:
    for mode in ("background", "grade", "restore"):
        assert "structure_spot" in codes(verdict(pictures.label_upside_down(), mode))


def test_a_blurred_product_fails_a_grade() -> None:
    assert "structure_spot" in codes(verdict(pictures.blurred(), "grade"))


def test_a_new_background_passes_where_the_mask_is_sure() -> None:
    keep = pictures.product()[..., None]
    ground = np.random.default_rng(0).integers(60, 160, (256, 256, 3))
    restyled = (pictures.bottle() * keep + ground * (1 - keep)).astype(np.uint8)
    assert verdict(restyled, "background").passed
    assert codes(verdict(restyled, "background", sure=0.3)) == {"mask_uncertain"}


def test_a_spoilt_product_fails_before_any_background() -> None:
    spoilt = pictures.new_background()
    spoilt[pictures.LABEL] = spoilt[pictures.LABEL][::-1, ::-1]
    assert not verdict(spoilt, "background").passed


@pytest.mark.parametrize("mode", ["background", "grade", "artistic", "fabric"])
def test_a_variant_that_changed_nothing_is_no_variant(mode: str) -> None:
    code = "background_unchanged" if mode == "background" else "unchanged"
    assert codes(verdict(pictures.bottle(), mode)) == {code}


def test_restoring_may_change_little() -> None:
    assert verdict(pictures.bottle(), "restore").passed


def test_takes_a_styles_own_thresholds() -> None:
    given = verdict(pictures.warm(), Thresholds(max_delta_e=0.5, max_perceptual=0.0))
    assert codes(given) == {"colour", "perceptual"}
    (colour,) = (reason for reason in given.reasons if reason.code == "colour")
    assert colour.value > colour.limit == 0.5
    assert "colour" in colour.text


def test_no_threshold_passes_everything() -> None:
    assert verdict(pictures.wrong_hue(), Thresholds()).passed


def test_an_unknown_mode_is_an_error() -> None:
    with pytest.raises(KeyError):
        verdict(pictures.warm(), "guess")
