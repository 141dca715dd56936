"""References of a style: dropped several at once, each with the right to use it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext_lazy as _

from shop_style.admin.staging import check_picture, look_up, stage, staged
from shop_style.admin.thumbnails import reference_url
from shop_style.exceptions import UnknownEngine
from shop_style.generation.artefact import FITTING_ENGINE, MOST_REFERENCES
from shop_style.models import StyleReference
from shop_style.transfer.cube import ENDING
from shop_style.transfer.registry import EngineEntry, engine_entry

DROPPED = "dropped"
_LICENCE = _("Say under which licence you may use this picture, such as “own work” or “CC BY 4.0”.")
_SOURCE = _("Say where this picture comes from: a studio, a shoot, an address.")


class StyleReferenceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A reference picture, which must be one, with the licence it is used under and its source."""

    staged = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = StyleReference
        fields = ("image", "licence", "source", "position")
        widgets = {
            "licence": forms.TextInput(attrs={"class": "vTextField"}),
            "source": forms.TextInput(attrs={"class": "vTextField"}),
            "position": forms.NumberInput(attrs={"class": "ss-ref-position"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Their absence is said in our words, under a code of its own.
        for name in ("image", "licence"):
            self.fields[name].required = False

    @property
    def changed_data(self) -> list[str]:
        """A place alone is no reference: of a card that was removed again it stays behind."""
        changed: list[str] = super().changed_data
        return [] if self.instance.pk is None and set(changed) <= {"position"} else changed

    @property
    def is_left_empty(self) -> bool:
        """Is it what remains of a card that was taken away again?"""
        return self.is_bound and self.instance.pk is None and not self.has_changed()

    @property
    def picture_url(self) -> str:
        """Address of its picture, also while that is only staged."""
        if self.instance.pk:
            return reference_url(self.instance)
        found = look_up(self["staged"].value())
        return found.url if found else ""

    @property
    def file_label(self) -> str:
        """What a person calls the file, as far as it is known."""
        found = look_up(self["staged"].value())
        return found.file if found else str(self.instance.source)

    def clean_image(self) -> Any:
        """Refuse at once what a worker would refuse later."""
        image = self.cleaned_data["image"]
        if isinstance(image, UploadedFile):
            check_picture(image)
        return image

    def clean(self) -> dict[str, Any]:
        """A picture, a licence and a source; a staged picture becomes the row's."""
        super().clean()
        cleaned = self.cleaned_data
        if "licence" not in self.errors and not cleaned.get("licence"):
            self.add_error("licence", ValidationError(_LICENCE, code="no_licence"))
        # Rows of an earlier time may lack a source until somebody edits them.
        if not cleaned.get("source") and (self.instance.pk is None or self.has_changed()):
            self.add_error("source", ValidationError(_SOURCE, code="no_source"))
        if self.instance.pk is None and "image" not in self.errors and not cleaned.get("image"):
            self._take_staged()
        return cleaned

    def _take_staged(self) -> None:
        token = self.cleaned_data.get("staged")
        if not token:
            self.add_error("image", ValidationError(_("Choose a picture."), code="no_picture"))
            return
        try:
            self.instance.image = staged(token).name
        except ValidationError as error:
            self.add_error("image", error)


def _no_look(entry: EngineEntry) -> Any:
    if entry.artefact_ending == ENDING:
        return _(
            "This style has no look yet: give it a .cube file above, or add at least one reference "
            "picture here."
        )
    return _("This engine takes its look from reference pictures: add at least one.")


class StyleReferenceFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """The references of a style: none left is refused where the engine needs one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.refused: list[ValidationError] = []
        if self.is_bound:
            self._take_dropped()

    def _take_dropped(self) -> None:
        """Each file of the one field that takes many becomes a form of its own, before any is
        read: what is refused costs the others nothing."""
        dropped = self.files.getlist(f"{self.prefix}-{DROPPED}") if self.files else []
        total = f"{self.prefix}-TOTAL_FORMS"
        data: Any = self.data  # the admin passes a copy of what was posted
        for upload in dropped:
            try:
                kept = stage(upload)
            except ValidationError as error:
                self.refused.append(error)
                continue
            number = int(data.get(total) or 0)
            data[f"{self.prefix}-{number}-staged"] = kept.token
            data[f"{self.prefix}-{number}-position"] = str(number)
            for name in ("licence", "source"):
                said = data.get(f"{self.prefix}-all-{name}", "")
                data[f"{self.prefix}-{number}-{name}"] = said
            data[total] = str(number + 1)

    def clean(self) -> None:
        super().clean()
        if self.refused:
            raise ValidationError(self.refused)
        if any(self.errors):
            return
        left = [
            form
            for form in self.forms
            if (form.instance.pk or form.has_changed()) and form not in self.deleted_forms
        ]
        try:
            entry = engine_entry(self.instance.engine)
        except UnknownEngine:
            return
        if entry.needs_references and not left and not self.instance.has_own_artefact:
            raise ValidationError(_no_look(entry), code="no_reference")
        if entry.most_references is not None and len(left) > entry.most_references:
            raise ValidationError(
                _("This engine takes at most %(most)d references; remove some."),
                code="too_many_references",
                params={"most": entry.most_references},
            )
        parameters = self.instance.parameters
        if entry.name == FITTING_ENGINE and isinstance(parameters, dict):
            self._check_look(len(left), built_in=parameters.get("style"))

    def _check_look(self, references: int, *, built_in: str | None) -> None:
        """A style of the network has a built-in look, or references to fit it on."""
        if built_in:
            return
        if not references:
            raise ValidationError(
                _(
                    "This style has no look yet: pick a built-in style above, or add from one to "
                    "five reference pictures here and fit it on them."
                ),
                code="no_reference",
            )
        if references > MOST_REFERENCES:
            raise ValidationError(
                _("A style is fitted on at most %(most)d references; remove some."),
                code="too_many_references",
                params={"most": MOST_REFERENCES},
            )


class StyleReferenceInline(admin.StackedInline):  # type: ignore[type-arg]
    """The references as cards, with a place to drop pictures on."""

    model = StyleReference
    form = StyleReferenceForm
    formset = StyleReferenceFormSet
    extra = 0
    fields = ("image", "staged", "licence", "source", "position")
    template = "admin/shop_style/style/references.html"


def stage_view(request: HttpRequest) -> JsonResponse:
    """Keep dropped pictures until the form is saved; each that is refused says why by its name."""
    kept, refused = [], []
    for upload in request.FILES.getlist(DROPPED):
        try:
            item = stage(upload)
        except ValidationError as error:
            refused.append({"file": upload.name, "code": error.code, "text": error.messages[0]})
        else:
            kept.append({"token": item.token, "url": item.url, "file": item.file})
    return JsonResponse({"kept": kept, "refused": refused})
