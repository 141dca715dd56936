"""An experiment's report, as the schema shows it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class IntervalSerializer(serializers.Serializer[Any]):
    """An estimate with its two-sided interval. A bound is null where it is open."""

    estimate = serializers.FloatField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    alpha = serializers.FloatField()


class ArmReportSerializer(serializers.Serializer[Any]):
    """An arm's counts and click-through rate."""

    slug = serializers.CharField()
    name = serializers.CharField()
    is_control = serializers.BooleanField()
    visitors = serializers.IntegerField()
    clicking_visitors = serializers.IntegerField()
    rendered = serializers.IntegerField()
    viewable = serializers.IntegerField()
    clicks = serializers.IntegerField()
    conversions = serializers.IntegerField()
    value = serializers.FloatField()
    failed = serializers.IntegerField()
    suspicious = serializers.IntegerField()
    ctr = IntervalSerializer(allow_null=True)
    flagged_visitors = serializers.IntegerField(help_text="of `visitors`, kept")
    mixed = serializers.IntegerField(help_text="visitors who saw two arms, in none of the counts")
    tiles = serializers.IntegerField(help_text="a product and visitor each, where drawn by tile")


class ComparisonSerializer(serializers.Serializer[Any]):
    """Treatment against control. The p-value is of the difference; the lift's interval is taken
    on the log of the ratio."""

    difference = IntervalSerializer()
    standard_error = serializers.FloatField()
    degrees_of_freedom = serializers.FloatField(allow_null=True)
    p_value = serializers.FloatField()
    lift = IntervalSerializer(allow_null=True)
    method = serializers.CharField()


class EffectSerializer(serializers.Serializer[Any]):
    """An arm against the control."""

    arm = serializers.CharField()
    name = serializers.CharField()
    state = serializers.CharField()
    comparison = ComparisonSerializer(allow_null=True)


class SplitSerializer(serializers.Serializer[Any]):
    """A sample-ratio check."""

    stage = serializers.ChoiceField(choices=("tokens", "rendered", "tiles"))
    phase = serializers.IntegerField()
    counts = serializers.DictField(child=serializers.IntegerField())
    expected = serializers.DictField(child=serializers.FloatField())
    p_value = serializers.FloatField()
    mismatched = serializers.BooleanField(allow_null=True, help_text="null: too few to say")


class HourSerializer(serializers.Serializer[Any]):
    """An arm's hour."""

    arm = serializers.CharField()
    hour = serializers.DateTimeField()
    viewable = serializers.IntegerField()
    clicks = serializers.IntegerField()


class ReportSerializer(serializers.Serializer[Any]):
    """An experiment's report."""

    slug = serializers.CharField()
    name = serializers.CharField()
    hypothesis = serializers.CharField()
    placement = serializers.CharField()
    state = serializers.CharField()
    outcome = serializers.CharField()
    planned_visitors = serializers.IntegerField()
    visitors = serializers.IntegerField()
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    rolled_up_at = serializers.DateTimeField(allow_null=True)
    waiting = serializers.IntegerField(help_text="events since")
    phases = serializers.IntegerField()
    products = serializers.IntegerField()
    left_out = serializers.IntegerField()
    pages = serializers.IntegerField(help_text="page tokens issued")
    is_complete = serializers.BooleanField()
    is_mismatched = serializers.BooleanField()
    verdict = serializers.ListField(child=serializers.CharField())
    arms = ArmReportSerializer(many=True)
    effects = EffectSerializer(many=True)
    splits = SplitSerializer(many=True)
    devices = serializers.DictField(child=ArmReportSerializer(many=True))
    excluded = serializers.DictField(child=serializers.IntegerField())
    hours = HourSerializer(many=True)
    unit = serializers.CharField()
    estimand = serializers.CharField(help_text="what the effects are effects of, in words")
    without_flagged = EffectSerializer(
        many=True, help_text="without visitors of whom anything was flagged; empty: nobody was"
    )
    visitors_once = serializers.IntegerField(
        allow_null=True, help_text="in any arm, where a visitor is in several"
    )
