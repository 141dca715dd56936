"""Names of fields for those who cannot see the column they stand in."""

from __future__ import annotations

from typing import Any

from django.forms import BaseForm, BaseInlineFormSet, MultiWidget, Widget
from django.utils.translation import gettext


def label_widgets(form: BaseForm) -> None:
    """Give every field of the form its label as `aria-label`; a row of a table shows none."""
    for field in form.fields.values():
        if field.label:
            _label(field.widget, str(field.label))


def label_moment(form: BaseForm, name: str) -> None:
    """Name the two boxes of a date and time, which share one label; absent fields are left."""
    field = form.fields.get(name)
    if field is None or not isinstance(field.widget, MultiWidget):
        return
    for widget, part in zip(field.widget.widgets, (gettext("date"), gettext("time")), strict=True):
        _label(widget, f"{field.label}: {part}")


class LabelledFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """Rows of a table whose fields have names of their own, deletion included."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        label_widgets(form)


def _label(widget: Widget, text: str) -> None:
    # The admin wraps the choice of a related row; the attributes are the inner widget's.
    getattr(widget, "widget", widget).attrs["aria-label"] = text
