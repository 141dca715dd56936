"""Page tokens: what goes in comes out, and nothing that is not ours."""

from __future__ import annotations

import pytest
from django.core import signing
from hypothesis import given, settings
from hypothesis import strategies as st

from shop_style.exceptions import TokenError, TokenExpired
from shop_style.experiments import tokens
from shop_style.experiments.tokens import Exposure, new_page_view, page_token, read_token


def exposure(products: dict[int, int], experiment: int = 1) -> Exposure:
    return Exposure(experiment=experiment, phase=2, arm=3, visitor="ab" * 12, products=products)


@given(st.dictionaries(st.integers(0, 400), st.integers(1, 2**63), min_size=1, max_size=100))
@settings(max_examples=50)
def test_a_token_reads_back(products: dict[int, int]) -> None:
    token = page_token(new_page_view(), [exposure(products)])
    read = read_token(token.signed(), hours=1)
    assert read == token
    for position, product in products.items():
        assert read.at(position) == (read.exposures[0], product)
    assert read.at(max(products) + 1) is None


def test_one_token_carries_every_experiment_of_the_page() -> None:
    one, other = exposure({0: 10, 2: 12}), exposure({1: 21}, experiment=9)
    read = read_token(page_token("p", [one, other]).signed(), hours=1)
    assert [found[0].experiment for n in range(3) if (found := read.at(n))] == [1, 9, 1]


def test_a_page_of_a_hundred_tiles_is_short() -> None:
    token = page_token(new_page_view(), [exposure({n: 10**9 + 7919 * n for n in range(100)})])
    assert len(token.signed()) < 2000


@given(st.text(max_size=200))
@settings(max_examples=100)
def test_no_text_is_a_token(text: str) -> None:
    with pytest.raises(TokenError):
        read_token(text, hours=1)


def test_every_changed_character_is_noticed() -> None:
    text = page_token(new_page_view(), [exposure({0: 1})]).signed()
    for index, letter in enumerate(text):
        forged = text[:index] + ("A" if letter != "A" else "B") + text[index + 1 :]
        # The last letter of base64 holds bits that decode to nothing.
        if index == len(text) - 1:
            continue
        with pytest.raises(TokenError):
            read_token(forged, hours=1)


def test_a_visitor_cookie_is_no_token() -> None:
    with pytest.raises(TokenError):
        read_token(signing.dumps(["p", 1, []], salt="shop_style.visitor"), hours=1)


def test_an_old_page_is_told_from_a_forged_one(monkeypatch: pytest.MonkeyPatch) -> None:
    text = page_token("p", [exposure({0: 1})]).signed()
    now = tokens.time.time()
    monkeypatch.setattr(tokens.time, "time", lambda: now + 3599)
    read_token(text, hours=1)
    monkeypatch.setattr(tokens.time, "time", lambda: now + 3602)
    with pytest.raises(TokenExpired) as caught:
        read_token(text, hours=1)
    assert caught.value.code == "expired_token"
