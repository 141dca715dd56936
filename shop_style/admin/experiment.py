"""Experiments: drafts are edited, the rest is run by steps and read as a report."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet, TextField
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shop_style.admin import experiment_steps
from shop_style.admin.experiment_baseline import baseline_context
from shop_style.admin.experiment_form import ArmInline, ExperimentForm, is_draft
from shop_style.admin.experiment_list import ExperimentChangeList, visitors_so_far
from shop_style.admin.experiment_steps import STEPS
from shop_style.admin.experiment_views import ExperimentViews, report_of
from shop_style.experiments.reporting.page import STYLESHEET
from shop_style.experiments.reporting.verdict import verdicts
from shop_style.models import AuditEntry, Experiment


@admin.register(Experiment)
class ExperimentAdmin(ExperimentViews):
    form = ExperimentForm
    inlines = (ArmInline,)
    list_display = (
        "name",
        "slug",
        "state_badge",
        "placement",
        "looks",
        "visitors",
        "started",
        "report",
    )
    list_filter = ("state", "placement")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = (
        "primary_metric",
        "state",
        "paused_because",
        "outcome",
        "shipped_arm",
        "started_at",
        "ended_at",
    )
    formfield_overrides = {TextField: {"widget": AdminTextareaWidget(attrs={"rows": 3})}}
    change_form_template = "admin/shop_style/experiment/change_form.html"
    fieldsets = (
        (None, {"fields": ("name", "slug", "hypothesis", "placement")}),
        (
            _("Visitors"),
            {
                "fields": (
                    *("planned_visitors", "ends_at", "coverage", "unit", "primary_metric"),
                    ("baseline_days", "analysis"),
                )
            },
        ),
        (
            _("Layer"),
            {
                "fields": ("layer", ("layer_from", "layer_to")),
                "description": _("For experiments that run beside each other."),
            },
        ),
    )

    class Media:
        css = {"all": ["shop_style/admin.css", STYLESHEET]}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ExperimentChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Experiment]:
        return super().get_queryset(request).prefetch_related("arms__style")

    def get_fieldsets(self, request: HttpRequest, obj: Experiment | None = None) -> Any:
        """With its course, once it has begun."""
        fieldsets = super().get_fieldsets(request, obj)
        if is_draft(obj):
            return fieldsets
        course = {"fields": ("state", "outcome", "shipped_arm", "started_at", "ended_at")}
        return [*fieldsets, (_("Course"), course)]

    def has_change_permission(self, request: HttpRequest, obj: Experiment | None = None) -> bool:
        return is_draft(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Experiment | None = None) -> bool:
        return is_draft(obj) and super().has_delete_permission(request, obj)

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, experiment: Experiment) -> SafeString:
        """A badge; what is finished shows how."""
        badge = format_html(
            '<span class="ss-badge ss-{}">{}</span>',
            experiment.state,
            experiment.get_state_display(),
        )
        more = str(experiment.get_outcome_display())
        if experiment.paused_because:
            more = str(Experiment.Because(experiment.paused_because).label)
        return format_html("{} {}", badge, more) if more else badge

    @admin.display(description=_("arms"))
    def looks(self, experiment: Experiment) -> str:
        """What is compared."""
        arms = experiment.arms.all()
        names = (arm.style.name if arm.style else gettext("Originals") for arm in arms)
        return ", ".join(names) or "–"

    @admin.display(description=_("visitors"))
    def visitors(self, experiment: Any) -> str:
        """How many of the planned have come, as of the last rollup."""
        planned = experiment.planned_visitors
        return f"{experiment.visitors_so_far:,} / " + (f"{planned:,}" if planned else "–")

    @admin.display(description=_("started"), ordering="started_at")
    def started(self, experiment: Experiment) -> str:
        """The day it started."""
        return date_format(localtime(experiment.started_at)) if experiment.started_at else "–"

    @admin.display(description=_("report"))
    def report(self, experiment: Experiment) -> str:
        """The way to the report."""
        if is_draft(experiment):
            return "–"
        return format_html(
            '<a href="{}">{}</a>', self._address("report", experiment), gettext("Report")
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        experiment = context.get("original")
        if isinstance(experiment, Experiment):
            context.update(self._page(request, experiment))
        return super().render_change_form(request, context, *args, **kwargs)

    def _page(self, request: HttpRequest, experiment: Experiment) -> dict[str, Any]:
        steps = [step.name for step in STEPS.values() if experiment_steps.is_open(step, experiment)]
        trail = AuditEntry.objects.using(experiment._state.db).filter(
            target_model=experiment._meta.label_lower, target_id=str(experiment.pk)
        )
        return {
            "is_draft": is_draft(experiment),
            "steps": steps if experiment_steps.may_run(request) else [],
            "checklist": experiment_steps.start_checklist(experiment)
            if is_draft(experiment)
            else None,
            "ways": experiment_steps.ways_to_end(experiment) if not is_draft(experiment) else [],
            # Beside the buttons that end it: whoever presses one has read what is known.
            "verdicts": verdicts(report_of(experiment)) if experiment.is_live else [],
            "visitors": f"{visitors_so_far([experiment]).get(experiment.pk, 0):,}",
            "planned": f"{experiment.planned_visitors or 0:,}",
            "trail": trail,
            "previews": experiment_steps.previews(experiment),
            **baseline_context(experiment),
        }

    def save_model(
        self, request: HttpRequest, obj: Experiment, form: ModelForm[Experiment], change: bool
    ) -> None:
        # Between the form's first look and this, somebody may have started it.
        rows = Experiment.objects.using(obj._state.db).select_for_update()
        if change and not is_draft(rows.get(pk=obj.pk)):
            raise PermissionDenied
        super().save_model(request, obj, form, change)

    def save_related(
        self, request: HttpRequest, form: ModelForm[Experiment], formsets: Any, change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        AuditEntry.objects.record(
            "changed" if change else "added",
            form.instance,
            actor=request.user.get_username(),
            detail={"fields": form.changed_data},
        )

    def delete_model(self, request: HttpRequest, obj: Experiment) -> None:
        AuditEntry.objects.record("deleted", obj, actor=request.user.get_username())
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Experiment]) -> None:
        for experiment in queryset:
            AuditEntry.objects.record("deleted", experiment, actor=request.user.get_username())
        super().delete_queryset(request, queryset)
