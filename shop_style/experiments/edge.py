"""Arms by bucket, for shops whose pages a cache keeps: the edge draws the bucket, we the arm."""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from django.http import HttpRequest

from shop_style.conf import app_settings
from shop_style.experiments.hashing import share
from shop_style.experiments.snapshot import (
    ArmEntry,
    ExperimentEntry,
    Holdout,
    PhaseEntry,
)

SECRET_HEADER: Final = "X-Shop-Style-Edge"
BUCKET_HEADER: Final = "X-Shop-Style-Bucket"
VISITOR_HEADER: Final = "X-Shop-Style-Visitor"
NOBODY: Final = "none"
"""The bucket of those who take no part."""

_IDENTIFIER: Final = re.compile(r"[0-9a-f]{32}")
_BUCKET: Final = re.compile(r"0|[1-9][0-9]{0,3}")


@dataclass(frozen=True, kw_only=True)
class Edge:
    """What the cache before us says. bucket: None is no part; visitor: empty where not told."""

    bucket: int | None
    visitor: str = ""


def edge_of(request: HttpRequest) -> Edge | None:
    """The bucket of a request that came through the shop's own edge, or None.

    Headers that do not come with EDGE_SECRET are anybody's, and not looked at.
    """
    current = app_settings()
    if not (current.EDGE_BUCKETS and current.EDGE_SECRET):
        return None
    said = request.headers.get(SECRET_HEADER, "")
    if not hmac.compare_digest(said.encode(), current.EDGE_SECRET.encode()):
        return None
    bucket = request.headers.get(BUCKET_HEADER, "")
    if not bucket:
        return None
    identifier = request.headers.get(VISITOR_HEADER, "")
    number = int(bucket) if _BUCKET.fullmatch(bucket) else current.EDGE_BUCKETS
    return Edge(
        # One that cannot be is nobody's: the edge counts to another number than we.
        bucket=number if number < current.EDGE_BUCKETS else None,
        visitor=identifier if _IDENTIFIER.fullmatch(identifier) else "",
    )


def bucket_arm(experiment: ExperimentEntry, phase: PhaseEntry, bucket: int) -> ArmEntry | None:
    """The arm of a bucket; None for one that takes no part. A pure function of the snapshot."""
    if experiment.by_tile:
        return None
    places = _arms(
        app_settings().EDGE_BUCKETS,
        phase.weights,
        experiment.coverage,
        experiment.coverage_salt,
        (experiment.layer_salt, experiment.layer_from, experiment.layer_to)
        if experiment.layer
        else ("", 0.0, 1.0),
        experiment.holdout,
    )
    place = places.get(bucket)
    return None if place is None else phase.arms[place]


def holds_bucket(holdout: Holdout, bucket: int) -> bool:
    """Is this bucket one of the holdout's?"""
    order = _shuffled(range(app_settings().EDGE_BUCKETS), holdout.salt)
    return order.index(bucket) < round(holdout.share * len(order))


def uneven_arms(weights: Sequence[float], *, coverage: float, members: float = 1.0) -> str:
    """Buckets of each arm where they cannot be shared as the weights say; empty where they can.

    members: the part of all buckets that a layer leaves.
    """
    there = app_settings().EDGE_BUCKETS * members
    number = round(there * coverage)
    counts = [0] * len(weights)
    for place in _sequence(weights, number):
        counts[place] += 1
    total = sum(weights) or 1.0
    whole = abs(there * coverage - number) < 1e-6
    fair = number and all(
        abs(count / number - weight / total) < 1e-6
        for count, weight in zip(counts, weights, strict=True)
    )
    return "" if whole and fair else " : ".join(str(count) for count in counts)


@lru_cache(maxsize=256)
def _arms(
    buckets: int,
    weights: tuple[float, ...],
    coverage: float,
    salt: str,
    layer: tuple[str, float, float],
    holdout: Holdout | None,
) -> dict[int, int]:
    """Each bucket's place among the arms.

    Whole buckets are dealt out, not drawn: ten drawn by themselves would be seven and three as
    often as not. In one order for good, so that more coverage moves nobody.
    """
    layer_salt, begin, end = layer
    members = list(range(buckets))
    if layer_salt:
        members = _shuffled(members, layer_salt)[round(begin * buckets) : round(end * buckets)]
    if holdout is not None:
        members = [bucket for bucket in members if not holds_bucket(holdout, bucket)]
    order = _shuffled(members, salt)[: round(coverage * len(members))]
    return dict(zip(order, _sequence(weights, len(order)), strict=True))


def _shuffled(buckets: Sequence[int], salt: str) -> list[int]:
    return sorted(buckets, key=lambda bucket: (share(salt, f"bucket {bucket}"), bucket))


def _sequence(weights: Sequence[float], number: int) -> list[int]:
    """Places of the arms, each time the one that lags furthest behind its weight. After any number
    each arm is less than one behind, so that whole shares come out whole."""
    total = sum(weights)
    counts = [0] * len(weights)
    found = []
    for taken in range(1, number + 1):
        place = max(
            range(len(weights)), key=lambda arm: (weights[arm] * taken / total - counts[arm], -arm)
        )
        counts[place] += 1
        found.append(place)
    return found
