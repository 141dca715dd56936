"""What a host's ModelAdmin takes from us: an action that asks for variants, and a panel of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

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
from shop_style.admin.host_review import HOST_STEPS, chosen_pictures
from shop_style.admin.host_views import StyleVariantViews, may_take_host_step
from shop_style.admin.links import change_link, list_link
from shop_style.admin.review import more_refused
from shop_style.admin.review_action import may_review, review_style_variants
from shop_style.admin.studio_links import studios_of
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
    rows = list(queryset)
    pictures = chosen_pictures(modeladmin, request, rows)
    if not pictures:
        return None
    chosen = {pk for pk in request.POST.getlist("styles") if pk.isdecimal()}
    if "confirm" in request.POST:
        styles = list(Style.objects.home().offered().filter(pk__in=chosen))
        if styles:
            actor = request.user.get_username()
            report = request_variants(pictures, styles, actor=actor)
            _tell(modeladmin, request, report, styles)
            return None
        modeladmin.message_user(
            request, gettext("Choose at least one style: tick it below."), messages.ERROR
        )
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
        "back": _back(modeladmin, request, rows),
    }
    request.current_app = modeladmin.admin_site.name
    return TemplateResponse(request, "admin/shop_style/generate_variants.html", context)


def _back(modeladmin: admin.ModelAdmin[Any], request: HttpRequest, rows: Sequence[Model]) -> str:
    """The list, or the page of the row that the way here began at."""
    if ACTION_CHECKBOX_NAME in request.POST:
        return request.get_full_path()
    return change_link(modeladmin.admin_site, modeladmin.model, rows[0].pk)


def _choices(pictures: list[SourceImage], chosen: set[str]) -> list[StyleChoice]:
    references = Prefetch("references", queryset=StyleReference.objects.order_by("position", "pk"))
    choices = []
    for style in Style.objects.home().offered().prefetch_related(references):
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
        text = more_refused(more)
        modeladmin.message_user(request, text, messages.WARNING)


class StyleVariantsMixin(StyleVariantViews):
    """For a host's ModelAdmin: the actions, and a panel of the row's variants on its page.

    class ProductAdmin(StyleVariantsMixin, admin.ModelAdmin): ...
    """

    style_variant_steps: ClassVar[dict[str, Callable[..., HttpResponse | None]]] = {
        "generate": generate_style_variants,
        **HOST_STEPS,
    }

    @property
    def media(self) -> forms.Media:
        """The host's media and our stylesheet."""
        return super().media + forms.Media(css={"all": [STYLESHEET]})

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """The host's actions and, for those who may, ours."""
        actions = super().get_actions(request)
        if self.actions is None or IS_POPUP_VAR in request.GET:
            return actions
        for step, action in self.style_variant_steps.items():
            if may_take_host_step(step, request):
                name: str = action.__name__
                entry: Any = (action, name, getattr(action, "short_description", step))
                actions.setdefault(name, entry)
        if may_review(self.admin_site, request):
            board_name = review_style_variants.__name__
            board: Any = review_style_variants
            actions.setdefault(board_name, (board, board_name, board.short_description))
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
            pictures = pictures_of([obj])
        except ShopStyleError as error:
            return format_html("{}", in_words(error))
        instances = list(dict.fromkeys(picture.instance for picture in pictures))
        variants = list(
            StyleVariant.objects.for_objects(instances)
            .live()
            .select_related("style", "content_type")
            .order_by("object_id", "style__name", "-pk")
        )
        view = partial(variant_view, self.admin_site)
        context = {
            "variants": [view(variant) for variant in variants],
            "buttons": self.style_variant_buttons(obj, variants) if instances else [],
            "studios": studios_of(self.admin_site, pictures),
        }
        return render_to_string("admin/shop_style/variants_panel.html", context)

    @admin.display(description=_("Product mask and marked places"))
    def picture_guides_panel(self, obj: Model) -> SafeString:
        """Each picture of the row, with what is said of it and the page where that is changed."""
        try:
            pictures = pictures_of([obj])
        except ShopStyleError as error:
            return format_html("{}", in_words(error))
        return guides_panel(self.admin_site, pictures)
