"""The audit trail, to be read only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from shop_style.admin.links import change_link_by_label
from shop_style.models import AuditEntry
from shop_style.models.audit import verb_in_words


class ReadOnlyMixin:
    """Rows that people look at and nobody edits here."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class VerbFilter(admin.AllValuesFieldListFilter):
    """What was done, in the reader's language."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": verb_in_words(str(choice["display"]))}


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyMixin, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("at", "actor", "done", "on", "because")
    list_filter = (("verb", VerbFilter), "actor")
    search_fields = ("target_name", "actor", "reason")
    date_hierarchy = "at"
    fields = ("at", "actor", "done", "on", "because", "detail")
    actions = None

    class Media:
        css = {"all": ["shop_style/admin.css"]}

    @admin.display(description=_("what"), ordering="verb")
    def done(self, entry: AuditEntry) -> str:
        return entry.verb_in_words

    @admin.display(description=_("why"))
    def because(self, entry: AuditEntry) -> str:
        return entry.reason_in_words

    @admin.display(description=_("on"), ordering="target_name")
    def on(self, entry: AuditEntry) -> str:
        link = change_link_by_label(self.admin_site, entry.target_model, entry.target_id)
        if not link:
            return entry.target_name
        return format_html('<a href="{}">{}</a>', link, entry.target_name)
