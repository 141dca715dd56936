"""Limits of the form held to the variants that are scored already, before anything is saved."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from shop_style.admin.advice import advice_for
from shop_style.admin.scores import OTHER_ROWS
from shop_style.generation.threshold_trial import LimitTrial, Share, Trial, try_thresholds
from shop_style.models import Style
from shop_style.models.style import Region
from shop_style.models.variant import Review
from styleeval.preservation.limits import LIMITS

GROUP_NAMES = {
    Review.APPROVED: gettext_lazy("Approved by people"),
    Review.REJECTED: gettext_lazy("Rejected by people"),
    Review.UNREVIEWED: gettext_lazy("Nobody decided"),
}
_JUDGED_BY = ("engine", "mode", "thresholds")


class TrialForm(forms.Form):
    """What of the style's form decides verdicts."""

    engine = forms.CharField()
    mode = forms.CharField(required=False)
    thresholds = forms.JSONField(required=False)
    region = forms.ChoiceField(choices=Region.choices)
    keep_white = forms.BooleanField(required=False)
    colour_lock = forms.FloatField(required=False)

    def changed(self, style: Style) -> Style:
        """The style with these values, unsaved. Raises ValidationError by field."""
        if not self.is_valid():
            raise ValidationError(self.errors.as_data())
        changed = copy.copy(style)
        for name, value in self.cleaned_data.items():
            setattr(changed, name, value)
        changed.colour_lock = self.cleaned_data["colour_lock"] or 0.0
        changed.thresholds = self.cleaned_data["thresholds"] or {}
        try:
            changed.clean()
        except ValidationError as error:
            wrong = {name: text for name, text in error.error_dict.items() if name in _JUDGED_BY}
            if wrong:
                raise ValidationError(wrong) from error
        return changed


@dataclass(frozen=True, kw_only=True)
class ShareView:
    """A group's cell of the table. moved: would the new values decide any otherwise?"""

    label: Any
    share: Share

    @property
    def moved(self) -> bool:
        """Does the count change?"""
        return self.share.now != self.share.new


@dataclass(frozen=True, kw_only=True)
class LimitRow:
    """A limit as a row of the table. now, new: bounds as they are written; empty for none."""

    name: str
    label: str
    sense: str
    now: str
    new: str
    unit: str
    shares: tuple[ShareView, ...]


@dataclass(frozen=True, kw_only=True)
class TrialView:
    """The table, what it comes to in a sentence, and what it leaves out."""

    trial: Trial
    sentence: str
    verdict: tuple[ShareView, ...]
    rows: tuple[LimitRow, ...]


def trial_view(saved: Style, changed: Style) -> TrialView:
    """What the changed limits would have decided. Raises as `try_thresholds` does."""
    trial = try_thresholds(saved, changed)
    return TrialView(
        trial=trial,
        sentence=_sentence(trial),
        verdict=_shares(trial.verdict),
        rows=tuple(_row(item) for item in trial.limits),
    )


def _sentence(trial: Trial) -> str:
    if not trial.scored:
        return _("No variant of this style has been scored yet, so there is nothing to try on.")
    scored = ngettext(
        "%d variant of this style has been scored.",
        "%d variants of this style have been scored.",
        trial.scored,
    )
    shares = [share for share in trial.verdict.shares if share.of]
    passing = sum(share.now for share in shares)
    after = sum(share.new for share in shares)
    if passing == after and not trial.flips:
        said = ngettext("%d of them passes.", "%d of them pass.", passing) % passing
    else:
        said = _("%(now)d of them pass by the saved limits, %(new)d by these.") % {
            "now": passing,
            "new": after,
        }
    return f"{scored % trial.scored} {said}"


def _row(item: LimitTrial) -> LimitRow:
    limit = LIMITS[item.name]
    words = OTHER_ROWS.get(item.name)
    advice = advice_for(limit.code)
    unit = (words[2] if words else advice.unit).sign if limit.code else ""
    # A share is written as the number that the field takes, not in per cent.
    shown = "" if "%" in unit else unit.strip()
    return LimitRow(
        name=item.name,
        label=str(words[0] if words else advice.name),
        sense=_("at least") if limit.sense == "least" else _("at most"),
        now="" if item.now is None else f"{item.now:g}",
        new="" if item.new is None else f"{item.new:g}",
        unit=shown,
        shares=_shares(item),
    )


def _shares(item: LimitTrial) -> tuple[ShareView, ...]:
    return tuple(
        ShareView(label=GROUP_NAMES[Review(share.group)], share=share) for share in item.shares
    )
