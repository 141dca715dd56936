"""The table of faults: what is planted, and the name of what catches it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.simulation import doors, reports
from tests.simulation.shop import Shop


@dataclass(frozen=True)
class Fault:
    """plant: breaks a shop and returns the names that spoke up. what: in words, for docs."""

    plant: Callable[[Shop], set[str]]
    check: str
    what: str

    @property
    def row(self) -> str:
        """As docs/experiments.md prints it."""
        return f"| {self.what} | `{self.check}` |"


ANSWERED = (
    Fault(doors.duplicated_beacon, "duplicates", "a beacon is sent twice"),
    Fault(doors.replayed_token, "duplicates", "a page's click is replayed 200 times"),
    Fault(doors.page_kept_by_a_cache, "private", "a shared cache would keep a page with a token"),
    Fault(doors.forged_token, "bad_token", "a token is forged, to be in the other arm"),
    Fault(doors.other_sites_token, "bad_token", "a token is signed by another shop"),
    Fault(
        doors.other_experiments_token,
        "closed_experiment",
        "a token names an experiment that is not there",
    ),
    Fault(doors.other_pages_token, "unknown_position", "a position is not on the token's page"),
    Fault(doors.late_beacon, "expired_token", "a beacon comes later than `TOKEN_HOURS`"),
    Fault(doors.after_the_end, "closed_experiment", "events come long after the end"),
    Fault(doors.skewed_browser, "at", "a browser's clock is ten years behind"),
    Fault(doors.nameless_crawler, "crawler", "a crawler sends no user agent, and gets a page"),
    Fault(doors.crawling_beacon, "crawler_agent", "beacons come under a crawler's user agent"),
    Fault(doors.click_storm, "many_clicks", "one report has more clicks than a person makes"),
    Fault(doors.order_recorded_twice, "record_conversion", "the shop records an order twice"),
    Fault(doors.mixed_login, "mixed", "somebody logs in on devices of both arms"),
    Fault(doors.lowered_coverage, "bad_experiment_step", "coverage is lowered mid-run"),
)
"""Told at once, by the answer or by what is stored."""

REPORTED = (
    Fault(
        reports.one_percent_mismatch,
        "sample_ratio_rendered",
        "of 100,000 visitors 51 % come to one arm",
    ),
    Fault(
        reports.lost_beacons_in_one_arm,
        "sample_ratio_rendered",
        "3 % of one arm's visitors report nothing",
    ),
    Fault(reports.slow_arm, "sample_ratio_viewable", "visitors of one arm leave before they look"),
    Fault(
        reports.weights_changed_in_place,
        "sample_ratio_tokens",
        "weights are edited without a new phase",
    ),
    Fault(
        reports.one_salt_for_everything,
        "sample_ratio_tokens",
        "coverage is drawn with the salt of the arms",
    ),
    Fault(reports.one_salt_for_everything, "salts", "one salt serves two purposes"),
    Fault(reports.salt_of_another_experiment, "salts", "two experiments share their salts"),
    Fault(reports.swapped_pictures, "arm_pictures", "the arms' pictures are swapped"),
    Fault(
        reports.picture_of_another_style, "arm_pictures", "an arm shows a picture of another style"
    ),
    Fault(reports.broken_pictures_in_one_arm, "load_failures", "pictures of one arm do not load"),
    Fault(reports.bot_wave_on_one_arm, "bots", "a program clicks in one arm"),
    Fault(reports.clickbait, "clickbait", "clicks rise by a fifth, orders do not"),
    Fault(reports.ranking_that_reacts, "positions", "the ranking reacts to the styled pictures"),
    Fault(
        reports.fewer_pictures_seen,
        "clicks_per_visitor",
        "the CTR rises because fewer pictures are seen",
    ),
    Fault(reports.cookies_lost_in_one_arm, "positions", "one arm's visitors lose their cookie"),
    Fault(reports.page_shared_by_a_cache, "repeats", "a cache hands each page to nine others"),
    Fault(reports.clock_ahead, "clocks", "a web server's clock is 20 minutes ahead"),
    Fault(reports.rollups_stopped, "freshness", "no rollup has run for two days"),
)
"""Told by a check of the report."""
