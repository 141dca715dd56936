"""Find what is missing across the catalogue, say what it would cost, ask for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import Avg, Count

from shop_style.exceptions import SourceError
from shop_style.generation.plan import RequestPlan, plan_requests
from shop_style.models import Status, Style, StyleVariant
from shop_style.sources import SourceImage, pictures_of, sources
from shop_style.transfer.registry import engine_entry

CHUNK = 200


@dataclass(frozen=True)
class StyleEstimate:
    """Cost of one style's missing variants. measured: how many renders the mean comes from;
    0 means that the engine's typical figures were assumed."""

    style: str
    to_make: int
    seconds_each: float
    bytes_each: float
    measured: int


@dataclass(frozen=True)
class Estimate:
    """Cost of a request on one worker."""

    styles: tuple[StyleEstimate, ...]

    @property
    def hours(self) -> float:
        """Worker hours."""
        return sum(item.to_make * item.seconds_each for item in self.styles) / 3600

    @property
    def megabytes(self) -> float:
        """Disk, in MB (10⁶ bytes)."""
        return sum(item.to_make * item.bytes_each for item in self.styles) / 1e6


def catalogue(*, using: str = "default") -> Iterator[list[SourceImage]]:
    """Every picture of every source, in chunks, so that memory and queries stay bounded."""
    for source in sources():
        rows = source.model._default_manager.using(using).order_by("pk")
        chunk: list[SourceImage] = []
        for instance in rows.iterator(chunk_size=CHUNK):
            picture = SourceImage(source, instance)
            if not picture.name:
                continue
            chunk.append(picture)
            if len(chunk) == CHUNK:
                yield chunk
                chunk = []
        if chunk:
            yield chunk


def named_products(labels: Sequence[str], *, using: str = "default") -> list[SourceImage]:
    """Pictures of the products named as `app_label.Model:key`, own or of child rows.

    Raises SourceError naming the label that leads nowhere.
    """
    pictures: list[SourceImage] = []
    for label in labels:
        model_label, _, key = label.partition(":")
        try:
            model = apps.get_model(model_label)
            instance = model._default_manager.using(using).filter(pk=key).first()
        except (LookupError, ValueError, ValidationError) as error:
            raise SourceError(f"--product {label!r}: {error}; write app_label.Model:key") from None
        if instance is None:
            raise SourceError(f"--product {label!r}: {model_label} has no row {key!r}")
        found = pictures_of([instance])
        if not found:
            raise SourceError(f"--product {label!r} has no picture in SHOP_STYLE['SOURCES']")
        pictures += found
    return pictures


def estimate(styles: Iterable[Style], plans: dict[str, RequestPlan]) -> Estimate:
    """What the plans' missing variants will take, from what earlier ones took.

    plans: by style slug.
    """
    wanted = list(styles)
    return Estimate(tuple(_style_estimate(style, plans[style.slug].to_make) for style in wanted))


def plan_catalogue(
    chunks: Iterable[Sequence[SourceImage]], styles: Sequence[Style]
) -> dict[str, RequestPlan]:
    """Plans by style slug over many chunks of pictures."""
    totals = {style.slug: [0, 0, 0] for style in styles}
    for chunk in chunks:
        for style in styles:
            plan = plan_requests(chunk, [style])
            for index, number in enumerate((plan.pictures, plan.existing, plan.to_make)):
                totals[style.slug][index] += number
    return {
        slug: RequestPlan(pictures=numbers[0], styles=1, existing=numbers[1], to_make=numbers[2])
        for slug, numbers in totals.items()
    }


def _style_estimate(style: Style, to_make: int) -> StyleEstimate:
    ready = StyleVariant.objects.using(style._state.db).filter(status=Status.READY)
    for rows in (ready.filter(style=style), ready.filter(engine=style.engine)):
        means = rows.aggregate(seconds=Avg("seconds"), number=Count("pk"))
        if means["number"]:
            return StyleEstimate(
                style=style.slug,
                to_make=to_make,
                seconds_each=means["seconds"] or 0.0,
                bytes_each=_mean_bytes(rows),
                measured=means["number"],
            )
    entry = engine_entry(style.engine)
    return StyleEstimate(
        style=style.slug,
        to_make=to_make,
        seconds_each=entry.typical_seconds,
        bytes_each=entry.typical_bytes,
        measured=0,
    )


def _mean_bytes(rows: object, sample: int = 200) -> float:
    totals = [
        sum(int(item["bytes"]) for listed in columns for item in listed)
        for columns in rows.order_by("-pk").values_list("renditions", "original_renditions")[  # type: ignore[attr-defined]
            :sample
        ]
    ]
    return sum(totals) / len(totals) if totals else 0.0
