"""Bodies of requests and answers, as the schema shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from shop_style.experiments.ingest import MOST_EVENTS, REPORTED
from shop_style.experiments.rendering import Rendering
from shop_style.experiments.tokens import LONGEST
from shop_style.models import Arm, Experiment, Phase

MOST_OBJECTS = 100
OBJECT_HELP = "a row of the shop as `app.model:key`, such as `catalogue.productimage:42`"


class ErrorSerializer(serializers.Serializer[Any]):
    """Any error: a stable code, and words for people."""

    code = serializers.CharField()
    detail = serializers.CharField()
    fields = serializers.DictField(  # type: ignore[assignment]  # the name of the answer's key
        required=False, help_text="which fields are at fault, and why"
    )


class SourceSerializer(serializers.Serializer[Any]):
    """One `<source>` of a `<picture>`."""

    type = serializers.CharField(help_text="MIME type")
    srcset = serializers.CharField()


class PictureSerializer(serializers.Serializer[Any]):
    """A picture to show."""

    src = serializers.CharField()
    srcset = serializers.CharField(help_text="of the format that every browser knows; may be empty")
    sources = SourceSerializer(many=True, help_text="each format's srcset, best first")
    width = serializers.IntegerField(allow_null=True, help_text="pixels of the largest")
    height = serializers.IntegerField(allow_null=True)
    alt = serializers.CharField()
    digital_source_type = serializers.CharField(
        allow_null=True, help_text="IPTC URI of a variant; null for the shop's own picture"
    )
    style = serializers.CharField(allow_null=True, help_text="slug; null for the original")  # type: ignore[assignment]
    original = serializers.CharField(help_text="what to show when `src` does not load")


class VariantSerializer(PictureSerializer):
    """A published variant."""

    id = serializers.IntegerField()
    object = serializers.CharField(help_text=OBJECT_HELP)
    field = serializers.CharField(help_text="which of the row's image fields")
    style_name = serializers.CharField()
    published_at = serializers.DateTimeField()


class ChannelReasonSerializer(serializers.Serializer[Any]):
    """A rule of a channel that the variant does not meet."""

    code = serializers.CharField(help_text="stable")
    text = serializers.CharField()
    value = serializers.FloatField(
        allow_null=True, help_text="what was found, where it is a number"
    )
    limit = serializers.FloatField(allow_null=True, help_text="what is asked")


class ChannelSerializer(serializers.Serializer[Any]):
    """May the variant go there?"""

    channel = serializers.CharField(help_text="slug")
    label = serializers.CharField()  # type: ignore[assignment]  # the name of the answer's key
    allowed = serializers.BooleanField()
    reasons = ChannelReasonSerializer(many=True)
    src = serializers.CharField(allow_null=True, help_text="the file to use there")
    original_src = serializers.CharField(
        allow_null=True,
        help_text="the untouched original's file, where the channel takes nothing else",
    )


class VariantDetailSerializer(VariantSerializer):
    """A published variant, and where it may go."""

    channels = ChannelSerializer(many=True)


class PlacementRequestSerializer(serializers.Serializer[Any]):
    """A list of objects to place on a page, in its order."""

    objects = serializers.ListField(
        child=serializers.CharField(max_length=300, help_text=OBJECT_HELP),
        min_length=1,
        max_length=MOST_OBJECTS,
    )
    placement = serializers.SlugField(
        max_length=60, required=False, default="", allow_blank=True, help_text="which list this is"
    )
    visitor = serializers.CharField(
        max_length=4096,
        required=False,
        default="",
        allow_blank=True,
        help_text="what the last answer gave; for callers that keep no cookies",
    )
    preview = serializers.CharField(
        max_length=300,
        required=False,
        default="",
        allow_blank=True,
        help_text="`shop_style_arm` of a preview link: shows that arm, counts nothing",
    )


class PlacedSerializer(serializers.Serializer[Any]):
    """One object's place."""

    object = serializers.CharField()
    position = serializers.IntegerField(help_text="names this tile in events")
    tracked = serializers.BooleanField(help_text="do events count for it?")
    picture = PictureSerializer(
        allow_null=True, help_text="null where no such object is shown to shoppers"
    )


class PlacementSerializer(serializers.Serializer[Any]):
    """A placed page."""

    pictures = PlacedSerializer(many=True)
    token = serializers.CharField(help_text="for events of this page; empty where nothing counts")
    visitor = serializers.CharField(help_text="send it back next time; empty where nothing is kept")
    events = serializers.CharField(help_text="address that events go to")


class VisitorRequestSerializer(serializers.Serializer[Any]):
    """Who is meant."""

    visitor = serializers.CharField(
        max_length=4096,
        required=False,
        default="",
        allow_blank=True,
        help_text="what the last placement gave; empty: the cookie",
    )


class VisitorSerializer(serializers.Serializer[Any]):
    """A visitor to keep."""

    visitor = serializers.CharField(help_text="send it with placements; empty: nothing to keep")


class ForgottenSerializer(serializers.Serializer[Any]):
    """What was removed."""

    experiments = serializers.IntegerField()
    events = serializers.IntegerField()
    totals = serializers.IntegerField(help_text="rows of sums of the visitor's own")


class EventSerializer(serializers.Serializer[Any]):
    """Something that happened to a tile."""

    kind = serializers.ChoiceField(choices=REPORTED)
    position = serializers.IntegerField(min_value=0)


class _Anything(serializers.Field[Any, Any, Any, Any]):
    """A value as it was parsed; JSONField would write each as text again."""

    def to_internal_value(self, data: Any) -> Any:
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class EventsRequestSerializer(serializers.Serializer[Any]):
    """Events of one page view."""

    token = serializers.CharField(max_length=LONGEST)
    view = serializers.CharField(
        max_length=64,
        required=False,
        default="",
        allow_blank=True,
        help_text="this look at the page, where a cache hands one copy to many",
    )
    # Each is checked by itself: a bad one must not take the others along.
    events = serializers.ListField(
        child=_Anything(allow_null=True), min_length=1, max_length=MOST_EVENTS
    )


class EventsSchemaSerializer(EventsRequestSerializer):
    """The same, as a caller should send it."""

    events = EventSerializer(many=True)  # type: ignore[assignment]


class RejectionSerializer(serializers.Serializer[Any]):
    """An event that was not taken."""

    index = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()


class EventsSerializer(serializers.Serializer[Any]):
    """What became of them."""

    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField(help_text="counted already")
    rejected = RejectionSerializer(many=True)


class ArmSerializer(serializers.ModelSerializer[Arm]):
    """An arm."""

    style = serializers.CharField(source="style.slug", default=None, read_only=True)  # type: ignore[assignment]

    class Meta:
        model = Arm
        fields = ("slug", "style", "weight")


class PhaseSerializer(serializers.ModelSerializer[Phase]):
    """A phase."""

    number = serializers.IntegerField(read_only=True)

    class Meta:
        model = Phase
        fields = ("number", "started_at", "ended_at")


class ExperimentSerializer(serializers.ModelSerializer[Experiment]):
    """An experiment."""

    # Said here, or the schema would show the integer range of whatever database wrote it.
    planned_visitors = serializers.IntegerField(read_only=True, allow_null=True)
    arms = ArmSerializer(many=True, read_only=True)
    phases = PhaseSerializer(many=True, read_only=True)

    class Meta:
        model = Experiment
        fields = (
            "slug",
            "name",
            "hypothesis",
            "placement",
            "layer",
            "coverage",
            "planned_visitors",
            "unit",
            "primary_metric",
            "state",
            "outcome",
            "arms",
            "phases",
            "created_at",
            "started_at",
            "ended_at",
        )
        read_only_fields = fields


def picture_body(rendering: Rendering) -> dict[str, Any]:
    """A rendering as PictureSerializer describes it."""
    return {
        "src": rendering.src,
        "srcset": rendering.srcset,
        "sources": [{"type": kind, "srcset": srcset} for kind, srcset in rendering.sources],
        "width": rendering.width,
        "height": rendering.height,
        "alt": rendering.alt,
        "digital_source_type": rendering.digital_source_type or None,
        "style": rendering.style or None,
        "original": rendering.original,
    }
