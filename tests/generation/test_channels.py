"""Where a variant may go, decided by its row; and what its files are chosen by."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shop_style.channels.admission import admission, admissions, original_admission
from shop_style.channels.choice import rendition_for
from shop_style.channels.configuration import policies, policy_called
from shop_style.channels.policy import ChannelPolicy
from shop_style.channels.reason import percent
from shop_style.exceptions import SettingsError, UnknownChannel
from shop_style.imaging.provenance import COMPOSITE_TRAINED, TRAINED
from shop_style.models import Status, Style, StyleVariant
from shop_style.models.variant import Review

CARD = {
    "schema": 1,
    "mask_confidence": 0.9,
    "mask_coverage": 0.4,
    "white_kept": 1.0,
    "frame": {"fill": 0.9, "white": 1.0, "ground": "white"},
}


def file(
    kind: str, width: int, height: int, *, size: int = 200_000, white: float | None = 1.0
) -> dict[str, Any]:
    found = {"name": f"w{width}.{kind}", "format": kind, "width": width, "height": height}
    return {**found, "bytes": size, "white_border": white}


FILES = [
    file(kind, width, round(width * 0.8)) for kind in ("webp", "jpeg") for width in (1600, 640)
]


def variant(**values: Any) -> StyleVariant:
    """A ready, approved variant that passed, as a row that is not saved."""
    style = values.pop("style", None) or Style(slug="haze", name="Haze", engine="grade")
    columns: dict[str, Any] = {
        "style": style,
        "status": Status.READY,
        "review": Review.APPROVED,
        "passed": True,
        "renditions": FILES,
        "original_renditions": FILES,
        "digital_source_type": TRAINED,
        "scorecard": CARD,
    }
    return StyleVariant(**{**columns, **values})


def codes(variant: StyleVariant, policy: ChannelPolicy) -> list[str]:
    answer = admission(variant, policy)
    assert answer.allowed == (not answer.reasons) == (answer.rendition is not None)
    assert all(reason.text for reason in answer.reasons)
    return [reason.code for reason in answer.reasons]


FEED = "feed-lifestyle"


class TestTheFeed:
    def test_a_graded_variant_goes_as_its_largest_jpeg(self) -> None:
        answer = admission(variant(), policy_called(FEED))
        assert answer.allowed and answer.rendition == FILES[2]

    @pytest.mark.parametrize(
        ("values", "code"),
        [
            ({"review": Review.UNREVIEWED}, "not_approved"),
            ({"review": Review.REJECTED}, "not_approved"),
            ({"passed": False, "reasons": [{"code": "colour", "text": "Too red."}]}, "gate"),
            ({"passed": None}, "gate"),
            ({"digital_source_type": ""}, "unmarked"),
            ({"style": Style(slug="oil", engine="network")}, "mode"),
            ({"style": Style(slug="gone", engine="vanished")}, "mode"),
            ({"renditions": [file("avif", 1600, 1280)]}, "format"),
            ({"renditions": [file("webp", 1600, 1280)]}, "format"),
            ({"renditions": [file("jpeg", 620, 496)]}, "too_small"),
            ({"renditions": [file("jpeg", 9000, 8000)]}, "too_many_pixels"),
            ({"renditions": [file("jpeg", 1600, 1280, size=16_000_001)]}, "too_many_bytes"),
            ({"renditions": []}, "no_file"),
            ({"status": Status.PENDING, "renditions": [], "passed": None}, "not_ready"),
            ({"retired_at": timezone.now()}, "retired"),
        ],
    )
    def test_each_rule_says_by_itself_why_not(self, values: dict[str, Any], code: str) -> None:
        assert codes(variant(**values), policy_called(FEED)) == [code]

    def test_a_background_painted_by_a_network_may_go(self) -> None:
        style = Style(slug="wall", engine="network", region="background")
        found = variant(style=style, digital_source_type=COMPOSITE_TRAINED)
        assert codes(found, policy_called(FEED)) == []

    def test_the_gates_own_words_are_told(self) -> None:
        found = variant(passed=False, reasons=[{"code": "colour", "text": "Too red."}])
        assert "Too red." in admission(found, policy_called(FEED)).reasons[0].text

    def test_every_rule_that_is_broken_is_told_with_its_numbers(self) -> None:
        found = variant(review=Review.UNREVIEWED, passed=None, renditions=[file("jpeg", 400, 300)])
        answer = admission(found, policy_called(FEED))
        assert [reason.code for reason in answer.reasons] == ["not_approved", "gate", "too_small"]
        assert (answer.reasons[2].value, answer.reasons[2].limit) == (300, 500)
        assert "300" in answer.reasons[2].text and "500" in answer.reasons[2].text

    def test_a_shop_that_reads_the_rule_to_the_letter_takes_one_mark(self, settings: Any) -> None:
        only = {FEED: {"source_types": ["trainedAlgorithmicMedia"]}}
        settings.SHOP_STYLE = {"CHANNELS": only}
        assert codes(variant(), policy_called(FEED)) == []
        other = variant(digital_source_type=COMPOSITE_TRAINED)
        assert codes(other, policy_called(FEED)) == ["source_type"]


class TestTheMarketplacesMainImage:
    def test_no_variant_however_good_but_its_original(self) -> None:
        answer = admission(variant(), policy_called("marketplace-main"))
        assert not answer.allowed and [reason.code for reason in answer.reasons] == ["styled"]
        assert "use the original" in answer.reasons[0].text
        assert answer.original is not None and answer.original.allowed
        assert answer.original.rendition == FILES[2]

    @pytest.mark.parametrize(
        ("values", "code"),
        [
            ({"scorecard": {**CARD, "frame": {"fill": 0.84}}}, "fill"),
            ({"scorecard": {**CARD, "frame": None}}, "unmeasurable"),
            ({"scorecard": {**CARD, "frame": {}}}, "not_measured"),
            ({"scorecard": {**CARD, "frame": {"fill": "wide"}}}, "not_measured"),
            ({"scorecard": {"mask_confidence": 0.9}}, "not_measured"),
            ({"scorecard": {**CARD, "mask_confidence": 0.3}}, "mask_uncertain"),
            ({"original_renditions": [file("jpeg", 1600, 1280, white=0.7)]}, "not_white"),
            ({"original_renditions": [file("jpeg", 1600, 1280, white=None)]}, "not_measured"),
            ({"original_renditions": [file("jpeg", 999, 999)]}, "too_small"),
            ({"original_renditions": [file("jpeg", 10_001, 8000)]}, "too_large"),
            ({"original_renditions": []}, "no_file"),
            ({"retired_at": timezone.now()}, "retired"),
        ],
    )
    def test_the_original_says_by_itself_why_not(self, values: dict[str, Any], code: str) -> None:
        answer = original_admission(variant(**values), policy_called("marketplace-main"))
        assert [reason.code for reason in answer.reasons] == [code] and answer.rendition is None

    def test_what_was_thought_of_the_variant_is_no_question_of_the_original(self) -> None:
        found = variant(review=Review.REJECTED, passed=False, digital_source_type="")
        assert original_admission(found, policy_called("marketplace-main")).allowed

    def test_a_row_without_a_scorecard_asks_to_be_rendered_again(self) -> None:
        answer = original_admission(variant(scorecard=None), policy_called("marketplace-main"))
        assert {reason.code for reason in answer.reasons} == {"not_measured"}
        assert all("render it again" in reason.text for reason in answer.reasons)


class TestTheOthers:
    def test_the_storefront_takes_what_a_person_approved_against_the_gate(self) -> None:
        found = variant(passed=False, style=Style(slug="oil", engine="network"))
        assert codes(found, policy_called("storefront")) == []
        assert admission(found, policy_called("storefront")).rendition == FILES[0]

    def test_social_networks_crop_what_is_too_tall_or_too_wide(self) -> None:
        social = policy_called("social")
        assert codes(variant(renditions=[file("jpeg", 1080, 1350)]), social) == []
        assert codes(variant(renditions=[file("jpeg", 1080, 1920)]), social) == ["too_tall"]
        assert codes(variant(renditions=[file("jpeg", 2000, 1000)]), social) == ["too_wide"]

    def test_white_kept_is_asked_where_a_shop_asks_it(self, settings: Any) -> None:
        rules = {"min_white_kept": 0.995, "modes": ["grade"]}
        settings.SHOP_STYLE = {"CHANNELS": {"gallery-on-white": rules}}
        policy = policy_called("gallery-on-white")
        assert codes(variant(), policy) == []
        assert codes(variant(scorecard={**CARD, "white_kept": 0.9}), policy) == ["white_lost"]
        assert codes(variant(scorecard={**CARD, "white_kept": None}), policy) == ["unmeasurable"]
        assert codes(variant(scorecard={"schema": 1}), policy) == ["not_measured"]


class TestTheFile:
    def policy(self, **rules: Any) -> ChannelPolicy:
        return ChannelPolicy(slug="any", label="Any", **rules)

    def test_the_largest_that_fits(self) -> None:
        files = [file("jpeg", width, width) for width in (320, 1600, 1024)]
        found = rendition_for(variant(renditions=files), self.policy(max_side=1100))
        assert found.rendition == files[2] and found.reasons == ()

    def test_the_preferred_format_of_two_that_are_as_large(self) -> None:
        for first in ("webp", "jpeg"):
            formats = (first, *({"webp", "jpeg"} - {first}))
            found = rendition_for(variant(), self.policy(formats=formats))
            assert found.rendition is not None and found.rendition["format"] == first
            assert found.rendition["width"] == 1600

    def test_a_lighter_one_where_the_largest_is_too_heavy(self) -> None:
        files = [file("jpeg", 1600, 1600, size=900), file("jpeg", 640, 640, size=300)]
        found = rendition_for(variant(renditions=files), self.policy(max_bytes=500))
        assert found.rendition == files[1]

    def test_a_weight_that_was_never_stored(self) -> None:
        bare = [{"name": "a.jpg", "format": "jpeg", "width": 640, "height": 640}]
        assert rendition_for(variant(renditions=bare), self.policy()).rendition == bare[0]
        found = rendition_for(variant(renditions=bare), self.policy(max_bytes=500))
        assert [reason.code for reason in found.reasons] == ["not_measured"]


class TestTheSettings:
    def test_a_preset_is_changed_another_dropped_and_one_added(self, settings: Any) -> None:
        settings.SHOP_STYLE = {
            "CHANNELS": {
                FEED: {"formats": ["webp", "jpeg"], "min_side": 250},
                "social": None,
                "catalogue-print": {"label": "Printed catalogue", "min_long_side": 3000},
            }
        }
        found = policies()
        assert list(found) == ["marketplace-main", FEED, "storefront", "catalogue-print"]
        assert found[FEED].formats == ("webp", "jpeg") and found[FEED].min_side == 250
        assert found[FEED].gate and found[FEED].max_bytes == 16_000_000
        # A channel of one's own is careful until told otherwise.
        assert found["catalogue-print"].approved and found["catalogue-print"].mark
        answers = {answer.channel: answer for answer in admissions(variant())}
        assert answers["catalogue-print"].label == "Printed catalogue"
        assert not answers["catalogue-print"].allowed and answers[FEED].allowed

    def test_a_mistake_is_told_when_it_is_met_and_an_unknown_channel_with_the_known(
        self, settings: Any
    ) -> None:
        with pytest.raises(UnknownChannel, match="marketplace-main, feed-lifestyle"):
            policy_called("ebay")
        settings.SHOP_STYLE = {"CHANNELS": {"ebay": {"max_byte": 5}}}
        with pytest.raises(SettingsError, match="ebay has no rule 'max_byte'"):
            policy_called("ebay")


def test_a_share_is_never_shown_as_the_limit_that_it_misses() -> None:
    assert percent(0.84999) == "84.9 %" and percent(0.85) == "85 %" and percent(1.0) == "100 %"


@pytest.mark.django_db
def test_no_query_is_made(make_chair: Any, make_style: Any, publish_variant: Any) -> None:
    publish_variant(make_chair(), make_style())
    row = StyleVariant.objects.published().select_related("style").get()
    with CaptureQueriesContext(connection) as queries:
        assert len(admissions(row)) == 4
    assert len(queries) == 0
