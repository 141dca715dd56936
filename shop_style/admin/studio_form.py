"""Asking for a picture in a style from its studio, with a strength or region of its own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shop_style.models import Style
from shop_style.models.style import Region

OWN, AUTOMATIC, CHOSEN = "", "auto", "chosen"


class RequestForm(forms.Form):
    """One style for one picture. `overrides` holds what is not as the style says."""

    style = forms.ModelChoiceField(
        label=_("Style"), queryset=Style.objects.none(), empty_label=None
    )
    how = forms.ChoiceField(
        label=_("Strength"),
        required=False,
        choices=[
            (OWN, _("as the style says")),
            (AUTOMATIC, _("automatic: the largest that passes")),
            (CHOSEN, _("as chosen here:")),
        ],
    )
    strength = forms.FloatField(
        label=_("Chosen strength"),
        required=False,
        min_value=0.0,
        max_value=1.0,
        initial=0.5,
        widget=forms.NumberInput(attrs={"step": "0.05"}),
    )
    region = forms.ChoiceField(
        label=_("Region"),
        required=False,
        choices=[("", _("as the style says")), *Region.choices],
    )
    again = forms.BooleanField(label=_("Render anew what is already there"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "ss-request-%s", "label_suffix": "", **kwargs})
        self.fields["style"].queryset = Style.objects.home()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("how") == CHOSEN and cleaned.get("strength") is None:
            self.add_error("strength", _("Give a number from 0 to 1."))
        return cleaned

    @property
    def overrides(self) -> dict[str, Any]:
        """For `request_variants`."""
        told: dict[str, Any] = {}
        if self.cleaned_data["how"] == AUTOMATIC:
            told["strength"] = None
        elif self.cleaned_data["how"] == CHOSEN:
            told["strength"] = self.cleaned_data["strength"]
        if self.cleaned_data["region"]:
            told["region"] = self.cleaned_data["region"]
        return told
