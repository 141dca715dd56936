"""Jobs on styles, with what they made."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from shop_style.admin.audit import ReadOnlyMixin
from shop_style.admin.thumbnails import file_url, picture
from shop_style.models import Status, StyleJob


@admin.register(StyleJob)
class StyleJobAdmin(ReadOnlyMixin, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("kind", "style", "state", "requested_by", "created_at", "thumbnail")
    list_filter = ("kind", "status", "style")
    list_select_related = ("style",)
    fields = ("kind", "style", "state", "requested_by", "created_at", "finished_at", "sheet")
    actions = None

    class Media:
        css = {"all": ["shop_style/admin.css"]}

    @admin.display(description=_("status"), ordering="status")
    def state(self, job: StyleJob) -> str:
        """A badge; what runs shows its progress, what failed says why."""
        badge = format_html(
            '<span class="ss-badge ss-{}">{}</span>', job.status, job.get_status_display()
        )
        if job.status == Status.RUNNING:
            share = round(100 * job.progress)
            return format_html(
                '{} <progress max="100" value="{}">{} %</progress>', badge, share, share
            )
        if job.error_detail:
            return format_html("{} {}", badge, job.error_detail)
        return badge

    @admin.display(description=_("result"))
    def thumbnail(self, job: StyleJob) -> str:
        """The result, small."""
        return picture(file_url(job.result.storage, job.result.name), alt=str(job))

    @admin.display(description=_("result"))
    def sheet(self, job: StyleJob) -> str:
        """The result, whole: originals on the left, the style on the right."""
        url = file_url(job.result.storage, job.result.name)
        if not url:
            return str(_("not there yet; a worker makes it"))
        return format_html('<img class="ss-sheet" src="{}" alt="{}">', url, str(job))
