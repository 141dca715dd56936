"""Approve, reject, publish, withdraw, and the trail they leave."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from shop_style.generation import review, runner
from shop_style.generation.request import request_variant
from shop_style.models import AuditEntry, StyleVariant
from shop_style.models.storage import variant_storage
from shop_style.models.variant import Review, attach_variants
from shop_style.signals import variant_published

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def variant(make_chair: Any, make_style: Any) -> StyleVariant:
    found = request_variant(make_chair(), make_style())
    runner.run(found.pk, using="default")
    StyleVariant.objects.filter(pk=found.pk).update(passed=True)
    found.refresh_from_db()
    return found


def test_the_way_to_the_shop(variant: StyleVariant) -> None:
    heard: list[StyleVariant] = []

    def hear(sender: Any, variant: StyleVariant, **_: Any) -> None:
        heard.append(variant)

    variant_published.connect(hear)
    refused = review.publish([variant], actor="anna")
    assert refused.done == 0 and "approve it first" in str(refused.refused[0][1])
    assert review.approve([variant], actor="anna").done == 1
    assert review.publish([variant], actor="ben").done == 1
    variant_published.disconnect(hear)
    assert heard == [variant]
    row = StyleVariant.objects.published().get()
    assert (row.reviewed_by, row.is_published) == ("anna", True)
    assert row.reviewed_at and row.published_at
    trail = list(AuditEntry.objects.order_by("pk").values_list("actor", "verb"))
    assert trail == [("anna", "approved"), ("ben", "published")]
    chair = row.host_object()
    assert chair is not None
    attach_variants([chair])
    assert chair.style_variants == [row]  # type: ignore[attr-defined]


def test_a_failed_gate_needs_a_reason(variant: StyleVariant) -> None:
    StyleVariant.objects.update(passed=False, reasons=[{"code": "colour", "text": "Too red."}])
    variant.refresh_from_db()
    refused = review.approve([variant], actor="anna")
    assert refused.done == 0 and "Too red." in str(refused.refused[0][1])
    assert review.approve([variant], actor="anna", reason="the client loves red").done == 1
    entry = AuditEntry.objects.get()
    assert (entry.reason, entry.detail["passed"]) == ("the client loves red", False)


def test_reject_and_withdraw_leave_the_shop(variant: StyleVariant) -> None:
    review.approve([variant], actor="a")
    review.publish([variant], actor="a")
    assert review.withdraw([variant], actor="a").done == 1
    assert not StyleVariant.objects.published().exists()
    assert review.withdraw([variant], actor="a").done == 0
    review.publish([variant], actor="a")
    review.reject([variant], actor="a")
    variant.refresh_from_db()
    assert (variant.review, variant.published_at) == (Review.REJECTED, None)


def test_publishing_supersedes_the_older_one(variant: StyleVariant) -> None:
    review.approve([variant], actor="a")
    review.publish([variant], actor="a")
    style = variant.style
    style.parameters = {"lightness": 0.5}
    style.save()
    assert StyleVariant.objects.published().get() == variant  # editing changes nothing live
    chair = variant.host_object()
    newer = request_variant(chair, style)
    runner.run(newer.pk, using="default")
    newer.refresh_from_db()
    review.approve([newer], actor="a", reason="fine")
    assert StyleVariant.objects.published().get() == variant
    review.publish([newer], actor="a")
    assert StyleVariant.objects.published().get() == newer
    variant.refresh_from_db()
    assert variant.retired_at and variant.file_names()


def test_what_changed_meanwhile_is_refused(variant: StyleVariant) -> None:
    StyleVariant.objects.update(retired_at=timezone.now())
    report = review.approve([variant], actor="a")
    assert report.done == 0 and "changed meanwhile" in str(report.refused[0][1])
    variant.refresh_from_db()
    assert "retired" in str(review.approve([variant], actor="a").refused[0][1])
    assert not AuditEntry.objects.exists()


def test_the_trail_is_never_changed(variant: StyleVariant) -> None:
    entry = AuditEntry.objects.record("tested", variant, actor="a")
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()


def test_of_two_published_together_the_newer_one_stays(variant: StyleVariant) -> None:
    style = variant.style
    style.parameters = {"lightness": 0.5}
    style.save()
    newer = request_variant(variant.host_object(), style)
    runner.run(newer.pk, using="default")
    both = StyleVariant.objects.order_by("-pk")
    review.approve(both, actor="a", reason="fine")
    review.publish(both.all(), actor="a")
    assert StyleVariant.objects.published().get() == newer


def test_superseded_files_go_with_the_picture(variant: StyleVariant) -> None:
    style = variant.style
    style.parameters = {"lightness": 0.5}
    style.save()
    chair = variant.host_object()
    newer = request_variant(chair, style)
    runner.run(newer.pk, using="default")
    both = StyleVariant.objects.order_by("pk")
    review.approve(both, actor="a", reason="fine")
    review.publish(both.all(), actor="a")
    names = [name for row in both.all() for name in row.file_names()]
    assert len(names) > 2 and all(variant_storage().exists(name) for name in names)
    chair.delete()  # type: ignore[union-attr]
    assert not any(variant_storage().exists(name) for name in names)
