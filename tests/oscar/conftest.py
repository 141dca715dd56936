"""Products of Oscar's own models, with pictures and an experiment over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.core.files.base import ContentFile

Goods = Callable[..., Any]


@pytest.fixture(autouse=True)
def empty_search_index() -> None:
    """What a test before has indexed is not rolled back."""
    from haystack import connections

    connections["default"].get_backend().clear(commit=True)


@pytest.fixture
def make_goods(picture: Callable[..., bytes], db: None) -> Goods:
    """A product of Oscar's, in stock, with so many pictures."""
    from oscar.test.factories import create_product

    def make(title: str = "Mug", *, pictures: int = 1, **values: Any) -> Any:
        product = create_product(title=title, price=12, num_in_stock=5, **values)
        for position in range(pictures):
            product.images.create(
                original=ContentFile(picture(size=(96 + position, 80)), name="goods.jpg"),
                display_order=position,
            )
        return product

    return make


@pytest.fixture
def make_experiment(publish_variant: Any, make_style: Any) -> Callable[..., Any]:
    """A running experiment on the listing over these products' pictures."""
    from shop_style.experiments import lifecycle
    from shop_style.experiments.snapshot import forget_snapshot
    from shop_style.models import Arm, Experiment

    def make(products: Sequence[Any], *, control: float = 0.5) -> Any:
        style = make_style("warm")
        rows = [image for product in products for image in product.images.all()]
        for row in rows:
            publish_variant(row, style)
        experiment = Experiment.objects.create(
            slug="warm", name="Warm", placement="listing", planned_visitors=100
        )
        Arm.objects.create(experiment=experiment, slug="control", weight=control, position=0)
        Arm.objects.create(
            experiment=experiment, slug="warm", style=style, weight=1 - control, position=1
        )
        lifecycle.start(experiment, actor="ada", objects=rows)
        forget_snapshot()
        return experiment

    return make
