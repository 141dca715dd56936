"""Weights that follow the results on a page of their own: what they would be, and a button."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from shop_style.admin.experiment_steps import may_run
from shop_style.exceptions import ExperimentError
from shop_style.experiments.allocation import FLOOR, Reallocation, reallocate
from shop_style.models import Experiment
from shop_style.words import in_words


def weights_page(
    page: ModelAdmin[Experiment], request: HttpRequest, experiment: Experiment
) -> HttpResponse:
    """Old and new weights by arm; a POST begins the phase with the new ones.

    Only with what was looked at: where totals have moved on since, it is shown anew.
    """
    if request.method == "POST":
        return _changed(page, request, experiment)
    found, problem = _looked_at(experiment)
    request.current_app = page.admin_site.name
    context = {
        **page.admin_site.each_context(request),
        "title": experiment.name,
        "subtitle": _("Weights"),
        "opts": page.opts,
        "media": page.media,
        "experiment": experiment,
        "problem": problem,
        "found": found,
        "reasons": [in_words(reason) for reason in found.reasons] if found else [],
        "rows": _rows(experiment, found) if found else [],
        "as_of": _as_of(found) if found else "",
        "floor": f"{100 * FLOOR:g} %",
        "may_run": may_run(request),
    }
    return TemplateResponse(request, "admin/shop_style/experiment/weights.html", context)


def _changed(
    page: ModelAdmin[Experiment], request: HttpRequest, experiment: Experiment
) -> HttpResponse:
    if not may_run(request):
        raise PermissionDenied
    here = reverse(f"{page.admin_site.name}:shop_style_experiment_weights", args=[experiment.pk])
    before, problem = _looked_at(experiment)
    if before is not None and request.POST.get("as_of") != _as_of(before):
        text = _("New totals have come since you looked; these are the weights by them.")
        page.message_user(request, text, messages.WARNING)
        return HttpResponseRedirect(here)
    try:
        found = reallocate(experiment, actor=request.user.get_username())
    except ExperimentError as error:
        problem, found = in_words(error), None
    if found is None or found.phase is None:
        said = problem or _("; ").join(map(in_words, found.reasons if found else ()))
        page.message_user(request, said, messages.ERROR)
        return HttpResponseRedirect(here)
    text = _("Phase %(number)d has begun: new visitors follow its weights.")
    page.message_user(request, text % {"number": found.phase}, messages.SUCCESS)
    there = reverse(f"{page.admin_site.name}:shop_style_experiment_change", args=[experiment.pk])
    return HttpResponseRedirect(there)


def _looked_at(experiment: Experiment) -> tuple[Reallocation | None, str]:
    """What would change, or why nothing can."""
    try:
        return reallocate(experiment, actor="", dry_run=True), ""
    except ExperimentError as error:
        return None, in_words(error)


def _as_of(found: Reallocation) -> str:
    return found.rolled_up_at.isoformat() if found.rolled_up_at else ""


def _rows(experiment: Experiment, found: Reallocation) -> list[dict[str, Any]]:
    looks = {
        arm.slug: arm.style.name if arm.style else _("Originals")
        for arm in experiment.arms.select_related("style")
    }
    return [
        {
            "name": looks[arm.slug],
            "visitors": f"{arm.visitors:,}",
            "chance": _percent(arm.chance),
            "before": _percent(arm.before),
            "after": _percent(arm.after),
            "moved": "–" if arm.after is None else f"{100 * (arm.after - arm.before):+.1f}",
        }
        for arm in found.arms
    ]


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"
