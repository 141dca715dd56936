"""Django's own page before a deletion, with what else goes, in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.actions import delete_selected
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Any]
else:
    _Admin = object


class NumberedDeletion(_Admin):
    """For an admin whose deletions reach further than their rows."""

    delete_confirmation_template = "admin/shop_style/delete_confirmation.html"
    delete_selected_confirmation_template = "admin/shop_style/delete_selected_confirmation.html"

    def deletion_lines(self, rows: QuerySet[Any]) -> Sequence[str]:
        """What goes with these rows, or follows from it, a sentence each."""
        raise NotImplementedError

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """With Django's own deletion, which says more here."""
        actions: dict[str, Any] = super().get_actions(request)
        if "delete_selected" in actions:
            _action, name, label = actions["delete_selected"]
            actions["delete_selected"] = (numbered_delete_selected, name, label)
        return actions

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        rows = self.model._default_manager.none()
        row: Model | None = self.get_object(request, object_id)
        if row is not None and self.has_delete_permission(request, row):
            rows = self.get_queryset(request).filter(pk=row.pk)
        lines = self.deletion_lines(rows) if request.method == "GET" else ()
        return super().delete_view(
            request, object_id, {"deletion_lines": lines, **(extra_context or {})}
        )


@admin.action(permissions=["delete"], description=_("Delete selected %(verbose_name_plural)s"))
def numbered_delete_selected(
    modeladmin: NumberedDeletion, request: HttpRequest, queryset: QuerySet[Any]
) -> HttpResponse | None:
    """Django's action, whose page says what else goes."""
    answer: HttpResponse | None = delete_selected(modeladmin, request, queryset)
    if isinstance(answer, TemplateResponse) and answer.context_data is not None:
        answer.context_data["deletion_lines"] = modeladmin.deletion_lines(queryset)
    return answer
