"""The pages where people look and decide: the board of all that waits, and a picture's studio."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, ngettext

from shop_style.admin.actions import may_generate
from shop_style.admin.board_filters import ORDERS, BoardFilters, narrowed, reviewed, tally
from shop_style.admin.decide import Outcome, decide, may_undo
from shop_style.admin.guide_pictures import addressed_picture
from shop_style.admin.hosts import row_link
from shop_style.admin.studio_form import RequestForm
from shop_style.admin.studio_links import AT, PICTURE, board_page, picture_studio, with_query
from shop_style.admin.studio_words import WORDS
from shop_style.admin.thumbnails import file_url
from shop_style.admin.tiles import tile_html, tile_of, tile_rows
from shop_style.admin.viewer import viewer_context
from shop_style.exceptions import ShopStyleError
from shop_style.generation.request import request_variants
from shop_style.models import ReviewBoard, Status, StyleVariant
from shop_style.models.variant import Review
from shop_style.sources import SourceImage

PER_PAGE = 200
TEMPLATES = "admin/shop_style/reviewboard"
_VIEW = ("shop_style.view_stylevariant", "shop_style.change_stylevariant")


@admin.register(ReviewBoard)
class ReviewBoardAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """No list and no forms of Django's: the board takes the list's place in the menu."""

    class Media:
        css = {"all": ["shop_style/admin.css", "shop_style/compare.css", "shop_style/studio.css"]}
        js = ["shop_style/compare.js", "shop_style/studio.js"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return any(request.user.has_perm(name) for name in _VIEW)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        """The board, a picture's studio, and what their script asks for."""

        def page(route: str, view: Any, name: str) -> URLPattern:
            checked = self.admin_site.admin_view(self._for_viewers(view))
            return path(route, checked, name=f"shop_style_reviewboard_{name}")

        return [
            page("", self.board, "changelist"),
            page("studio/", self.studio, "studio"),
            page("progress/", self.progress, "progress"),
            page("<int:pk>/viewer/", self.viewer, "viewer"),
            page("<int:pk>/decide/", self.decision, "decide"),
        ]

    def _for_viewers(self, view: Any) -> Any:
        def checked(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            if not self.has_view_permission(request):
                raise PermissionDenied
            response: HttpResponse = view(request, **kwargs)
            return response

        return checked

    def board(self, request: HttpRequest) -> HttpResponse:
        """A page of variants by the address's filters, one of them in the viewer."""
        form = BoardFilters(request.GET)
        chosen = form.chosen()
        found = narrowed(request, chosen)
        listed = reviewed(found, chosen.get("review", ""))
        ordered = tile_rows(listed).order_by(*ORDERS[chosen.get("order", "")])
        page = Paginator(ordered, PER_PAGE).get_page(request.GET.get("page"))
        rows = list(page.object_list)
        here = with_query(request.path, _kept(request, without=(AT, "last")))
        current = _current(request, rows)
        following = _following(rows, current)
        then = with_query(here, {AT: following.pk if following else ""})
        context = {
            "title": gettext("Review style variants"),
            "filters": form,
            "narrowed": any(chosen.get(name) for name in ("rows", "picture")),
            "counts": tally(found),
            "page": page,
            **_pages(page, with_query(request.path, _kept(request, without=(AT, "last", "page")))),
            **self._viewed(request, rows, current, here, then),
            **self._neighbours(rows, current, here),
        }
        return self._page(request, "board", context)

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
        current = _current(request, ready)
        context = {
            "title": gettext("Studio"),
            "subtitle": picture.name.rpartition("/")[2],
            "original_thumbnail": file_url(
                picture.source.file_of(picture.instance).storage, picture.name
            ),
            "host_link": row_link(self.admin_site, picture.instance),
            "request_form": form if may_generate(request) else None,
            **self._viewed(request, rows, current, here, here),
        }
        return self._page(request, "studio", context)

    def _request(
        self, request: HttpRequest, picture: SourceImage, form: RequestForm
    ) -> HttpResponse | None:
        """Ask for what the form says. None: show the page again with what is wrong in it."""
        if not may_generate(request):
            raise PermissionDenied
        if not form.is_valid():
            told = " ".join(str(text) for texts in form.errors.values() for text in texts)
            return _refusal(told) if _wants_json(request) else None
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
            if _wants_json(request):
                return _refusal(str(error))
            self.message_user(request, str(error), messages.ERROR)
            return None
        said = _asked(report.created + report.requeued)
        if not _wants_json(request):
            self.message_user(request, said, messages.SUCCESS)
            return HttpResponseRedirect(picture_studio(self.admin_site, picture))
        keys = [variant.pk for variant in report.variants]
        return JsonResponse({"ok": True, "said": said, "tiles": self._tiles(keys)})

    def viewer(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The viewer's content for one variant, which a page's script puts in."""
        context = viewer_context(self.admin_site, request, self._variant(pk))
        return TemplateResponse(request, f"{TEMPLATES}/viewer.html", context)

    def decision(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take a step, or take one back; answers a script in JSON, a form by going on."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        outcome = decide(request, self._variant(pk))
        if _wants_json(request):
            tile = self._tiles([pk]).get(pk, "")
            told = {"ok": outcome.ok, "said": outcome.said, "left": outcome.left, "tile": tile}
            return JsonResponse(told, status=200 if outcome.ok else 409)
        return self._go_on(request, outcome, pk)

    def _go_on(self, request: HttpRequest, outcome: Outcome, pk: int) -> HttpResponse:
        level = messages.SUCCESS if outcome.ok else messages.ERROR
        self.message_user(request, outcome.said, level)
        if outcome.left:
            self.message_user(request, outcome.left, messages.WARNING)
        then = request.POST.get("then", "")
        if not url_has_allowed_host_and_scheme(then, {request.get_host()}, request.is_secure()):
            then = board_page(self.admin_site, "changelist")
        undone = request.POST.get("step") == "undo"
        return HttpResponseRedirect(
            with_query(then, {"last": pk if outcome.ok and not undone else ""})
        )

    def progress(self, request: HttpRequest) -> HttpResponse:
        """How far variants are: the tile of each, and how many still wait. One query."""
        told = request.GET.get("ids", "").split(",")
        if len(told) > PER_PAGE or not all(key.isdecimal() for key in told):
            return HttpResponseBadRequest()
        rows = self._rows([int(key) for key in told])
        tiles = {row.pk: tile_html(self.admin_site, row) for row in rows}
        done = sum(row.status in (Status.READY, Status.FAILED) for row in rows)
        said = ngettext(
            "%(done)d of %(total)d is rendered.", "%(done)d of %(total)d are rendered.", done
        ) % {"done": done, "total": len(rows)}
        return JsonResponse({"tiles": tiles, "waiting": len(rows) - done, "said": said})

    def _viewed(
        self,
        request: HttpRequest,
        rows: Sequence[StyleVariant],
        current: StyleVariant | None,
        here: str,
        then: str,
    ) -> dict[str, Any]:
        """Tiles of a page, the viewer's content, and what the script has to know."""
        site = self.admin_site
        last = request.GET.get("last", "")
        context: dict[str, Any] = {
            "tiles": [
                tile_of(site, row, anchor=with_query(here, {AT: row.pk}) + "#ss-viewer")
                for row in rows
            ],
            "current": current,
            "progress_url": board_page(site, "progress"),
            "may_decide": may_undo(request),
            "words": WORDS,
            "undo_url": board_page(site, "decide", int(last)) if last.isdecimal() else "",
            "undo_then": with_query(here, {AT: last}),
        }
        if current is not None:
            whole = self._variant(current.pk)
            context |= viewer_context(site, request, whole, then=then)
        return context

    def _neighbours(
        self, rows: Sequence[StyleVariant], current: StyleVariant | None, here: str
    ) -> dict[str, str]:
        at = rows.index(current) if current else 0
        before = rows[at - 1] if at > 0 else None
        after = rows[at + 1] if at + 1 < len(rows) else None
        return {
            "before_link": with_query(here, {AT: before.pk}) + "#ss-viewer" if before else "",
            "after_link": with_query(here, {AT: after.pk}) + "#ss-viewer" if after else "",
        }

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        common = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "board_link": board_page(self.admin_site, "changelist"),
            "media": forms.Media() + self.media,
        }
        return TemplateResponse(request, f"{TEMPLATES}/{name}.html", {**common, **context})

    def _variant(self, pk: int) -> StyleVariant:
        row = StyleVariant.objects.select_related("style", "content_type").filter(pk=pk).first()
        if row is None:
            raise Http404
        return row

    def _rows(self, keys: Sequence[int]) -> list[StyleVariant]:
        return list(tile_rows(StyleVariant.objects.filter(pk__in=keys)))

    def _tiles(self, keys: Sequence[int]) -> dict[int, str]:
        return {row.pk: tile_html(self.admin_site, row) for row in self._rows(keys)}


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("accept", "").startswith("application/json")


def _refusal(said: str) -> JsonResponse:
    return JsonResponse({"ok": False, "said": said}, status=409)


def _asked(number: int) -> str:
    if not number:
        return gettext("It is there already; tick “Render anew” to have it made once more.")
    return ngettext("%d variant was asked for.", "%d variants were asked for.", number) % number


def _kept(request: HttpRequest, *, without: Sequence[str]) -> dict[str, str]:
    return {name: value for name, value in request.GET.items() if name not in without}


def _current(request: HttpRequest, rows: Sequence[StyleVariant]) -> StyleVariant | None:
    """The variant that the address names, else the first that nobody decided, else the first."""
    named = next((row for row in rows if str(row.pk) == request.GET.get(AT)), None)
    undecided = (row for row in rows if row.review == Review.UNREVIEWED)
    return named or next(undecided, None) or next(iter(rows), None)


def _following(rows: Sequence[StyleVariant], current: StyleVariant | None) -> StyleVariant | None:
    """Where to go on to after a decision: the next that nobody decided, round the end."""
    at = rows.index(current) if current else 0
    others = [*rows[at + 1 :], *rows[:at]]
    return next((row for row in others if row.review == Review.UNREVIEWED), None)


def _pages(page: Page[Any], base: str) -> dict[str, str]:
    links = {"previous_page": "", "next_page": ""}
    if page.has_previous():
        links["previous_page"] = with_query(base, {"page": page.previous_page_number()})
    if page.has_next():
        links["next_page"] = with_query(base, {"page": page.next_page_number()})
    return links
