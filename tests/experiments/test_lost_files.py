"""Files that are gone take their product out of every arm; a storage that is away does not."""

from __future__ import annotations

from typing import Any

import pytest

from shop_style.experiments import rollup as module
from shop_style.experiments.rollup import rollup
from shop_style.models import (
    PhaseProduct,
)
from shop_style.models.storage import variant_storage
from tests.experiments.visits import visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(make_shop: Any) -> Any:
    shop = make_shop(3)
    shop.start()
    return shop


def test_a_product_whose_file_is_gone_leaves_every_arm(shop: Any) -> None:
    seen = visit(shop)
    while not seen.is_styled:
        seen = visit(shop)
    seen.report(("failed", 0))
    assert rollup().left_out == 0  # the file is there: the shopper's network was not
    product = PhaseProduct.objects.get(object_id=str(shop.chairs[1].pk))
    variant_storage().delete(product.shown.get().variant.image.name)
    seen.report(("failed", 1))
    report = rollup()
    assert report.left_out == 1 and "left out" in report.summary()
    product.refresh_from_db()
    assert product.left_out_because == "file_missing"
    for _ in range(12):
        placed = visit(shop).placed
        assert not placed[1].tracked and not placed[1].rendering.is_styled
        assert placed[0].tracked


def test_a_picture_reported_before_a_kill_is_looked_after_by_the_next_run(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = visit(shop)
    seen.report(("failed", 1))
    product = PhaseProduct.objects.get(object_id=str(shop.chairs[1].pk))
    variant_storage().delete(product.shown.get().variant.renditions[1]["name"])
    real = module.leave_out_lost

    def killed(*_: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "leave_out_lost", killed)
    with pytest.raises(KeyboardInterrupt):
        rollup()
    monkeypatch.setattr(module, "leave_out_lost", real)
    assert rollup().left_out == 1


def test_a_storage_that_is_away_leaves_nothing_out(
    make_shop: Any, tmp_path: Any, settings: Any
) -> None:
    shop = make_shop(6)
    shop.start()
    visit(shop).report(*[("failed", number) for number in range(6)])
    settings.MEDIA_ROOT = str(tmp_path / "not mounted")
    assert rollup().left_out == 0
    assert not PhaseProduct.objects.exclude(left_out_at=None).exists()
