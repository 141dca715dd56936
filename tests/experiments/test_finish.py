"""The end: what is shown from then on, and how it is taken back."""

from __future__ import annotations

from typing import Any

import pytest

from shop_style.experiments import lifecycle
from shop_style.experiments.snapshot import forget_snapshot
from shop_style.models import Arm, StyleVariant
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
    from shop_style.generation.review import publish

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
