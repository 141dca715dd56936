"""What can be limited on a scorecard: where each number is read, what to say when it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from styleeval.preservation.limit import Box, Limit
from styleeval.preservation.measure import Measure, Tile
from styleeval.preservation.report import Scorecard
from styleeval.sentence import gettext_noop


def _worst_tile(card: Scorecard, name: str) -> Tile:
    measure: Measure = getattr(card, name)
    return measure.worst_tile


def _worst(name: str) -> Callable[[Scorecard], float | None]:
    return lambda card: _worst_tile(card, name).value


def _where(name: str) -> Callable[[Scorecard], Box | None]:
    return lambda card: _worst_tile(card, name).box


def _characters_kept(card: Scorecard) -> float | None:
    """Characters still read, where OCR is installed: edges say whether print is painted over, OCR
    whether it says the same."""
    return card.text.share if card.text.method == "ocr" else None


def _change(card: Scorecard) -> float:
    return max(card.delta_e.whole, card.delta_e.product)


LIMITS: Final[Mapping[str, Limit]] = MappingProxyType(
    {
        "min_ssim": Limit(
            code="structure",
            sense="least",
            value=lambda card: card.ssim.product,
            text=gettext_noop(
                "The product's shape, texture or print has changed too much "
                "(SSIM {value:.2f}, at least {limit:.2f})."
            ),
        ),
        "min_worst_ssim": Limit(
            code="structure_spot",
            sense="least",
            value=_worst("ssim"),
            box=_where("ssim"),
            text=gettext_noop(
                "One spot of the product has lost its shape, texture or print "
                "(SSIM {value:.2f}, at least {limit:.2f})."
            ),
        ),
        "min_detail": Limit(
            code="detail",
            sense="least",
            value=lambda card: card.detail.product,
            text=gettext_noop(
                "The product's fine detail is gone: {value:.1%} is left, at least {limit:.0%} "
                "is needed."
            ),
        ),
        "min_worst_detail": Limit(
            code="detail_spot",
            sense="least",
            value=_worst("detail"),
            box=_where("detail"),
            text=gettext_noop(
                "One spot of the product has lost its fine detail: {value:.1%} is left, "
                "at least {limit:.0%} is needed."
            ),
        ),
        "max_perceptual": Limit(
            code="perceptual",
            sense="most",
            value=lambda card: card.perceptual.product,
            text=gettext_noop(
                "The product looks like another product (distance {value:.3f}, "
                "at most {limit:.3f})."
            ),
        ),
        "max_worst_perceptual": Limit(
            code="perceptual_spot",
            sense="most",
            value=_worst("perceptual"),
            box=_where("perceptual"),
            text=gettext_noop(
                "One spot of the product looks like something else (distance {value:.3f}, "
                "at most {limit:.3f})."
            ),
        ),
        "max_delta_e": Limit(
            code="colour",
            sense="most",
            value=lambda card: card.delta_e.product,
            text=gettext_noop(
                "The product's colour is no longer the colour that will be delivered "
                "(ΔE {value:.1f}, at most {limit:.1f})."
            ),
        ),
        "max_delta_e_p95": Limit(
            code="colour_part",
            sense="most",
            value=lambda card: card.delta_e.product_p95,
            text=gettext_noop(
                "Part of the product has taken a clearly different colour "
                "(ΔE {value:.1f}, at most {limit:.1f})."
            ),
        ),
        "max_worst_delta_e": Limit(
            code="colour_spot",
            sense="most",
            value=_worst("delta_e"),
            box=_where("delta_e"),
            text=gettext_noop(
                "One spot of the product has taken a clearly different colour "
                "(ΔE {value:.1f}, at most {limit:.1f})."
            ),
        ),
        "max_hue": Limit(
            code="hue",
            sense="most",
            value=lambda card: card.hue.product,
            text=gettext_noop(
                "The product's hue has turned by {value:.0f}°, at most {limit:.0f}° is allowed."
            ),
        ),
        "max_worst_hue": Limit(
            code="hue_spot",
            sense="most",
            value=_worst("hue"),
            box=_where("hue"),
            text=gettext_noop(
                "The hue of one spot of the product has turned by {value:.0f}°, "
                "at most {limit:.0f}° is allowed."
            ),
        ),
        "max_worst_displacement": Limit(
            code="geometry",
            sense="most",
            value=_worst("displacement"),
            box=_where("displacement"),
            text=gettext_noop(
                "The product is bent: one spot lies {value:.1f} pixels away, "
                "at most {limit:.1f} are allowed."
            ),
        ),
        "min_text": Limit(
            code="text",
            sense="least",
            value=lambda card: card.text.edges,
            box=lambda card: card.text.box,
            text=gettext_noop(
                "The label is no longer what it was: {value:.1%} of its print is kept, "
                "at least {limit:.0%} must be."
            ),
        ),
        "min_characters": Limit(
            code="characters",
            sense="least",
            value=_characters_kept,
            box=lambda card: card.text.box,
            text=gettext_noop(
                "Label unreadable: {card.text.kept} of {card.text.characters} characters kept "
                "(at least {limit:.0%})."
            ),
        ),
        "min_worst_text": Limit(
            code="text_line",
            sense="least",
            value=lambda card: card.text.worst,
            box=lambda card: card.text.box,
            text=gettext_noop(
                "One line of print is no longer what it was: {value:.1%} of it is kept, "
                "at least {limit:.0%} must be."
            ),
        ),
        "min_shading": Limit(
            code="shading",
            sense="least",
            value=lambda card: card.shading,
            text=gettext_noop(
                "Light and shade no longer lie on the product as they did "
                "(agreement {value:.2f}, at least {limit:.2f})."
            ),
        ),
        "min_silhouette": Limit(
            code="silhouette",
            sense="least",
            value=lambda card: card.silhouette,
            text=gettext_noop(
                "The product's outline has changed: {value:.1%} agrees, at least {limit:.1%} must."
            ),
        ),
        "max_edge": Limit(
            code="edge",
            sense="most",
            value=lambda card: card.edge,
            text=gettext_noop(
                "The product's edge has become soft or ragged ({value:.2f}, at most {limit:.2f})."
            ),
        ),
        "max_outline_lost": Limit(
            code="outline_lost",
            sense="most",
            value=lambda card: card.outline_lost,
            text=gettext_noop(
                "An edge of the product, or of a hole in it, cannot be seen any more "
                "({value:.1%} of it is lost, at most {limit:.0%} may be)."
            ),
        ),
        "max_outline_moved": Limit(
            code="outline_moved",
            sense="most",
            value=lambda card: card.outline_moved,
            text=gettext_noop(
                "The product's outline, or a hole's, is not where it was: a stretch lies "
                "{value:.1f} pixels away, at most {limit:.1f} are allowed."
            ),
        ),
        "max_displacement": Limit(
            code="moved",
            sense="most",
            value=lambda card: card.displacement.product,
            text=gettext_noop(
                "The product's parts have moved by {value:.1f} pixels on average, "
                "at most {limit:.1f} are allowed."
            ),
        ),
        "max_halo": Limit(
            code="halo",
            sense="most",
            value=lambda card: card.halo,
            text=gettext_noop(
                "There is a rim of another colour around the product "
                "(ΔE {value:.1f}, at most {limit:.1f})."
            ),
        ),
        "min_white_kept": Limit(
            code="white",
            sense="least",
            value=lambda card: card.white_kept,
            text=gettext_noop(
                "The white ground is no longer white: {value:.1%} is as it was, "
                "at least {limit:.1%} must be."
            ),
        ),
        "min_mask_confidence": Limit(
            code="mask_uncertain",
            sense="least",
            value=lambda card: card.mask_confidence,
            text=gettext_noop(
                "It is not sure where the product is, so it may have been painted over "
                "(confidence {value:.2f}, at least {limit:.2f})."
            ),
            of_product=False,
        ),
        "min_change": Limit(
            code="unchanged",
            sense="least",
            value=_change,
            text=gettext_noop(
                "The picture looks the same as the original; shoppers would see no difference "
                "(ΔE {value:.1f}, at least {limit:.1f})."
            ),
            of_product=False,
        ),
        "min_change_outside": Limit(
            code="background_unchanged",
            sense="least",
            value=lambda card: card.delta_e.outside,
            text=gettext_noop(
                "The background looks the same as the original's "
                "(ΔE {value:.1f}, at least {limit:.1f})."
            ),
            of_product=False,
        ),
    }
)
"""Every limit by the name of its threshold."""
