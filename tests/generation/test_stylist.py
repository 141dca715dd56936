"""What a style's options do to one picture, on the way from engine to verdict."""

from __future__ import annotations

import dataclasses
from typing import Any

import cv2
import numpy as np
import pytest

from shop_style.generation.pipeline import render
from shop_style.generation.recipe import thresholds_of
from shop_style.generation.specification import Recipe
from shop_style.generation.stylist import Candidate, Stylist
from shop_style.imaging.intake import Photo
from shop_style.imaging.mask import find_mask
from shop_style.models import Style
from shop_style.transfer.engine import RenderContext, StyleSpec
from shop_style.transfer.registry import engine_entry
from styleeval.preservation.gate import COLOUR_LOCKED, THRESHOLDS, WHITE_KEPT, Thresholds

SIDE = 160
PRODUCT = np.s_[50:110, 50:110]
GROUND = np.s_[5:40, 5:155]


def photo(ground: float = 0.8, *, noise: float = 0.0, alpha: bool = False) -> Photo:
    """A blue square with a lighter stripe on a plain grey ground, or cut out."""
    rgb = np.full((SIDE, SIDE, 3), ground, np.float32)
    rgb[45:115, 45:115] = (0.2, 0.35, 0.65)
    rgb[75:85, 45:115] = (0.6, 0.7, 0.8)
    rgb += np.random.default_rng(0).normal(0, noise, rgb.shape).astype(np.float32)
    weights = np.zeros((SIDE, SIDE), np.float32)
    weights[45:115, 45:115] = 1
    return Photo(rgb=rgb.clip(0, 1), alpha=weights if alpha else None, format="PNG")


def recipe(**values: Any) -> Recipe:
    """A warm grade of everything, at full strength, held to nothing."""
    import torch

    entry = engine_entry("grade")
    warm = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(0))
    warm *= torch.tensor([0.9, 0.5, 0.2])[:, None, None]
    options = {
        "region": "whole",
        "keep_white": False,
        "strength": 1.0,
        "thresholds": Thresholds(),
        "digest": "warm",
        **values,
    }
    spec = StyleSpec(
        slug="warm",
        engine="grade",
        parameters=entry.parameters.from_mapping({"lightness": 1.0, "chroma": 1.0}),
        references=(warm,),
        artefact=None,
    )
    return Recipe(spec=spec, entry=entry, **options)


def styled(picture: Photo, wanted: Recipe) -> Candidate:
    context = RenderContext(device="cpu")
    stylist = Stylist(wanted, picture, find_mask(picture), context, original=picture)
    return stylist.candidate(wanted.strength or 0.0, lambda stage: None)


def change(made: Candidate, picture: Photo, part: Any) -> float:
    return float(np.abs(made.rgb - picture.flattened())[part].mean())


def test_the_product_takes_its_own_share_of_the_strength() -> None:
    picture = photo()
    full, less, none = (
        styled(picture, recipe(product_strength=share)) for share in (None, 0.5, 0.0)
    )
    assert change(none, picture, PRODUCT) < 1e-6 < 0.05 < change(full, picture, PRODUCT)
    half = change(full, picture, PRODUCT) / 2
    # The grade is linear in strength but for what leaves the gamut.
    assert change(less, picture, PRODUCT) == pytest.approx(half, rel=0.1)
    for made in (less, none):
        assert change(made, picture, GROUND) == pytest.approx(change(full, picture, GROUND))


def test_a_colour_lock_keeps_the_products_hue() -> None:
    picture = photo()
    free, locked = (styled(picture, recipe(colour_lock=share)) for share in (0.0, 1.0))
    assert locked.comparison.card.hue.product < 2 < 6 < free.comparison.card.hue.product
    assert change(locked, picture, GROUND) == pytest.approx(change(free, picture, GROUND))


def test_a_ground_is_styled_behind_an_untouched_product() -> None:
    picture = photo()
    made = styled(picture, recipe(region="background"))
    np.testing.assert_array_equal(made.rgb[PRODUCT], picture.rgb[PRODUCT])
    assert change(made, picture, GROUND) > 0.05
    still = styled(picture, recipe(region="background", strength=0.0))
    assert change(still, picture, GROUND) < 0.01


def test_a_cut_out_comes_to_stand_on_its_ground() -> None:
    picture = photo(alpha=True)
    made = styled(picture, recipe(region="background"))
    assert made.alpha is None
    np.testing.assert_array_equal(made.rgb[PRODUCT], picture.rgb[PRODUCT])
    assert change(made, picture, GROUND) > 0.05
    assert styled(picture, recipe()).alpha is not None


def test_a_photo_is_cleaned_up_before_it_is_styled_and_scored_as_it_came() -> None:
    grainy = photo(noise=0.04)
    data = cv2.imencode(".png", np.rint(grainy.rgb[..., ::-1] * 255).astype(np.uint8))[1].tobytes()
    as_it_is, cleaned = (
        render(data, recipe(strength=0.0, restore_first=first), name="chair.png")
        for first in (False, True)
    )
    grain = [float(item.rgb[GROUND].std(axis=(0, 1)).mean()) for item in (as_it_is, cleaned)]
    assert grain[1] < grain[0] / 3
    assert as_it_is.card.delta_e.whole == pytest.approx(0, abs=0.01)
    assert cleaned.card.delta_e.whole > 1


def test_a_shops_thresholds_come_before_the_shipped_and_a_styles_before_these(
    settings: Any,
) -> None:
    style = Style(slug="s", engine="network", thresholds={"min_text": 0.7})
    assert thresholds_of(style).max_halo == THRESHOLDS["artistic"].max_halo
    settings.SHOP_STYLE = {
        **settings.SHOP_STYLE,
        "THRESHOLDS": {"artistic": {"max_halo": 1.5, "min_text": 0.9}},
    }
    held = thresholds_of(style)
    assert (held.max_halo, held.min_text) == (1.5, 0.7)


def test_a_style_that_locks_colours_is_held_to_them() -> None:
    free, locked = (
        thresholds_of(Style(slug="s", engine="network", colour_lock=share)) for share in (0.5, 1.0)
    )
    assert free.max_hue is None
    assert locked.max_hue == COLOUR_LOCKED["artistic"]["max_hue"]
    assert locked.min_text == free.min_text


def test_a_style_that_keeps_white_is_held_to_it() -> None:
    kept = Style(slug="s", engine="network")
    assert thresholds_of(kept).min_white_kept == WHITE_KEPT
    assert thresholds_of(kept, "background").min_white_kept is None
    for other in (
        Style(slug="s", engine="network", keep_white=False),
        Style(slug="s", engine="network", region="background"),
        Style(slug="s", engine="fabric"),
    ):
        assert thresholds_of(other).min_white_kept is None
    given = Style(slug="s", engine="network", thresholds={"min_white_kept": 0.5})
    assert thresholds_of(given).min_white_kept == 0.5


@pytest.mark.parametrize("keep_white", [True, False])
def test_a_styled_white_ground_is_refused_unless_it_is_kept(keep_white: bool) -> None:
    entry = engine_entry("network")
    painted = StyleSpec(
        slug="painted",
        engine="network",
        parameters=entry.parameters.from_mapping({"style": "painterly"}),
        references=(),
        artefact=None,
    )
    made = styled(
        photo(ground=1.0),
        dataclasses.replace(
            recipe(keep_white=keep_white, thresholds=Thresholds(min_white_kept=WHITE_KEPT)),
            spec=painted,
            entry=entry,
            digest="painted",
        ),
    )
    assert made.verdict.passed is keep_white
    assert [reason.code for reason in made.verdict.reasons] == ([] if keep_white else ["white"])
