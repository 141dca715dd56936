"""A decision that is taken back leaves the row as it was, whatever came before it."""

from __future__ import annotations

import random
from typing import Any

import pytest

from shop_style.exceptions import ReviewError
from shop_style.generation import review
from shop_style.generation.review import FORMER
from shop_style.generation.undo import undo
from shop_style.models import AuditEntry, StyleVariant
from shop_style.models.variant import Review
from shop_style.signals import variant_published

pytestmark = pytest.mark.django_db

DECIDE = {"approve": review.approve, "reject": review.reject}


@pytest.fixture
def variant(publish_variant: Any, make_chair: Any, make_style: Any) -> StyleVariant:
    made: StyleVariant = publish_variant(
        make_chair(), make_style(), review=Review.UNREVIEWED, published_at=None
    )
    return made


def state(variant: StyleVariant) -> dict[str, Any]:
    return StyleVariant.objects.filter(pk=variant.pk).values(*FORMER).get()


def fresh(variant: StyleVariant) -> StyleVariant:
    return StyleVariant.objects.get(pk=variant.pk)


@pytest.mark.parametrize("seed", range(6))
def test_undoing_all_decisions_retraces_every_state(variant: StyleVariant, seed: int) -> None:
    draw = random.Random(seed)
    states = []
    for _number in range(5):
        states.append(state(variant))
        step = draw.choice([*DECIDE, "publish"])
        if step == "publish" and states[-1]["review"] == Review.APPROVED:
            review.publish([fresh(variant)], actor="omar")
            states = [state(variant)]  # a publication is no decision: nothing goes back beyond it
        DECIDE[draw.choice(list(DECIDE))]([fresh(variant)], actor="mira")
    while len(states) > 1:
        undo(fresh(variant), actor="mira", may_publish=True)
        assert state(variant) == states.pop()
    undo(fresh(variant), actor="mira", may_publish=True)
    assert state(variant) == states.pop()
    with pytest.raises(ReviewError, match="no decision"):
        undo(fresh(variant), actor="mira", may_publish=True)


def test_a_rejection_undone_is_published_again_and_told(
    variant: StyleVariant, django_capture_on_commit_callbacks: Any
) -> None:
    review.approve([variant], actor="mira")
    review.publish([variant], actor="mira")
    before = state(variant)
    review.reject([fresh(variant)], actor="mira", reason="too red")
    heard: list[int] = []

    def hear(sender: Any, variant: StyleVariant, **_: Any) -> None:
        heard.append(variant.pk)

    variant_published.connect(hear)
    with django_capture_on_commit_callbacks(execute=True):
        done = undo(fresh(variant), actor="mira", may_publish=True)
    variant_published.disconnect(hear)
    assert (done.verb, done.left, heard) == ("rejected", "", [variant.pk])
    assert state(variant) == before and fresh(variant).is_published
    entry = AuditEntry.objects.latest("pk")
    assert (entry.verb, entry.actor, entry.detail["verb"]) == ("undone", "mira", "rejected")


def test_who_may_not_publish_brings_the_approval_back_alone(variant: StyleVariant) -> None:
    review.approve([variant], actor="mira")
    review.publish([variant], actor="omar")
    review.reject([fresh(variant)], actor="mira")
    done = undo(fresh(variant), actor="mira", may_publish=False)
    assert "somebody who may publish" in done.left
    assert state(variant)["review"] == Review.APPROVED and state(variant)["published_at"] is None
    assert AuditEntry.objects.latest("pk").detail["left"] == done.left


def test_it_does_not_oust_what_took_its_place(
    variant: StyleVariant, publish_variant: Any, make_style: Any
) -> None:
    review.approve([variant], actor="mira")
    review.publish([variant], actor="mira")
    review.reject([fresh(variant)], actor="mira")
    row = variant.host_object()
    newer = publish_variant(row, variant.style, recipe_digest="b" * 64)
    done = undo(fresh(variant), actor="mira", may_publish=True)
    assert "another variant" in done.left and not fresh(variant).is_published
    assert fresh(newer).is_published


def test_only_the_last_step_of_the_same_person_is_undone(variant: StyleVariant) -> None:
    with pytest.raises(ReviewError, match="no decision"):
        undo(variant, actor="mira", may_publish=True)
    review.approve([variant], actor="omar")
    with pytest.raises(ReviewError, match="decided by omar"):
        undo(fresh(variant), actor="mira", may_publish=True)
    StyleVariant.objects.update(published_at=variant.created_at)
    with pytest.raises(ReviewError, match="withdraw it first"):
        undo(fresh(variant), actor="omar", may_publish=True)
    assert fresh(variant).is_published
    AuditEntry.objects.filter(verb="approved").update(detail={})
    with pytest.raises(ReviewError, match="before the trail"):
        undo(fresh(variant), actor="omar", may_publish=True)
