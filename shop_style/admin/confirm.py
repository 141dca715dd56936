"""The page that asks once: what will happen, in numbers, what is skipped, what can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model
from django.http import HttpRequest
from django.template.response import TemplateResponse

CONFIRMED: Final = "confirmed"
STYLESHEET: Final = "shop_style/admin.css"


@dataclass(frozen=True, kw_only=True)
class Table:
    """Numbers beside each other: the first column names what they are of."""

    heads: Sequence[str]
    rows: Sequence[Sequence[Any]]
    caption: str = ""


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """One question. lines: what will happen; skipped: what will not, and why; undo: the way back.

    fields: what the form posts again, beside `confirmed`. reason: label of a reason's field, empty
    for none; checks: boxes to tick, as name and label. back: where “no” leads. action: where the
    form posts to, empty for the same address. takes_away: something goes from shoppers or for good.
    """

    title: str
    lines: Sequence[str]
    button: str
    back: str
    skipped: Sequence[str] = ()
    table: Table | None = None
    undo: str = ""
    fields: Sequence[tuple[str, str]] = ()
    reason: str = ""
    reason_help: str = ""
    reason_value: str = ""
    checks: Sequence[tuple[str, str]] = ()
    action: str = ""
    is_possible: bool = True
    takes_away: bool = False


def is_confirmed(request: HttpRequest) -> bool:
    """Did this person say yes on the page that asks?"""
    return request.method == "POST" and CONFIRMED in request.POST


def confirmation_page(
    model_admin: admin.ModelAdmin[Any],
    request: HttpRequest,
    confirmation: Confirmation,
    *,
    subject: Model | None = None,
) -> TemplateResponse:
    """The page that asks. subject: the row it is about, for the way back."""
    request.current_app = model_admin.admin_site.name
    context = {
        **model_admin.admin_site.each_context(request),
        "title": confirmation.title,
        "opts": model_admin.opts,
        "media": model_admin.media + forms.Media(css={"all": [STYLESHEET]}),
        "confirmation": confirmation,
        "subject": subject,
    }
    return TemplateResponse(request, "admin/shop_style/confirm.html", context)


def selection_fields(request: HttpRequest) -> tuple[tuple[str, str], ...]:
    """What a list's action posted to choose its rows, to be posted again."""
    keys = request.POST.getlist(ACTION_CHECKBOX_NAME)
    across = request.POST.get("select_across") == "1"
    fields = [("action", request.POST.get("action", "")), ("index", "0")]
    # One key stands for the whole selection: thousands of fields would be refused.
    fields += [(ACTION_CHECKBOX_NAME, key) for key in (keys[:1] if across else keys)]
    if across:
        fields.append(("select_across", "1"))
    return tuple(fields)
