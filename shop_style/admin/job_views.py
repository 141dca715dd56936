"""The latest jobs on a style as its page shows them: state, findings, and their sheet in parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.contrib.admin import AdminSite
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from shop_style.admin.advice import advice_for
from shop_style.admin.job import job_findings
from shop_style.admin.links import change_link
from shop_style.admin.thumbnails import file_url
from shop_style.generation.sheet_layout import CELL, Box, picture_box, sheet_size
from shop_style.generation.strengths import STRENGTHS
from shop_style.models import Status, Style, StyleJob
from shop_style.models.style import Region
from shop_style.words import in_words

ACTIVE: Final = (Status.PENDING, Status.RUNNING)
_LONG_WAIT: Final = timedelta(seconds=30)


@dataclass(frozen=True, kw_only=True)
class Crop:
    """A part of a sheet. width, height: of the whole sheet, in pixels."""

    url: str
    box: Box
    width: int
    height: int
    alt: str

    @property
    def view_box(self) -> str:
        """As SVG takes it."""
        return " ".join(map(str, self.box))


@dataclass(frozen=True, kw_only=True)
class PairView:
    """A photograph before and after. verdict: what its gate would say, empty where not judged."""

    name: str
    before: Crop
    after: Crop
    passed: bool | None
    verdict: str


@dataclass(frozen=True, kw_only=True)
class CellView:
    """The photograph at one strength. here: is it what the style is set to?"""

    picture: Crop
    strength: float
    percent: int
    passed: bool
    verdict: str
    here: bool


@dataclass(frozen=True, kw_only=True)
class StripView:
    """One region: the photograph, then a cell a strength. error: why there is none."""

    region: str
    label: str
    error: str = ""
    original: Crop | None = None
    cells: tuple[CellView, ...] = ()


@dataclass(frozen=True, kw_only=True)
class JobView:
    """The latest job of a kind. stop: the address that stops it. key: changes when the page has
    to show it anew."""

    job: StyleJob
    link: str
    stop: str
    key: str
    active: bool
    percent: int
    said: str
    findings: SafeString
    sheet: str
    pairs: tuple[PairView, ...]
    strips: tuple[StripView, ...]
    picture: str
    """What the strips show, empty for other kinds."""


def latest_jobs(site: AdminSite, style: Style) -> list[JobView]:
    """The latest job of each kind, the newest first. Two queries, and one where a fit found
    references that disagree."""
    rows = style.jobs.order_by()
    newest = rows.values("kind").annotate(last=Max("pk")).values_list("last", flat=True)
    found = sorted(rows.filter(pk__in=list(newest)), key=lambda job: -job.pk)
    return [_view(site, style, job) for job in found]


def _view(site: AdminSite, style: Style, job: StyleJob) -> JobView:
    job.style = style
    url = file_url(job.result.storage, job.result.name)
    report = job.report or {}
    return JobView(
        job=job,
        link=change_link(site, StyleJob, job.pk),
        stop=reverse(f"{site.name}:shop_style_style_stop", args=[style.pk, job.pk]),
        key=f"{job.pk}-{job.status}",
        active=job.status in ACTIVE,
        percent=round(100 * job.progress),
        said=_said(job),
        findings=job_findings(job),
        sheet=url,
        pairs=tuple(_pairs(url, report.get("shown", ()))) if url else (),
        strips=tuple(_strips(url, report, style)),
        picture=str(report.get("picture", "")).rpartition("/")[2],
    )


def _said(job: StyleJob) -> str:
    """Its state in a sentence, to be read out."""
    name = job.get_kind_display().capitalize()
    if job.status == Status.PENDING:
        if timezone.now() - job.created_at > _LONG_WAIT and not job.error_detail:
            return _("%s: no worker has taken it yet. Is style_worker running?") % name
        return _("%s: waiting for a worker.") % name
    if job.status == Status.RUNNING:
        return _("%(job)s: %(share)d %% done.") % {
            "job": name,
            "share": round(100 * job.progress),
        }
    if job.status == Status.FAILED:
        return _("%(job)s: not done. %(why)s") % {"job": name, "why": job.error_in_words}
    return _("%s: done.") % name


def _pairs(url: str, shown: Sequence[Mapping[str, Any]]) -> Iterator[PairView]:
    width, height = sheet_size(len(shown), 2)
    for row, item in enumerate(shown):
        name = str(item["name"]).rpartition("/")[2]
        sides = (_("%s, the original"), _("%s in the style"))
        before, after = (
            Crop(
                url=url,
                box=picture_box(row, side, item.get("size") or (CELL, CELL)),
                width=width,
                height=height,
                alt=text % name,
            )
            for side, text in enumerate(sides)
        )
        yield PairView(
            name=name,
            before=before,
            after=after,
            passed=item.get("passed"),
            verdict=_verdict(item),
        )


def _strips(url: str, report: Mapping[str, Any], style: Style) -> Iterator[StripView]:
    told = report.get("strengths", ())
    size = report.get("size") or (CELL, CELL)
    width, height = sheet_size(sum("row" in item for item in told), 1 + len(STRENGTHS))
    labels = dict(Region.choices)
    for item in told:
        label = str(labels[item["region"]]).capitalize()
        if "row" not in item:
            error = in_words(item.get("error", ""))
            yield StripView(region=item["region"], label=label, error=error)
            continue

        def crop(column: int, alt: str, row: int = item["row"]) -> Crop:
            return Crop(
                url=url, box=picture_box(row, column, size), width=width, height=height, alt=alt
            )

        yield StripView(
            region=item["region"],
            label=label,
            original=crop(0, _("the original")),
            cells=tuple(
                CellView(
                    picture=crop(
                        column,
                        _("%(region)s, strength %(strength)g")
                        % {"region": label, "strength": cell["strength"]},
                    ),
                    strength=cell["strength"],
                    percent=round(100 * cell["strength"]),
                    passed=bool(cell["passed"]),
                    verdict=_verdict(cell),
                    here=style.region == item["region"] and style.strength == cell["strength"],
                )
                for column, cell in enumerate(item["cells"], start=1)
            ),
        )


def _verdict(item: Mapping[str, Any]) -> str:
    if item.get("passed") is None:
        return ""
    if item["passed"]:
        return _("true to the product")
    codes = item.get("reasons") or [""]
    first = str(advice_for(str(codes[0])).name)
    more = len(codes) - 1
    if not more:
        return _("not true: %s") % first
    return _("not true: %(first)s and %(more)d more") % {"first": first, "more": more}
