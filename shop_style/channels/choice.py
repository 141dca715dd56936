"""Which of a picture's stored files a channel takes, and why not the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from shop_style.channels.policy import ChannelPolicy
from shop_style.channels.reason import Reason, not_measured, percent
from shop_style.models import StyleVariant

Rendition = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class FileChoice:
    """The file to use, or the reasons why none will do.

    rendition: as the row lists it: name, format, width, height, bytes, white_border.
    """

    rendition: Rendition | None
    reasons: tuple[Reason, ...] = ()


def rendition_for(variant: StyleVariant, policy: ChannelPolicy) -> FileChoice:
    """The best of a variant's files for a channel: the largest that fits its rules, in the format
    that it prefers. Reads the row alone."""
    return choose(variant.renditions, policy)


def original_rendition_for(variant: StyleVariant, policy: ChannelPolicy) -> FileChoice:
    """The same, of the untouched original in the sizes and formats stored beside the variant."""
    return choose(variant.original_renditions, policy)


def choose(renditions: Sequence[Rendition], policy: ChannelPolicy) -> FileChoice:
    """The best of these files. Where none will do: what keeps back the one that is nearest."""
    taken = [item for item in renditions if item["format"] in policy.formats]
    if not taken:
        return FileChoice(rendition=None, reasons=(_no_such_format(renditions, policy),))
    judged = [(item, tuple(_misfits(item, policy))) for item in taken]
    item, reasons = min(judged, key=lambda pair: (len(pair[1]), *_rank(pair[0], policy)))
    return FileChoice(rendition=None if reasons else item, reasons=reasons)


def _rank(item: Rendition, policy: ChannelPolicy) -> tuple[int, int]:
    return -item["width"] * item["height"], policy.formats.index(item["format"])


def _no_such_format(renditions: Sequence[Rendition], policy: ChannelPolicy) -> Reason:
    if not renditions:
        return Reason(code="no_file", text=_("It has no files; render it again."))
    there = sorted({str(item["format"]) for item in renditions})
    text = _("There is no %(wanted)s, only %(there)s; add it to RENDITION_FORMATS, render again.")
    return Reason(
        code="format",
        text=text % {"wanted": "/".join(policy.formats), "there": ", ".join(there)},
    )


def _misfits(item: Rendition, policy: ChannelPolicy) -> Iterator[Reason]:
    """What keeps a file of the right format back."""
    short, long = sorted((item["width"], item["height"]))
    yield from _too_little(
        short, policy.min_side, _("The shorter side is %(value)d px; %(limit)d are needed.")
    )
    yield from _too_little(
        long, policy.min_long_side, _("The longer side is %(value)d px; %(limit)d are needed.")
    )
    for code, value, limit, text in (
        (
            "too_large",
            long,
            policy.max_side,
            _("The longer side is %(value)d px; %(limit)d is the most."),
        ),
        (
            "too_many_pixels",
            short * long,
            policy.max_pixels,
            _("It has %(value)d pixels; %(limit)d is the most."),
        ),
    ):
        if limit is not None and value > limit:
            yield Reason(
                code=code, text=text % {"value": value, "limit": limit}, value=value, limit=limit
            )
    yield from _weight(item.get("bytes"), policy.max_bytes)
    yield from _aspect(item["width"] / item["height"], policy)
    yield from _white_border(item.get("white_border"), policy.min_white_border)


def _too_little(value: int, limit: int | None, text: str) -> Iterator[Reason]:
    if limit is not None and value < limit:
        yield Reason(
            code="too_small",
            text=text % {"value": value, "limit": limit},
            value=value,
            limit=limit,
        )


def _weight(size: int | None, limit: int | None) -> Iterator[Reason]:
    if limit is None:
        return
    if size is None:
        yield not_measured(_("The file's weight"), limit)
    elif size > limit:
        text = _("The file weighs %(value).1f MB; %(limit).1f is the most.")
        yield Reason(
            code="too_many_bytes",
            text=text % {"value": size / 1e6, "limit": limit / 1e6},
            value=size,
            limit=limit,
        )


def _aspect(value: float, policy: ChannelPolicy) -> Iterator[Reason]:
    low, high = policy.min_aspect, policy.max_aspect
    if low is not None and value < low:
        text = _("It is %(value).2f times as wide as high; %(limit).2f is the least.")
        yield Reason(
            code="too_tall", text=text % {"value": value, "limit": low}, value=value, limit=low
        )
    if high is not None and value > high:
        text = _("It is %(value).2f times as wide as high; %(limit).2f is the most.")
        yield Reason(
            code="too_wide", text=text % {"value": value, "limit": high}, value=value, limit=high
        )


def _white_border(share: float | None, limit: float | None) -> Iterator[Reason]:
    if limit is None:
        return
    if share is None:
        yield not_measured(_("How white its border is"), limit)
    elif share < limit:
        text = _(
            "%(value)s of its border is exactly white; %(limit)s is needed: the rest is off-white, "
            "or something runs out of the frame."
        )
        yield Reason(
            code="not_white",
            text=text % {"value": percent(share), "limit": percent(limit)},
            value=share,
            limit=limit,
        )
