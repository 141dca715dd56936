"""Uploads that are kept before their row is saved, so that another field's error loses none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from shop_style.admin.thumbnails import file_url
from shop_style.exceptions import IntakeError
from shop_style.generation.limits import intake_limits
from shop_style.imaging.intake import decode
from shop_style.models import StyleReference
from shop_style.models.storage import reference_name, variant_storage
from shop_style.words import in_words

_SALT: Final = "shop_style.admin.staging"
_KEPT: Final = timedelta(days=1)
"""As long as `prune_variants` leaves a file alone that no row names."""


@dataclass(frozen=True, kw_only=True)
class Staged:
    """A picture in storage that no row names yet. token: proves that it was put there by us."""

    token: str
    name: str
    file: str
    """What the person calls it."""

    @property
    def url(self) -> str:
        """Its address, to be shown by."""
        return file_url(variant_storage(), self.name)


def check_picture(upload: UploadedFile[Any]) -> None:
    """Refuse at once what a worker would refuse later. Raises ValidationError naming the file."""
    limits = intake_limits()
    try:
        decode(upload.read(limits.max_bytes + 1), name=upload.name or "", limits=limits)
    except IntakeError as error:
        raise ValidationError(in_words(error), code=error.code) from error
    upload.seek(0)


def stage(upload: UploadedFile[Any]) -> Staged:
    """Check a picture and keep it. Raises ValidationError naming the file and what is wrong."""
    check_picture(upload)
    file = (upload.name or "")[:100]
    name = variant_storage().save(reference_name(StyleReference(), file), upload)
    return Staged(token=signing.dumps([name, file], salt=_SALT), name=name, file=file)


def staged(token: str) -> Staged:
    """What a token stands for. Raises ValidationError: too old, or already some reference's."""
    found = look_up(token)
    if found is None or StyleReference.objects.filter(image=found.name).exists():
        raise ValidationError(
            _("This upload has expired, or is a reference already: drop the picture again."),
            code="upload_expired",
        )
    return found


def look_up(token: Any) -> Staged | None:
    """What a token stands for, or None; no query."""
    try:
        name, file = signing.loads(str(token), salt=_SALT, max_age=_KEPT)
    except (signing.BadSignature, ValueError):
        return None
    return Staged(token=str(token), name=name, file=file)
