"""The end: what is shown from then on, and how it is taken back."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import TestCase

from shop_style.exceptions import ExperimentError
from shop_style.experiments import lifecycle
from shop_style.experiments.snapshot import forget_snapshot
from shop_style.generation.review import publish
from shop_style.models import Arm, AuditEntry, Experiment, StyleVariant
from tests.experiments.visits import visit

pytestmark = pytest.mark.django_db


def test_shipping_shows_the_winner_to_everybody(
    make_shop: Any, make_style: Any, publish_variant: Any
) -> None:
    shop = make_shop()
    cold = make_style("cold")
    for chair in shop.chairs:
        publish_variant(chair, cold)  # newer, so it would be shown
    Arm.objects.create(experiment=shop.experiment, slug="cold", style=cold, weight=0.2)
    shop.experiment.arms.filter(slug="warm").update(weight=0.3)
    shop.start()
    lifecycle.finish(shop.experiment, actor="ada", ship="warm")
    forget_snapshot()
    assert {item.rendering.style for item in visit(shop).placed} == {"warm"}
    bot = visit(shop, **{"user-agent": "Googlebot/2.1"})
    assert {item.rendering.style for item in bot.placed} == {"warm"}
    assert StyleVariant.objects.published().filter(style=cold).count() == 0
    assert StyleVariant.objects.filter(style=cold, review="approved").count() == 4


@pytest.mark.parametrize("ship", [None, "control"])
def test_reverting_shows_the_originals_and_can_be_taken_back(make_shop: Any, ship: Any) -> None:
    shop = make_shop()
    shop.start()
    lifecycle.finish(shop.experiment, actor="ada", ship=ship)
    forget_snapshot()
    assert shop.experiment.outcome == "revert"
    assert not any(item.rendering.is_styled for item in visit(shop).placed)
    publish(StyleVariant.objects.select_related("style"), actor="ada")
    assert all(item.rendering.is_styled for item in visit(shop).placed)


@pytest.mark.parametrize("ship", [None, "warm"])
def test_a_variant_that_was_replaced_meanwhile_follows_its_style(
    make_shop: Any, publish_variant: Any, ship: Any
) -> None:
    shop = make_shop()
    shop.start()
    old = StyleVariant.objects.get(object_id=str(shop.chairs[0].pk))
    newer = publish_variant(shop.chairs[0], shop.style, revision=1)
    StyleVariant.objects.filter(pk=old.pk).update(retired_at=newer.published_at)
    lifecycle.finish(shop.experiment, actor="ada", ship=ship)
    forget_snapshot()
    assert {item.rendering.is_styled for item in visit(shop).placed} == {ship is not None}


def test_a_product_that_lost_only_its_originals_file_ships_its_variant(make_shop: Any) -> None:
    from django.utils import timezone

    from shop_style.models.storage import variant_storage

    shop = make_shop(3)
    phase = shop.start()
    phase.products.all().update(left_out_at=timezone.now(), left_out_because="file_missing")
    whole, broken, _ = StyleVariant.objects.order_by("pk")
    StyleVariant.objects.filter(pk=whole.pk).update(
        original_renditions=[{"name": "gone.webp", "format": "webp", "width": 1, "height": 1}]
    )
    variant_storage().delete(broken.renditions[2]["name"])
    lifecycle.finish(shop.experiment, actor="ada", ship="warm")
    published = set(StyleVariant.objects.published().values_list("pk", flat=True))
    assert whole.pk in published and broken.pk not in published and len(published) == 2


def test_what_a_person_withdrew_meanwhile_is_not_shipped(make_shop: Any) -> None:
    from shop_style.generation.review import withdraw

    shop = make_shop()
    shop.start()
    chosen = StyleVariant.objects.select_related("style").get(object_id=str(shop.chairs[0].pk))
    withdraw([chosen], actor="ben", reason="the handle looks odd")
    lifecycle.finish(shop.experiment, actor="ada", ship="warm")
    forget_snapshot()
    assert [item.rendering.is_styled for item in visit(shop).placed] == [False, True, True, True]


def styles_shown(shop: Any) -> set[str]:
    forget_snapshot()
    bot = visit(shop, **{"user-agent": "Googlebot/2.1"})
    return {item.rendering.style if item.rendering.is_styled else "" for item in bot.placed}


def test_a_ship_is_taken_back_and_done_again(make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    lifecycle.ship(shop.experiment, "warm", actor="ada", reason="it won")
    assert styles_shown(shop) == {"warm"} and shop.experiment.shipped_arm == "warm"
    lifecycle.revert(shop.experiment, actor="ben", reason="the brand team says no")
    assert styles_shown(shop) == {""}
    assert (shop.experiment.outcome, shop.experiment.shipped_arm) == ("revert", "")
    lifecycle.ship(shop.experiment, "warm", actor="ada")
    assert styles_shown(shop) == {"warm"}
    trail = AuditEntry.objects.filter(target_model="shop_style.experiment").order_by("pk")
    assert [(row.actor, row.verb, row.detail.get("withdrawn")) for row in trail] == [
        ("ada", "started", None),
        ("ada", "finished", 0),
        ("ben", "reverted", 4),
        ("ada", "shipped", 0),
    ]
    assert trail.last().detail == {"before": "", "after": "warm", "published": 4, "withdrawn": 0}


def test_a_ship_is_the_default_also_where_the_shop_shows_originals(
    make_shop: Any, settings: Any, publish_variant: Any
) -> None:
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "SHOWN": "original"}
    shop = make_shop()
    shop.start()
    assert styles_shown(shop) == {""}
    lifecycle.ship(shop.experiment, "warm", actor="ada")
    assert styles_shown(shop) == {"warm"}
    # A newer variant in the style that was shipped takes its place there too.
    newer = publish_variant(shop.chairs[0], shop.style, published_at=None, revision=1)
    publish([newer], actor="ada")
    newer.refresh_from_db()
    assert newer.shipped_at and styles_shown(shop) == {"warm"}
    lifecycle.revert(shop.experiment, actor="ada")
    assert styles_shown(shop) == {""}
    assert not StyleVariant.objects.live().exclude(shipped_at=None).exists()


def test_a_decision_anew_leaves_another_experiments_pictures_alone(make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    lifecycle.ship(shop.experiment, "warm", actor="ada")
    other = Experiment.objects.create(slug="next", name="Next", planned_visitors=9)
    Arm.objects.create(experiment=other, slug="control", weight=0.5)
    Arm.objects.create(experiment=other, slug="warm", style=shop.style, weight=0.5)
    lifecycle.start(other, actor="ada")
    with pytest.raises(ExperimentError, match="4 of its products are in the experiment 'next'"):
        lifecycle.revert(shop.experiment, actor="ada")
    assert StyleVariant.objects.published().count() == 4
    lifecycle.finish(other, actor="ada", ship="warm")
    lifecycle.revert(shop.experiment, actor="ada")
    assert not StyleVariant.objects.published().exists()


def test_a_picture_that_is_replaced_leaves_every_arm_and_is_not_shipped(
    make_shop: Any, make_style: Any, publish_variant: Any, picture: Any
) -> None:
    shop = make_shop(2)
    cold = make_style("cold")
    for chair in shop.chairs:
        publish_variant(chair, cold)
    Arm.objects.create(experiment=shop.experiment, slug="cold", style=cold, weight=0.2)
    shop.experiment.arms.filter(slug="warm").update(weight=0.3)
    shop.start()
    shop.chairs[0].photo = ContentFile(picture(colour="#118811"), name="other.jpg")
    with TestCase.captureOnCommitCallbacks(execute=True):
        shop.chairs[0].save()
    seen = [visit(shop) for _ in range(60)]  # an arm of a fifth without any: p < 2e-6
    assert {item.placed[0].rendering.is_styled for item in seen} == {False}
    assert not any(item.placed[0].tracked for item in seen)
    styled = {item.placed[1].rendering.style for item in seen if item.placed[1].rendering.is_styled}
    assert styled == {"warm", "cold"} and all(item.placed[1].tracked for item in seen)
    lifecycle.ship(shop.experiment, "warm", actor="ada")
    assert styles_shown(shop) == {"", "warm"}
