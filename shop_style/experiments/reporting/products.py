"""What a style does to single products: each drawn towards the style's own effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shop_style.experiments.reporting.effects import look_of
from shop_style.experiments.reporting.faults import fault_in_words
from shop_style.experiments.reporting.sums import Row, Strata, Sums, strata_of
from shop_style.models import Arm, PhaseProduct, SummaryTotals
from shop_style.words import in_words

if TYPE_CHECKING:
    from styleeval.inference import Pooled

PREFIX: Final = SummaryTotals.PRODUCT

Key = tuple[int, str, str]
"""Content type, object and field of a picture."""


@dataclass(frozen=True, kw_only=True)
class StyleProducts:
    """One arm's products. pooled: None where too few have clicks, for the reason given.

    names: of the products by their key in `pooled`.
    """

    arm: str
    name: str
    pooled: Pooled | None
    names: Mapping[str, str]
    reason: str = ""


def products_of(
    arms: Sequence[Arm],
    sums: Sums,
    products: Sequence[PhaseProduct],
    names: Mapping[Key, str],
) -> list[StyleProducts]:
    """Each style's products, pooled. Empty while no rollup has made sums by product."""
    control = next((arm for arm in arms if arm.is_control), None)
    if control is None or not sums.slices(PREFIX):
        return []
    return [_pooled(control, arm, sums, products, names) for arm in arms if not arm.is_control]


def product_strata(
    control: Arm, arm: Arm, sums: Sums, products: Sequence[PhaseProduct]
) -> dict[Key, Strata]:
    """Control and treatment of each phase by picture. A phase has rows of its own for each."""
    found: dict[Key, list[tuple[Row, Row]]] = {}
    phases = {phase.pk: phase for phase in sums.phases}
    for product in products:
        phase = phases.get(product.phase_id)
        if phase is None:
            continue  # of a baseline, in which no arm showed its style
        one = sums.row(phase, control, f"{PREFIX}{product.pk}")
        other = sums.row(phase, arm, f"{PREFIX}{product.pk}")
        if one and other:
            found.setdefault(key_of(product), []).append((one, other))
    return {key: strata_of(pairs) for key, pairs in found.items()}


def key_of(product: PhaseProduct) -> Key:
    """The picture that a product of a phase is."""
    return product.content_type_id, product.object_id, product.field


def _pooled(
    control: Arm,
    arm: Arm,
    sums: Sums,
    products: Sequence[PhaseProduct],
    names: Mapping[Key, str],
) -> StyleProducts:
    from styleeval.inference.errors import InvalidSummary, TooFewProducts
    from styleeval.inference.pooling import pool_products

    called = {":".join(map(str, key)): name for key, name in names.items()}
    try:
        strata = {
            ":".join(map(str, key)): value
            for key, value in product_strata(control, arm, sums, products).items()
        }
        pooled = pool_products(strata, whole=strata_of(sums.pairs(control, arm)))
    except TooFewProducts as error:
        return _unpooled(arm, in_words(error))
    except InvalidSummary as error:
        return _unpooled(arm, fault_in_words(error))
    return StyleProducts(
        arm=arm.slug,
        name=look_of(arm),
        pooled=pooled,
        names={item.product: called.get(item.product, item.product) for item in pooled.products},
    )


def _unpooled(arm: Arm, reason: str) -> StyleProducts:
    return StyleProducts(arm=arm.slug, name=look_of(arm), pooled=None, names={}, reason=reason)
