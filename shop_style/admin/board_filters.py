"""Which variants a review board shows, and in which order."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from django import forms
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import Count, F, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shop_style.admin.guide_pictures import addressed_picture
from shop_style.exceptions import ShopStyleError
from shop_style.models import Status, Style, StyleVariant
from shop_style.models.variant import Review
from shop_style.sources import pictures_of

VERDICTS = {"passed": True, "failed": False, "unscored": None}
ORDERS = {
    "": ("content_type", "object_id", "field", "style__name", "pk"),
    "worst": (F("passed").asc(nulls_last=True), F("ssim").asc(nulls_last=True), "pk"),
    "chance": (F("acceptance").asc(nulls_last=True), "pk"),
    "oldest": ("finished_at", "pk"),
}
ROWS = "rows"
MOST_ROWS = 2_000
_LONGEST = 2_000
"""Characters of a selection that an address takes; servers refuse lines of 4,096."""
_KEPT = "shop_style_selections"
_KEPT_MOST = 5


class BoardFilters(forms.Form):
    """The filters of a board as its address holds them. Wrong ones narrow nothing."""

    review = forms.ChoiceField(
        label=_("Review"),
        required=False,
        choices=[("", _("unreviewed only")), ("all", _("all")), *Review.choices[1:]],
    )
    verdict = forms.ChoiceField(
        label=_("Verdict"),
        required=False,
        choices=[
            ("", _("any")),
            ("passed", _("passed")),
            ("failed", _("failed")),
            ("unscored", _("not scored")),
        ],
    )
    style = forms.ModelChoiceField(
        label=_("Style"), required=False, queryset=Style.objects.none(), empty_label=_("any")
    )
    q = forms.CharField(
        label=_("Product"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"placeholder": _("file name"), "size": 14}),
    )
    order = forms.ChoiceField(
        label=_("Order"),
        required=False,
        choices=[
            ("", _("by product")),
            ("worst", _("worst score first")),
            ("chance", _("least likely first")),
            ("oldest", _("longest waiting first")),
        ],
    )
    rows = forms.CharField(required=False, widget=forms.HiddenInput)
    picture = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "ss-filter-%s", "label_suffix": "", **kwargs})
        self.fields["style"].queryset = Style.objects.home()  # type: ignore[attr-defined]

    def chosen(self) -> dict[str, Any]:
        """The filters that are right; the others are as if not set."""
        self.is_valid()
        return self.cleaned_data

    def in_words(self) -> str:
        """What is chosen, as its labels say; empty where nothing is."""
        told = [
            str(dict(getattr(field.field, "choices", ())).get(field.value(), field.value()))
            for field in self.visible_fields()
            if field.value() and field.name in self.cleaned_data and field.name != "style"
        ]
        style = self.cleaned_data.get("style")
        return ", ".join([*([str(style)] if style else []), *told])


def narrowed(request: HttpRequest, chosen: dict[str, Any]) -> QuerySet[StyleVariant]:
    """Ready variants by every filter but the review's."""
    found: QuerySet[StyleVariant] = StyleVariant.objects.filter(status=Status.READY).live()
    if chosen.get("verdict"):
        found = found.filter(passed=VERDICTS[chosen["verdict"]])
    if chosen.get("style"):
        found = found.filter(style=chosen["style"])
    if chosen.get("q"):
        found = found.filter(source_name__icontains=chosen["q"])
    if chosen.get("picture"):
        picture = addressed_picture(chosen["picture"])
        objects = [picture.instance] if picture else []
        found = found & StyleVariant.objects.for_objects(objects)
    if chosen.get("rows"):
        found = found & StyleVariant.objects.for_objects(_selected(request, chosen["rows"]))
    return found


def reviewed(variants: QuerySet[StyleVariant], choice: str) -> QuerySet[StyleVariant]:
    """Those of a board that its review filter lets through."""
    return variants if choice == "all" else variants.filter(review=choice or Review.UNREVIEWED)


def tally(variants: QuerySet[StyleVariant]) -> dict[str, int]:
    """How many there are, and how many are decided. One query."""
    decided = Count("pk", filter=~Q(review=Review.UNREVIEWED))
    return variants.order_by().aggregate(total=Count("pk"), decided=decided)


def selection(request: HttpRequest, rows: Sequence[Model]) -> str:
    """Host rows as an address names them. A long list is kept in the session, under its hash."""
    keys = ",".join(str(row.pk) for row in rows)
    told = f"{rows[0]._meta.label}:{keys}"
    if len(told) <= _LONGEST:
        return told
    name = f"#{hashlib.sha256(told.encode()).hexdigest()[:16]}"
    kept = {key: text for key, text in request.session.get(_KEPT, {}).items() if key != name}
    kept[name] = told
    request.session[_KEPT] = dict(list(kept.items())[-_KEPT_MOST:])
    return name


def _selected(request: HttpRequest, told: str) -> list[Model]:
    """The rows with pictures of a selection; none where it means nothing any more."""
    told = request.session.get(_KEPT, {}).get(told, "") if told.startswith("#") else told
    label, _colon, keys = told.partition(":")
    try:
        model = apps.get_model(label)
        rows = list(model._default_manager.filter(pk__in=keys.split(",")))
        return list(dict.fromkeys(picture.instance for picture in pictures_of(rows)))
    except (LookupError, ValueError, OverflowError, ValidationError, ShopStyleError):
        return []
