"""Pages that a host's own form leads to: ask for variants of its row, and decide about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.translation import gettext, ngettext_lazy

from shop_style.admin.guide_pictures import PERMISSION
from shop_style.admin.links import change_link
from shop_style.admin.review import STEPS, may_take
from shop_style.generation.review_plan import plan_step
from shop_style.models import StyleVariant

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Model]
else:
    _Admin = object

_ALLOWED = "_shop_style_steps"
"""On a row: the steps its viewer may take. A panel is drawn without the request at hand."""


@dataclass(frozen=True, kw_only=True)
class Button:
    """A way from a row's page to a page that asks."""

    label: str
    address: str


def may_take_host_step(name: str, request: HttpRequest) -> bool:
    """May this person take the step for whole rows?"""
    if name == "generate":
        return request.user.has_perm(PERMISSION)
    return may_take(STEPS[name], request)


class StyleVariantViews(_Admin):
    """For a host's ModelAdmin: `<row>/style-variants/<step>/` for each of its steps."""

    style_variant_steps: ClassVar[dict[str, Callable[..., HttpResponse | None]]] = {}

    def get_urls(self) -> list[URLPattern]:
        """The host's pages and ours."""
        own = [
            path(
                f"<path:object_id>/style-variants/{name}/",
                self.admin_site.admin_view(partial(self.style_variants_view, name=name)),
                name=self._step_name(name),
            )
            for name in self.style_variant_steps
        ]
        return [*own, *super().get_urls()]

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Model | None:
        """The host's row, which knows what its viewer may do."""
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            allowed = [
                name for name in self.style_variant_steps if may_take_host_step(name, request)
            ]
            setattr(row, _ALLOWED, allowed)
        return row

    def style_variants_view(
        self, request: HttpRequest, object_id: str, *, name: str
    ) -> HttpResponse:
        """Take the step for one row as the list's action does for many."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        if not may_take_host_step(name, request) or not self.has_view_or_change_permission(
            request, row
        ):
            raise PermissionDenied
        rows = self.get_queryset(request).filter(pk=row.pk)
        answer = self.style_variant_steps[name](self, request, rows)
        return answer or HttpResponseRedirect(change_link(self.admin_site, self.model, row.pk))

    def style_variant_buttons(self, row: Model, variants: Sequence[StyleVariant]) -> list[Button]:
        """What can be done with a row's variants now, by whoever looks at it."""
        allowed = getattr(row, _ALLOWED, ())
        texts = {"generate": gettext("Generate style variants…")}
        for name, label in (
            ("approve", ngettext_lazy("Approve %d…", "Approve %d…")),
            ("publish", ngettext_lazy("Publish %d…", "Publish %d…")),
            ("withdraw", ngettext_lazy("Withdraw %d…", "Withdraw %d…")),
        ):
            number = plan_step(name, _decidable(variants), reason="any").ready
            if number:
                texts[name] = str(label % number)
        found = []
        for name in allowed:
            address = self._step_address(name, row)
            if name in texts and address:
                found.append(Button(label=texts[name], address=address))
        return found

    def _step_name(self, name: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_style_variants_{name}"

    def _step_address(self, name: str, row: Model) -> str:
        try:
            return reverse(f"{self.admin_site.name}:{self._step_name(name)}", args=[row.pk])
        except NoReverseMatch:  # a host whose get_urls leaves ours out
            return ""


def _decidable(variants: Sequence[StyleVariant]) -> list[StyleVariant]:
    return [row for row in variants if row.review != "rejected"]
