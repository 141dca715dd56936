"""Review steps of the variant pages: who may take which, and what is said of it afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, ngettext_lazy

from shop_style.admin.confirm import confirmation_page, is_confirmed
from shop_style.admin.review_confirm import asks_first, question
from shop_style.generation import review
from shop_style.generation.review import ReviewReport
from shop_style.generation.review_plan import plan_step
from shop_style.models import Status, StyleVariant
from shop_style.models.variant import Review
from shop_style.words import in_words

REFUSALS_SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing a reviewer can do. permission: codename without the model's name."""

    name: str
    label: Any
    permission: str
    take: Callable[..., ReviewReport]
    done: Any


STEPS = {
    step.name: step
    for step in (
        Step(
            name="approve",
            label=_("Approve"),
            permission="approve",
            take=review.approve,
            done=ngettext_lazy("%d variant was approved.", "%d variants were approved."),
        ),
        Step(
            name="reject",
            label=_("Reject"),
            permission="approve",
            take=review.reject,
            done=ngettext_lazy("%d variant was rejected.", "%d variants were rejected."),
        ),
        Step(
            name="publish",
            label=_("Publish"),
            permission="publish",
            take=review.publish,
            done=ngettext_lazy("%d variant was published.", "%d variants were published."),
        ),
        Step(
            name="withdraw",
            label=_("Withdraw"),
            permission="publish",
            take=review.withdraw,
            done=ngettext_lazy("%d variant was withdrawn.", "%d variants were withdrawn."),
        ),
    )
}


class ReviewActionForm(ActionForm):
    """The list's action form, with the reason that overruling a gate needs."""

    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"size": 24, "placeholder": _("kept in the audit trail")}),
    )


def steps_open_to(request: HttpRequest, variant: StyleVariant) -> list[Step]:
    """The steps this person may take and this variant can take now."""
    if variant.status != Status.READY or variant.retired_at:
        return []
    possible = {
        "approve": variant.review != Review.APPROVED,
        "reject": variant.review != Review.REJECTED,
        "publish": variant.review == Review.APPROVED and not variant.published_at,
        "withdraw": bool(variant.published_at),
    }
    return [step for step in STEPS.values() if possible[step.name] and may_take(step, request)]


def may_take(step: Step, request: HttpRequest) -> bool:
    """Has this person the step's permission?"""
    return request.user.has_perm(f"shop_style.{step.permission}_stylevariant")


def take(
    model_admin: admin.ModelAdmin[StyleVariant],
    request: HttpRequest,
    step: Step,
    variants: Iterable[StyleVariant],
    *,
    back: str,
    fields: Sequence[tuple[str, str]],
    subject: StyleVariant | None = None,
) -> HttpResponse | None:
    """Take a step for these variants and tell what came of it, or ask first.

    back: where “no” leads; fields: what a “yes” posts again; subject: of one variant's page.
    Returns the page that asks, where the step takes something from shoppers and nobody said yes.
    """
    rows = list(variants)
    reason = request.POST.get("reason", "").strip()
    if not is_confirmed(request):
        plan = plan_step(step.name, rows, reason=reason)
        if plan.ready and asks_first(plan):
            asked = question(plan, back=back, fields=fields, reason=reason)
            return confirmation_page(model_admin, request, asked, subject=subject)
    report = step.take(rows, actor=request.user.get_username(), reason=reason)
    if report.done:
        text = step.done % report.done
        model_admin.message_user(request, text, messages.SUCCESS)
    tell_refusals(model_admin, request, report)
    return None


def tell_refusals(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, report: ReviewReport
) -> None:
    """Say which could not take the step and why, and of many how many more."""
    for _variant, error in report.refused[:REFUSALS_SHOWN]:
        model_admin.message_user(request, in_words(error), messages.ERROR)
    more = len(report.refused) - REFUSALS_SHOWN
    if more > 0:
        model_admin.message_user(request, more_refused(more), messages.ERROR)


def more_refused(number: int) -> str:
    """Of refusals that are not listed, how many, and how to see them."""
    text = ngettext(
        "%d more was refused; choose fewer rows to read why.",
        "%d more were refused; choose fewer rows to read why each was.",
        number,
    )
    return text % number
