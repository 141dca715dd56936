"""Jobs on a style from its page: the buttons that ask for them, and what the latest came to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shop_style.admin.actions import may_generate
from shop_style.admin.job import job_findings, job_state
from shop_style.admin.links import change_link
from shop_style.admin.thumbnails import file_url, picture
from shop_style.exceptions import ShopStyleError, StyleNotFittable
from shop_style.generation.artefact import check_can_be_fitted, reference_digests
from shop_style.generation.fitting import request_first_look, request_fit
from shop_style.generation.jobs import request_preview
from shop_style.generation.photographs import PREVIEW_PICTURES
from shop_style.models import Style, StyleJob
from shop_style.sources import latest_pictures
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
        help=_("A worker renders the saved style on your newest pictures."),
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
)


@dataclass(frozen=True, kw_only=True)
class JobView:
    """The latest job of a kind as the style's page shows it."""

    job: StyleJob
    link: str
    state: SafeString
    findings: SafeString
    sheet: SafeString


class StyleJobsMixin(_Admin):
    """For the admin of styles: a button and an address for each kind of job."""

    @admin.action(permissions=["generate"], description=_("Preview on my photos"))
    def preview_selected(self, request: HttpRequest, rows: QuerySet[Style]) -> None:
        """Ask for a preview sheet of each style."""
        for style in rows:
            self._ask(request, style, JOB_KINDS[0])

    def get_urls(self) -> list[URLPattern]:
        """The usual pages, and the addresses that the buttons post to."""
        own = [
            path(
                f"<path:object_id>/{item.slug}/",
                self.admin_site.admin_view(partial(self.job_view, item=item)),
                name=f"shop_style_style_{item.kind}",
            )
            for item in JOB_KINDS
        ]
        return [*own, *super().get_urls()]

    def job_view(self, request: HttpRequest, object_id: str, *, item: JobKind) -> HttpResponse:
        """Ask for a job, then show the style again."""
        style = self.get_object(request, object_id)
        if request.method != "POST" or style is None:
            raise Http404
        if not may_generate(request):
            raise PermissionDenied
        self._ask(request, style, item)
        name = f"{self.admin_site.name}:shop_style_style_change"
        return HttpResponseRedirect(reverse(name, args=[style.pk]))

    def _ask(self, request: HttpRequest, style: Style, item: JobKind) -> None:
        try:
            pictures = latest_pictures(PREVIEW_PICTURES)
            job = item.request(style, pictures, actor=request.user.get_username())
        except ShopStyleError as error:
            self.message_user(request, in_words(error), messages.ERROR)
            return
        text = str(item.asked) % style
        link = change_link(self.admin_site, StyleJob, job.pk)
        if link:
            text = format_html('{} <a href="{}">{}</a>', text, link, gettext("See it"))
        self.message_user(request, text, messages.SUCCESS)

    def jobs_context(self, request: HttpRequest, style: Style) -> dict[str, Any]:
        """What the style's page says of jobs, and offers."""
        can_be_fitted = _can_be_fitted(style)
        offered = [item for item in JOB_KINDS if can_be_fitted or not item.fits]
        name = f"{self.admin_site.name}:shop_style_style_"
        return {
            "job_buttons": [(item, reverse(name + item.kind, args=[style.pk])) for item in offered]
            if may_generate(request)
            else [],
            "jobs": self._latest(style),
            "fit_note": _fit_note(style) if can_be_fitted else "",
        }

    def _latest(self, style: Style) -> Sequence[JobView]:
        views = []
        for item in JOB_KINDS:
            job = style.jobs.filter(kind=item.kind).order_by("-pk").first()
            if job is None:
                continue
            url = file_url(job.result.storage, job.result.name)
            views.append(
                JobView(
                    job=job,
                    link=change_link(self.admin_site, StyleJob, job.pk),
                    state=job_state(job),
                    findings=job_findings(job),
                    sheet=picture(url, alt=str(job)) if url else SafeString(""),
                )
            )
        return views


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
