"""Styles: their recipe, their references, and a preview on the shop's own pictures."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Prefetch, Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shop_style.admin.actions import may_generate
from shop_style.admin.style_form import (
    StyleForm,
    StyleReferenceForm,
    StyleReferenceFormSet,
    built_in_label,
)
from shop_style.admin.style_jobs import StyleJobsMixin
from shop_style.admin.thumbnails import file_url, picture, reference_url
from shop_style.generation.request import recipe_digest
from shop_style.models import AuditEntry, Status, Style, StyleReference, StyleVariant
from shop_style.models.variant import Review
from shop_style.transfer.built_in import built_in_styles
from shop_style.transfer.cube import ENDING
from shop_style.transfer.registry import engines
from shop_style.words import in_words


class StyleReferenceInline(admin.TabularInline):  # type: ignore[type-arg]
    model = StyleReference
    form = StyleReferenceForm
    formset = StyleReferenceFormSet
    extra = 1
    fields = ("thumbnail", "image", "licence", "source", "position")
    readonly_fields = ("thumbnail",)

    @admin.display(description="")
    def thumbnail(self, reference: StyleReference) -> str:
        """The reference, small."""
        return picture(reference_url(reference), alt=reference.source) if reference.pk else ""


@admin.register(Style)
class StyleAdmin(StyleJobsMixin, admin.ModelAdmin):  # type: ignore[type-arg]
    form = StyleForm
    inlines = (StyleReferenceInline,)
    list_display = ("name", "reference", "engine", "region", "strength", "ready", "published")
    list_filter = ("engine", "region")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = ("recipe",)
    actions = ("preview_selected",)
    change_form_template = "admin/shop_style/style/change_form.html"
    fieldsets = (
        (None, {"fields": ("name", "slug", "engine", "parameters")}),
        (
            _("Look of the style network"),
            {
                "fields": ("built_in",),
                "description": _(
                    "A built-in style is ready at once. Without one the style is fitted on the "
                    "references below."
                ),
            },
        ),
        (
            _("Look of the colour grade"),
            {
                "fields": ("cube",),
                "description": _(
                    "A .cube file from a photo tool, or the reference pictures below. A new file "
                    "is taken wholly unless the engine parameters say otherwise."
                ),
            },
        ),
        (
            _("Where and how strongly"),
            {
                "fields": (
                    ("region", "keep_white"),
                    ("strength", "product_strength"),
                    ("colour_lock", "text_lock"),
                    "restore_first",
                )
            },
        ),
        (_("Gate"), {"fields": ("mode", "thresholds")}),
        (_("Automation and recipe"), {"fields": ("automatic", "recipe")}),
    )

    class Media:
        css = {"all": ["shop_style/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Style]:
        live = Q(variants__retired_at=None, variants__status=Status.READY)
        shown = live & Q(variants__review=Review.APPROVED, variants__published_at__isnull=False)
        references = StyleReference.objects.order_by("position", "pk")
        rows: QuerySet[Style] = super().get_queryset(request)
        return rows.annotate(
            ready_count=Count("variants", filter=live),
            published_count=Count("variants", filter=shown),
        ).prefetch_related(Prefetch("references", queryset=references))

    @admin.display(description=_("reference"))
    def reference(self, style: Style) -> str:
        """The first reference, small."""
        first = next(iter(style.references.all()), None)
        return picture(reference_url(first) if first else "", alt=style.name)

    @admin.display(description=_("built-in style"), empty_value="–")
    def built_in(self, style: Style) -> str:
        """The built-in style, for those who may only look."""
        found = built_in_styles().get(str((style.parameters or {}).get("style")))
        return built_in_label(found) if found else ""

    @admin.display(description=_("look file (.cube)"), empty_value="–")
    def cube(self, style: Style) -> str:
        """The look file, for those who may only look."""
        name = style.artefact.name or ""
        url = file_url(style.artefact.storage, name) if name.endswith(ENDING) else ""
        return format_html('<a href="{}" download>{}</a>', url, style.slug + ENDING) if url else ""

    @admin.display(description=_("recipe’s SHA-256"))
    def recipe(self, style: Style) -> str:
        """Of everything that changes pixels."""
        return style.digest

    @admin.display(description=_("variants ready"), ordering="ready_count")
    def ready(self, style: Any) -> int:
        """How many can be looked at."""
        number: int = style.ready_count
        return number

    @admin.display(description=_("published"), ordering="published_count")
    def published(self, style: Any) -> int:
        """How many shoppers see."""
        number: int = style.published_count
        return number

    def has_generate_permission(self, request: HttpRequest) -> bool:
        """May this person set workers to work?"""
        return may_generate(request)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        style = context.get("original")
        context["engines"] = [
            (
                gettext(entry.label),
                entry.name,
                [in_words(line) for line in entry.parameters.describe()],
            )
            for entry in engines().values()
        ]
        if isinstance(style, Style):
            context["serving"], context["outdated"] = recipe_counts(style)
            context |= self.jobs_context(request, style)
        return super().render_change_form(request, context, *args, **kwargs)

    def save_related(
        self, request: HttpRequest, form: ModelForm[Style], formsets: Any, change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        style = form.instance
        style.refresh_from_db(fields=["digest"])
        AuditEntry.objects.record(
            "changed" if change else "added",
            style,
            actor=request.user.get_username(),
            detail={"recipe": style.digest, "fields": form.changed_data},
        )


def recipe_counts(style: Style) -> tuple[int, int]:
    """How many variants of the style are published, and how many of these by an older recipe."""
    rows = StyleVariant.objects.using(style._state.db).filter(style=style).published()
    recipes = list(rows.values_list("overrides", "recipe_digest"))
    older = sum(recipe_digest(style, overrides) != digest for overrides, digest in recipes)
    return len(recipes), older
