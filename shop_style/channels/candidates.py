"""The pictures that could go to a channel: what of the catalogue is looked at, in what order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from django.db import models
from django.db.models import F

from shop_style.channels.admission import Admission, admission, original_admission
from shop_style.channels.policy import ChannelPolicy
from shop_style.models import Status, StyleVariant
from shop_style.models.variant import Review

_AT_ONCE: Final = 200


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A picture, whom it shows, and the channel's answer about it. host: None when it is gone."""

    variant: StyleVariant
    answer: Admission
    host: models.Model | None


def candidates(
    policy: ChannelPolicy, *, databases: Sequence[str], styles: Sequence[str] = ()
) -> Iterator[Candidate]:
    """One candidate for each picture and style; for a channel that takes untouched photos only,
    one for each picture, its original.

    Of several variants in a style the published one counts, else the newest that was approved.
    styles: slugs, all when empty. One query a database, and one a host model for every 200.
    """
    answer = original_admission if policy.untouched else admission
    for alias in databases:
        foremost = _foremost(_rows(alias, policy, styles).iterator(_AT_ONCE), policy)
        while chunk := list(islice(foremost, _AT_ONCE)):
            hosts = _hosts(chunk)
            for variant in chunk:
                host = hosts.get((variant.content_type_id, variant.object_id))
                yield Candidate(variant=variant, answer=answer(variant, policy), host=host)


def _rows(
    alias: str, policy: ChannelPolicy, styles: Sequence[str]
) -> models.QuerySet[StyleVariant]:
    rows = StyleVariant.objects.using(alias).live().filter(status=Status.READY)
    if not policy.untouched:
        # Nothing leaves the house that nobody has looked at, whatever the policy asks.
        rows = rows.filter(review=Review.APPROVED)
    if styles:
        rows = rows.filter(style__slug__in=styles)
    # An original is the same beside all of them: the newest render has measured the most.
    newest = ("-pk",) if policy.untouched else (F("published_at").desc(nulls_last=True), "-pk")
    return rows.select_related("style", "content_type").order_by(*newest)


def _foremost(rows: Iterable[StyleVariant], policy: ChannelPolicy) -> Iterator[StyleVariant]:
    """The first of each picture, or of each picture and style."""
    seen: set[tuple[object, ...]] = set()
    for variant in rows:
        picture = (variant.content_type_id, variant.object_id, variant.field)
        key = picture if policy.untouched else (*picture, variant.style_id)
        if key not in seen:
            seen.add(key)
            yield variant


def _hosts(variants: Sequence[StyleVariant]) -> dict[tuple[int, str], models.Model]:
    wanted: dict[tuple[int, str], list[StyleVariant]] = defaultdict(list)
    for variant in variants:
        wanted[variant.content_type_id, variant.database].append(variant)
    found = {}
    for (kind, alias), group in wanted.items():
        model = group[0].content_type.model_class()
        if model is None:
            continue
        keys = {variant.object_id for variant in group}
        for row in model._base_manager.using(alias).filter(pk__in=keys):
            found[kind, str(row.pk)] = row
    return found
