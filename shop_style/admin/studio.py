"""A picture's studio: every live variant of it, and a form to ask for one more."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.translation import gettext, ngettext

from shop_style.admin.actions import may_generate
from shop_style.admin.guide_pictures import addressed_picture
from shop_style.admin.hosts import row_link
from shop_style.admin.studio_form import RequestForm
from shop_style.admin.studio_links import PICTURE, picture_studio
from shop_style.admin.thumbnails import file_url
from shop_style.admin.tiles import tile_rows
from shop_style.admin.walk import current_of
from shop_style.exceptions import ShopStyleError
from shop_style.generation.request import request_variants
from shop_style.models import Status, StyleVariant
from shop_style.sources import SourceImage
from shop_style.words import in_words


class StudioPage:
    """The view, to be mixed into the board's ModelAdmin."""

    admin_site: AdminSite
    message_user: Any
    viewed: Any
    page: Any
    tiles: Any

    def studio(self, request: HttpRequest) -> HttpResponse:
        """A picture with every live variant of it; a post asks for one more."""
        picture = addressed_picture(request.GET.get(PICTURE, ""))
        if picture is None:
            raise Http404
        form = RequestForm(request.POST or None, initial={"style": request.GET.get("style")})
        if request.method == "POST":
            answer = self._request(request, picture, form)
            if answer is not None:
                return answer
        found = StyleVariant.objects.for_objects([picture.instance]).live()
        variants = tile_rows(found.filter(field=picture.source.field))
        rows = list(variants.order_by("style__name", "-pk"))
        here = picture_studio(self.admin_site, picture)
        ready = [row for row in rows if row.status == Status.READY]
        current = current_of(request, ready)
        context = {
            "title": gettext("Studio"),
            "subtitle": picture.name.rpartition("/")[2],
            "original_thumbnail": file_url(
                picture.source.file_of(picture.instance).storage, picture.name
            ),
            "host_link": row_link(self.admin_site, picture.instance),
            "asks": "style" in request.GET,
            "request_form": form if may_generate(request) else None,
            **self.viewed(request, rows, current, here, here),
        }
        response: HttpResponse = self.page(request, "studio", context)
        return response

    def _request(
        self, request: HttpRequest, picture: SourceImage, form: RequestForm
    ) -> HttpResponse | None:
        """Ask for what the form says. None: show the page again with what is wrong in it."""
        if not may_generate(request):
            raise PermissionDenied
        if not form.is_valid():
            told = " ".join(str(text) for texts in form.errors.values() for text in texts)
            return refusal(told) if wants_json(request) else None
        try:
            report = request_variants(
                [picture],
                [form.cleaned_data["style"]],
                overrides=form.overrides,
                regenerate=form.cleaned_data["again"],
                actor=request.user.get_username(),
            )
            if report.refused:
                raise report.refused[0][1]
        except ShopStyleError as error:
            if wants_json(request):
                return refusal(in_words(error))
            self.message_user(request, in_words(error), messages.ERROR)
            return None
        said = asked(report.created + report.requeued)
        if not wants_json(request):
            self.message_user(request, said, messages.SUCCESS)
            return HttpResponseRedirect(picture_studio(self.admin_site, picture))
        keys = [variant.pk for variant in report.variants]
        return JsonResponse({"ok": True, "said": said, "tiles": self.tiles(keys)})


def wants_json(request: HttpRequest) -> bool:
    """Does a script ask, and not a form?"""
    return request.headers.get("accept", "").startswith("application/json")


def refusal(said: str) -> JsonResponse:
    """Why it was not done, for a script."""
    return JsonResponse({"ok": False, "said": said}, status=409)


def asked(number: int) -> str:
    """What came of a request, in words."""
    if not number:
        return gettext("It is there already; tick “Render anew” to have it made once more.")
    return ngettext("%d variant was asked for.", "%d variants were asked for.", number) % number
