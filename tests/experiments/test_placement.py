"""What each tile of a page shows, and what is tracked of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shop_style.experiments import lifecycle
from shop_style.experiments.page import Page
from shop_style.experiments.placement import place
from shop_style.experiments.snapshot import forget_snapshot
from shop_style.experiments.tokens import read_token
from shop_style.models import Arm, Experiment, StyleVariant
from shop_style.sources import source_image
from tests.conftest import BROWSER
from tests.experiments.visits import visit, visit_arm

pytestmark = pytest.mark.django_db


def shown(rf: Any, shop: Any, placement: str = "listing", **headers: Any) -> tuple[Page, list[Any]]:
    page = Page(rf.get("/", headers={"user-agent": BROWSER, **headers}), keeps_visitor=True)
    pictures = [source_image(chair) for chair in shop.chairs]
    return page, place(page, pictures, placement=placement)


def arms_of(rf: Any, shop: Any, number: int = 60) -> dict[bool, int]:
    found = {True: 0, False: 0}
    for _ in range(number):
        _page, placed = shown(rf, shop)
        styled = {item.rendering.is_styled for item in placed}
        assert len(styled) == 1  # one arm for the whole page
        found[styled.pop()] += 1
    return found


def test_each_visitor_sees_one_arm_on_every_tile_and_both_arms_occur(
    rf: Any, make_shop: Any
) -> None:
    shop = make_shop()
    shop.start()
    found = arms_of(rf, shop)
    # 60 fair draws all but never fall this far to one side (p < 1e-6).
    assert min(found.values()) >= 12


def test_tracked_tiles_are_in_the_token_with_arm_and_product(rf: Any, make_shop: Any) -> None:
    shop = make_shop()
    phase = shop.start()
    page, placed = shown(rf, shop)
    assert all(item.tracked for item in placed)
    token = read_token(page.token(), hours=1)
    (exposure,) = token.exposures
    slug = "warm" if placed[0].rendering.is_styled else "control"
    assert Arm.objects.get(pk=exposure.arm).slug == slug
    assert exposure.phase == phase.pk
    assert sorted(exposure.products) == [0, 1, 2, 3]
    by_object = dict(phase.products.values_list("pk", "object_id"))
    assert [by_object[exposure.products[n]] for n in range(4)] == [
        str(chair.pk) for chair in shop.chairs
    ]
    assert page.visitor.id not in page.token()


def test_outside_an_experiment_the_newest_published_variant_is_shown(
    rf: Any, make_shop: Any, settings: Any
) -> None:
    shop = make_shop()
    page, placed = shown(rf, shop)
    assert all(item.rendering.style == "warm" and not item.tracked for item in placed)
    assert page.token() == "" and not page.varies
    settings.SHOP_STYLE = {**settings.SHOP_STYLE, "SHOWN": "original"}
    _page, placed = shown(rf, shop)
    assert not any(item.rendering.is_styled for item in placed)


def test_without_a_way_to_keep_the_visitor_nobody_is_enrolled(rf: Any, make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    for _ in range(20):
        page = Page(rf.get("/", headers={"user-agent": BROWSER}))
        pictures = [source_image(chair) for chair in shop.chairs]
        placed = place(page, pictures, placement="listing")
        assert not any(item.tracked or item.rendering.is_styled for item in placed)


def test_a_product_that_lost_its_variant_is_an_original_in_every_arm(
    rf: Any, make_shop: Any
) -> None:
    shop = make_shop()
    shop.start()
    lost = StyleVariant.objects.get(object_id=str(shop.chairs[1].pk))
    for change in (
        {"published_at": None},
        {"retired_at": timezone.now()},
        {"review": "rejected"},
        {"renditions": []},
    ):
        before = {name: getattr(lost, name) for name in change}
        StyleVariant.objects.filter(pk=lost.pk).update(**change)
        for _ in range(12):
            _page, placed = shown(rf, shop)
            assert not placed[1].tracked and not placed[1].rendering.is_styled
            assert placed[0].tracked
        StyleVariant.objects.filter(pk=lost.pk).update(**before)


def test_a_paused_experiment_shows_originals_and_tracks_nothing(rf: Any, make_shop: Any) -> None:
    shop = make_shop()
    shop.start()
    lifecycle.pause(shop.experiment, actor="ada")
    forget_snapshot()
    for _ in range(10):
        page, placed = shown(rf, shop)
        assert not any(item.tracked or item.rendering.is_styled for item in placed)
        assert page.varies  # a cache must not keep it over the resumption
    lifecycle.resume(shop.experiment, actor="ada")
    forget_snapshot()
    assert shown(rf, shop)[1][0].tracked


def test_part_of_a_layer_and_coverage_leave_others_with_the_originals(
    rf: Any, make_shop: Any
) -> None:
    shop = make_shop(coverage=0.5, layer="home", layer_from=0.0, layer_to=0.5)
    shop.start()
    pages = [shown(rf, shop) for _ in range(120)]
    part = sum(placed[0].tracked for _page, placed in pages)
    assert 12 <= part <= 52  # a quarter of 120; outside with p < 1e-4
    assert all(placed[0].tracked or not placed[0].rendering.is_styled for _page, placed in pages)


@pytest.mark.parametrize("inside", [False, True])
def test_the_number_of_queries_does_not_grow_with_the_tiles(
    rf: Any, make_shop: Any, inside: bool
) -> None:
    counts = []
    shop = make_shop(48)
    if inside:
        shop.start()
    for number in (3, 48):
        part = type(shop)(shop.chairs[:number], shop.style, shop.experiment)
        shown(rf, part)
        with CaptureQueriesContext(connection) as queries:
            shown(rf, part)
        counts.append(len([q for q in queries if "SAVEPOINT" not in q["sql"]]))
    # The published variants; in an experiment its products with what its arms show.
    assert counts == [1, 1]


def test_two_experiments_of_one_layer_never_share_a_visitor(
    rf: Any, make_shop: Any, publish_variant: Any, make_style: Any
) -> None:
    shop = make_shop(layer="home", layer_from=0.0, layer_to=0.5)
    shop.start()
    cold = make_style("cold")
    for chair in shop.chairs:
        publish_variant(chair, cold)
    other = Experiment.objects.create(
        slug="cold",
        name="Cold",
        placement="listing",
        planned_visitors=10,
        layer="home",
        layer_from=0.5,
        layer_to=1.0,
    )
    Arm.objects.create(experiment=other, slug="control", weight=0.5)
    Arm.objects.create(experiment=other, slug="cold", style=cold, weight=0.5)
    lifecycle.start(other, actor="ada")
    forget_snapshot()
    seen = set()
    for _ in range(80):
        page, placed = shown(rf, shop)
        (exposure,) = read_token(page.token(), hours=1).exposures
        seen.add((exposure.experiment, placed[0].rendering.style))
    assert seen == {
        (shop.experiment.pk, ""),
        (shop.experiment.pk, "warm"),
        (other.pk, ""),
        (other.pk, "cold"),
    }


def test_both_arms_reserve_the_same_size(make_shop: Any) -> None:
    shop = make_shop(2)
    shop.start()
    for styled in (False, True):
        sizes = {
            (tile.rendering.width, tile.rendering.height)
            for tile in visit_arm(shop, styled=styled).placed
        }
        assert sizes == {(96, 80)}


def test_a_product_dropped_in_a_new_phase_is_an_original_in_every_arm(
    make_shop: Any, make_style: Any, publish_variant: Any
) -> None:
    shop = make_shop(3)
    cold = make_style("cold")
    lost = [publish_variant(chair, cold) for chair in shop.chairs][0]
    Arm.objects.create(experiment=shop.experiment, slug="cold", style=cold, weight=0.2)
    shop.experiment.arms.filter(slug="warm").update(weight=0.3)
    shop.start()
    StyleVariant.objects.filter(pk=lost.pk).update(published_at=None)
    weights = {"control": 0.4, "warm": 0.3, "cold": 0.3}
    lifecycle.change_weights(shop.experiment, weights, actor="ada")
    forget_snapshot()
    seen = set()
    for _ in range(40):
        placed = visit(shop).placed
        assert not placed[0].rendering.is_styled and not placed[0].tracked
        seen.add(placed[1].rendering.style)
    assert seen == {"", "warm", "cold"}
    assert not visit(shop, **{"user-agent": "Googlebot/2.1"}).placed[0].rendering.is_styled


def test_more_tiles_than_a_token_holds_show_the_arm_uncounted(
    make_shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shop_style.experiments import page

    monkeypatch.setattr(page, "MOST_TILES", 2)
    shop = make_shop(4)
    shop.start()
    for styled in (False, True):
        placed = visit_arm(shop, styled=styled).placed
        assert [item.tracked for item in placed] == [True, True, False, False]
        assert {item.rendering.is_styled for item in placed} == {styled}


def test_words_of_a_tile_cost_no_query(
    make_style: Any, publish_variant: Any, picture: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many a shop's picture rows name their product in `__str__`, as Oscar's do."""
    from django.core.files.base import ContentFile

    from tests.conftest import Shop
    from tests.shop.models import Lamp, Shot

    monkeypatch.setattr(Shot, "__str__", lambda shot: f"Image of {shot.lamp}")
    style = make_style()
    for _ in range(6):
        data = ContentFile(picture(), name="s.jpg")
        publish_variant(Shot.objects.create(lamp=Lamp.objects.create(), picture=data), style)
    counts = []
    for number in (2, 6):
        shop = Shop(list(Shot.objects.all()[:number]), style, None)
        visit(shop)
        with CaptureQueriesContext(connection) as queries:
            visit(shop)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_control_is_as_wide_and_as_many_formats_as_the_variant(
    make_shop: Any, publish_variant: Any
) -> None:
    """Or a lighter file, and not the look, could earn the clicks."""
    shop = make_shop(3)
    for variant in StyleVariant.objects.all():
        originals = [
            {**item, "name": item["name"].replace("v", "original-v", 1)}
            for item in variant.renditions
        ]
        StyleVariant.objects.filter(pk=variant.pk).update(original_renditions=originals)
    shop.start()
    control, warm = (visit_arm(shop, styled=styled).placed for styled in (False, True))
    for one, other in zip(control, warm, strict=True):
        assert [kind for kind, _ in one.rendering.sources] == ["image/webp", "image/jpeg"]
        widths = [re.findall(r" (\d+)w", str(item.rendering.sources)) for item in (one, other)]
        assert widths[0] == widths[1]
        assert (one.rendering.width, one.rendering.height) == (96, 80)
        assert "original-" in one.rendering.src and one.rendering.digital_source_type == ""
        assert not one.rendering.is_styled and one.rendering.original == other.rendering.original
    # Whoever takes no part sees the same file as the control.
    bot = visit(shop, **{"user-agent": "Googlebot/2.1"}).placed
    assert [item.rendering.src for item in bot] == [item.rendering.src for item in control]
