"""The overview: what waits, what failed, what is stored, what runs; the page and its JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db import router
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, ngettext

from shop_style.admin.actions import may_generate
from shop_style.admin.audit import ReadOnlyMixin
from shop_style.admin.confirm import Confirmation, confirmation_page, is_confirmed
from shop_style.admin.failures import advice_for
from shop_style.admin.links import list_link
from shop_style.admin.overview_queue import in_short, queue_parts, queue_view
from shop_style.admin.overview_sections import (
    experiment_lines,
    review_view,
    storage_view,
    style_lines,
)
from shop_style.experiments.snapshot import experiment_database
from shop_style.generation.counts import VariantCounts, summed
from shop_style.generation.health import failed_with
from shop_style.generation.requeue import requeue_failed
from shop_style.models import Experiment, Overview, Style, StyleVariant


def may_view(site: AdminSite, request: HttpRequest, model: type[Model]) -> bool:
    """May this person see the pages of a model? Nobody may where it has none."""
    if not site.is_registered(model):
        return False
    return site.get_model_admin(model).has_view_or_change_permission(request)


@admin.register(Overview)
class OverviewAdmin(ReadOnlyMixin, admin.ModelAdmin):  # type: ignore[type-arg]
    """One page in the place of a list. Who may see nothing of it is not shown the way to it."""

    class Media:
        css = {"all": ["shop_style/admin.css", "shop_style/overview.css"]}
        js = ["shop_style/overview.js"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return any(
            may_view(self.admin_site, request, model) for model in (StyleVariant, Experiment, Style)
        )

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        """The page, what it asks for while it is open, and the way to try failed ones again."""
        wrap = self.admin_site.admin_view
        return [
            path("", wrap(self.overview_view), name="shop_style_overview_changelist"),
            path("queue/", wrap(self.queue_data_view), name="shop_style_overview_queue"),
            path("retry/", wrap(self.retry_view), name="shop_style_overview_retry"),
        ]

    def overview_view(self, request: HttpRequest) -> HttpResponse:
        """The page, with the sections that this person may see."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Overview"),
            "opts": self.opts,
            "media": self.media,
            **self._sections(request),
        }
        return TemplateResponse(request, "admin/shop_style/overview/page.html", context)

    def _sections(self, request: HttpRequest) -> dict[str, Any]:
        site, home = self.admin_site, router.db_for_read(StyleVariant)
        sees_variants = may_view(site, request, StyleVariant)
        sees_styles = may_view(site, request, Style)
        found: dict[str, Any] = {}
        counts: Mapping[int, VariantCounts] = {}
        if sees_variants:
            found["queue"] = view = queue_view(site, request, home)
            counts = view.health.by_style
            found["in_short"] = in_short(view)
            found["queue_url"] = reverse(f"{site.name}:shop_style_overview_queue")
            found["retry_url"] = reverse(f"{site.name}:shop_style_overview_retry")
            found["review"] = review_view(site, summed(counts))
            found["storage"] = storage_view(home, anew="count" in request.GET)
        if may_view(site, request, Experiment):
            found["experiments"] = experiment_lines(site, experiment_database())
            found["experiments_url"] = list_link(site, Experiment)
            found["shows_experiments"] = True
        if sees_styles:
            found["styles"], found["more_styles"] = style_lines(site, home, counts)
            found["styles_url"] = list_link(site, Style)
            found["shows_styles"] = True
            found["shows_variants"] = sees_variants
        return found

    def queue_data_view(self, request: HttpRequest) -> HttpResponse:
        """The queue's pieces as HTML, and in one line."""
        if not may_view(self.admin_site, request, StyleVariant):
            raise PermissionDenied
        request.current_app = self.admin_site.name
        view = queue_view(self.admin_site, request, router.db_for_read(StyleVariant))
        body = {
            "parts": queue_parts(view, request),
            "said": in_short(view),
            "busy": bool(view.health.waiting or view.health.running),
        }
        response = JsonResponse(body)
        response["Cache-Control"] = "no-store"
        return response

    def retry_view(self, request: HttpRequest) -> HttpResponse:
        """Ask once whether those that failed with a code are to be tried again, then do it."""
        if not may_generate(request) or not may_view(self.admin_site, request, StyleVariant):
            raise PermissionDenied
        given = request.POST if request.method == "POST" else request.GET
        if "code" not in given:
            raise Http404
        code = given["code"]
        rows = failed_with(router.db_for_read(StyleVariant), code)
        back = reverse(f"{self.admin_site.name}:shop_style_overview_changelist")
        number = rows.count()
        if not number:
            text = gettext("None is failed with %(code)s any more; look at the queue again.")
            self.message_user(request, text % {"code": code}, messages.WARNING)
            return HttpResponseRedirect(back)
        if not is_confirmed(request):
            return confirmation_page(self, request, _retry(code, number, back))
        done = requeue_failed(rows, actor=request.user.get_username())
        text = ngettext("%d variant waits again.", "%d variants wait again.", done) % done
        self.message_user(request, text, messages.SUCCESS if done else messages.WARNING)
        return HttpResponseRedirect(back)


def _retry(code: str, number: int, back: str) -> Confirmation:
    advice = advice_for(code)
    ask = ngettext(
        "%d variant that failed is put into the queue again, with its tries given back.",
        "%d variants that failed are put into the queue again, with their tries given back.",
        number,
    )
    notes = [gettext("What failed: %(name)s (%(code)s).") % {"name": advice.name, "code": code}]
    if not advice.helps:
        notes.append(
            gettext("They will fail again unless this was done first: %(step)s")
            % {"step": advice.next_step}
        )
    yes = ngettext("Yes, try %d again", "Yes, try %d again", number) % number
    return Confirmation(
        title=gettext("Try again?"),
        lines=(ask % number, *notes),
        undo=gettext("Nothing that shoppers see changes; what is rendered waits for review."),
        button=yes,
        fields=(("code", code),),
        back=back,
    )
