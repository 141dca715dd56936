"""The words that measures, limits and strengths have for a merchandiser."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from shop_style.admin.advice import ADVICE, advice_for, short_reason, strength_sentence
from shop_style.admin.measures import COLOUR, PLAIN, SHARE
from shop_style.admin.scores import PLACES
from shop_style.models import Style, StyleVariant
from styleeval.preservation.limits import LIMITS
from styleeval.preservation.report import Scorecard
from tests.admin.conftest import CARD_2


def number_at(key: str, place: str) -> float | None:
    """The number of CARD_2 that the table shows there."""
    said = CARD_2["text"]
    if key == "characters":
        return said["share"] if said["method"] == "ocr" else None
    if key == "text":
        return said["edges" if place == "product" else "worst"]
    measure = CARD_2[key]
    raw = measure[place] if isinstance(measure, dict) else measure
    return raw["value"] if isinstance(raw, dict) else raw


def test_every_limit_has_words_a_unit_and_a_row() -> None:
    card = Scorecard.from_dict(CARD_2)
    for name, limit in LIMITS.items():
        assert limit.code in ADVICE, limit.code
        if name in PLACES:
            key, place = PLACES[name]
            assert number_at(key, place) == limit.value(card), name
    assert {name for name in LIMITS if name not in PLACES} == {
        "min_mask_confidence",
        "min_change",
        "min_change_outside",
    }


def test_codes_of_others_are_named_after_themselves() -> None:
    assert str(advice_for("odd_shadow").name) == "Odd shadow"
    assert short_reason({"code": "odd_shadow", "value": 0.5}) == "Odd shadow 0.500"
    assert short_reason({"code": "colour", "text": "…"}) == "Colour"
    assert short_reason({"code": "colour", "value": 13.44}) == "Colour 13.4 ΔE"
    assert short_reason({"code": "detail", "value": 0.352}) == "Fine detail 35.2 %"


def test_numbers_are_rounded_and_written_as_the_reader_writes_them() -> None:
    assert PLAIN.written(0.9786) == "0.979" and PLAIN.written(2e-7) == "0.000"
    with translation.override("de"):
        assert COLOUR.written(1234.56) == "1234,6 ΔE"
        assert SHARE.written(0.9914) == "99,1 %"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"strength_used": None}, ""),
        ({"strength_used": 1.0, "overrides": {"strength": 1.0}}, "Strength 1.00."),
        ({"strength_used": 1.0}, "Strength 1.00: even the full look keeps the product true."),
        (
            {"strength_used": 0.03125, "bound_by": "hue", "reasons": [{"code": "hue"}]},
            "Strength 0.03, the weakest tried; even that breaks: Hue.",
        ),
        (
            {"strength_used": 0.25, "bound_by": "structure", "reasons": [{"code": "unchanged"}]},
            "Strength 0.25, the strongest that keeps the product true; "
            "more would break: Structure.",
        ),
    ],
)
def test_the_strength_and_what_held_it(values: dict[str, Any], sentence: str) -> None:
    variant = StyleVariant(style=Style(slug="x", strength=None), passed=True, **values)
    assert strength_sentence(variant) == sentence
