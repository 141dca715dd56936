"""Why a picture may not go somewhere: a stable code, words, and the numbers they rest on."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One rule of a channel that a picture does not meet.

    value: what was found, limit: what is asked; None where the rule is no number, or the number
    was never taken.
    """

    code: str
    text: str
    value: float | None = None
    limit: float | None = None


def not_measured(what: str, limit: float) -> Reason:
    """A rule about something that an older version did not store."""
    text = _("%(what)s was not measured; render it again.") % {"what": what}
    return Reason(code="not_measured", text=text, limit=limit)


def unmeasurable(what: str, limit: float) -> Reason:
    """A rule about something that this picture does not have, such as a white ground."""
    text = _("%(what)s cannot be told on this picture.") % {"what": what}
    return Reason(code="unmeasurable", text=text, limit=limit)


def percent(share: float) -> str:
    """A share in words, cut and not rounded: 84.99 % must not read as the 85 % that is needed."""
    return f"{int(share * 1000 + 1e-6) / 10:g} %"
