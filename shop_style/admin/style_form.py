"""Forms of a style and its references; uploads pass the same intake as product pictures."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext_lazy as _

from shop_style.exceptions import IntakeError, UnknownEngine
from shop_style.generation.limits import intake_limits
from shop_style.imaging.intake import decode
from shop_style.models import Style, StyleReference
from shop_style.transfer.registry import engine_entry, engines
from styleeval.preservation.gate import THRESHOLDS


class PrettyJSONField(forms.JSONField):
    """A JSON field whose value is laid out over lines."""

    widget = forms.Textarea(attrs={"rows": 6, "cols": 60, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return json.dumps(value, indent=2, ensure_ascii=False)
        return super().prepare_value(value)


class StyleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A style; what its engine, gate and thresholds refuse is said at their fields."""

    engine = forms.ChoiceField(label=_("Engine"))
    mode = forms.ChoiceField(label=_("Gate"), required=False)
    parameters = PrettyJSONField(label=_("Engine parameters"), required=False)
    thresholds = PrettyJSONField(label=_("Thresholds"), required=False)

    class Meta:
        model = Style
        fields = (
            "name",
            "slug",
            "engine",
            "parameters",
            "region",
            "keep_white",
            "strength",
            "mode",
            "thresholds",
            "automatic",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = {entry.name: entry.label for entry in engines().values()}
        # A style whose engine was uninstalled still opens, to be given another.
        if self.instance.engine:
            choices.setdefault(self.instance.engine, self.instance.engine)
        self._offer("engine", list(choices.items()))
        automatic = ("", _("that of the engine and region"))
        self._offer("mode", [automatic, *((name, name) for name in THRESHOLDS)])
        for name in ("mode", "thresholds"):
            self.fields[name].help_text = getattr(Style._meta.get_field(name), "help_text", "")

    def _offer(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean_parameters(self) -> dict[str, Any]:
        """An empty field is no parameters."""
        return self._mapping("parameters")

    def clean_thresholds(self) -> dict[str, Any]:
        """An empty field is no overrides."""
        return self._mapping("thresholds")

    def _mapping(self, name: str) -> dict[str, Any]:
        value = self.cleaned_data.get(name) or {}
        if not isinstance(value, dict):
            raise ValidationError(
                _("Write an object of names and values in braces."), code="no_object"
            )
        return value


class StyleReferenceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A reference picture, which must be one, with the licence it is used under."""

    class Meta:
        model = StyleReference
        fields = ("image", "licence", "source", "position")
        widgets = dict.fromkeys(("licence", "source"), forms.TextInput(attrs={"size": 20}))

    def clean_image(self) -> Any:
        """Refuse at once what a worker would refuse later."""
        image = self.cleaned_data["image"]
        if not isinstance(image, UploadedFile):
            return image
        limits = intake_limits()
        try:
            decode(image.read(limits.max_bytes + 1), name=image.name or "", limits=limits)
        except IntakeError as error:
            raise ValidationError(str(error), code=error.code) from error
        image.seek(0)
        return image


class StyleReferenceFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """The references of a style: none left is refused where the engine needs one."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        left = [
            form
            for form in self.forms
            if (form.instance.pk or form.has_changed()) and form not in self.deleted_forms
        ]
        try:
            needs_references = engine_entry(self.instance.engine).needs_references
        except UnknownEngine:
            return
        if needs_references and not left:
            raise ValidationError(
                _("This engine takes its look from reference pictures: add at least one."),
                code="no_reference",
            )
