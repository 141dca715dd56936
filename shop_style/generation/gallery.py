"""The gallery a picture belongs to: one product's pictures, measured together for one look."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from django.db import models

from shop_style.conf import app_settings
from shop_style.exceptions import ShopStyleError
from shop_style.generation.limits import intake_limits
from shop_style.generation.specification import Recipe
from shop_style.imaging.intake import decode
from shop_style.sources import SourceImage
from shop_style.transfer.parameters import NetworkParameters

if TYPE_CHECKING:
    from shop_style.transfer.statistics import Gallery

logger = logging.getLogger(__name__)

MOST_PICTURES: Final = 8


def gallery_statistics(picture: SourceImage, recipe: Recipe) -> Gallery | None:
    """The statistics provider of a recipe that asks for its gallery's; None for any other.

    A sibling that cannot be read is left out: it must not cost the picture its variant.
    """
    parameters = recipe.spec.parameters
    if not (isinstance(parameters, NetworkParameters) and parameters.statistics == "gallery"):
        return None
    import torch

    from shop_style.transfer.statistics import Gallery, Sample

    samples = []
    for sibling in gallery_of(picture):
        try:
            data = sibling.read(at_most=app_settings().MAX_BYTES)
            photo = decode(data, name=sibling.name, limits=intake_limits())
        except (ShopStyleError, OSError) as error:
            logger.warning("%s is left out of its gallery's statistics: %s", sibling, error)
            continue
        image = torch.from_numpy(photo.flattened()).permute(2, 0, 1).contiguous()
        samples.append(Sample(image=image))
    return Gallery(samples) if samples else None


def gallery_of(picture: SourceImage) -> list[SourceImage]:
    """The pictures whose rows share this one's first foreign key, by primary key; itself alone
    where its model has none. At most MOST_PICTURES.
    """
    model = type(picture.instance)
    owner = next(
        (
            field
            for field in model._meta.concrete_fields
            if isinstance(field, models.ForeignKey) and not field.primary_key
        ),
        None,
    )
    value = getattr(picture.instance, owner.attname) if owner is not None else None
    if owner is None or value is None:
        return [picture]
    rows = model._base_manager.using(picture.database).filter(**{owner.attname: value})
    found = [SourceImage(picture.source, row) for row in rows.order_by("pk")[:MOST_PICTURES]]
    return [item for item in found if item.name]
