"""What the merchant says of a picture: read for the pipeline, saved, removed, acted upon."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction

from shop_style.conf import app_settings
from shop_style.exceptions import GuideUnusable
from shop_style.generation import files
from shop_style.generation.limits import intake_limits
from shop_style.generation.renewal import renew, renewed_number
from shop_style.generation.request import RequestReport
from shop_style.imaging.guide import (
    Floats,
    Guide,
    Shares,
    check_shape,
    mask_file,
    read_mask,
)
from shop_style.imaging.intake import upright_size
from shop_style.models import AuditEntry, PictureGuide, Style, StyleVariant
from shop_style.models.guide import PictureGuideQuerySet
from shop_style.models.storage import guide_name, variant_storage
from shop_style.sources import SourceImage, mask_fields
from styleeval.sentence import said


@dataclass(frozen=True, kw_only=True)
class GuideChange:
    """A guide as it is now, and the variants that were asked for because it changed."""

    guide: PictureGuide
    asked: RequestReport


def guide_of(picture: SourceImage) -> Guide | None:
    """What is said of a picture: the uploaded mask before the shop's own, and marked places.

    None where nothing is. Raises GuideUnusable or IntakeError for a mask that cannot be used,
    SourceError for one that is gone or a field that does not exist, OSError when storage fails.
    """
    row = _rows(picture).first()
    boxes: tuple[Shares, ...] = tuple(
        (left, top, right, bottom) for left, top, right, bottom in (row.boxes if row else [])
    )
    mask, name = _uploaded(row) if row and row.mask else _own(picture)
    if mask is None and not boxes:
        return None
    return Guide(mask=mask, name=name, boxes=boxes)


def guide_rows(pictures: Sequence[SourceImage]) -> dict[SourceImage, PictureGuide]:
    """The uploaded guides of pictures, one query a model and database."""
    groups: dict[tuple[str, type[models.Model]], list[SourceImage]] = defaultdict(list)
    for picture in pictures:
        groups[picture.database, type(picture.instance)].append(picture)
    found: dict[SourceImage, PictureGuide] = {}
    for (alias, _model), group in groups.items():
        rows = PictureGuide.objects.using(alias).for_rows([item.instance for item in group])
        by_key = {(row.object_id, row.field): row for row in rows}
        for picture in group:
            row = by_key.get((str(picture.instance.pk), picture.source.field))
            if row is not None:
                found[picture] = row
    return found


def own_mask(picture: SourceImage) -> SourceImage | None:
    """The file in the shop's own mask field, None where there is none. Raises SourceError."""
    field = mask_fields().get(picture.source)
    found = SourceImage(field, picture.instance) if field else None
    return found if found and found.name else None


def uploaded_mask(picture: SourceImage, data: bytes, *, name: str) -> Floats:
    """A mask that was uploaded for a picture, (h, w) float32 in [0, 1].

    Raises IntakeError for what is no picture, GuideUnusable for what is no mask of this one,
    SourceError or OSError where the picture cannot be read.
    """
    mask = read_mask(data, name=name, limits=intake_limits())
    original = picture.read(at_most=app_settings().MAX_BYTES)
    size = upright_size(original, name=picture.name, limits=intake_limits())
    check_shape(mask, size, name=name, picture=picture.name)
    return mask


def save_guide(
    picture: SourceImage,
    *,
    actor: str,
    mask: Floats | None = None,
    drop_mask: bool = False,
    boxes: Sequence[Any] | None = None,
    reason: str = "",
) -> GuideChange:
    """Keep what is said of a picture, and ask anew for the live variants that it bears upon.

    mask: as `uploaded_mask` gives it; None leaves the one that is there, unless drop_mask. boxes:
    [left, top, right, bottom] each, shares of width and height; None leaves those that are there.
    Marked places bear upon styles with a text lock alone.
    Raises GuideUnusable for a box that is none, OSError when storage fails.
    """
    marked = None if boxes is None else _checked(boxes)
    stored = "" if mask is None else _stored(mask)
    with transaction.atomic(using=picture.database):
        try:
            return _saved(
                picture,
                mask_name=stored,
                drop_mask=drop_mask,
                boxes=marked,
                actor=actor,
                reason=reason,
            )
        except BaseException:
            files.remove([stored] if stored else [])
            raise


def remove_guide(picture: SourceImage, *, actor: str, reason: str = "") -> RequestReport:
    """Forget what is said of a picture, and ask anew for the live variants it bore upon."""
    with transaction.atomic(using=picture.database):
        guide = _rows(picture).select_for_update().first()
        if guide is None:
            return RequestReport()
        AuditEntry.objects.record("deleted", guide, actor=actor, reason=reason, detail=_told(guide))
        had_mask, had_boxes = bool(guide.mask), bool(guide.boxes)
        guide.delete()  # its file goes with it, see handlers.py
        return _renewed(picture, mask=had_mask, boxes=had_boxes, actor=actor)


def renewed_by_removal(guide: PictureGuide, picture: SourceImage) -> int:
    """How many variants `remove_guide` would ask for anew."""
    if guide.mask:
        return renewed_number(picture)
    return renewed_number(picture, only=_keeps_places) if guide.boxes else 0


def follow_own_mask(picture: SourceImage) -> RequestReport:
    """Ask anew where the file in the shop's own mask field is another, unless an uploaded mask
    comes before it."""
    guide = _rows(picture).first()
    return _renewed(picture, mask=not (guide and guide.mask), boxes=False, actor="automatic")


def forget_replaced(picture: SourceImage, *, before: str) -> None:
    """Remove the guide of a picture whose file holds another picture now.

    before: name of the file it had. A guide outlives an upload of the same bytes, such as an
    import makes every night; with other bytes it would speak of what is not there any more.
    """
    guide = _rows(picture).first()
    if guide is None or _is_same_picture(picture, before):
        return
    AuditEntry.objects.record(
        "deleted",
        guide,
        actor="automatic",
        reason=said(
            "{before} was replaced by {after}", before=before or "–", after=picture.name or "–"
        ),
        detail=_told(guide),
    )
    guide.delete()


def remove_for_deleted(instance: models.Model, pk: Any, *, using: str) -> None:
    """Remove the guides of a row that was deleted; its key is passed, Django clears it."""
    PictureGuide.objects.using(using).for_rows([instance], keys=[pk]).delete()


def _rows(picture: SourceImage) -> PictureGuideQuerySet:
    rows = PictureGuide.objects.using(picture.database)
    return rows.for_picture(picture.instance, picture.source.field)


def _uploaded(row: PictureGuide) -> tuple[Floats, str]:
    name = row.mask.name or ""
    data = files.read_if_there(row.mask.storage, name)
    if data is None:
        raise GuideUnusable(
            said(
                "the mask {name} is gone from storage; upload it again, or remove the "
                "picture's guide",
                name=name,
            )
        )
    return read_mask(data, name=name, limits=intake_limits()), name


def _own(picture: SourceImage) -> tuple[Floats | None, str]:
    own = own_mask(picture)
    if own is None:
        return None, ""
    data = own.read(at_most=app_settings().MAX_BYTES)
    return read_mask(data, name=own.name, limits=intake_limits()), own.name


def _stored(mask: Floats) -> str:
    name = guide_name(PictureGuide(), "mask.png")
    return files.save_whole(variant_storage(), name, mask_file(mask))


def _checked(boxes: Sequence[Any]) -> list[list[float]]:
    listed = [list(box) if isinstance(box, tuple) else box for box in boxes]
    try:
        PictureGuide(boxes=listed).clean()
    except ValidationError as error:
        raise GuideUnusable("; ".join(error.messages)) from error
    return listed


def _saved(
    picture: SourceImage,
    *,
    mask_name: str,
    drop_mask: bool,
    boxes: list[list[float]] | None,
    actor: str,
    reason: str,
) -> GuideChange:
    guide, added = _locked(picture)
    old_mask, old_boxes = guide.mask.name or "", guide.boxes
    if mask_name or drop_mask:
        guide.mask.name = mask_name
    if boxes is not None:
        guide.boxes = boxes
    new_mask, new_boxes = (guide.mask.name or "") != old_mask, guide.boxes != old_boxes
    if not (added or new_mask or new_boxes):
        return GuideChange(guide=guide, asked=RequestReport())
    guide.updated_by = actor
    guide.save()
    if new_mask and old_mask:
        files.remove_on_commit([old_mask], using=picture.database)
    asked = _renewed(picture, mask=new_mask, boxes=new_boxes, actor=actor)
    AuditEntry.objects.record(
        "added" if added else "changed",
        guide,
        actor=actor,
        reason=reason,
        detail={**_told(guide), "asked": asked.created + asked.requeued},
    )
    return GuideChange(guide=guide, asked=asked)


def _locked(picture: SourceImage) -> tuple[PictureGuide, bool]:
    rows = PictureGuide.objects.using(picture.database)
    return rows.select_for_update().get_or_create(
        **rows.key_of(picture.instance, picture.source.field)
    )


def _renewed(picture: SourceImage, *, mask: bool, boxes: bool, actor: str) -> RequestReport:
    if mask:
        return renew(picture, actor=actor)
    if boxes:
        return renew(picture, actor=actor, only=_keeps_places)
    return RequestReport()


def _keeps_places(style: Style) -> bool:
    return style.text_lock


def _told(guide: PictureGuide) -> dict[str, Any]:
    return {"mask": guide.mask.name or "", "boxes": guide.boxes}


def _is_same_picture(picture: SourceImage, before: str) -> bool:
    if not picture.name:
        return False
    digest = picture.digest()
    variants = StyleVariant.objects.for_objects([picture.instance]).using(picture.database).live()
    if variants.filter(field=picture.source.field, source_digest=digest).exists():
        return True
    if before in ("", picture.name):
        return False  # nothing is known of what it was: a storage may have written over it
    storage = picture.source.file_of(picture.instance).storage
    try:
        data = files.read_if_there(storage, before)
    except OSError:
        return False
    return data is not None and hashlib.sha256(data).hexdigest() == digest
