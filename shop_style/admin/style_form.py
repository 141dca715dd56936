"""The form of a style; what its engine, gate and thresholds refuse is said at its fields."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminFileWidget
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shop_style.exceptions import CubeError
from shop_style.generation.artefact import FITTING_ENGINE
from shop_style.generation.limits import intake_limits
from shop_style.generation.look import has_this_cube
from shop_style.models import Style
from shop_style.models.style import gate_in_words
from shop_style.transfer.built_in import BuiltInStyle, built_in_styles
from shop_style.transfer.cube import ENDING, read_cube
from shop_style.transfer.parameters import AS_AUTHORED
from shop_style.transfer.registry import engines
from shop_style.words import in_words
from styleeval.preservation.gate import THRESHOLDS


def built_in_label(style: BuiltInStyle) -> SafeString:
    """A built-in style by its picture; whose work it was learned from is on the tooltip."""
    free = style.licence == "public domain"
    licence = gettext("public domain") if free else style.licence
    return format_html(
        '<img class="ss-thumb" src="{}" alt="" loading="lazy"> <span title="{}">{}</span>',
        static(style.thumbnail),
        f"{gettext(style.reference)} ({licence})",
        gettext(style.name),
    )


class PrettyJSONField(forms.JSONField):
    """A JSON field whose value is laid out over lines."""

    widget = forms.Textarea(attrs={"rows": 6, "cols": 60, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return json.dumps(value, indent=2, ensure_ascii=False)
        return super().prepare_value(value)


class StyleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A style: its recipe, its look where that is no reference, and its gate."""

    engine = forms.ChoiceField(label=_("Engine"))
    built_in = forms.ChoiceField(
        label=_("Built-in style"),
        required=False,
        widget=forms.RadioSelect(attrs={"class": "ss-styles"}),
    )
    cube = forms.FileField(
        label=_("Look file (.cube)"),
        required=False,
        widget=AdminFileWidget(attrs={"accept": ENDING}),
        help_text=_("One look for every picture; it counts before reference pictures."),
    )
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
            "colour_lock",
            "text_lock",
            "product_strength",
            "restore_first",
            "strength",
            "mode",
            "thresholds",
            "automatic",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = {entry.name: gettext(entry.label) for entry in engines().values()}
        # A style whose engine was uninstalled still opens, to be given another.
        if self.instance.engine:
            choices.setdefault(self.instance.engine, self.instance.engine)
        self._offer("engine", list(choices.items()))
        automatic = ("", _("that of the engine and region"))
        self._offer("mode", [automatic, *((name, gate_in_words(name)) for name in THRESHOLDS)])
        none = ("", _("none: the look of the references"))
        looks = [(slug, built_in_label(look)) for slug, look in built_in_styles().items()]
        self._offer("built_in", [none, *looks])
        parameters = self.instance.parameters
        if self.instance.engine == FITTING_ENGINE and isinstance(parameters, dict):
            self.initial["built_in"] = parameters.get("style", "")
            self.initial["parameters"] = {
                name: value for name, value in parameters.items() if name != "style"
            }
        if (self.instance.artefact.name or "").endswith(ENDING):
            self.initial["cube"] = self.instance.artefact
        for name in ("mode", "thresholds"):
            self.fields[name].help_text = getattr(Style._meta.get_field(name), "help_text", "")

    def _offer(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean(self) -> dict[str, Any]:
        """The picture that was picked becomes the engine's parameter `style`."""
        super().clean()
        self._take_cube()
        cleaned = self.cleaned_data
        picked, parameters = cleaned.get("built_in"), cleaned.get("parameters")
        if not picked or parameters is None:
            return cleaned
        if cleaned.get("engine") != FITTING_ENGINE:
            self.add_error(
                "built_in",
                _("Built-in styles are the style network’s: choose that engine, or “none” here."),
            )
        elif parameters.get("style", picked) != picked:
            self.add_error(
                "built_in",
                _("The engine parameters name another `style`: remove it there, or pick that one."),
            )
        else:
            cleaned["parameters"] = {"style": picked, **parameters}
        return cleaned

    def clean_cube(self) -> Any:
        """Refuse at once what a worker would refuse later."""
        upload = self.cleaned_data["cube"]
        if not isinstance(upload, UploadedFile):
            return upload
        most = intake_limits().max_bytes
        data = upload.read(most + 1)
        if len(data) > most:
            raise ValidationError(
                _("%(file)s is larger than %(most)d bytes (MAX_BYTES): import_cube takes it."),
                code="too_many_bytes",
                params={"file": upload.name, "most": most},
            )
        try:
            read_cube(data, name=upload.name or "")
        except CubeError as error:
            raise ValidationError(in_words(error), code=error.code) from error
        upload.seek(0)
        return self.initial.get("cube") if has_this_cube(self.instance, data) else upload

    def _take_cube(self) -> None:
        """A new file becomes the style's artefact, wholly unless the parameters say otherwise."""
        cube, parameters = self.cleaned_data.get("cube"), self.cleaned_data.get("parameters")
        if cube is False:
            self.instance.artefact = ""
        if not isinstance(cube, UploadedFile):
            return
        entry = engines().get(self.cleaned_data.get("engine", ""))
        if entry is None or entry.artefact_ending != ENDING:
            self.add_error(
                "cube", _("A .cube file is a look of the colour grade: choose that engine.")
            )
            return
        self.instance.artefact = cube
        if parameters is not None:
            self.cleaned_data["parameters"] = {**AS_AUTHORED, **parameters}

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
