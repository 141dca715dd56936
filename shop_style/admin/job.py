"""Jobs on styles, with what they made."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shop_style.admin.audit import ReadOnlyMixin
from shop_style.admin.failures import advice_for
from shop_style.admin.links import change_link_by_label
from shop_style.admin.thumbnails import file_url, picture, reference_url
from shop_style.models import Status, StyleJob
from shop_style.words import in_words


def job_state(job: StyleJob) -> SafeString:
    """A badge; what runs shows its progress, what failed says why."""
    badge = format_html(
        '<span class="ss-badge ss-{}">{}</span>', job.status, job.get_status_display()
    )
    if job.status == Status.RUNNING:
        share = round(100 * job.progress)
        return format_html('{} <progress max="100" value="{}">{} %</progress>', badge, share, share)
    if job.error_detail:
        return format_html(
            "{} {} {}", badge, job.error_in_words, advice_for(job.error_code).next_step
        )
    return badge


def job_findings(job: StyleJob) -> SafeString:
    """What a fit came to, the references that disagree, and photographs it could not show."""
    report = job.report or {}
    parts = [format_html("<p>{}</p>", in_words(report["summary"]))] if report.get("summary") else []
    odd = _pictures_of_references(job, report.get("disagreeing", ()))
    if odd:
        parts.append(
            format_html(
                "<p>{}</p>{}",
                gettext("Far from the other references; remove them, or make them another style:"),
                format_html_join(" ", "{}", ((item,) for item in odd)),
            )
        )
    for text in report.get("left_out", ()):
        parts.append(format_html("<p>{} {}</p>", gettext("Not on the sheet:"), in_words(text)))
    return format_html_join("", "{}", ((part,) for part in parts))


def _pictures_of_references(job: StyleJob, numbers: list[int]) -> list[SafeString]:
    """The references a report numbers from 1, as far as the style still has them."""
    if not numbers:
        return []
    there = {item.sha256: item for item in job.style.ordered_references()}
    digests = job.payload.get("references", [])
    found = [there.get(digests[number - 1]) for number in numbers if number <= len(digests)]
    return [picture(reference_url(item), alt=item.source) for item in found if item is not None]


class StyleFilter(admin.RelatedFieldListFilter):
    """By style; the column itself has no name that can be translated."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = _("style")


@admin.register(StyleJob)
class StyleJobAdmin(ReadOnlyMixin, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("kind", "of_style", "state", "requested_by", "created_at", "thumbnail")
    list_filter = ("kind", "status", ("style", StyleFilter))
    list_select_related = ("style",)
    fields = (
        "kind",
        "of_style",
        "state",
        "requested_by",
        "created_at",
        "ended",
        "findings",
        "sheet",
    )
    actions = None

    class Media:
        css = {"all": ["shop_style/admin.css"]}

    @admin.display(description=_("style"), ordering="style__name")
    def of_style(self, job: StyleJob) -> str:
        """The style, with a link."""
        style = job.style
        link = change_link_by_label(self.admin_site, style._meta.label_lower, str(style.pk))
        return format_html('<a href="{}">{}</a>', link, style.name) if link else style.name

    @admin.display(description=_("ended"))
    def ended(self, job: StyleJob) -> str:
        return (
            date_format(localtime(job.finished_at), "DATETIME_FORMAT") if job.finished_at else "–"
        )

    @admin.display(description=_("status"), ordering="status")
    def state(self, job: StyleJob) -> SafeString:
        """Status, progress, failure."""
        return job_state(job)

    @admin.display(description=_("findings"), empty_value="–")
    def findings(self, job: StyleJob) -> SafeString:
        """What a fit found out; empty for a preview."""
        return job_findings(job)

    @admin.display(description=_("result"))
    def thumbnail(self, job: StyleJob) -> str:
        """The result, small."""
        return picture(file_url(job.result.storage, job.result.name), alt=str(job))

    @admin.display(description=_("result"))
    def sheet(self, job: StyleJob) -> str:
        """The result, whole: originals on the left, the style on the right."""
        url = file_url(job.result.storage, job.result.name)
        if url:
            return format_html('<img class="ss-sheet" src="{}" alt="{}">', url, str(job))
        if job.status == Status.READY:
            return gettext(
                "none: there was no picture in the shop to show it on; add one, and ask again"
            )
        return gettext("not there yet; a worker makes it")
