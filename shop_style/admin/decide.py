"""A decision that a board or a viewer posts: taken, refused or taken back, and said in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shop_style.admin import review
from shop_style.admin.confirm import Confirmation, is_confirmed
from shop_style.admin.review_confirm import asks_first, question
from shop_style.admin.viewer import seen_mark
from shop_style.exceptions import ReviewError
from shop_style.generation.review_plan import plan_step
from shop_style.generation.undo import undo
from shop_style.models import StyleVariant
from shop_style.words import in_words

UNDO = "undo"
_TAKEN_BACK = {
    "approved": _("The approval was undone."),
    "rejected": _("The rejection was undone."),
}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """ok: was it done? said: that, or why not. left: what could not be undone; may be empty."""

    ok: bool
    said: str
    left: str = ""


def decide(request: HttpRequest, variant: StyleVariant) -> Outcome:
    """Take the step that was posted for a variant, or undo this person's last one.

    Raises Http404 for a step that there is not, PermissionDenied where it is not theirs to take.
    """
    name = request.POST.get("step", "")
    if name == UNDO:
        if not may_undo(request):
            raise PermissionDenied
        return _taken_back(request, variant)
    step = review.STEPS.get(name)
    if step is None:
        raise Http404
    if not review.may_take(step, request):
        raise PermissionDenied
    seen = request.POST.get("seen")
    if seen is not None and seen != seen_mark(variant):
        return Outcome(ok=False, said=_changed(variant))
    report = step.take(
        [variant],
        actor=request.user.get_username(),
        reason=request.POST.get("reason", "").strip(),
    )
    if report.refused:
        return Outcome(ok=False, said=in_words(report.refused[0][1]))
    return Outcome(ok=True, said=_done(step.done))


def to_ask(request: HttpRequest, variant: StyleVariant, *, back: str) -> Confirmation | None:
    """The question of a step that takes something from shoppers, or for good; None where it was
    answered with yes, or the step asks nothing or is not theirs to take. back: where “no” leads."""
    step = review.STEPS.get(request.POST.get("step", ""))
    seen = request.POST.get("seen", seen_mark(variant))
    if step is None or is_confirmed(request) or seen != seen_mark(variant):
        return None
    reason = request.POST.get("reason", "").strip()
    plan = plan_step(step.name, [variant], reason=reason)
    if not (plan.ready and asks_first(plan) and review.may_take(step, request)):
        return None
    fields = (("step", step.name), ("seen", seen), ("then", request.POST.get("then", "")))
    return question(plan, back=back, fields=fields, reason=reason)


def may_undo(request: HttpRequest) -> bool:
    """May this person take a decision back? Who may decide may."""
    return review.may_take(review.STEPS["approve"], request)


def _taken_back(request: HttpRequest, variant: StyleVariant) -> Outcome:
    may_publish = review.may_take(review.STEPS["publish"], request)
    try:
        undone = undo(variant, actor=request.user.get_username(), may_publish=may_publish)
    except ReviewError as error:
        return Outcome(ok=False, said=in_words(error))
    return Outcome(ok=True, said=str(_TAKEN_BACK[undone.verb]), left=in_words(undone.left))


def _changed(variant: StyleVariant) -> str:
    if not variant.reviewed_by:
        return gettext("It changed since you looked at it; look again.")
    text = gettext("%(who)s made it “%(review)s” since you looked at it; look again.")
    return text % {"who": variant.reviewed_by, "review": variant.get_review_display()}


def _done(sentence: Any) -> str:
    said: str = sentence % 1
    return said
