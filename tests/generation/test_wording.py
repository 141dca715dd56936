from __future__ import annotations

import gettext as catalogues
from collections.abc import Iterator

import pytest
from django.utils import translation
from django.utils.translation import trans_real

from shop_style.generation.wording import reason_in_words
from shop_style.models import StyleVariant
from styleeval.preservation.limits import LIMITS

HUE = {
    "code": "hue",
    "text": "The product's hue has turned by 21°, at most 11° is allowed.",
    "value": 20.6,
    "limit": 11.0,
    "box": None,
}
LABEL = {
    "code": "characters",
    "text": "Label unreadable: 11 of 24 characters kept (at least 80%).",
    "value": 11 / 24,
    "limit": 0.8,
    "box": [1, 2, 3, 4],
}


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Django's German with a shop's own sentences for two of the limits."""
    with translation.override("de"):
        catalogue = trans_real.catalog()
        own = {
            LIMITS["max_hue"].text: "Farbton um {value:.0f}° gedreht, erlaubt sind {limit:.0f}°.",
            LIMITS["min_characters"].text: "{card.text.kept} von {card.text.characters} Zeichen.",
        }
        known = catalogues.NullTranslations.gettext
        monkeypatch.setattr(
            catalogue, "gettext", lambda text: own.get(text) or known(catalogue, text)
        )
        yield


def test_a_translated_limit_is_said_from_code_and_numbers(german: None) -> None:
    variant = StyleVariant(scorecard={"text": {"kept": 11, "characters": 24}})
    assert reason_in_words(HUE, variant) == "Farbton um 21° gedreht, erlaubt sind 11°."
    assert reason_in_words(LABEL, variant) == "11 von 24 Zeichen."


@pytest.mark.parametrize(
    "reason",
    [{**HUE, "code": "colour"}, {**HUE, "code": "long_gone"}, {**HUE, "value": None}, LABEL],
    ids=["not translated", "unknown", "without a number", "without a card"],
)
def test_what_cannot_be_said_anew_stays_as_it_was_stored(
    german: None, reason: dict[str, object]
) -> None:
    assert reason_in_words(reason, StyleVariant()) == reason["text"]


def test_english_is_as_stored() -> None:
    assert reason_in_words(HUE, StyleVariant()) == HUE["text"]
