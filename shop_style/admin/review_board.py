"""The pages where people look and decide: the board of all that waits, and a picture's studio."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
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

from shop_style.admin.board_filters import ORDERS, BoardFilters, narrowed, reviewed, tally
from shop_style.admin.confirm import confirmation_page
from shop_style.admin.decide import Outcome, decide, may_undo, to_ask
from shop_style.admin.studio import StudioPage, wants_json
from shop_style.admin.studio_links import AT, board_page, with_query
from shop_style.admin.studio_words import WORDS
from shop_style.admin.tiles import tile_html, tile_of, tile_rows
from shop_style.admin.viewer import viewer_context
from shop_style.admin.walk import VIEWER, current_of, following, kept_query, neighbours, page_links
from shop_style.models import ReviewBoard, Status, StyleVariant

PER_PAGE = 200
TEMPLATES = "admin/shop_style/reviewboard"
_LONGEST_KEY = 18
_VIEW = ("shop_style.view_stylevariant", "shop_style.change_stylevariant")


@admin.register(ReviewBoard)
class ReviewBoardAdmin(StudioPage, admin.ModelAdmin):  # type: ignore[type-arg]
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
            pattern: URLPattern = path(route, checked, name=f"shop_style_reviewboard_{name}")
            return pattern

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
        here = with_query(request.path, kept_query(request, without=(AT, "last")))
        current = current_of(request, rows)
        after = following(rows, current)
        then = with_query(here, {AT: after.pk if after else ""})
        context = {
            "title": gettext("Review style variants"),
            "filters": form,
            "narrowed": any(chosen.get(name) for name in ("rows", "picture")),
            "counts": tally(found),
            "page": page,
            **page_links(
                page, with_query(request.path, kept_query(request, without=(AT, "last", "page")))
            ),
            **self.viewed(request, rows, current, here, then),
            **neighbours(rows, current, here),
        }
        return self.page(request, "board", context)

    def viewer(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The viewer's content for one variant, which a page's script puts in."""
        context = viewer_context(self.admin_site, request, self._variant(pk))
        return TemplateResponse(request, f"{TEMPLATES}/viewer.html", context)

    def decision(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take a step, or take one back; answers a script in JSON, a form by going on.

        What takes something from shoppers, or for good, asks first.
        """
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        variant = self._variant(pk)
        asked = to_ask(request, variant, back=self._then(request))
        if asked is not None and not wants_json(request):
            return confirmation_page(self, request, asked, subject=variant)
        if asked is not None:
            said = " ".join(asked.lines)
            told = {"ok": False, "said": said, "asks": asked.button, "tile": self.tiles([pk])[pk]}
            return JsonResponse(told, status=409)
        outcome = decide(request, variant)
        if wants_json(request):
            tile = self.tiles([pk]).get(pk, "")
            told = {"ok": outcome.ok, "said": outcome.said, "left": outcome.left, "tile": tile}
            return JsonResponse(told, status=200 if outcome.ok else 409)
        return self._go_on(request, outcome, pk)

    def _go_on(self, request: HttpRequest, outcome: Outcome, pk: int) -> HttpResponse:
        level = messages.SUCCESS if outcome.ok else messages.ERROR
        self.message_user(request, outcome.said, level)
        if outcome.left:
            self.message_user(request, outcome.left, messages.WARNING)
        undone = request.POST.get("step") == "undo"
        last = {"last": pk if outcome.ok and not undone else ""}
        return HttpResponseRedirect(with_query(self._then(request), last))

    def _then(self, request: HttpRequest) -> str:
        """Where the posted form goes on to."""
        then = request.POST.get("then", "")
        if url_has_allowed_host_and_scheme(then, {request.get_host()}, request.is_secure()):
            return then
        return board_page(self.admin_site, "changelist")

    def progress(self, request: HttpRequest) -> HttpResponse:
        """How far variants are: the tile of each, and how many still wait. One query."""
        told = request.GET.get("ids", "").split(",")
        if len(told) > PER_PAGE or not all(_is_key(key) for key in told):
            return HttpResponseBadRequest()
        rows = self._rows([int(key) for key in told])
        tiles = {row.pk: tile_html(self.admin_site, row) for row in rows}
        done = sum(row.status in (Status.READY, Status.FAILED) for row in rows)
        said = ngettext(
            "%(done)d of %(total)d is rendered.", "%(done)d of %(total)d are rendered.", done
        ) % {"done": done, "total": len(rows)}
        return JsonResponse({"tiles": tiles, "waiting": len(rows) - done, "said": said})

    def viewed(
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
                tile_of(site, row, anchor=with_query(here, {AT: row.pk}) + VIEWER) for row in rows
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

    def page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        """One of the board's pages in the frame of the admin."""
        request.current_app = self.admin_site.name
        common = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "board_link": board_page(self.admin_site, "changelist"),
            "media": forms.Media(self.Media),
        }
        return TemplateResponse(request, f"{TEMPLATES}/{name}.html", {**common, **context})

    def _variant(self, pk: int) -> StyleVariant:
        found = StyleVariant.objects.select_related("style", "content_type").filter(pk=pk)
        row: StyleVariant | None = found.first()
        if row is None:
            raise Http404
        return row

    def _rows(self, keys: Sequence[int]) -> list[StyleVariant]:
        return list(tile_rows(StyleVariant.objects.filter(pk__in=keys)))

    def tiles(self, keys: Sequence[int]) -> dict[int, str]:
        """Tiles of these variants as HTML, by key. One query."""
        return {row.pk: tile_html(self.admin_site, row) for row in self._rows(keys)}


def _is_key(text: str) -> bool:
    """May it be a row's number? Databases refuse longer ones."""
    return text.isdecimal() and len(text) <= _LONGEST_KEY
