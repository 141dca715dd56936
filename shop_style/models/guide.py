"""What a merchant says of one picture: where its product is, and where print must stay."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from shop_style.models.storage import guide_name, variant_storage


class PictureGuideQuerySet(models.QuerySet["PictureGuide"]):
    def for_picture(self, instance: models.Model, field: str) -> Self:
        """The guide of one host row's field, in that row's database."""
        alias = self.db
        kind = ContentType.objects.db_manager(alias).get_for_model(type(instance))
        return self.filter(content_type=kind, object_id=str(instance.pk), field=field)

    def with_boxes(self) -> Iterable[PictureGuide]:
        """Those that mark places."""
        return [guide for guide in self if guide.boxes]


class PictureGuide(models.Model):
    """A product mask and marked places of one picture, drawn or uploaded by a person.

    boxes: a list of [left, top, right, bottom], shares of the picture's width and height.
    """

    content_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+")
    object_id = models.CharField(_("object"), max_length=64)
    field = models.CharField(_("field"), max_length=100)
    mask = models.FileField(
        _("product mask"),
        upload_to=guide_name,
        storage=variant_storage,
        max_length=300,
        blank=True,
        help_text=_("A picture of the same shape: white is product, black is background."),
    )
    boxes = models.JSONField(
        _("marked places"),
        default=list,
        blank=True,
        help_text=_("Print and logos to keep: lists of left, top, right, bottom from 0 to 1."),
    )
    updated_by = models.CharField(_("changed by"), max_length=150, blank=True, default="")
    updated_at = models.DateTimeField(auto_now=True)

    objects = PictureGuideQuerySet.as_manager()

    class Meta:
        verbose_name = _("picture guide")
        verbose_name_plural = _("picture guides")
        constraints = [
            models.UniqueConstraint(
                fields=["content_type", "object_id", "field"], name="shop_style_one_guide"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.content_type} {self.object_id}: {self.field}"

    def clean(self) -> None:
        """Raises ValidationError naming the first box that is none."""
        for number, box in enumerate(self.boxes or [], 1):
            if not _is_box(box):
                raise ValidationError(
                    {
                        "boxes": f"place {number} is {box!r}; write [left, top, right, bottom], "
                        "each from 0 to 1, left before right and top before bottom"
                    }
                )


def _is_box(box: Any) -> bool:
    if not (isinstance(box, list) and len(box) == 4):
        return False
    if not all(isinstance(edge, int | float) and 0 <= edge <= 1 for edge in box):
        return False
    return bool(box[0] < box[2] and box[1] < box[3])
