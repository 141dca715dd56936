"""Jobs on a style from its page: the buttons that ask for them, and what the latest came to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from shop_style.admin.actions import may_generate
from shop_style.admin.job_views import JobView, latest_jobs
from shop_style.admin.links import change_link
from shop_style.admin.photo_choice import chosen_photos, page_number, photo_offers
from shop_style.exceptions import ShopStyleError, StyleNotFittable
from shop_style.generation.artefact import check_can_be_fitted, reference_digests
from shop_style.generation.fitting import request_first_look, request_fit
from shop_style.generation.jobs import cancel, request_preview
from shop_style.generation.strengths import request_strengths
from shop_style.models import Style, StyleJob
from shop_style.words import in_words

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Style]
else:
    _Admin = object


@dataclass(frozen=True, kw_only=True)
class JobKind:
    """One kind of job as the page offers it. fits: only for styles that can be fitted."""

    kind: str
    label: str | Promise
    help: str | Promise
    asked: str | Promise
    request: Callable[..., StyleJob]
    fits: bool = False

    @property
    def slug(self) -> str:
        """The last part of the address that its button posts to."""
        return self.kind.replace("_", "-")


JOB_KINDS: Final = (
    JobKind(
        kind=StyleJob.Kind.PREVIEW,
        label=_("Preview on my photos"),
        help=_("The saved style on the photos that are ticked below."),
        asked=_("A worker will make a preview of “%s”."),
        request=request_preview,
    ),
    JobKind(
        kind=StyleJob.Kind.FIRST_LOOK,
        label=_("First look"),
        help=_("Seconds: the nearest built-in style in the colours of the references."),
        asked=_("A worker will make a first look at “%s”."),
        request=request_first_look,
        fits=True,
    ),
    JobKind(
        kind=StyleJob.Kind.FIT,
        label=_("Fit this style"),
        help=_("Minutes: a worker learns the look of the references."),
        asked=_("A worker will fit “%s” on its references; that takes some minutes."),
        request=request_fit,
        fits=True,
    ),
    JobKind(
        kind=StyleJob.Kind.STRENGTHS,
        label=_("Strengths and regions"),
        help=_("The first ticked photo at four strengths, on product, background and whole."),
        asked=_("A worker will show “%s” at four strengths in each region."),
        request=request_strengths,
    ),
)


class StyleJobsMixin(_Admin):
    """For the admin of styles: a button and an address for each kind of job."""

    @admin.action(permissions=["generate"], description=_("Preview on my photos"))
    def preview_selected(self, request: HttpRequest, rows: QuerySet[Style]) -> None:
        """Ask for a preview sheet of each style."""
        for style in rows:
            self._ask(request, style, JOB_KINDS[0])

    def get_urls(self) -> list[URLPattern]:
        """The usual pages, and the addresses that the buttons post to and the script asks."""
        own = [
            path(
                f"<path:object_id>/{item.slug}/",
                self.admin_site.admin_view(partial(self.job_view, item=item)),
                name=f"shop_style_style_{item.kind}",
            )
            for item in JOB_KINDS
        ]
        own += [
            path(
                "<path:object_id>/jobs/",
                self.admin_site.admin_view(self.jobs_view),
                name="shop_style_style_jobs",
            ),
            path(
                "<path:object_id>/jobs/<int:job>/stop/",
                self.admin_site.admin_view(self.stop_view),
                name="shop_style_style_stop",
            ),
        ]
        return [*own, *super().get_urls()]

    def job_view(self, request: HttpRequest, object_id: str, *, item: JobKind) -> HttpResponse:
        """Ask for a job, then show the style again, or tell a script what came of it."""
        style = self._posted_to(request, object_id)
        return self._answer(request, style, *self._asked(request, style, item))

    def stop_view(self, request: HttpRequest, object_id: str, job: int) -> HttpResponse:
        """Stop a job that waits or runs."""
        style = self._posted_to(request, object_id)
        row = style.jobs.filter(pk=job).first()
        if row is None:
            raise Http404
        stopped = cancel(row, actor=request.user.get_username())
        text = gettext("It is stopped.") if stopped else gettext("It had ended already.")
        return self._answer(request, style, stopped, text)

    def jobs_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """What the jobs have come to, for the script that shows progress."""
        style = self.get_object(request, object_id)
        if style is None:
            raise Http404
        if not self.has_view_permission(request, style):
            raise PermissionDenied
        return JsonResponse({"jobs": self._told(request, style)})

    def _posted_to(self, request: HttpRequest, object_id: str) -> Style:
        style = self.get_object(request, object_id)
        if request.method != "POST" or style is None:
            raise Http404
        if not may_generate(request):
            raise PermissionDenied
        return style

    def _answer(self, request: HttpRequest, style: Style, done: bool, text: str) -> HttpResponse:
        if "application/json" in request.headers.get("Accept", ""):
            told = self._told(request, style)
            return JsonResponse({"done": done, "text": text, "jobs": told})
        self.message_user(request, text, messages.SUCCESS if done else messages.ERROR)
        name = f"{self.admin_site.name}:shop_style_style_change"
        return HttpResponseRedirect(reverse(name, args=[style.pk]))

    def _ask(self, request: HttpRequest, style: Style, item: JobKind) -> None:
        done, text = self._asked(request, style, item)
        self.message_user(request, text, messages.SUCCESS if done else messages.ERROR)

    def _asked(self, request: HttpRequest, style: Style, item: JobKind) -> tuple[bool, str]:
        try:
            job = item.request(style, chosen_photos(request), actor=request.user.get_username())
        except ShopStyleError as error:
            return False, in_words(error)
        text = str(item.asked) % style
        link = change_link(self.admin_site, StyleJob, job.pk)
        if link:
            text = format_html(
                '{} <a href="{}">{}</a>', text, link, pgettext("a job on a style", "See it")
            )
        return True, text

    def _told(self, request: HttpRequest, style: Style) -> list[dict[str, Any]]:
        """Each job as the script takes it: html where it has to be shown anew."""
        return [
            {
                "kind": view.job.kind,
                "key": view.key,
                "active": view.active,
                "percent": view.percent,
                "said": view.said,
                "html": render_to_string(
                    "admin/shop_style/style/job.html",
                    {"item": view, "style": style, **self._may(request, style)},
                    request=request,
                ),
            }
            for view in latest_jobs(self.admin_site, style)
        ]

    def _may(self, request: HttpRequest, style: Style) -> dict[str, Any]:
        return {
            "may_generate": may_generate(request),
            "may_change": self.has_change_permission(request, style),
        }

    def jobs_context(self, request: HttpRequest, style: Style) -> dict[str, Any]:
        """What the style's page says of jobs, and offers."""
        can_be_fitted = _can_be_fitted(style)
        offered = [item for item in JOB_KINDS if can_be_fitted or not item.fits]
        name = f"{self.admin_site.name}:shop_style_style_"
        jobs: list[JobView] = latest_jobs(self.admin_site, style)
        return {
            "job_buttons": [(item, reverse(name + item.kind, args=[style.pk])) for item in offered]
            if may_generate(request)
            else [],
            "jobs": jobs,
            "jobs_address": reverse(f"{name}jobs", args=[style.pk]),
            "photos": photo_offers(page_number(request)) if may_generate(request) else None,
            "fit_note": _fit_note(style) if can_be_fitted else "",
            **self._may(request, style),
        }


def _can_be_fitted(style: Style) -> bool:
    try:
        check_can_be_fitted(style)
    except StyleNotFittable:
        return False
    return True


def _fit_note(style: Style) -> str:
    """What a merchandiser should know of the fitted parameters before asking for variants."""
    if not style.has_own_artefact:
        return gettext(
            "This style is not fitted yet. A first look takes seconds, a fit some minutes; "
            "variants need one of them."
        )
    job = style.jobs.filter(artefact=style.artefact.name).order_by("-pk").first()
    if job is None:
        return ""
    if job.payload["references"] != reference_digests(style):
        return gettext("Its references were changed after it was fitted: fit it again.")
    if job.kind == StyleJob.Kind.FIRST_LOOK:
        return gettext("Variants get its first look until it is fitted.")
    return ""
