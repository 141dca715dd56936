"""The channel policies in force: the presets, as SHOP_STYLE["CHANNELS"] changes them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from django.core.signals import setting_changed
from django.dispatch import receiver

from shop_style.channels.policy import PRESETS, ChannelPolicy
from shop_style.conf import app_settings
from shop_style.exceptions import SettingsError, UnknownChannel
from shop_style.imaging.provenance import SOURCE_TYPES

FORMATS: Final = ("jpeg", "webp", "avif", "png")

_SLUG = re.compile(r"[-a-zA-Z0-9_]{1,50}")
_FLAGS: Final = ("untouched", "approved", "gate", "mark")
_SHARES: Final = ("min_mask_confidence", "min_white_border", "min_white_kept", "min_fill")
_COUNTS: Final = ("min_side", "min_long_side", "max_side", "max_pixels", "max_bytes")
_RATIOS: Final = ("min_aspect", "max_aspect")
_NAMES: Final = ("formats", "source_types", "modes")
RULES: Final = tuple(item.name for item in dataclasses.fields(ChannelPolicy) if item.name != "slug")


@cache
def policies() -> Mapping[str, ChannelPolicy]:
    """The policies by slug, presets first. Raises SettingsError with everything that is wrong."""
    changes = app_settings().CHANNELS
    problems = mistakes(changes)
    if problems:
        raise SettingsError("SHOP_STYLE['CHANNELS']: " + "; ".join(problems))
    found = {slug: policy for slug, policy in PRESETS.items() if changes.get(slug, {}) is not None}
    for slug, rules in changes.items():
        if rules is not None:
            base = PRESETS.get(slug) or ChannelPolicy(slug=slug, label=slug)
            found[slug] = dataclasses.replace(base, **_frozen(rules))
    return found


def policy_called(slug: str) -> ChannelPolicy:
    """One policy. Raises UnknownChannel, naming those there are, and SettingsError."""
    try:
        return policies()[slug]
    except KeyError:
        known = ", ".join(policies()) or "none"
        raise UnknownChannel(f"no channel is called {slug!r}; known: {known}") from None


def mistakes(changes: Mapping[Any, Any]) -> list[str]:
    """What is wrong with a CHANNELS dict, each in a sentence that names channel and rule."""
    return [problem for slug, rules in changes.items() for problem in _mistakes_of(slug, rules)]


def _mistakes_of(slug: Any, rules: Any) -> Iterator[str]:
    if not (isinstance(slug, str) and _SLUG.fullmatch(slug)):
        yield f"{slug!r} is no slug: write letters, digits, hyphens, up to 50"
        return
    if rules is None:
        if slug not in PRESETS:
            yield f"{slug!r} is None, but there is no such preset to drop"
        return
    if not isinstance(rules, Mapping):
        yield f"{slug!r} is {rules!r}; write a dict of rules, or None to drop a preset"
        return
    wrong = [
        f"{slug} has no rule {name!r}; there are {', '.join(RULES)}"
        for name in rules
        if name not in RULES
    ]
    wrong += [
        f"{slug}: {name} is {value!r}; it must be {wanted}"
        for name, value in rules.items()
        if name in RULES and (wanted := _wanted(name, value))
    ]
    yield from wrong
    if not wrong:
        base = PRESETS.get(slug) or ChannelPolicy(slug=slug, label=slug)
        yield from _contradictions(dataclasses.replace(base, **_frozen(rules)))


def _wanted(name: str, value: Any) -> str:
    """What a rule must be; empty where it is."""
    if name == "label":
        return "" if str(value).strip() else "words"
    if name in _FLAGS:
        return "" if isinstance(value, bool) else "True or False"
    if name in _NAMES:
        return _wanted_names(name, value)
    if value is None:
        return ""
    if name in _COUNTS:
        return "" if type(value) is int and value >= 1 else "a whole number from 1, or None"
    number = type(value) in (int, float)
    if name in _SHARES:
        return "" if number and 0 <= value <= 1 else "a share from 0 to 1, or None"
    return "" if number and value > 0 else "width over height, more than 0, or None"


def _wanted_names(name: str, value: Any) -> str:
    known = {"formats": FORMATS, "source_types": SOURCE_TYPES, "modes": _modes()}[name]
    # A set has no first one, and the first format is the preferred.
    good = isinstance(value, list | tuple) and all(item in known for item in value)
    if name == "formats" and not value:
        good = False
    return "" if good else f"a list of some of {', '.join(known)}"


def _contradictions(policy: ChannelPolicy) -> Iterator[str]:
    for low, high in (
        ("min_aspect", "max_aspect"),
        ("min_side", "max_side"),
        ("min_long_side", "max_side"),
    ):
        least, most = getattr(policy, low), getattr(policy, high)
        if least is not None and most is not None and least > most:
            yield f"{policy.slug}: {low} is {least}, above {high}, {most}: nothing fits"


def _frozen(rules: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in rules.items()
    }


def _modes() -> tuple[str, ...]:
    # Not at the top: the gate brings NumPy's measures along.
    from styleeval.preservation.gate import THRESHOLDS

    return tuple(THRESHOLDS)


@receiver(setting_changed)
def _forget(*, setting: str, **_: Any) -> None:
    if setting == "SHOP_STYLE":
        policies.cache_clear()
