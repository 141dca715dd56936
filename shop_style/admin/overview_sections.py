"""What the overview says beside the queue: storage, review, experiments, styles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from shop_style.admin.experiment_list import visitors_so_far
from shop_style.admin.links import change_link, list_link
from shop_style.admin.studio_links import board_address
from shop_style.experiments.baseline import baseline_due
from shop_style.generation.counts import VariantCounts
from shop_style.generation.stored import Stored, stored_files
from shop_style.models import Experiment, Phase, Style, StyleVariant

MOST_STYLES: Final = 50
MOST_EXPERIMENTS: Final = 20
_KEPT_SECONDS: Final = 6 * 3600


@dataclass(frozen=True, kw_only=True)
class StorageLine:
    """Files of one format. share: of all bytes, from 0 to 100."""

    name: str
    files: int
    bytes: int
    retired_files: int
    retired_bytes: int
    share: int


@dataclass(frozen=True, kw_only=True)
class StorageView:
    """What variants take up, as counted at `at`."""

    lines: Sequence[StorageLine]
    files: int
    bytes: int
    retired_files: int
    retired_bytes: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class ReviewView:
    """What waits for a person, with the lists that show it."""

    counts: VariantCounts
    unscored: int
    all_url: str
    passed_url: str
    failed_url: str
    unscored_url: str
    approved_url: str


@dataclass(frozen=True, kw_only=True)
class ExperimentLine:
    """A live experiment and how it stands, in one sentence. percent: of its planned visitors."""

    experiment: Experiment
    sentence: str
    percent: int | None
    needs_decision: bool
    link: str
    report: str


@dataclass(frozen=True, kw_only=True)
class StyleLine:
    """A style with its variants, and the list of those that wait for review."""

    style: Style
    counts: VariantCounts
    link: str
    review_url: str
    failed_url: str


def storage_view(using: str, *, anew: bool = False) -> StorageView:
    """What variants take up. Every file list is read for it, so a count is kept six hours.

    anew: count now.
    """
    key = f"shop_style:overview:stored:{using}"
    found: tuple[list[Stored], datetime] | None = None if anew else cache.get(key)
    if found is None:
        found = stored_files(using), timezone.now()
        cache.set(key, found, _KEPT_SECONDS)
    lines, at = found
    total = sum(item.bytes + item.retired_bytes for item in lines)
    return StorageView(
        lines=[_storage_line(item, total) for item in lines],
        files=sum(item.files for item in lines),
        bytes=sum(item.bytes for item in lines),
        retired_files=sum(item.retired_files for item in lines),
        retired_bytes=sum(item.retired_bytes for item in lines),
        at=at,
    )


def _storage_line(item: Stored, total: int) -> StorageLine:
    name = item.format.upper() or "?"
    return StorageLine(
        name=_("%(format)s of originals") % {"format": name} if item.of_originals else name,
        files=item.files,
        bytes=item.bytes,
        retired_files=item.retired_files,
        retired_bytes=item.retired_bytes,
        share=round(100 * (item.bytes + item.retired_bytes) / total) if total else 0,
    )


def review_view(site: AdminSite, counts: VariantCounts) -> ReviewView:
    """What waits for a person."""
    address = list_link(site, StyleVariant)
    return ReviewView(
        counts=counts,
        unscored=counts.to_review - counts.to_review_passed - counts.to_review_failed,
        all_url=_to_review(site),
        passed_url=_to_review(site, verdict="passed"),
        failed_url=_to_review(site, verdict="failed"),
        unscored_url=_to_review(site, verdict="unscored"),
        approved_url=f"{address}?status__exact=ready&review__exact=approved&published=no",
    )


def _to_review(site: AdminSite, **query: object) -> str:
    """The board of what waits for review, or the list where there is no board."""
    board = board_address(site, **query)
    if board:
        return board
    listed = {"style": "style__id__exact"}
    waiting = {"status__exact": "ready", "review__exact": "unreviewed", "published": "no"}
    values = {**waiting, **{listed.get(name, name): value for name, value in query.items()}}
    return f"{list_link(site, StyleVariant)}?{urlencode(values)}"


def experiment_lines(site: AdminSite, using: str) -> list[ExperimentLine]:
    """Live experiments, those that wait for a decision first. Four queries at most."""
    rows = Experiment.objects.using(using).filter(state__in=Experiment.LIVE).order_by("-pk")
    experiments = list(rows[:MOST_EXPERIMENTS])
    visitors = visitors_so_far(experiments)
    baselines = _baselines(experiments)
    lines = [
        _experiment_line(site, item, visitors.get(item.pk, 0), baselines.get(item.pk))
        for item in experiments
    ]
    return sorted(lines, key=lambda line: not line.needs_decision)


def _baselines(experiments: Sequence[Experiment]) -> dict[int, Phase]:
    """The baseline that each is in, by its key; no query where none was planned."""
    planned = [item for item in experiments if item.baseline_days]
    if not planned:
        return {}
    rows = Phase.objects.using(planned[0]._state.db)
    open_ones = rows.filter(experiment__in=planned, is_baseline=True, ended_at=None)
    return {phase.experiment_id: phase for phase in open_ones}


def _experiment_line(
    site: AdminSite, experiment: Experiment, visitors: int, baseline: Phase | None
) -> ExperimentLine:
    planned = experiment.planned_visitors
    is_full = bool(planned and visitors >= planned)
    name = f"{site.name}:shop_style_experiment_report"
    return ExperimentLine(
        experiment=experiment,
        sentence=state_sentence(experiment, visitors, baseline),
        percent=min(round(100 * visitors / planned), 100) if planned else None,
        needs_decision=is_full or experiment.state == Experiment.State.PAUSED,
        link=change_link(site, Experiment, experiment.pk),
        report=reverse(name, args=[experiment.pk]),
    )


def state_sentence(experiment: Experiment, visitors: int, baseline: Phase | None = None) -> str:
    """How a live experiment stands and what comes next, from counts alone."""
    planned = experiment.planned_visitors or 0
    started = experiment.started_at
    values = {
        "visitors": f"{visitors:,}",
        "planned": f"{planned:,}",
        "day": date_format(localtime(started), "DATE_FORMAT") if started else "–",
        "because": str(Experiment.Because(experiment.paused_because).label)
        if experiment.paused_because
        else "",
    }
    if experiment.paused_because == Experiment.Because.END_DUE:
        return _("Its planned end has come: read the report, then ship an arm or revert.")
    if experiment.paused_because:
        return _("It paused itself (%(because)s): find the cause, then resume or end it.") % values
    if experiment.state == Experiment.State.PAUSED:
        return _("It is paused, and everybody sees the originals: resume or end it.")
    if baseline is not None:
        day = date_format(localtime(baseline_due(experiment, baseline)), "DATE_FORMAT")
        return _(
            "In its baseline until %(day)s: everybody sees the originals, and nobody counts "
            "towards the plan yet."
        ) % {"day": day}
    if planned and visitors >= planned:
        return (
            _(
                "All %(planned)s planned visitors have come: read the report, then ship an arm or "
                "revert."
            )
            % values
        )
    if not visitors:
        return _("Running since %(day)s; no visitor has been counted yet.") % values
    return (
        _("Running since %(day)s: %(visitors)s of %(planned)s planned visitors have come.") % values
    )


def style_lines(
    site: AdminSite, using: str, counts: Mapping[int, VariantCounts]
) -> tuple[list[StyleLine], int]:
    """Styles by name with their counts, and how many more there are. One query."""
    rows = (
        Style.objects.using(using).order_by("name", "pk").only("name", "slug", "engine", "region")
    )
    styles = list(rows)
    address = list_link(site, StyleVariant)
    return [
        StyleLine(
            style=style,
            counts=counts.get(style.pk, VariantCounts()),
            link=change_link(site, Style, style.pk),
            review_url=_to_review(site, style=style.pk),
            failed_url=f"{address}?style__id__exact={style.pk}&status__exact=failed&published=no"
            if address
            else "",
        )
        for style in styles[:MOST_STYLES]
    ], max(len(styles) - MOST_STYLES, 0)
