"""One variant in the viewer: over its original, with its verdict, scores and the steps to take."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest

from shop_style.admin import review
from shop_style.admin.acceptance import chance_in_words
from shop_style.admin.actions import may_generate
from shop_style.admin.advice import strength_sentence
from shop_style.admin.evidence import evidence_of
from shop_style.admin.guide_pictures import variant_guide_address
from shop_style.admin.hosts import host_links
from shop_style.admin.links import change_link
from shop_style.admin.scores import limits_moved, score_rows
from shop_style.admin.studio_links import board_page, variant_studio, with_query
from shop_style.admin.thumbnails import compared_original_url, variant_url
from shop_style.admin.tiles import product_name, recipe_in_words, score_in_words
from shop_style.models import Style, StyleVariant
from shop_style.models.variant import Review


def seen_mark(variant: StyleVariant) -> str:
    """What a person saw when deciding: a row that reads otherwise by now has to be looked at."""
    return f"{variant.review}|{variant.image.name}"


def viewer_context(
    site: AdminSite, request: HttpRequest, variant: StyleVariant, *, then: str = ""
) -> dict[str, Any]:
    """What `viewer.html` needs. then: where a form without a script goes on to."""
    card = variant.scorecard or {}
    studio = variant_studio(site, variant, at=True)
    scores = score_rows(variant)
    return {
        "original": variant,
        "name": product_name(variant),
        "variant_url": variant_url(variant, largest=True),
        "original_url": compared_original_url(variant),
        "evidence": dataclasses.replace(evidence_of(variant), chosen="none"),
        "steps": review.steps_open_to(request, variant),
        "may_undo": _is_own_decision(request, variant),
        "score": score_in_words(variant),
        "recipe": recipe_in_words(variant),
        "chance": chance_in_words(variant) if variant.acceptance is not None else "",
        "strength": strength_sentence(variant),
        "scores": scores,
        "limits_moved": limits_moved(variant, scores),
        "coverage": f"{100 * card.get('mask_coverage', 1):.0f}",
        "confidence": f"{card.get('mask_confidence', 1):.2f}",
        "seen": seen_mark(variant),
        "then": then,
        "decide_url": board_page(site, "decide", variant.pk),
        "page_link": change_link(site, StyleVariant, variant.pk),
        "studio_link": studio,
        "otherwise_link": _otherwise(studio, variant) if may_generate(request) else "",
        "host_link": host_links(site, [variant]).get(variant.pk, ""),
        "style_link": change_link(site, Style, variant.style_id),
        "guide_link": variant_guide_address(site, variant, request),
    }


def _otherwise(studio: str, variant: StyleVariant) -> str:
    """The studio with the form that asks for this style with another strength or region."""
    return with_query(studio, {"style": variant.style_id}) + "#ss-ask" if studio else ""


def _is_own_decision(request: HttpRequest, variant: StyleVariant) -> bool:
    """Is what was decided this person's, and may it still be taken back by them?"""
    return (
        variant.review != Review.UNREVIEWED
        and variant.retired_at is None
        and variant.reviewed_by == request.user.get_username()
        and review.may_take(review.STEPS["approve"], request)
    )
