"""System checks of what tells a product from its background: the shop's masks, the segmenter."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error

from shop_style import conf
from shop_style.exceptions import SettingsError, SourceError
from shop_style.imaging.segmenter import segmenter_names
from shop_style.sources import parse_mask


def check_masks(**_: Any) -> list[CheckMessage]:
    """E013: an entry of MASKS whose source or mask field does not exist."""
    try:
        masks = conf.app_settings().MASKS
    except SettingsError:
        return []  # E002 says it
    found: list[CheckMessage] = []
    for label, name in masks.items():
        try:
            parse_mask(label, name)
        except SourceError as error:
            found.append(
                Error(
                    f"SHOP_STYLE['MASKS']: {error}",
                    hint="Write {'app_label.Model.field': 'mask_field'}: a source of SOURCES, and "
                    "a file field of the same model.",
                    id="shop_style.E013",
                )
            )
    return found


def check_segmenter(**_: Any) -> list[CheckMessage]:
    """E014: SEGMENTER names none that is installed."""
    try:
        name = conf.app_settings().SEGMENTER
    except SettingsError:
        return []  # E002 says it
    known = segmenter_names()
    if not name or name in known:
        return []
    return [
        Error(
            f"SHOP_STYLE['SEGMENTER'] is {name!r}, which no installed package registers.",
            hint=f"Installed are {', '.join(known) or 'none'}; see docs/masks.md.",
            id="shop_style.E014",
        )
    ]
