"""Filters of the lists."""

from __future__ import annotations

import django_filters

from shop_style.models import Experiment, StyleVariant


class VariantFilter(django_filters.FilterSet):  # type: ignore[misc]
    """By style and image field. `object` is read by the view, which looks the rows up."""

    style = django_filters.CharFilter(field_name="style__slug", help_text="slug of a style")
    field = django_filters.CharFilter(help_text="image field of the row")

    class Meta:
        model = StyleVariant
        fields = ("style", "field")


class ExperimentFilter(django_filters.FilterSet):  # type: ignore[misc]
    """By state and placement."""

    state = django_filters.ChoiceFilter(choices=Experiment.State.choices)
    placement = django_filters.CharFilter()

    class Meta:
        model = Experiment
        fields = ("state", "placement")
