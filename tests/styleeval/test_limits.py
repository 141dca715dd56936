"""Each planted defect trips its own limit, and an untouched product trips none."""

from __future__ import annotations

import dataclasses
from typing import Any

import cv2
import numpy as np
import pytest

from styleeval.preservation import THRESHOLDS, Thresholds, judge, scorecard
from styleeval.preservation.limits import LIMITS
from tests.styleeval import pictures

ORIGINAL = pictures.floats(pictures.bottle())
MASK = pictures.product()
KEEP = MASK[..., None]


def inside(changed: np.ndarray) -> np.ndarray:
    return np.where(KEEP > 0, changed, ORIGINAL).astype(np.float32)


def codes(candidate: np.ndarray, mode: str) -> set[str]:
    return {reason.code for reason in judge(scorecard(ORIGINAL, candidate, MASK), mode).reasons}


def rimmed() -> np.ndarray:
    rim = cv2.dilate(MASK, np.ones((9, 9), np.uint8))[..., None] * (1 - KEEP)
    return np.asarray(ORIGINAL * (1 - rim) + np.float32(0.3) * rim)


def bent() -> np.ndarray:
    rows, columns = np.mgrid[0:256, 0:256].astype(np.float32)
    return np.asarray(
        cv2.remap(
            ORIGINAL,
            columns + 5 * np.sin(rows / 14),
            rows + 5 * np.sin(columns / 14),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )


def without_print() -> np.ndarray:
    blank = ORIGINAL.copy()
    blank[pictures.LABEL] = np.median(ORIGINAL[pictures.LABEL].reshape(-1, 3), axis=0)
    return blank


DEFECTS: dict[str, tuple[Any, set[str]]] = {
    "hue": (inside(pictures.floats(pictures.wrong_hue_same_luma())), {"hue", "hue_spot"}),
    "label upside down": (pictures.floats(pictures.label_upside_down()), {"text", "text_line"}),
    "print gone": (without_print(), {"text", "text_line"}),
    "blur": (inside(pictures.floats(pictures.blurred())), {"detail_spot"}),
    "halo": (rimmed(), {"halo"}),
    "bent": (bent(), {"moved", "detail_spot", "structure_spot"}),
    "one patch painted": (
        np.where(
            (np.mgrid[0:256, 0:256][0] > 200)[..., None] & (KEEP > 0),
            np.array([0.2, 0.3, 0.8], np.float32),
            ORIGINAL,
        ).astype(np.float32),
        {"colour_spot"},
    ),
}


def test_every_threshold_has_its_limit_and_every_code_is_one() -> None:
    assert {field.name for field in dataclasses.fields(Thresholds)} == set(LIMITS)
    found = [limit.code for limit in LIMITS.values()]
    assert len(found) == len(set(found))
    untouched = scorecard(ORIGINAL, ORIGINAL, MASK)
    for name, limit in LIMITS.items():
        assert (limit.sense == "least") is name.startswith("min_")
        text = limit.said(untouched, 0.5, 0.25)
        assert text.endswith(".") and "{" not in text


@pytest.mark.parametrize("mode", THRESHOLDS)
def test_identity_passes_everything_but_change(mode: str) -> None:
    verdict = judge(scorecard(ORIGINAL, ORIGINAL, MASK), mode)
    assert verdict.burden == pytest.approx(0, abs=1e-3)
    assert {reason.code for reason in verdict.reasons} <= {"unchanged", "background_unchanged"}


@pytest.mark.parametrize("name", DEFECTS)
@pytest.mark.parametrize("mode", ["background", "grade", "restore"])
def test_each_defect_trips_its_own_limit(name: str, mode: str) -> None:
    candidate, own = DEFECTS[name]
    assert codes(candidate, mode) & own, codes(candidate, mode)


def test_lost_print_is_refused_in_every_mode_that_keeps_the_surface() -> None:
    for mode in ("background", "grade", "restore", "artistic"):
        assert {"text", "text_line"} & codes(without_print(), mode)


def test_a_bent_outline_is_refused_under_any_cloth() -> None:
    assert "outline_moved" in codes(bent(), "fabric")
    assert "outline_moved" not in codes(pictures.floats(pictures.warm()), "fabric")


def test_reasons_say_where() -> None:
    reasons = judge(
        scorecard(ORIGINAL, pictures.floats(pictures.label_upside_down()), MASK), "grade"
    ).reasons
    (told,) = [reason for reason in reasons if reason.code == "text"]
    assert told.box is not None
    rows, columns = pictures.LABEL
    left, top, right, bottom = told.box
    assert left < columns.stop and right > columns.start
    assert top < rows.stop and bottom > rows.start


def test_a_label_that_reads_otherwise_is_told_in_characters() -> None:
    card = scorecard(ORIGINAL, ORIGINAL, MASK)
    read = dataclasses.replace(
        card.text, method="ocr", share=11 / 24, characters=24, kept=11, box=(1, 2, 3, 4)
    )
    (reason,) = judge(dataclasses.replace(card, text=read), Thresholds(min_characters=0.8)).reasons
    assert reason.text == "Label unreadable: 11 of 24 characters kept (at least 80%)."
    assert reason.box == (1, 2, 3, 4)
    assert judge(card, Thresholds(min_characters=0.8)).passed, "edges are no characters"


def test_burden_is_one_at_the_limit() -> None:
    card = scorecard(ORIGINAL, pictures.floats(pictures.warm()), MASK)
    at = judge(card, Thresholds(max_delta_e=card.delta_e.product))
    assert at.passed and at.burden == pytest.approx(1) and at.binding == "colour"
    beyond = judge(card, Thresholds(max_delta_e=card.delta_e.product / 2))
    assert not beyond.passed and beyond.burden == pytest.approx(2)
    least = judge(card, Thresholds(min_ssim=card.ssim.product))
    assert least.passed and least.burden == pytest.approx(1)


def test_what_cannot_be_told_is_not_held_against_anything() -> None:
    grey = np.full((128, 128, 3), 0.5, np.float32)
    card = scorecard(grey, grey * np.float32(0.97))
    assert card.text.edges is None and card.white_kept is None and card.outline_lost is None
    strict = Thresholds(min_text=1, min_white_kept=1, max_outline_lost=0, max_hue=0)
    assert judge(card, strict).passed
