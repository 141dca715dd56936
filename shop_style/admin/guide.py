"""Guides: the product masks and marked places that people give pictures."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from shop_style.admin.actions import REFUSALS_SHOWN, may_generate
from shop_style.admin.deletion import NumberedDeletion
from shop_style.admin.guide_form import GuideForm
from shop_style.admin.guide_pictures import (
    PARAMETER,
    addressed_picture,
    guide_picture,
    guide_view,
    guided_pictures,
    says,
)
from shop_style.admin.hosts import row_link
from shop_style.admin.links import change_link, list_link
from shop_style.admin.thumbnails import file_url, picture
from shop_style.exceptions import SourceError
from shop_style.generation.guides import (
    guide_rows,
    own_mask,
    remove_guide,
    renewed_by_removal,
    save_guide,
)
from shop_style.generation.request import RequestReport
from shop_style.imaging.guide import is_rim_product
from shop_style.models import AuditEntry, PictureGuide
from shop_style.sources import SourceImage
from shop_style.words import in_words


class GuideChangeList(ChangeList):
    """The list, with the pictures of its rows found for all of them at once."""

    def get_results(self, request: HttpRequest) -> None:
        """Fetch the page, then one query for each host model on it."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        pictures = guided_pictures(self.result_list)
        for guide in self.result_list:
            guide.picture = pictures.get(guide.pk)


@admin.register(PictureGuide)
class PictureGuideAdmin(NumberedDeletion, admin.ModelAdmin):  # type: ignore[type-arg]
    form = GuideForm
    fields = ("mask", "boxes")
    list_display = ("outline", "product", "says", "updated_by", "changed")
    list_display_links = ("outline",)
    list_filter = (("content_type", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("content_type",)
    list_per_page = 50
    search_fields = ("object_id", "updated_by")
    change_form_template = "admin/shop_style/pictureguide/change_form.html"

    class Media:
        css = {"all": ["shop_style/admin.css"]}
        js = ["shop_style/guide.js"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return GuideChangeList

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_generate(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_generate(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may_generate(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_generate(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_generate(request)

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """No button to add on the index: a guide is added from its picture's page."""
        return {**super().get_model_perms(request), "add": False}

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        own = {"has_add_permission": False}
        return super().changelist_view(request, {**own, **(extra_context or {})})

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form of a picture that the address names, or the page of the guide it has."""
        if not may_generate(request):
            return super().add_view(request, form_url, extra_context)  # which refuses
        picture = _addressed(request)
        if picture is None:
            text = _(
                "Choose a picture first: “Product mask and marked places” on the page of a "
                "product or of a variant leads here."
            )
            self.message_user(request, text, messages.WARNING)
            return HttpResponseRedirect(list_link(self.admin_site, PictureGuide))
        there = guide_rows([picture]).get(picture)
        if there is not None:
            return HttpResponseRedirect(change_link(self.admin_site, PictureGuide, there.pk))
        return super().add_view(request, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: PictureGuide | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, *args, **kwargs)
        picture = _picture_of(obj) if obj else _addressed(request)
        return type(form.__name__, (form,), {"picture": picture})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        guide: PictureGuide | None = kwargs.get("obj") or context.get("original")
        # As it is stored: a form that was refused has changed the row in hand.
        stored = PictureGuide.objects.filter(pk=guide.pk).first() if guide else None
        picture = _picture_of(guide) if guide else _addressed(request)
        context["show_save_and_add_another"] = False
        context["title"] = gettext("Product mask and marked places")
        context["subtitle"] = PurePosixPath(picture.name).name if picture else str(guide)
        if picture is not None:
            context["view"] = guide_view(stored, picture)
            context["host_link"] = row_link(self.admin_site, picture.instance)
            context["own"], context["own_url"] = _own(picture)
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: PictureGuide, form: GuideForm, change: bool
    ) -> None:
        assert form.picture is not None  # or the form were not valid
        done = save_guide(
            form.picture,
            actor=request.user.get_username(),
            mask=form.pixels,
            drop_mask=form.cleaned_data.get("mask") is False,
            boxes=form.cleaned_data["boxes"],
        )
        obj.pk, obj._state = done.guide.pk, done.guide._state
        obj.refresh_from_db()
        self._tell(request, done.asked)
        if form.pixels is not None and is_rim_product(form.pixels):
            text = _(
                "Most of the picture’s rim counts as product. If the outline below lies wrong, "
                "black and white are swapped in the mask."
            )
            self.message_user(request, text, messages.WARNING)

    def delete_model(self, request: HttpRequest, obj: PictureGuide) -> None:
        self._remove(request, [obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[PictureGuide]) -> None:
        self._remove(request, queryset.select_related("content_type"))

    def deletion_lines(self, rows: QuerySet[PictureGuide]) -> list[str]:
        """How many masks go, and how many variants are made anew for it."""
        guides = list(rows.select_related("content_type"))
        pictures = guided_pictures(guides)
        number = sum(
            renewed_by_removal(guide, pictures[guide.pk])
            for guide in guides
            if pictures.get(guide.pk) is not None
        )
        masks = sum(bool(guide.mask) for guide in guides)
        lines = []
        if masks:
            text = ngettext("%d mask’s file is removed.", "%d masks’ files are removed.", masks)
            lines.append(text % masks)
        text = ngettext(
            "%d variant is made anew without it; what shoppers see stays until you publish that.",
            "%d variants are made anew without it; what shoppers see stays until you publish them.",
            number,
        )
        return [*lines, text % number]

    def _remove(self, request: HttpRequest, guides: Iterable[PictureGuide]) -> None:
        listed = list(guides)
        pictures = guided_pictures(listed)
        actor = request.user.get_username()
        asked = RequestReport()
        for guide in listed:
            picture = pictures.get(guide.pk)
            if picture is None:
                AuditEntry.objects.record("deleted", guide, actor=actor)
                guide.delete()
            else:
                asked.add(remove_guide(picture, actor=actor))
        self._tell(request, asked)

    def _tell(self, request: HttpRequest, asked: RequestReport) -> None:
        number = asked.created + asked.requeued
        if number:
            text = ngettext(
                "%d variant is made anew by it; what shoppers see stays until you publish that.",
                "%d variants are made anew by it; what shoppers see stays until you publish them.",
                number,
            )
            self.message_user(request, text % number, messages.INFO)
        for _name, error in asked.refused[:REFUSALS_SHOWN]:
            self.message_user(request, f"{in_words(error)} ({error.code})", messages.WARNING)

    @admin.display(description=_("picture"))
    def outline(self, guide: Any) -> SafeString:
        """The picture, small, with its outline and places drawn over it."""
        if guide.picture is None:
            return picture("", alt="")
        return guide_picture(guide, guide.picture)

    @admin.display(description=_("product"), ordering="object_id")
    def product(self, guide: Any) -> str:
        """The picture's file name, linked to its host's page where there is one."""
        if guide.picture is None:
            return format_html("{}<small>{}</small>", guide, _("gone, or styled no more"))
        name = PurePosixPath(guide.picture.name).stem
        link = row_link(self.admin_site, guide.picture.instance)
        return format_html('<a href="{}">{}</a>', link, name) if link else name

    @admin.display(description=_("says"))
    def says(self, guide: PictureGuide) -> str:
        """Whether it has a mask, and how many places it marks."""
        return says(guide)

    @admin.display(description=_("changed"), ordering="updated_at")
    def changed(self, guide: PictureGuide) -> datetime:
        """When somebody last saved it."""
        return guide.updated_at


def _addressed(request: HttpRequest) -> SourceImage | None:
    return addressed_picture(request.GET.get(PARAMETER, ""))


def _picture_of(guide: PictureGuide) -> SourceImage | None:
    return guided_pictures([guide]).get(guide.pk)


def _own(picture: SourceImage) -> tuple[str, str]:
    """Name and address of the shop's own mask of a picture; both empty where it has none."""
    try:
        own = own_mask(picture)
    except SourceError:
        return "", ""  # check E013 says it
    if own is None:
        return "", ""
    return own.name, file_url(own.source.file_of(own.instance).storage, own.name)
