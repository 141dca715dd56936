"""Oscar's picture rows as sources: asked for, kept when siblings are saved again, and removed."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.django_db


def test_a_variant_of_oscars_picture_is_rendered(make_goods: Any, make_style: Any) -> None:
    from shop_style.generation.request import request_variants
    from shop_style.generation.runner import run
    from shop_style.models import Status
    from shop_style.sources import pictures_of

    product = make_goods(pictures=2)
    report = request_variants(pictures_of([product]), [make_style("warm")], actor="ada")
    assert report.created == 2
    for variant in report.variants:
        run(variant.pk, using="default")
        variant.refresh_from_db()
        assert variant.status == Status.READY, variant.error_detail
        assert variant.source_name.startswith("images/products/")


def test_deleting_a_picture_saves_its_siblings_and_loses_no_variant(
    make_goods: Any, make_style: Any, publish_variant: Any, django_capture_on_commit_callbacks: Any
) -> None:
    from shop_style.models import StyleVariant

    product = make_goods(pictures=3)
    style = make_style("warm")
    first, *others = product.images.all()
    variants = [publish_variant(row, style) for row in (first, *others)]
    with django_capture_on_commit_callbacks(execute=True):
        first.delete()
    assert [row.display_order for row in product.images.all()] == [0, 1]
    left = StyleVariant.objects.published()
    assert set(left.values_list("pk", flat=True)) == {variant.pk for variant in variants[1:]}
    assert not StyleVariant.objects.filter(pk=variants[0].pk).live().exists()


def test_a_row_without_a_file_is_no_picture(make_goods: Any) -> None:
    from shop_style.sources import pictures_of

    product = make_goods()
    product.images.create(original="", display_order=1)
    assert len(pictures_of([product])) == 1


def test_what_is_not_public_is_not_shown(make_goods: Any) -> None:
    from oscar.core.loading import get_model

    from shop_style.oscar.words import on_show, title_of

    public, private = make_goods("Mug"), make_goods("Secret")
    private.is_public = False
    private.save()
    products = get_model("catalogue", "Product").objects.all()
    images = get_model("catalogue", "ProductImage").objects.all()
    assert list(on_show(products, None)) == [public]  # type: ignore[arg-type]
    assert list(on_show(images, None)) == list(public.images.all())  # type: ignore[arg-type]
    assert title_of(public.images.get()) == "Mug"
