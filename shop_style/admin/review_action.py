"""The host's action that opens the review board for the rows that were ticked."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shop_style.admin.board_filters import MOST_ROWS, ROWS, selection
from shop_style.admin.studio_links import board_address

PERMISSION = "shop_style.view_stylevariant"


def may_review(site: admin.AdminSite, request: HttpRequest) -> bool:
    """Has this site a board, and may this person look at it?"""
    return bool(board_address(site)) and request.user.has_perm(PERMISSION)


@admin.action(description=_("Review style variants"))
def review_style_variants(
    modeladmin: admin.ModelAdmin[Any], request: HttpRequest, queryset: QuerySet[Any]
) -> HttpResponse | None:
    """Go to the board of the selected rows' variants; those decided already are there as well."""
    if not may_review(modeladmin.admin_site, request):
        raise PermissionDenied
    rows = list(queryset[: MOST_ROWS + 1])
    if len(rows) > MOST_ROWS:
        text = gettext("A board takes %d rows at most; select fewer, or use its filters.")
        modeladmin.message_user(request, text % MOST_ROWS, messages.WARNING)
        return None
    query = {ROWS: selection(request, rows), "review": "all"}
    return HttpResponseRedirect(board_address(modeladmin.admin_site, **query))
