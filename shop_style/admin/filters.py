"""Filters of the variant list that no single column gives."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shop_style.models import StyleVariant


class VerdictFilter(admin.SimpleListFilter):
    """Did it pass its gate?"""

    title = _("verdict")
    parameter_name = "verdict"
    _values = {"passed": True, "failed": False, "unscored": None}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("passed", _("passed")), ("failed", _("failed")), ("unscored", _("not scored"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[StyleVariant]
    ) -> QuerySet[StyleVariant]:
        value = self.value()
        return queryset.filter(passed=self._values[value]) if value in self._values else queryset


class PublishedFilter(admin.SimpleListFilter):
    """Do shoppers see it, and if not, is it at least still in use?"""

    title = _("published")
    parameter_name = "published"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("published")), ("no", _("not published")), ("retired", _("retired"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[StyleVariant]:
        choice = self.value()
        chosen: QuerySet[StyleVariant] = queryset
        if choice == "yes":
            chosen = queryset.published()
        elif choice == "no":
            chosen = queryset.live().exclude(pk__in=queryset.published().values("pk"))
        elif choice == "retired":
            chosen = queryset.exclude(retired_at=None)
        return chosen


class ErrorFilter(admin.SimpleListFilter):
    """Why it could not be rendered, of the reasons there are."""

    title = _("error")
    parameter_name = "error_code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = StyleVariant.objects.exclude(error_code="").order_by("error_code")
        return [(code, code) for code in rows.values_list("error_code", flat=True).distinct()]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[StyleVariant]
    ) -> QuerySet[StyleVariant]:
        return queryset.filter(error_code=self.value()) if self.value() else queryset
