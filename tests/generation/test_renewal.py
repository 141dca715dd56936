"""A guide that comes, changes or goes: what is asked for anew, and what becomes of its files."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import transaction
from PIL import Image

from shop_style.generation import runner
from shop_style.generation.files import walk
from shop_style.generation.guides import guide_of, remove_guide
from shop_style.generation.request import request_variant
from shop_style.models import AuditEntry, PictureGuide, Status, StyleVariant
from shop_style.models.storage import variant_storage
from shop_style.models.variant import Review
from shop_style.signals import stage_started
from shop_style.sources import SourceImage, source_image
from tests.generation.guides import (
    LEFT_HALF,
    PLACE,
    RIGHT_HALF,
    SIZE,
    drawn,
    encoded,
    rendered,
    say,
    stored_guides,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_is_saved_is_written_down_and_asks_anew(chair: SourceImage, make_style: Any) -> None:
    """What shoppers see stays until its successor is published."""
    style = make_style()
    live = rendered(chair, style, strength=0.5)
    now = {"review": Review.APPROVED, "published_at": live.finished_at}
    StyleVariant.objects.filter(pk=live.pk).update(**now)
    done = say(chair, drawn(LEFT_HALF), reason="the strap was cut off")
    assert done.asked.created == 1
    newer = StyleVariant.objects.exclude(pk=live.pk).get()
    assert (newer.revision, newer.status, newer.overrides) == (1, Status.PENDING, {"strength": 0.5})
    assert StyleVariant.objects.published().get() == live
    entry = AuditEntry.objects.get(target_model="shop_style.pictureguide")
    assert (entry.actor, entry.verb, entry.reason) == ("ada", "added", "the strap was cut off")
    assert entry.detail == {"mask": done.guide.mask.name, "boxes": [], "asked": 1}
    # Nothing new is said, and what waits is fresh as it is.
    assert say(chair).asked.created == say(chair, drop_mask=False, boxes=[]).asked.created == 0
    assert say(chair, drawn(RIGHT_HALF)).asked.created == 0
    runner.run(newer.pk, using="default")
    assert remove_guide(chair, actor="ben").created == 1
    assert remove_guide(chair, actor="ben").created == 0
    assert sorted(StyleVariant.objects.values_list("revision", flat=True)) == [0, 1, 2]
    assert AuditEntry.objects.first().verb == "deleted"  # type: ignore[union-attr]
    assert stored_guides() == [] and guide_of(chair) is None


def test_places_ask_anew_for_styles_that_keep_them_alone(
    chair: SourceImage, make_style: Any
) -> None:
    free, locked = make_style("free"), make_style("locked", text_lock=True)
    for style in (free, locked):
        rendered(chair, style)
    assert say(chair, boxes=[PLACE]).asked.created == 1
    assert StyleVariant.objects.get(revision=1).style == locked
    assert say(chair, drawn(LEFT_HALF)).asked.created == 1  # the locked one waits already
    assert StyleVariant.objects.filter(revision=1).count() == 2


def test_what_failed_for_want_of_a_mask_is_tried_again(make_chair: Any, make_style: Any) -> None:
    noise = np.random.default_rng(4).integers(0, 255, (80, 96, 3), np.uint8)
    picture = source_image(make_chair(data=encoded(Image.fromarray(noise))))
    style = make_style(region="background")
    variant = rendered(picture, style)
    assert variant.error_code == "mask_uncertain" and "product mask" in variant.error_detail
    assert say(picture, drawn((20, 20, 70, 60))).asked.requeued == 1
    runner.run(variant.pk, using="default")
    variant.refresh_from_db()
    assert (variant.status, variant.error_code) == (Status.READY, "")
    assert StyleVariant.objects.count() == 1


def test_a_render_that_began_before_the_guide_is_thrown_away(
    chair: SourceImage, make_style: Any
) -> None:
    def save_meanwhile(sender: Any, stage: str, **_: Any) -> None:
        if stage == "commit":
            stage_started.disconnect(save_meanwhile)
            say(chair, drawn(LEFT_HALF))

    variant = request_variant(chair.instance, make_style())
    stage_started.connect(save_meanwhile)
    runner.run(variant.pk, using="default")
    variant.refresh_from_db()
    assert variant.retired_at is not None and not variant.image
    assert not list(walk(variant_storage(), "shop_style/variants"))
    newer = StyleVariant.objects.live().get()
    runner.run(newer.pk, using="default")
    newer.refresh_from_db()
    assert newer.scorecard["mask_coverage"] == pytest.approx(0.5, abs=0.01)


def test_files_come_and_go_with_the_commit(chair: SourceImage) -> None:
    first = say(chair, drawn(LEFT_HALF)).guide.mask.name
    with pytest.raises(RuntimeError), transaction.atomic():
        say(chair, drawn(RIGHT_HALF))
        raise RuntimeError
    assert PictureGuide.objects.get().mask.name == first and first in stored_guides()
    second = say(chair, drawn(RIGHT_HALF)).guide.mask.name
    assert first not in stored_guides() and second in stored_guides()
    with Image.open(variant_storage().open(second)) as kept:
        assert (kept.mode, kept.size, kept.format, kept.info) == ("L", SIZE, "PNG", {})
    PictureGuide.objects.all().delete()
    assert second not in stored_guides()
    third = say(chair, drawn(LEFT_HALF)).guide.mask.name
    chair.instance.delete()
    assert not PictureGuide.objects.exists() and third not in stored_guides()


@pytest.mark.django_db(databases=["default", "tenant"], transaction=True)
def test_pruning_knows_the_files_and_the_rows_of_guides(make_chair: Any, make_style: Any) -> None:
    here, there = source_image(make_chair()), source_image(make_chair(using="tenant"))
    kept = {say(picture, drawn(LEFT_HALF)).guide.mask.name for picture in (here, there)}
    assert PictureGuide.objects.using("tenant").count() == 1
    variant_storage().save("shop_style/guides/nobodys.png", ContentFile(b"x"))
    prune = ["prune_variants", "--orphan-hours", "-1"]
    call_command(*prune, stdout=io.StringIO())
    assert set(stored_guides()) == kept
    # Gone behind Django's back.
    type(here.instance).objects.filter(pk=here.instance.pk)._raw_delete("default")
    call_command(*prune, stdout=io.StringIO())
    assert not PictureGuide.objects.exists() and PictureGuide.objects.using("tenant").exists()
    assert len(stored_guides()) == 1


def test_a_guide_goes_when_another_picture_takes_its_place(
    chair: SourceImage, picture: Any
) -> None:
    """A nightly import that uploads the same bytes again leaves it."""
    say(chair, drawn(LEFT_HALF))
    row, same = chair.instance, chair.read(at_most=10**6)
    row.photo = ContentFile(same, name="again.jpg")  # type: ignore[attr-defined]
    row.save()
    assert guide_of(chair) is not None
    row.photo = ContentFile(picture(colour="#118811"), name="other.jpg")  # type: ignore[attr-defined]
    row.save()
    assert guide_of(chair) is None and stored_guides() == []
    entry = AuditEntry.objects.get(verb="deleted")
    assert "again" in entry.reason and "other" in entry.reason
