"""Pages of an experiment beside its form: steps, confirmation, plan, report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from shop_style.admin import experiment_steps
from shop_style.admin.confirm import confirmation_page, is_confirmed
from shop_style.admin.experiment_confirm import end_view, step_question
from shop_style.admin.experiment_plan import plan_context
from shop_style.admin.experiment_steps import STEPS, Step, StepForm
from shop_style.admin.experiment_weights import weights_page
from shop_style.exceptions import ShopStyleError
from shop_style.experiments import lifecycle
from shop_style.experiments.reporting.page import report_context, report_page
from shop_style.experiments.reporting.values import ExperimentReport
from shop_style.experiments.reporting.verdict import verdicts
from shop_style.experiments.rollup import rollup
from shop_style.models import Experiment
from shop_style.words import in_words


class ExperimentViews(admin.ModelAdmin):  # type: ignore[type-arg]
    """An admin of experiments with these pages."""

    def get_urls(self) -> list[URLPattern]:
        """The usual pages, the report, the plan, and the address that steps post to."""
        own = [
            path(
                f"<path:object_id>/{address}/",
                self.admin_site.admin_view(view),
                name=f"shop_style_experiment_{name}",
            )
            for address, view, name in (
                ("step", self.step_view, "step"),
                ("report", self.report_view, "report"),
                ("report/download", self.download_view, "download"),
                ("plan", self.plan_view, "plan"),
                ("weights", self.weights_view, "weights"),
            )
        ]
        return [*own, *super().get_urls()]

    def step_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take the step that a button named, then show the experiment again."""
        step = STEPS.get(request.POST.get("step", ""))
        if request.method != "POST" or step is None:
            raise Http404
        experiment = self._viewed(request, object_id)
        if not experiment_steps.may_run(request):
            raise PermissionDenied
        form = StepForm(request.POST)
        # An empty `ship` reverts, a missing one is no decision.
        if step.name == "finish" and "ship" not in request.POST:
            raise Http404
        if form.is_valid() and not is_confirmed(request):
            if step.name == "finish":
                return self._confirm(request, experiment, form.cleaned_data)
            asked = step_question(
                step.name,
                experiment,
                form.cleaned_data,
                back=self._address("change", experiment),
            )
            if asked is not None:
                return confirmation_page(self, request, asked, subject=experiment)
        if not form.is_valid():
            lines = [str(text) for errors in form.errors.values() for text in errors]
            self.message_user(request, _on_lines(lines), messages.ERROR)
        else:
            self._take(request, step, experiment, form.cleaned_data)
        return HttpResponseRedirect(self._address("change", experiment))

    def _confirm(
        self, request: HttpRequest, experiment: Experiment, values: dict[str, Any]
    ) -> HttpResponse:
        """Say in numbers what an end changes, and ask once."""
        way = experiment_steps.way_to_end(experiment, values["ship"])
        if way is None or not experiment_steps.is_open(STEPS["finish"], experiment):
            text = gettext("That is not open to this experiment any more; look again.")
            self.message_user(request, text, messages.ERROR)
            return HttpResponseRedirect(self._address("change", experiment))
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Are you sure?"),
            "subtitle": experiment.name,
            "opts": self.opts,
            "media": self.media,
            "experiment": experiment,
            "way": way,
            "reason": values["reason"],
            "verdicts": verdicts(report_of(experiment)),
            "end": end_view(experiment, values["ship"]),
        }
        return TemplateResponse(request, "admin/shop_style/experiment/confirm.html", context)

    def _take(
        self,
        request: HttpRequest,
        step: Step,
        experiment: Experiment,
        values: dict[str, Any],
    ) -> None:
        try:
            text = step.take(experiment, request.user.get_username(), values)
        except ShopStyleError as error:
            self.message_user(request, _on_lines(in_words(error).splitlines()), messages.ERROR)
            return
        self.message_user(request, text, messages.SUCCESS)

    def report_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The report; a POST brings the totals up to date first."""
        experiment = self._viewed(request, object_id)
        if request.method == "POST":
            self.message_user(request, f"{rollup(products=True).summary()}.", messages.SUCCESS)
            return HttpResponseRedirect(self._address("report", experiment))
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            **report_context(report_of(experiment)),
            "title": experiment.name,
            "subtitle": gettext("Report"),
            "opts": self.opts,
            "media": self.media,
            "experiment": experiment,
        }
        return TemplateResponse(request, "admin/shop_style/experiment/report.html", context)

    def download_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The report as one file that opens anywhere."""
        experiment = self._viewed(request, object_id)
        name = f"{experiment.slug}.html"
        return HttpResponse(
            report_page(report_of(experiment)),
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    def plan_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """How long it would take; a POST takes a number of planned visitors over into the draft."""
        experiment = self._viewed(request, object_id)
        if request.method == "POST":
            return self._plan_for(request, experiment)
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            **plan_context(experiment, request.GET),
            "title": experiment.name,
            "subtitle": gettext("Plan"),
            "opts": self.opts,
            "media": self.media,
            "experiment": experiment,
            "may_change": self.has_change_permission(request, experiment),
        }
        return TemplateResponse(request, "admin/shop_style/experiment/plan.html", context)

    def weights_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Weights that follow the results."""
        return weights_page(self, request, self._viewed(request, object_id))

    def _plan_for(self, request: HttpRequest, experiment: Experiment) -> HttpResponse:
        if not self.has_change_permission(request, experiment):
            raise PermissionDenied
        try:
            number = lifecycle.plan_for(
                experiment,
                request.POST.get("visitors", ""),
                actor=request.user.get_username(),
            )
        except ShopStyleError as error:
            self.message_user(request, in_words(error), messages.ERROR)
            return HttpResponseRedirect(self._address("plan", experiment))
        text = gettext("It is planned for %(number)s visitors.") % {"number": f"{number:,}"}
        self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(self._address("change", experiment))

    def _viewed(self, request: HttpRequest, object_id: str) -> Experiment:
        experiment: Experiment | None = self.get_object(request, object_id)
        if experiment is None:
            raise Http404
        if not self.has_view_permission(request, experiment):
            raise PermissionDenied
        return experiment

    def _address(self, page: str, experiment: Experiment) -> str:
        name = f"{self.admin_site.name}:shop_style_experiment_{page}"
        return reverse(name, args=[experiment.pk])


def report_of(experiment: Experiment) -> ExperimentReport:
    """The report as of the last rollup."""
    # Loaded here: SciPy is needed for a report and nothing else.
    from shop_style.experiments.reporting.readout import build_report

    return build_report(experiment)


def _on_lines(lines: Sequence[str]) -> SafeString:
    return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in lines))
