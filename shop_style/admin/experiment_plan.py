"""The planner's page: what is asked of it, and the tables it answers with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shop_style.exceptions import ExperimentError
from shop_style.experiments.planner import Need, Plan, Reach, plan_experiment
from shop_style.experiments.traffic import LIKENESS, SEEN_PER_VISITOR, Traffic, stated_traffic
from shop_style.models import Experiment
from shop_style.words import in_words


class PlanForm(forms.Form):
    """What to plan for; without visitors and CTR by the shop's own numbers."""

    lift = forms.FloatField(
        label=gettext_lazy("Lift to show, in %"),
        min_value=0.1,
        max_value=1000,
        initial=10,
        help_text=gettext_lazy("The smallest one that would be worth shipping."),
    )
    visitors = forms.FloatField(label=gettext_lazy("Visitors a day"), min_value=1, required=False)
    ctr = forms.FloatField(
        label=gettext_lazy("CTR of the originals, in %"),
        min_value=0.001,
        max_value=99.9,
        required=False,
        help_text=gettext_lazy("Leave both empty to plan by what the shop’s experiments saw."),
    )
    seen = forms.FloatField(
        label=gettext_lazy("Pictures in view a visitor"),
        min_value=1,
        initial=SEEN_PER_VISITOR,
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        """Both of visitors and CTR, or neither."""
        values = super().clean() or {}
        if (values.get("visitors") is None) != (values.get("ctr") is None):
            raise forms.ValidationError(_("State visitors a day and the CTR, or neither."))
        return values

    def traffic(self) -> Traffic | None:
        """What was stated, if anything."""
        values = self.cleaned_data
        if values["visitors"] is None:
            return None
        seen = values["seen"] or SEEN_PER_VISITOR
        return stated_traffic(values["visitors"], values["ctr"] / 100, seen=seen, likeness=LIKENESS)


def plan_context(experiment: Experiment, data: Mapping[str, Any]) -> dict[str, Any]:
    """The form with its plan, or with the reason why there is none."""
    form = PlanForm(data if "lift" in data else {"lift": 10, "seen": SEEN_PER_VISITOR})
    context: dict[str, Any] = {"form": form, "plan": None, "problem": ""}
    if not form.is_valid():
        return context
    try:
        plan = plan_experiment(
            experiment, lift=form.cleaned_data["lift"] / 100, traffic=form.traffic()
        )
    except ExperimentError as error:
        context["problem"] = in_words(error)
        return context
    return {**context, **_shown(plan)}


def _shown(plan: Plan) -> dict[str, Any]:
    return {
        "plan": plan,
        "daily": f"{plan.daily:,.0f}",
        "ctr": f"{100 * plan.traffic.ctr:.2f} %",
        "needs": [_need(item, plan) for item in plan.needs],
        "reaches": [_reach(item) for item in plan.reaches],
    }


def _need(need: Need, plan: Plan) -> dict[str, Any]:
    return {
        "lift": f"{100 * need.lift:g} %",
        "number": need.visitors,
        "visitors": "–" if need.visitors is None else f"{need.visitors:,}",
        "days": "–" if need.days is None else f"{need.days:,}",
        "weeks": "–" if need.weeks is None else f"{need.weeks:,}",
        "is_wanted": need.lift == plan.wanted.lift,
    }


def _reach(reach: Reach) -> dict[str, str]:
    return {
        "weeks": str(reach.weeks),
        "visitors": f"{reach.visitors:,}",
        "lift": "–" if reach.lift is None else f"{100 * reach.lift:.1f} %",
    }
