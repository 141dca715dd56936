"""The variant's page, where a person looks, decides and publishes; actions of the list."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from shop_style.admin import review
from shop_style.admin.acceptance import chance_in_words
from shop_style.admin.advice import strength_sentence
from shop_style.admin.channels import channel_rows
from shop_style.admin.confirm import confirmation_page, is_confirmed, selection_fields
from shop_style.admin.deletion import NumberedDeletion
from shop_style.admin.evidence import evidence_of
from shop_style.admin.failures import advice_for
from shop_style.admin.filters import ErrorFilter, PublishedFilter, VerdictFilter
from shop_style.admin.guide_pictures import variant_guide_address
from shop_style.admin.hosts import host_links
from shop_style.admin.links import change_link
from shop_style.admin.review_confirm import requeue_question
from shop_style.admin.scores import limits_moved, score_rows
from shop_style.admin.studio_links import board_address, variant_studio
from shop_style.admin.thumbnails import compared_original_url, file_url, variant_url
from shop_style.admin.variant_list import VariantChangeList, VariantColumns
from shop_style.generation.files import remove_on_commit
from shop_style.generation.requeue import requeue_failed
from shop_style.models import AuditEntry, Status, Style, StyleVariant

Answer = HttpResponse | None
"""Of an action: a page that asks, or nothing, which shows the list again."""


@admin.register(StyleVariant)
class StyleVariantAdmin(NumberedDeletion, VariantColumns, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = (
        "pictures",
        "product",
        "state",
        "verdict",
        "chance",
        "ssim_score",
        "perceptual_score",
        "delta_e_score",
        "time",
        "decision",
    )
    list_display_links = ("pictures",)
    list_select_related = ("style", "content_type")
    list_filter = (
        "style",
        "status",
        "review",
        VerdictFilter,
        PublishedFilter,
        ErrorFilter,
    )
    list_per_page = 50
    search_fields = ("source_name", "object_id")
    action_form = review.ReviewActionForm
    actions = (
        "approve_selected",
        "reject_selected",
        "publish_selected",
        "withdraw_selected",
        "requeue",
    )
    change_form_template = "admin/shop_style/stylevariant/change_form.html"
    fields = ("style", "source_name")

    class Media:
        css = {"all": ["shop_style/admin.css", "shop_style/compare.css"]}
        js = ["shop_style/compare.js"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return VariantChangeList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        board = {"board_link": board_address(self.admin_site)}
        return super().changelist_view(request, {**board, **(extra_context or {})})

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: StyleVariant | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (
            obj is None or obj.retired_at is not None or obj.status == Status.FAILED
        )

    def has_approve_permission(self, request: HttpRequest) -> bool:
        """May this person approve and reject?"""
        return request.user.has_perm("shop_style.approve_stylevariant")

    def has_publish_permission(self, request: HttpRequest) -> bool:
        """May this person publish and withdraw?"""
        return request.user.has_perm("shop_style.publish_stylevariant")

    def has_generate_permission(self, request: HttpRequest) -> bool:
        """May this person ask for variants?"""
        return request.user.has_perm("shop_style.generate_stylevariant")

    @admin.action(permissions=["approve"], description=_("Approve"))
    def approve_selected(self, request: HttpRequest, rows: QuerySet[StyleVariant]) -> Answer:
        """Approve what is ready; what failed its gate needs the reason."""
        return self._take(request, "approve", rows)

    @admin.action(permissions=["approve"], description=_("Reject"))
    def reject_selected(self, request: HttpRequest, rows: QuerySet[StyleVariant]) -> Answer:
        """Reject; what is published leaves the shop."""
        return self._take(request, "reject", rows)

    @admin.action(permissions=["publish"], description=_("Publish"))
    def publish_selected(self, request: HttpRequest, rows: QuerySet[StyleVariant]) -> Answer:
        """Show approved variants to shoppers."""
        return self._take(request, "publish", rows)

    @admin.action(permissions=["publish"], description=_("Withdraw"))
    def withdraw_selected(self, request: HttpRequest, rows: QuerySet[StyleVariant]) -> Answer:
        """Take published variants out of the shop."""
        return self._take(request, "withdraw", rows)

    def _take(self, request: HttpRequest, name: str, rows: QuerySet[StyleVariant]) -> Answer:
        return review.take(
            self,
            request,
            review.STEPS[name],
            rows.select_related("style"),
            back=request.get_full_path(),
            fields=selection_fields(request),
        )

    @admin.action(permissions=["generate"], description=_("Try failed ones again"))
    def requeue(self, request: HttpRequest, rows: Any) -> Answer:
        """Put failed rows back into the queue, when somebody has said yes to their number."""
        failed = rows.live().filter(status=Status.FAILED).count()
        if failed and not is_confirmed(request):
            asked = requeue_question(
                failed, rows.count(), request.get_full_path(), selection_fields(request)
            )
            return confirmation_page(self, request, asked)
        number = requeue_failed(rows, actor=request.user.get_username())
        if number:
            text = ngettext("%d variant waits again.", "%d variants wait again.", number) % number
            self.message_user(request, text, messages.SUCCESS)
        else:
            text = gettext("None of these is failed; filter the list by the status “failed” first.")
            self.message_user(request, text, messages.WARNING)
        return None

    def get_urls(self) -> list[URLPattern]:
        """The usual pages, and the address that review buttons post to."""
        view = self.admin_site.admin_view(self.review_view)
        own = path("<path:object_id>/review/", view, name="shop_style_stylevariant_review")
        return [own, *super().get_urls()]

    def review_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take the step that a button named, then show the variant again."""
        step = review.STEPS.get(request.POST.get("step", ""))
        variant = self.get_object(request, object_id)
        if request.method != "POST" or step is None or variant is None:
            raise Http404
        if not (review.may_take(step, request) and self.has_view_permission(request, variant)):
            raise PermissionDenied
        name = f"{self.admin_site.name}:shop_style_stylevariant_change"
        back = reverse(name, args=[variant.pk])
        fields = [("step", step.name)]
        asked = review.take(
            self, request, step, [variant], back=back, fields=fields, subject=variant
        )
        return asked or HttpResponseRedirect(back)

    def get_queryset(self, request: HttpRequest) -> QuerySet[StyleVariant]:
        return super().get_queryset(request).select_related("style", "content_type")

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        variant: StyleVariant | None = kwargs.get("obj") or context.get("original")
        if variant is not None:
            context.update(self._page(request, variant))
        return super().render_change_form(request, context, *args, **kwargs)

    def _page(self, request: HttpRequest, variant: StyleVariant) -> dict[str, Any]:
        storage = variant.image.storage
        card = variant.scorecard or {}
        scores = score_rows(variant)
        trail = AuditEntry.objects.using(variant._state.db).filter(
            target_model=variant._meta.label_lower, target_id=str(variant.pk)
        )
        return {
            "title": f"{PurePosixPath(variant.source_name).name} × {variant.style}",
            "subtitle": None,
            "steps": review.steps_open_to(request, variant),
            "variant_url": variant_url(variant, largest=True),
            "original_url": compared_original_url(variant),
            "style_link": change_link(self.admin_site, Style, variant.style_id),
            "host_link": host_links(self.admin_site, [variant]).get(variant.pk, ""),
            "studio_link": variant_studio(self.admin_site, variant, at=True),
            "guide_link": variant_guide_address(self.admin_site, variant, request),
            "chance": chance_in_words(variant) if variant.acceptance is not None else "",
            "failure": advice_for(variant.error_code) if variant.error_code else None,
            "evidence": evidence_of(variant),
            "strength": strength_sentence(variant),
            "scores": scores,
            "limits_moved": limits_moved(variant, scores),
            "channels": channel_rows(variant),
            "files": [{**item, "url": file_url(storage, item["name"])} for item in _files(variant)],
            "trail": trail,
            "coverage": f"{100 * card.get('mask_coverage', 1):.0f}",
            "confidence": f"{card.get('mask_confidence', 1):.2f}",
            "media": self.media,
        }

    def deletion_lines(self, rows: QuerySet[StyleVariant]) -> list[str]:
        """How many files go with them."""
        number = sum(len(row.file_names()) for row in rows)
        text = ngettext(
            "%d file is removed from storage.", "%d files are removed from storage.", number
        )
        return [text % number, str(_("It cannot be undone; the audit trail stays."))]

    def delete_model(self, request: HttpRequest, obj: StyleVariant) -> None:
        _prepare_deletion(request, [obj])
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[StyleVariant]) -> None:
        _prepare_deletion(request, queryset)
        super().delete_queryset(request, queryset)


def _files(variant: StyleVariant) -> list[dict[str, Any]]:
    return sorted(variant.renditions, key=lambda item: (item["format"], item["width"]))


def _prepare_deletion(request: HttpRequest, variants: Iterable[StyleVariant]) -> None:
    for variant in variants:
        AuditEntry.objects.record("deleted", variant, actor=request.user.get_username())
        remove_on_commit(variant.file_names(), using=variant._state.db or "default")
