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
    enrolled = serializers.IntegerField(help_text="visitors who were given a page of it")
    viewing_visitors = serializers.IntegerField()
    clicking_visitors = serializers.IntegerField()
    failing_visitors = serializers.IntegerField()
    rendered = serializers.IntegerField()
    viewable = serializers.IntegerField()
    clicks = serializers.IntegerField()
    conversions = serializers.IntegerField()
    value = serializers.FloatField()
    failed = serializers.IntegerField()
    suspicious = serializers.IntegerField()
    repeated = serializers.IntegerField(help_text="reports of what was counted already")
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


class PriorSerializer(serializers.Serializer[Any]):
    """What was believed of a lift before: a normal."""

    mean = serializers.FloatField()
    deviation = serializers.FloatField()


class PosteriorSerializer(serializers.Serializer[Any]):
    """What a Bayesian believes of the lift. Losses are in units of the lift."""

    lift = IntervalSerializer()
    deviation = serializers.FloatField()
    chance_to_win = serializers.FloatField()
    loss_of_treatment = serializers.FloatField()
    loss_of_control = serializers.FloatField()
    prior = PriorSerializer()


class MomentSerializer(serializers.Serializer[Any]):
    """The lift as it stood at a day's end; its interval holds however often one looks."""

    day = serializers.DateField()
    visitors = serializers.IntegerField()
    lift = IntervalSerializer()


class EffectSerializer(serializers.Serializer[Any]):
    """An arm against the control. `level` is what the p-value is held to."""

    arm = serializers.CharField()
    name = serializers.CharField()
    state = serializers.ChoiceField(
        choices=("not_enough_data", "no_difference_shown", "higher", "lower")
    )
    basis = serializers.ChoiceField(choices=("sequence", "fixed_horizon"))
    level = serializers.FloatField()
    comparison = ComparisonSerializer(allow_null=True)
    per_visitor = ComparisonSerializer(allow_null=True, help_text="clicks per visitor")
    posterior = PosteriorSerializer(allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField())
    course = MomentSerializer(many=True)
    as_of = serializers.DateField(
        allow_null=True,
        help_text="the day the planned visitors had come, where more came since and are left out",
    )
    analysis = serializers.ChoiceField(
        choices=("plain", "cuped"), help_text="declared before the start; it decides"
    )
    beside = ComparisonSerializer(
        allow_null=True, help_text="the other analysis, which decides nothing; null: no baseline"
    )
    variance_kept = serializers.FloatField(
        allow_null=True, help_text="of the plain analysis's, by CUPED; null: no baseline"
    )
    balance = ComparisonSerializer(
        allow_null=True, help_text="the arms' CTR in the baseline, of those who came back"
    )
    fault = serializers.CharField(help_text="code of what is wrong with its sums; empty: nothing")


class SegmentSerializer(serializers.Serializer[Any]):
    """An arm against the control among some visitors or places.

    Until the end its comparison is always valid (`sequence`); from then on it is for one look, and
    p_holm and p_bh are corrected for all of them.
    """

    kind = serializers.ChoiceField(choices=("device", "position"))
    name = serializers.CharField()
    arm = serializers.CharField()
    visitors = serializers.IntegerField()
    ctr = serializers.FloatField(allow_null=True)
    control_ctr = serializers.FloatField(allow_null=True)
    comparison = ComparisonSerializer(allow_null=True)
    p_holm = serializers.FloatField(allow_null=True)
    p_bh = serializers.FloatField(allow_null=True)
    basis = serializers.ChoiceField(choices=("sequence", "fixed_horizon"))
    fault = serializers.CharField(help_text="code of what is wrong with its sums; empty: nothing")


class CheckSerializer(serializers.Serializer[Any]):
    """Whether a result may be trusted in one respect."""

    name = serializers.CharField()
    light = serializers.ChoiceField(choices=("green", "amber", "red", "open"))
    title = serializers.CharField()
    finding = serializers.CharField()
    advice = serializers.CharField()
    arm = serializers.CharField()


class ProductLiftSerializer(serializers.Serializer[Any]):
    """A product by itself, and drawn towards its style."""

    product = serializers.CharField(help_text="content type, object and field of its picture")
    alone = IntervalSerializer(allow_null=True)
    shrunken = IntervalSerializer()
    own_share = serializers.FloatField()
    reasons = serializers.ListField(child=serializers.CharField())


class PooledSerializer(serializers.Serializer[Any]):
    """A style's products together."""

    mean = IntervalSerializer()
    deviation = serializers.FloatField()
    deviation_low = serializers.FloatField()
    deviation_high = serializers.FloatField()
    p_value = serializers.FloatField()
    common_variance = serializers.FloatField(allow_null=True)
    products = ProductLiftSerializer(many=True)


class StyleProductsSerializer(serializers.Serializer[Any]):
    """An arm's products; `names` by `product`."""

    arm = serializers.CharField()
    name = serializers.CharField()
    pooled = PooledSerializer(allow_null=True)
    names = serializers.DictField(child=serializers.CharField())
    reason = serializers.CharField()


class AssociationSerializer(serializers.Serializer[Any]):
    """Log lifts as a line over a score."""

    slope = IntervalSerializer()
    intercept = serializers.FloatField()
    p_value = serializers.FloatField()
    correlation = serializers.FloatField()
    deviation = serializers.FloatField()
    products = serializers.IntegerField()
    note = serializers.CharField()


class FidelitySerializer(serializers.Serializer[Any]):
    """Lift against a preservation score: exploratory. Points are score and log lift."""

    arm = serializers.CharField()
    name = serializers.CharField()
    score = serializers.CharField()
    association = AssociationSerializer()
    points = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2)
    )


class SplitSerializer(serializers.Serializer[Any]):
    """A sample-ratio check."""

    stage = serializers.ChoiceField(choices=("tokens", "rendered", "viewable", "tiles"))
    phase = serializers.IntegerField(
        allow_null=True, help_text="null: all phases, each held to its own weights; this decides"
    )
    counts = serializers.DictField(child=serializers.IntegerField())
    expected = serializers.DictField(child=serializers.FloatField())
    p_value = serializers.FloatField()
    mismatched = serializers.BooleanField(allow_null=True, help_text="null: too few to say")


class BaselineSerializer(serializers.Serializer[Any]):
    """A phase before the test, in which every arm showed the originals."""

    phase = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    due = serializers.DateTimeField(help_text="when the test is to begin")
    ended_at = serializers.DateTimeField(allow_null=True)
    visitors = serializers.DictField(child=serializers.IntegerField(), help_text="by arm")
    returning = serializers.DictField(
        child=serializers.IntegerField(), help_text="of the test's visitors, those seen in it"
    )
    splits = SplitSerializer(many=True)


class HourSerializer(serializers.Serializer[Any]):
    """An arm's hour in one phase."""

    arm = serializers.CharField()
    phase = serializers.IntegerField()
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
    paused_because = serializers.CharField(help_text="empty: nothing, or a person")
    outcome = serializers.CharField()
    shipped_arm = serializers.CharField()
    planned_visitors = serializers.IntegerField()
    visitors = serializers.IntegerField()
    started_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True, help_text="the planned end")
    ended_at = serializers.DateTimeField(allow_null=True)
    rolled_up_at = serializers.DateTimeField(allow_null=True)
    waiting = serializers.IntegerField(help_text="events since")
    phases = serializers.IntegerField()
    products = serializers.IntegerField()
    left_out = serializers.DictField(
        child=serializers.IntegerField(), help_text="products out of every arm, by why"
    )
    pages = serializers.IntegerField(help_text="page tokens issued")
    is_complete = serializers.BooleanField()
    is_mismatched = serializers.BooleanField()
    is_final = serializers.BooleanField()
    verdict = serializers.CharField(help_text="one sentence")
    remarks = serializers.ListField(child=serializers.CharField())
    arms = ArmReportSerializer(many=True)
    effects = EffectSerializer(many=True)
    splits = SplitSerializer(many=True)
    segments = SegmentSerializer(many=True)
    checks = CheckSerializer(many=True)
    by_product = StyleProductsSerializer(many=True)
    fidelity = FidelitySerializer(many=True)
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
    baseline = BaselineSerializer(allow_null=True, help_text="null: there was none")
