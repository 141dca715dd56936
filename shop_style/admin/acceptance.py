"""What the shop's approvals taught, to be read: each fit with its report and reliability plot."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from shop_style.admin.audit import ReadOnlyMixin
from shop_style.admin.reliability import reliability_plot
from shop_style.generation.acceptance_text import per_cent, sentences
from shop_style.models import AcceptanceModel, StyleVariant


def chance_in_words(variant: StyleVariant) -> str:
    """The chance of approval as people read it, a dash where nothing is known."""
    return "–" if variant.acceptance is None else per_cent(variant.acceptance)


@admin.register(AcceptanceModel)
class AcceptanceModelAdmin(ReadOnlyMixin, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("fitted_at", "by", "approved", "rejected", "ranking", "use")
    fields = ("fitted_at", "by", "approved", "rejected")
    change_form_template = "admin/shop_style/acceptancemodel/change_form.html"
    actions = None

    class Media:
        css = {"all": ["shop_style/admin.css"]}

    @admin.display(description=_("fitted by"), ordering="fitted_by")
    def by(self, model: AcceptanceModel) -> str:
        """Who asked for it."""
        return model.fitted_by or "fit_acceptance"

    @admin.display(description=_("pairs ranked as people did"))
    def ranking(self, model: AcceptanceModel) -> str:
        """AUC with its interval."""
        auc = model.report["auc"]
        low, high = per_cent(auc["low"]), per_cent(auc["high"])
        return f"{per_cent(auc['estimate'])} ({low} – {high})"

    @admin.display(description=_("worth"))
    def use(self, model: AcceptanceModel) -> SafeString:
        """Does it know more than the base rate?"""
        if model.report["is_better_than_base_rate"]:
            return format_html(
                '<span class="ss-badge ss-passed">{}</span>', _now("better than the base rate")
            )
        return format_html(
            '<span class="ss-badge ss-not-passed">{}</span>', _now("no better than the base rate")
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        model: AcceptanceModel | None = kwargs.get("obj") or context.get("original")
        if model is not None:
            newest = AcceptanceModel.objects.order_by("-pk").values_list("pk", flat=True).first()
            bins = model.report["bins"]
            context.update(
                subtitle=None,
                sentences=list(sentences(model.report)),
                plot=reliability_plot(bins),
                rows=[
                    {
                        **{key: per_cent(item[key]) for key in ("predicted", "observed")},
                        "interval": f"{per_cent(item['low'])} – {per_cent(item['high'])}",
                        "count": item["count"],
                    }
                    for item in bins
                ],
                is_newest=model.pk == newest,
                useful=model.report["is_better_than_base_rate"],
            )
        return super().render_change_form(request, context, *args, **kwargs)
