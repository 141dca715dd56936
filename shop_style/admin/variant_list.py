"""The variant list: its rows with their host's pages, and what each column shows."""

from __future__ import annotations

from pathlib import PurePosixPath

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from shop_style.admin.acceptance import chance_in_words
from shop_style.admin.advice import short_reason
from shop_style.admin.hosts import host_links
from shop_style.admin.studio_links import variant_studio
from shop_style.admin.thumbnails import original_url, picture, variant_url
from shop_style.generation.wording import reason_in_words
from shop_style.models import Status, StyleVariant


class VariantChangeList(ChangeList):
    """The list, with the host pages of its rows found for all of them at once."""

    def get_results(self, request: HttpRequest) -> None:
        """Fetch the page, then one query for each host model on it."""
        super().get_results(request)
        site = self.model_admin.admin_site
        self.result_list = list(self.result_list)
        links = host_links(site, self.result_list)
        for variant in self.result_list:
            variant.host_link = links.get(variant.pk, "")


class VariantColumns:
    """The columns of the list, to be mixed into its ModelAdmin."""

    admin_site: AdminSite

    @admin.display(description=_("variant · original"))
    def pictures(self, variant: StyleVariant) -> str:
        """Both thumbnails."""
        return format_html(
            '<span class="ss-pair">{}{}</span>',
            picture(variant_url(variant), alt=str(variant.style)),
            picture(original_url(variant), alt=str(_("original"))),
        )

    @admin.display(description=_("product · style"), ordering="source_name")
    def product(self, variant: StyleVariant) -> str:
        """The original's file name, linked to its host's page where there is one; the style."""
        name = PurePosixPath(variant.source_name).stem
        link = getattr(variant, "host_link", "")
        shown = format_html('<a href="{}">{}</a>', link, name) if link else name
        studio = variant_studio(self.admin_site, variant, at=True)
        leads = format_html(' · <a href="{}">{}</a>', studio, _("studio")) if studio else ""
        return format_html("{}<small>{}{}</small>", shown, variant.style, leads)

    @admin.display(description=_("status"), ordering="status")
    def state(self, variant: StyleVariant) -> str:
        """A badge; what runs shows its stage and progress, what failed its code."""
        badge = format_html(
            '<span class="ss-badge ss-{}">{}</span>', variant.status, variant.get_status_display()
        )
        if variant.retired_at:
            return format_html('<span class="ss-badge">{}</span>', _("retired"))
        if variant.status == Status.RUNNING:
            share = round(100 * variant.progress)
            return format_html(
                '{} <progress max="100" value="{}">{} %</progress> {}',
                badge,
                share,
                share,
                variant.stage_in_words,
            )
        if variant.error_code:
            return format_html(
                '{} <code title="{}">{}</code>',
                badge,
                variant.error_in_words,
                variant.error_code,
            )
        return badge

    @admin.display(description=_("verdict"), ordering="passed")
    def verdict(self, variant: StyleVariant) -> str:
        """Passed, or the first reason in short."""
        if variant.passed is None:
            return "–"
        if variant.passed:
            return format_html('<span class="ss-badge ss-passed">{}</span>', _("passed"))
        badge = format_html('<span class="ss-badge ss-not-passed">{}</span>', _("failed"))
        if not variant.reasons:
            return badge
        first, more = variant.reasons[0], len(variant.reasons) - 1
        rest = ngettext("and %d more", "and %d more", more) % more if more else ""
        shown = '{} <span title="{}">{}</span><small>{}</small>'
        words = reason_in_words(first, variant)
        return format_html(shown, badge, words, short_reason(first), rest)

    @admin.display(description=_("chance of approval"), ordering="acceptance")
    def chance(self, variant: StyleVariant) -> str:
        """What the shop's own decisions say; a dash where nothing was learned."""
        return chance_in_words(variant)

    @admin.display(description=_("SSIM"), ordering="ssim")
    def ssim_score(self, variant: StyleVariant) -> str:
        """SSIM of the product."""
        return "–" if variant.ssim is None else f"{variant.ssim:.3f}"

    @admin.display(description=_("perceptual"), ordering="perceptual")
    def perceptual_score(self, variant: StyleVariant) -> str:
        """The perceptual distance, with the name of the measure."""
        if variant.perceptual is None:
            return "–"
        return format_html(
            "{}<small>{}</small>", f"{variant.perceptual:.3f}", variant.perceptual_name
        )

    @admin.display(description=_("ΔE00"), ordering="delta_e")
    def delta_e_score(self, variant: StyleVariant) -> str:
        """Colour difference of the product."""
        return "–" if variant.delta_e is None else f"{variant.delta_e:.1f}"

    @admin.display(description=_("seconds"), ordering="seconds")
    def time(self, variant: StyleVariant) -> str:
        """How long it took to render."""
        return "–" if variant.seconds is None else f"{variant.seconds:.1f}"

    @admin.display(description=_("review"), ordering="review")
    def decision(self, variant: StyleVariant) -> str:
        """What a person decided, and whether shoppers see it."""
        if variant.status != Status.READY:
            return "–"
        badge = format_html(
            '<span class="ss-badge ss-review-{}">{}</span>',
            variant.review,
            variant.get_review_display(),
        )
        if not variant.is_published:
            return badge
        return format_html(
            '{} <span class="ss-badge ss-published">{}</span>', badge, _("published")
        )
