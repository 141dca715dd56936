"""What a host's ModelAdmin takes from us: an action that asks for variants, and a panel of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IS_POPUP_VAR
from django.db.models import Model, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from shop_style.admin.guide_pictures import PERMISSION, guides_panel
from shop_style.admin.links import list_link
from shop_style.admin.thumbnails import reference_url, variant_view
from shop_style.exceptions import ShopStyleError
from shop_style.generation.plan import RequestPlan, plan_requests
from shop_style.generation.request import RequestReport, request_variants
from shop_style.generation.sweep import estimate
from shop_style.models import Style, StyleReference, StyleVariant
from shop_style.sources import SourceImage, child_sources, pictures_of
from shop_style.words import in_words

REFUSALS_SHOWN = 10
PANEL = "style_variants_panel"
GUIDES = "picture_guides_panel"
STYLESHEET = "shop_style/admin.css"

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Model]
else:
    _Admin = object


def may_generate(request: HttpRequest) -> bool:
    """May this person ask for variants?"""
    return request.user.has_perm(PERMISSION)


# Django hides an action by asking the ModelAdmin that carries it, which may be any of the host's.
admin.ModelAdmin.has_generate_stylevariant_permission = (  # type: ignore[attr-defined]
    lambda self, request: may_generate(request)
)


@dataclass(frozen=True, kw_only=True)
class StyleChoice:
    """One line of the page: a style, and what asking for it would make."""

    style: Style
    thumbnail: str
    plan: RequestPlan
    chosen: bool


@admin.action(permissions=["generate_stylevariant"], description=_("Generate style variants…"))
def generate_style_variants(
    modeladmin: admin.ModelAdmin[Any], request: HttpRequest, queryset: QuerySet[Any]
) -> HttpResponse | None:
    """Show what the chosen styles would make of the selected rows; on confirmation, ask for it.

    For any ModelAdmin whose model, or a child of it, is in SHOP_STYLE["SOURCES"].
    """
    try:
        rows = list(queryset)
        pictures = pictures_of(rows)
    except ShopStyleError as error:
        modeladmin.message_user(request, in_words(error), messages.ERROR)
        return None
    if not pictures:
        modeladmin.message_user(
            request,
            gettext(
                "No picture to style in this selection: the rows have no file, or their "
                "image field is not in SHOP_STYLE['SOURCES']."
            ),
            messages.WARNING,
        )
        return None
    chosen = {pk for pk in request.POST.getlist("styles") if pk.isdecimal()}
    if "confirm" in request.POST:
        styles = list(Style.objects.home().filter(pk__in=chosen))
        if styles:
            actor = request.user.get_username()
            report = request_variants(pictures, styles, actor=actor)
            _tell(modeladmin, request, report, styles)
            return None
        modeladmin.message_user(request, gettext("Choose at least one style."), messages.ERROR)
    return _page(modeladmin, request, rows, pictures, chosen)


def _page(
    modeladmin: admin.ModelAdmin[Any],
    request: HttpRequest,
    rows: Sequence[Model],
    pictures: list[SourceImage],
    chosen: set[str],
) -> HttpResponse:
    choices = _choices(pictures, chosen)
    picked = [choice for choice in choices if choice.chosen]
    across = request.POST.get("select_across") == "1"
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": gettext("Generate style variants"),
        "opts": modeladmin.model._meta,
        "media": modeladmin.media + forms.Media(css={"all": [STYLESHEET]}),
        "choices": choices,
        "picked": picked,
        "to_make": sum(choice.plan.to_make for choice in picked),
        "existing": sum(choice.plan.existing for choice in picked),
        "rows": len(rows),
        "without": len(rows) - len(_rows_with_pictures(rows, pictures)),
        "pictures": len(pictures),
        "estimate": _estimate(picked),
        "action": request.POST.get("action") or generate_style_variants.__name__,
        "checkbox": ACTION_CHECKBOX_NAME,
        # One key stands for the whole selection: thousands of fields would be refused.
        "selected": [row.pk for row in (rows[:1] if across else rows)],
        "across": across,
    }
    request.current_app = modeladmin.admin_site.name
    return TemplateResponse(request, "admin/shop_style/generate_variants.html", context)


def _choices(pictures: list[SourceImage], chosen: set[str]) -> list[StyleChoice]:
    references = Prefetch("references", queryset=StyleReference.objects.order_by("position", "pk"))
    choices = []
    for style in Style.objects.home().prefetch_related(references):
        choices.append(
            StyleChoice(
                style=style,
                thumbnail=next((reference_url(item) for item in style.references.all()), ""),
                plan=plan_requests(pictures, [style]),
                chosen=str(style.pk) in chosen,
            )
        )
    return choices


def _estimate(picked: list[StyleChoice]) -> str:
    """Worker time of the ticked styles, in words; empty when nothing is to be made."""
    plans = {choice.style.slug: choice.plan for choice in picked if choice.plan.to_make}
    if not plans:
        return ""
    minutes = 60 * estimate([c.style for c in picked if c.style.slug in plans], plans).hours
    if minutes < 1:
        return gettext("less than a minute")
    if minutes < 90:
        return ngettext("%d minute", "%d minutes", round(minutes)) % round(minutes)
    return gettext("%.1f hours") % (minutes / 60)


def _rows_with_pictures(rows: Sequence[Model], pictures: list[SourceImage]) -> set[str]:
    """Keys of the rows that have a picture, their own or a child's."""
    parents = {source: f"{name}_id" for source, name in child_sources(type(rows[0]))}
    found = {
        str(getattr(picture.instance, parents.get(picture.source, "pk"))) for picture in pictures
    }
    return found & {str(row.pk) for row in rows}


def _tell(
    modeladmin: admin.ModelAdmin[Any],
    request: HttpRequest,
    report: RequestReport,
    styles: list[Style],
) -> None:
    text = f"{gettext('Style variants')}: {report.summary()}."
    address = list_link(modeladmin.admin_site, StyleVariant)
    if address:
        keys = ",".join(str(style.pk) for style in styles)
        text = format_html(
            '{} <a href="{}?style__id__in={}">{}</a>', text, address, keys, gettext("See them")
        )
    modeladmin.message_user(request, text, messages.SUCCESS)
    for _name, error in report.refused[:REFUSALS_SHOWN]:
        modeladmin.message_user(request, f"{in_words(error)} ({error.code})", messages.WARNING)
    more = len(report.refused) - REFUSALS_SHOWN
    if more > 0:
        text = ngettext("%d more was refused.", "%d more were refused.", more) % more
        modeladmin.message_user(request, text, messages.WARNING)


class StyleVariantsMixin(_Admin):
    """For a host's ModelAdmin: the action, and a panel of the row's variants on its page.

    class ProductAdmin(StyleVariantsMixin, admin.ModelAdmin): ...
    """

    @property
    def media(self) -> forms.Media:
        """The host's media and our stylesheet."""
        return super().media + forms.Media(css={"all": [STYLESHEET]})

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """The host's actions and, for those who may, ours."""
        actions = super().get_actions(request)
        in_popup = IS_POPUP_VAR in request.GET
        if self.actions is not None and not in_popup and may_generate(request):
            name = generate_style_variants.__name__
            action: Any = generate_style_variants
            actions.setdefault(name, (action, name, action.short_description))
        return actions

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """The host's, and the panels."""
        return [*super().get_readonly_fields(request, obj), PANEL, GUIDES]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """The host's fields; the panels have their own fieldset below them."""
        return [name for name in super().get_fields(request, obj) if name not in (PANEL, GUIDES)]

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """The host's fieldsets and the panels', on a row that is already there."""
        fieldsets = list(super().get_fieldsets(request, obj))
        if obj is not None:
            panels = (PANEL, GUIDES) if may_generate(request) else (PANEL,)
            fieldsets.append((_("Style variants"), {"fields": panels}))
        return fieldsets

    @admin.display(description=_("variants"))
    def style_variants_panel(self, obj: Model) -> SafeString:
        """Thumbnails of every live variant of the row's pictures."""
        try:
            instances = list(dict.fromkeys(picture.instance for picture in pictures_of([obj])))
        except ShopStyleError as error:
            return format_html("{}", in_words(error))
        variants = (
            StyleVariant.objects.for_objects(instances)
            .live()
            .select_related("style", "content_type")
            .order_by("object_id", "style__name", "-pk")
        )
        view = partial(variant_view, self.admin_site)
        context = {"variants": [view(variant) for variant in variants]}
        return render_to_string("admin/shop_style/variants_panel.html", context)

    @admin.display(description=_("Product mask and marked places"))
    def picture_guides_panel(self, obj: Model) -> SafeString:
        """Each picture of the row, with what is said of it and the page where that is changed."""
        try:
            pictures = pictures_of([obj])
        except ShopStyleError as error:
            return format_html("{}", in_words(error))
        return guides_panel(self.admin_site, pictures)
