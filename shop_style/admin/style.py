"""Styles: their recipe, their references, and a preview on the shop's own pictures."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Prefetch, Q, QuerySet
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shop_style.admin.actions import may_generate
from shop_style.admin.style_form import StyleForm, built_in_label
from shop_style.admin.style_jobs import StyleJobsMixin
from shop_style.admin.style_references import StyleReferenceInline, stage_view
from shop_style.admin.style_steps import StyleStepsMixin
from shop_style.admin.style_trial import TrialForm, TrialView, trial_view
from shop_style.admin.style_uses import uses_view
from shop_style.admin.thumbnails import file_url, picture, reference_url
from shop_style.exceptions import ShopStyleError
from shop_style.generation.artefact import FITTING_ENGINE
from shop_style.generation.look import GRADE_ENGINE
from shop_style.generation.request import recipe_digest
from shop_style.generation.strengths import STRENGTHS
from shop_style.models import AuditEntry, Status, Style, StyleReference, StyleVariant
from shop_style.models.style import Region
from shop_style.models.variant import Review
from shop_style.transfer.built_in import built_in_styles
from shop_style.transfer.cube import ENDING
from shop_style.transfer.registry import engines
from shop_style.words import in_words

_LOOKS = {"built_in": FITTING_ENGINE, "cube": GRADE_ENGINE}
"""Which engine a field of a look is for."""


@admin.register(Style)
class StyleAdmin(StyleStepsMixin, StyleJobsMixin, admin.ModelAdmin):  # type: ignore[type-arg]
    form = StyleForm
    inlines = (StyleReferenceInline,)
    list_display = (
        "name",
        "reference",
        "engine",
        "region",
        "strength",
        "ready",
        "published",
        "use",
    )
    list_filter = ("engine", "region", ("retired_at", admin.EmptyFieldListFilter))
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
        css = {"all": ["shop_style/admin.css", "shop_style/style.css"]}
        js = (
            "shop_style/references.js",
            "shop_style/jobs.js",
            "shop_style/trial.js",
        )

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

    @admin.display(description=_("use"), ordering="retired_at")
    def use(self, style: Style) -> str:
        """Retired, or offered."""
        return _retired_badge(style) if style.retired_at else gettext("offered")

    def get_urls(self) -> list[URLPattern]:
        """The usual pages, and the addresses that scripts ask."""
        wrap = self.admin_site.admin_view
        own = [
            path("references/", wrap(self.stage_view), name="shop_style_style_stage"),
            path("<path:object_id>/trial/", wrap(self.trial_view), name="shop_style_style_trial"),
        ]
        return [*own, *super().get_urls()]

    def get_fieldsets(self, request: HttpRequest, obj: Style | None = None) -> Any:
        """With the looks folded away that are not the engine's: thirty pictures are long."""
        shown = []
        for name, options in super().get_fieldsets(request, obj):
            engine = _LOOKS.get(str(next(iter(options["fields"]))))
            folded = obj is not None and engine is not None and engine != obj.engine
            classes = ("collapse",) if folded else ()
            shown.append((name, {**options, "classes": classes}))
        return shown

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Style | None:
        """The style; strength and region of an address are in the form, to be saved or not."""
        style: Style | None = super().get_object(request, object_id, from_field)
        if style is not None and request.method == "GET":
            region, strength = request.GET.get("region"), request.GET.get("strength")
            if region in Region.values:
                style.region = region
            if strength in {f"{value:g}" for value in STRENGTHS}:
                style.strength = float(strength)
        return style

    def stage_view(self, request: HttpRequest) -> HttpResponseBase:
        """Keep dropped reference pictures until the form is saved."""
        if request.method != "POST":
            raise Http404
        if not request.user.has_perm("shop_style.add_stylereference"):
            raise PermissionDenied
        return stage_view(request)

    def trial_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """What the posted limits would have decided on past variants."""
        style = self.get_object(request, object_id)
        if style is None or request.method != "POST":
            raise Http404
        if not self.has_view_permission(request, style):
            raise PermissionDenied
        try:
            view = trial_view(style, TrialForm(request.POST).changed(style))
        except ValidationError as error:
            return JsonResponse({"errors": error.message_dict}, status=400)
        context = {"view": view, "may_change": self.has_change_permission(request, style)}
        html = render_to_string("admin/shop_style/style/trial.html", context, request=request)
        return JsonResponse({"sentence": view.sentence, "html": html})

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
        context["stage_address"] = reverse(f"{self.admin_site.name}:shop_style_style_stage")
        if isinstance(style, Style):
            name = f"{self.admin_site.name}:shop_style_style_trial"
            context["trial_address"] = reverse(name, args=[style.pk])
            context["trial"] = _trial(style)
            context["uses"] = uses_view(self.admin_site, style)
            context |= self.steps_context(request, style)
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


def _trial(style: Style) -> TrialView | None:
    """None where an engine, a mode or a threshold is no more: the form says which."""
    try:
        return trial_view(style, style)
    except (ShopStyleError, KeyError, TypeError):
        return None


def _retired_badge(style: Style) -> str:
    return format_html('<span class="ss-badge ss-retired">{}</span>', gettext("retired"))


def recipe_counts(style: Style) -> tuple[int, int]:
    """How many variants of the style are published, and how many of these by an older recipe."""
    rows = StyleVariant.objects.using(style._state.db).filter(style=style).published()
    recipes = list(rows.values_list("overrides", "recipe_digest"))
    older = sum(recipe_digest(style, overrides) != digest for overrides, digest in recipes)
    return len(recipes), older
