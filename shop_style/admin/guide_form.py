"""The form of a guide; a mask passes the same intake as product pictures."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from shop_style.conf import app_settings
from shop_style.exceptions import ShopStyleError
from shop_style.generation.guides import uploaded_mask
from shop_style.imaging.guide import Floats
from shop_style.models import PictureGuide
from shop_style.sources import SourceImage
from shop_style.words import in_words


class PlacesField(forms.JSONField):
    """Marked places, one a line."""

    widget = forms.Textarea(attrs={"rows": 4, "cols": 60, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return super().prepare_value(value)
        return "[" + ",\n ".join(json.dumps(box) for box in value) + "]"

    def clean(self, value: Any) -> Any:
        """An empty field marks nothing."""
        found = super().clean(value)
        return [] if found is None else found


class GuideForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a person says of one picture. pixels: the mask that was uploaded, once it is valid."""

    picture: ClassVar[SourceImage | None] = None

    boxes = PlacesField(
        label=_("Marked places"),
        required=False,
        help_text=_(
            "Drag over the picture to mark print or a logo; drag a mark to move it, select it and "
            "press Delete to remove it, arrow keys move it, with Shift they resize it. Or write "
            "each place as [left, top, right, bottom], from 0 at the left or top to 1. They are "
            "kept as they are by styles with a text lock."
        ),
    )

    class Meta:
        model = PictureGuide
        fields = ("mask", "boxes")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pixels: Floats | None = None

    def clean(self) -> dict[str, Any]:
        """A guide of nothing cannot be saved."""
        super().clean()
        if self.picture is None:
            raise ValidationError(
                _("The picture is gone, or is not styled any more: delete this."), code="no_picture"
            )
        return self.cleaned_data

    def clean_mask(self) -> Any:
        """Refuse at once what a worker would refuse later."""
        mask = self.cleaned_data["mask"]
        if not isinstance(mask, UploadedFile) or self.picture is None:
            return mask
        data = mask.read(app_settings().MAX_BYTES + 1)
        mask.seek(0)
        try:
            self.pixels = uploaded_mask(self.picture, data, name=mask.name or "")
        except ShopStyleError as error:
            raise ValidationError(in_words(error), code=error.code) from error
        except OSError as error:
            raise ValidationError(
                _("%(picture)s cannot be read (%(error)s); try again"),
                code="storage_failed",
                params={"picture": self.picture.name, "error": error},
            ) from error
        return mask
