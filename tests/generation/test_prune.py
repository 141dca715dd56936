"""Published variants whose files are gone, found by a sweep of the storage."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command

from shop_style.models import AuditEntry, StyleVariant


@pytest.mark.django_db(databases=["default", "tenant"])
def test_published_variants_whose_files_are_gone_leave_the_shop(
    make_chair: Any, make_style: Any, publish_variant: Any
) -> None:
    from shop_style.models.storage import variant_storage

    style = make_style()
    kept, lost = (publish_variant(make_chair(), style) for _ in range(2))
    variant_storage().delete(lost.renditions[1]["name"])
    said = io.StringIO()
    call_command("prune_variants", "--dry-run", stdout=said)
    assert "1 published ones without their files would be withdrawn" in said.getvalue()
    assert StyleVariant.objects.published().count() == 2
    call_command("prune_variants", stdout=said)
    assert StyleVariant.objects.published().get() == kept
    entry = AuditEntry.objects.get(target_id=str(lost.pk))
    assert (entry.verb, entry.actor) == ("withdrawn", "prune_variants")


@pytest.mark.django_db(databases=["default", "tenant"])
def test_a_lost_sheet_of_evidence_takes_nothing_out_of_the_shop(
    make_chair: Any, make_style: Any, publish_variant: Any
) -> None:
    """Reviewers look at it; shoppers never see it. While it is there, it is no orphan."""
    from shop_style.models.storage import variant_storage

    variant = publish_variant(make_chair(), make_style())
    sheet = variant_storage().save("shop_style/variants/evidence.webp", ContentFile(b"x"))
    StyleVariant.objects.filter(pk=variant.pk).update(evidence=sheet)
    call_command("prune_variants", "--orphan-hours", "0", stdout=io.StringIO())
    assert variant_storage().exists(sheet)
    variant_storage().delete(sheet)
    call_command("prune_variants", stdout=io.StringIO())
    assert StyleVariant.objects.published().get() == variant


@pytest.mark.django_db(databases=["default", "tenant"])
def test_a_storage_that_is_not_mounted_takes_nothing_out_of_the_shop(
    make_chair: Any, make_style: Any, publish_variant: Any, tmp_path: Any, settings: Any
) -> None:
    style = make_style()
    for _ in range(3):
        publish_variant(make_chair(), style)
    settings.MEDIA_ROOT = str(tmp_path / "not mounted")
    with pytest.raises(CommandError, match="files_seem_gone.*is it mounted"):
        call_command("prune_variants")
    assert StyleVariant.objects.published().count() == 3
    call_command("prune_variants", "--withdraw-lost", stdout=io.StringIO())
    assert StyleVariant.objects.published().count() == 0
