"""May a variant go to a channel, and why not? Decided by its row alone: no file is opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from django.utils.translation import gettext as _

from shop_style.channels.choice import (
    FileChoice,
    Rendition,
    original_rendition_for,
    rendition_for,
)
from shop_style.channels.configuration import policies
from shop_style.channels.policy import ChannelPolicy
from shop_style.channels.reason import Reason, not_measured, percent, unmeasurable
from shop_style.exceptions import UnknownEngine
from shop_style.generation.wording import reason_in_words
from shop_style.models import Status, StyleVariant
from shop_style.models.style import gate_in_words
from shop_style.models.variant import Review
from shop_style.words import in_words

_NO_FILE: Final = FileChoice(rendition=None)


@dataclass(frozen=True, kw_only=True)
class Admission:
    """A channel's answer about one picture.

    rendition: the file to use, as the row lists it; None where it may not go.
    original: the answer about the untouched original, where the channel takes nothing else.
    """

    channel: str
    label: str
    allowed: bool
    reasons: tuple[Reason, ...] = ()
    rendition: Rendition | None = None
    original: Admission | None = None


def admissions(variant: StyleVariant) -> list[Admission]:
    """The answers of all channels, in the order of the settings. Raises SettingsError."""
    return [admission(variant, policy) for policy in policies().values()]


def admission(variant: StyleVariant, policy: ChannelPolicy) -> Admission:
    """May this variant go there? Its style must be loaded; no query is made."""
    if policy.untouched:
        return replace(
            _answer(policy, [_untouched_only()]), original=original_admission(variant, policy)
        )
    unready = list(_unready(variant))
    if unready:
        return _answer(policy, unready)
    reasons = [
        *_undecided(variant, policy),
        *_unmarked(variant, policy),
        *_other_mode(variant, policy),
        *_unsure_product(variant, policy),
        *_white_lost(variant, policy),
        *_loose(variant, policy),
    ]
    return _answer(policy, reasons, rendition_for(variant, policy))


def original_admission(variant: StyleVariant, policy: ChannelPolicy) -> Admission:
    """May the untouched original beside this variant go there?

    What the variant was judged for (approval, gate, mark, mode, white kept) is no question here.
    """
    unready = list(_unready(variant))
    if unready:
        return _answer(policy, unready)
    reasons = [*_unsure_product(variant, policy), *_loose(variant, policy)]
    return _answer(policy, reasons, original_rendition_for(variant, policy))


def _answer(
    policy: ChannelPolicy, reasons: list[Reason], choice: FileChoice = _NO_FILE
) -> Admission:
    found = (*reasons, *choice.reasons)
    return Admission(
        channel=policy.slug,
        label=str(policy.label),
        allowed=not found,
        reasons=found,
        rendition=None if found else choice.rendition,
    )


def _untouched_only() -> Reason:
    return Reason(
        code="styled",
        text=_("It takes the untouched photo only: use the original, not a styled variant."),
    )


def _unready(variant: StyleVariant) -> Iterator[Reason]:
    if variant.retired_at:
        yield Reason(code="retired", text=_("It is retired: its picture was replaced or deleted."))
    elif variant.status != Status.READY:
        text = _("It is %(status)s, not ready.") % {"status": variant.get_status_display()}
        yield Reason(code="not_ready", text=text)


def _undecided(variant: StyleVariant, policy: ChannelPolicy) -> Iterator[Reason]:
    if policy.approved and variant.review != Review.APPROVED:
        yield Reason(
            code="not_approved",
            text=_("A person rejected it.")
            if variant.review == Review.REJECTED
            else _("Nobody has approved it yet."),
        )
    if policy.gate and not variant.passed:
        found = " ".join(reason_in_words(item, variant) for item in variant.reasons)
        yield Reason(
            code="gate",
            text=_("It did not pass its gate. %(found)s") % {"found": found}
            if variant.passed is False
            else _("Its gate has not judged it."),
        )


def _unmarked(variant: StyleVariant, policy: ChannelPolicy) -> Iterator[Reason]:
    name = variant.digital_source_type.rpartition("/")[2]
    if policy.mark and not name:
        yield Reason(
            code="unmarked", text=_("Its files do not say how they were made; render it again.")
        )
    elif policy.source_types and name not in policy.source_types:
        text = _("Its files are marked %(found)s; the channel takes %(wanted)s.")
        yield Reason(
            code="source_type",
            text=text % {"found": name or "–", "wanted": ", ".join(policy.source_types)},
        )


def _other_mode(variant: StyleVariant, policy: ChannelPolicy) -> Iterator[Reason]:
    if not policy.modes:
        return
    try:
        mode = variant.style.gate_mode
    except UnknownEngine as error:
        yield Reason(code="mode", text=in_words(error))
        return
    if mode not in policy.modes:
        text = _("Its style is of the kind “%(found)s”; the channel takes %(wanted)s.")
        wanted = _(", ").join(map(gate_in_words, policy.modes))
        yield Reason(code="mode", text=text % {"found": gate_in_words(mode), "wanted": wanted})


def _unsure_product(variant: StyleVariant, policy: ChannelPolicy) -> Iterator[Reason]:
    return _below(
        "mask_uncertain",
        variant.scorecard,
        ("mask_confidence",),
        policy.min_mask_confidence,
        what=_("How sure it is where the product is"),
        text=_("It is %(value)s sure where the product is; %(limit)s is needed."),
    )


def _white_lost(variant: StyleVariant, policy: ChannelPolicy) -> Iterator[Reason]:
    return _below(
        "white_lost",
        variant.scorecard,
        ("white_kept",),
        policy.min_white_kept,
        what=_("How much of the white ground was kept"),
        text=_("%(value)s of its white ground stayed white; %(limit)s is needed."),
    )


def _loose(variant: StyleVariant, policy: ChannelPolicy) -> Iterator[Reason]:
    return _below(
        "fill",
        variant.scorecard,
        ("frame", "fill"),
        policy.min_fill,
        what=_("How much of the frame the product fills"),
        text=_("The product spans %(value)s of the longer side; %(limit)s is needed."),
    )


def _below(
    code: str,
    card: Mapping[str, Any] | None,
    path: tuple[str, ...],
    limit: float | None,
    *,
    what: str,
    text: str,
) -> Iterator[Reason]:
    """A number of the scorecard against its limit. Cards of older versions lack some numbers."""
    if limit is None:
        return
    value: Any = card
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            yield not_measured(what, limit)
            return
        value = value[key]
        if value is None:
            yield unmeasurable(what, limit)
            return
    if type(value) not in (int, float):
        yield not_measured(what, limit)
    elif value < limit:
        yield Reason(
            code=code,
            text=text % {"value": percent(value), "limit": percent(limit)},
            value=value,
            limit=limit,
        )
