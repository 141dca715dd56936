"""What a merchant says of one picture: where its product is, and where print must stay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from shop_style.models.storage import guide_name, variant_storage
from shop_style.words import in_words
from styleeval.sentence import said

MOST_PLACES = 50
"""Places of one picture: each costs a pass over it."""


class PictureGuideQuerySet(models.QuerySet["PictureGuide"]):
    def key_of(self, instance: models.Model, field: str) -> dict[str, Any]:
        """The columns that name one host row's field, in this queryset's database."""
        kind = ContentType.objects.db_manager(self.db).get_for_model(type(instance))
        return {"content_type": kind, "object_id": str(instance.pk), "field": field}

    def for_picture(self, instance: models.Model, field: str) -> Self:
        """The guide of one host row's field, in that row's database."""
        return self.filter(**self.key_of(instance, field))

    def for_rows(
        self, instances: Sequence[models.Model], *, keys: Sequence[Any] | None = None
    ) -> Self:
        """The guides of all fields of host rows of one model. keys: where theirs are cleared."""
        if not instances:
            return self.none()
        kind = ContentType.objects.db_manager(self.db).get_for_model(type(instances[0]))
        wanted = [str(key) for key in (keys or [item.pk for item in instances])]
        return self.filter(content_type=kind, object_id__in=wanted)


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
        """Raises ValidationError naming the first box that is none, and for too many."""
        if not isinstance(self.boxes, list):
            raise ValidationError(
                {"boxes": in_words(said("write a list of places in brackets: [[…], […]]"))}
            )
        if len(self.boxes) > MOST_PLACES:
            raise ValidationError(
                {
                    "boxes": in_words(
                        said(
                            "there are {count} places; mark at most {most_places}",
                            count=len(self.boxes),
                            most_places=MOST_PLACES,
                        )
                    )
                }
            )
        for number, box in enumerate(self.boxes, 1):
            if not _is_box(box):
                raise ValidationError(
                    {
                        "boxes": in_words(
                            said(
                                "place {number} is {box!r}; write [left, top, right, bottom], each "
                                "from 0 to 1, left before right and top before bottom",
                                number=number,
                                box=box,
                            )
                        )
                    }
                )


def _is_box(box: Any) -> bool:
    if not (isinstance(box, list) and len(box) == 4):
        return False
    if not all(type(edge) in (int, float) and 0 <= edge <= 1 for edge in box):
        return False
    return bool(box[0] < box[2] and box[1] < box[3])
