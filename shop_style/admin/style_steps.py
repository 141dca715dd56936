"""Steps of a style as a whole: duplicate it, retire it, bring it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shop_style.admin.links import list_link
from shop_style.exceptions import ShopStyleError
from shop_style.generation.duplicate import duplicate
from shop_style.generation.retirement import bring_back, retire_style, retirement_of
from shop_style.models import Style, StyleVariant
from shop_style.words import in_words

PUBLISH = "shop_style.publish_stylevariant"

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Style]
else:
    _Admin = object


class RetireForm(forms.Form):
    """What the page that asks posts. published: what becomes of the published variants."""

    published = forms.ChoiceField(choices=[("serve", ""), ("withdraw", "")], initial="serve")
    reason = forms.CharField(required=False, max_length=500)


class StyleStepsMixin(_Admin):
    """For the admin of styles: an address for each step."""

    def get_urls(self) -> list[URLPattern]:
        """The usual pages, and those of the steps."""
        views = {
            "duplicate": self.duplicate_view,
            "retire": self.retire_view,
            "bring-back": self.bring_back_view,
        }
        own = [
            path(
                f"<path:object_id>/{step}/",
                self.admin_site.admin_view(view),
                name=f"shop_style_style_{step.replace('-', '_')}",
            )
            for step, view in views.items()
        ]
        return [*own, *super().get_urls()]

    def steps_context(self, request: HttpRequest, style: Style) -> dict[str, Any]:
        """Addresses of the steps that this person may take."""
        may_change = self.has_change_permission(request, style)
        step = "bring_back" if style.retired_at else "retire"
        return {
            "duplicate_address": self._address("duplicate", style)
            if self.has_add_permission(request)
            else "",
            f"{step}_address": self._address(step, style) if may_change else "",
        }

    def duplicate_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Copy a style, then show the copy."""
        style = self._style(request, object_id)
        if request.method != "POST":
            raise Http404
        if not self.has_add_permission(request):
            raise PermissionDenied
        try:
            made = duplicate(style, actor=request.user.get_username())
        except (ShopStyleError, OSError) as error:
            self.message_user(request, in_words(error), messages.ERROR)
            return HttpResponseRedirect(self._address("change", style))
        text = _("This is a copy of “%(name)s” with references and files of its own: change it.")
        self.message_user(request, text % {"name": style}, messages.SUCCESS)
        return HttpResponseRedirect(self._address("change", made))

    def retire_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask once, in numbers; then retire."""
        style = self._style(request, object_id)
        if not self.has_change_permission(request, style):
            raise PermissionDenied
        form = RetireForm(request.POST or None)
        may_withdraw = request.user.has_perm(PUBLISH)
        if request.method == "POST" and form.is_valid():
            withdrawn = form.cleaned_data["published"] == "withdraw"
            if withdrawn and not may_withdraw:
                raise PermissionDenied
            return self._retired(request, style, form.cleaned_data["reason"], withdrawn=withdrawn)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Retire “%(name)s”?") % {"name": style},
            "opts": self.opts,
            "media": self.media,
            "style": style,
            "form": form,
            "plan": retirement_of(style),
            "may_withdraw": may_withdraw,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/shop_style/style/retire.html", context)

    def _retired(
        self, request: HttpRequest, style: Style, reason: str, *, withdrawn: bool
    ) -> HttpResponse:
        try:
            done = retire_style(
                style,
                withdraw_published=withdrawn,
                actor=request.user.get_username(),
                reason=reason,
            )
        except ShopStyleError as error:
            self.message_user(request, in_words(error), messages.ERROR)
        else:
            text = (
                _(
                    "It is retired. Variants withdrawn: %(published)d; taken out of the queue: "
                    "%(waiting)d."
                )
                if withdrawn
                else _(
                    "It is retired. Variants that go on serving: %(published)d; taken out of "
                    "the queue: %(waiting)d."
                )
            )
            numbers = {"published": done.published, "waiting": done.waiting}
            self.message_user(request, text % numbers, messages.SUCCESS)
        return HttpResponseRedirect(self._address("change", style))

    def bring_back_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take a retirement back."""
        style = self._style(request, object_id)
        if request.method != "POST":
            raise Http404
        if not self.has_change_permission(request, style):
            raise PermissionDenied
        number = bring_back(style, actor=request.user.get_username())
        text = _("It is back: variants can be asked for again.")
        address = list_link(self.admin_site, StyleVariant)
        if number and address:
            more = ngettext(
                "%d approved variant is not published.",
                "%d approved variants are not published.",
                number,
            )
            text = format_html(
                '{} <a href="{}?style__id__exact={}&review__exact=approved">{}</a>',
                text,
                address,
                style.pk,
                more % number,
            )
        self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(self._address("change", style))

    def _style(self, request: HttpRequest, object_id: str) -> Style:
        style = self.get_object(request, object_id)
        if style is None:
            raise Http404
        if not self.has_view_or_change_permission(request, style):
            raise PermissionDenied
        return style

    def _address(self, page: str, style: Style) -> str:
        return reverse(f"{self.admin_site.name}:shop_style_style_{page}", args=[style.pk])
