"""The form of a draft: while it is one, who may edit the experiment may edit its arms."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from shop_style.admin.labels import LabelledFormSet, label_moment
from shop_style.models import Arm, Experiment


def is_draft(experiment: Experiment | None) -> bool:
    """May it still be edited? One that is not there yet may."""
    return experiment is None or experiment.state == Experiment.State.DRAFT


class ExperimentForm(forms.ModelForm):  # type: ignore[type-arg]
    """The draft itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label_moment(self, "ends_at")


class ArmInline(admin.TabularInline):  # type: ignore[type-arg]
    """The arms, to be edited like the experiment itself."""

    model = Arm
    formset = LabelledFormSet
    fields = ("slug", "style", "weight", "position")

    def get_extra(self, request: HttpRequest, obj: Experiment | None = None, **kwargs: Any) -> int:
        """A control and a style to begin with."""
        return 0 if obj else 2

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _may(request, "view") or _may(request, "change")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_draft(obj) and _may(request, "change" if obj else "add")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_draft(obj) and _may(request, "change")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_draft(obj) and _may(request, "change")


def _may(request: HttpRequest, what: str) -> bool:
    return request.user.has_perm(f"shop_style.{what}_experiment")
