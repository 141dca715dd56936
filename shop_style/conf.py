"""The SHOP_STYLE settings: documented, typed, checked, read afresh when tests change them."""

from __future__ import annotations

import dataclasses
import re
from functools import cache
from typing import Any

from django.conf import settings as django_settings
from django.core.signals import setting_changed
from django.dispatch import receiver

from shop_style.exceptions import SettingsError

_RATE = re.compile(r"|\d+/(s|sec|second|m|min|minute|h|hour|d|day)")
_CREDITS = ("acquireLicensePage", "copyrightNotice", "creator", "creditText", "license")
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")


def documented(default: Any, help_text: str) -> Any:
    """A setting with its default and the sentence that the docs print."""
    if isinstance(default, dict | list):
        return dataclasses.field(
            default_factory=lambda: default.copy(), metadata={"help": help_text}
        )
    return dataclasses.field(default=default, metadata={"help": help_text})


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShopStyleSettings:
    """Every key of the SHOP_STYLE dict; names are upper case as in settings files."""

    SOURCES: tuple[str, ...] = documented((), "image fields to style, each `app_label.Model.field`")
    MASKS: dict[str, str] = documented(
        {},
        "the shop's own product masks: the name of the mask's file field by the source it belongs "
        'to, such as `{"catalogue.ProductImage.original": "mask"}` ([masks.md](masks.md))',
    )
    STORAGE: str = documented(
        "default", "alias in STORAGES that keeps variants, references and checkpoints"
    )
    PREFIX: str = documented("shop_style", "folder inside that storage")
    DISPATCHER: str = documented(
        "shop_style.generation.dispatchers.database.DatabaseDispatcher",
        "dotted path of what hands requested variants to a worker",
    )
    LEASE_SECONDS: int = documented(
        120, "a worker that has not renewed its lease for so long has lost its job"
    )
    MAX_ATTEMPTS: int = documented(3, "tries before a job is failed for good")
    RETRY_SECONDS: int = documented(30, "wait before the second try; doubled for each further one")
    POLL_SECONDS: float = documented(1.0, "how often an idle worker looks for work")
    RENDITION_WIDTHS: tuple[int, ...] = documented(
        (320, 640, 1024), "srcset widths rendered besides the full size"
    )
    RENDITION_FORMATS: tuple[str, ...] = documented(
        ("webp", "jpeg", "avif"),
        "formats rendered, of `avif`, `webp`, `jpeg`; the first full-size one is the variant's "
        "image. Browsers take AVIF before WebP before JPEG, in whatever order they stand here",
    )
    RENDITION_QUALITY: dict[str, int] = documented(
        {"avif": 70, "webp": 86, "jpeg": 90}, "encoder quality of each format, 1–100"
    )
    MAX_BYTES: int = documented(20_000_000, "largest source file")
    MAX_PIXELS: int = documented(25_000_000, "most pixels of a source picture")
    MAX_SIDE: int = documented(12_000, "longest side of a source picture")
    MIN_SIDE: int = documented(16, "shortest side of a source picture")
    SEGMENTER: str = documented(
        "",
        "name of an installed segmenter that is asked where neither transparency nor a plain "
        "border nor colours tell the product; empty asks none",
    )
    THRESHOLDS: dict[str, dict[str, float | None]] = documented(
        {},
        'the shop\'s own limits by mode, such as `{"grade": {"max_delta_e": 4}}`; those not '
        "named stay as shipped, and a style's own come before them",
    )
    FACES: str = documented(
        "allow",
        "`refuse` fails the variants of pictures out of which people look (`faces_refused`); "
        "`allow` does not look for them",
    )
    DEVICE: str = documented("auto", "`auto` (CUDA, else CPU) or a torch device such as `cpu`")
    THREADS: int = documented(0, "CPU threads a worker computes with; 0 leaves torch's default")
    RETIRED_DAYS: int = documented(30, "days a retired variant's row and files are kept")
    ORPHAN_HOURS: int = documented(24, "age at which a file no row names is removed")
    SHOWN: str = documented(
        "published",
        "what shoppers see where no experiment decides: `published` (the newest published "
        "variant) or `original`",
    )
    CHANNELS: dict[str, Any] = documented(
        {},
        "where variants may go, by slug: changes of a preset's rules, a channel of your own, or "
        "`None` to drop a preset ([channels.md](channels.md))",
    )
    VISIBLE_ROWS: str = documented(
        "",
        "dotted path of `f(queryset, request)` that limits host rows to what shoppers may see; "
        "the API answers for the others as for unknown ones",
    )
    ALT_TEXT: str = documented(
        "",
        "dotted path of `f(row)` that gives a picture's alternative text; empty takes the first of "
        "the row's columns `alt`, `alt_text`, `caption`, `title`, `name`",
    )
    DISCLOSURE: str = documented(
        "all",
        "which variants carry words that say what they are: `all`, `trained` (those a trained "
        "network computed) or `none`, where the shop says it elsewhere",
    )
    JSON_LD: bool = documented(
        True, "a variant is followed by its schema.org `ImageObject`, for search engines"
    )
    IMAGE_CREDIT: dict[str, Any] = documented(
        {},
        "what every `ImageObject` says besides: `creditText`, `creator`, `copyrightNotice`, "
        "`license`, `acquireLicensePage`",
    )
    CONSENT: str = documented(
        "",
        "dotted path of `f(request)`: may this visitor take part in experiments? Empty asks nobody",
    )
    HOLDOUT: float = documented(
        0.0,
        "share of all visitors whom no experiment takes and who see originals everywhere, to "
        "compare the whole of it with ([experiments.md](experiments.md#holdout))",
    )
    MERGE_LOGINS: bool = documented(
        False,
        "people who log in keep their first device's arms "
        "([experiments.md](experiments.md#logins))",
    )
    BOTS: dict[str, int] = documented(
        {"click_ms": 100, "events_per_minute": 1500, "pages_per_minute": 30},
        "what no person does, flagged and kept: a click reported sooner after its page, more "
        "events or more pages a minute; 0 switches one off",
    )
    PREVIEW_PAGE: str = documented("/", "address of the list that *Preview as arm* opens")
    PREVIEW_HOURS: float = documented(24.0, "how long a link to an arm's preview works")
    COOKIE_NAME: str = documented("shop_style_visitor", "name of the visitor cookie")
    COOKIE_DOMAIN: str = documented("", "its domain; empty is the host that answers")
    COOKIE_DAYS: int = documented(395, "its life from the first page on; never prolonged")
    EDGE_BUCKETS: int = documented(
        0,
        "buckets that the shop's own page cache draws visitors into; 0 believes no such header "
        "([storefront.md](storefront.md#page-caches-and-cdns))",
    )
    EDGE_SECRET: str = documented(
        "", "what that cache sends with each request, so that its headers are believed"
    )
    SNAPSHOT_SECONDS: float = documented(
        5.0, "how old a process's picture of the running experiments may be"
    )
    TOKEN_HOURS: float = documented(24.0, "how long after its page an event is taken")
    CONVERSION_DAYS: int = documented(
        7, "how long after an experiment's end a conversion counts for it"
    )
    EVENT_DAYS: int = documented(
        90,
        "days that raw page events are kept, and days after an experiment's end at which all of "
        "its events, visitors and salts are purged",
    )
    ROLLUP_SECONDS: float = documented(
        60.0, "how often an idle worker rolls events up; 0 leaves it to `rollup_events`"
    )
    SLICE_SECONDS: float = documented(
        900.0,
        "how often at most a rollup sums up by product, for which it reads all events of a phase",
    )
    LATE_SECONDS: float = documented(
        60.0, "events this young are rolled up again next time, for writers that commit late"
    )
    PAUSE_ON: tuple[str, ...] = documented(
        ("sample_ratio", "load_failures", "clickbait"),
        "what pauses a running experiment by itself after a rollup; its planned end always does",
    )
    PAUSE_FAILURE_SHARE: float = documented(
        0.01,
        "an arm's share of visitors with a picture that did not load, below which it is not paused",
    )
    THROTTLES: dict[str, str] = documented(
        {
            "placement": "1200/min",
            "events": "1200/min",
            "visitor": "20/min",
            "variants": "600/min",
            "staff": "240/min",
        },
        "requests of one address to each group of endpoints (visitor: merge and forget); "
        "empty is no limit",
    )


KEYS = tuple(item.name for item in dataclasses.fields(ShopStyleSettings))


def table_rows() -> list[str]:
    """The settings as rows of the table in docs/settings.md: key, default, meaning."""
    defaults = ShopStyleSettings()
    return [
        f"| `{item.name}` | `{getattr(defaults, item.name)!r}` | {item.metadata['help']} |"
        for item in dataclasses.fields(ShopStyleSettings)
    ]


def out_of_range(values: ShopStyleSettings) -> list[tuple[str, str]]:
    """Keys whose numbers cannot work, each with what they must be."""
    wrong = []
    for key in ("LEASE_SECONDS", "MAX_ATTEMPTS", "MAX_BYTES", "MAX_PIXELS", "MAX_SIDE", "MIN_SIDE"):
        if getattr(values, key) < 1:
            wrong.append((key, "1 or more"))
    for key in (
        "RETRY_SECONDS",
        "POLL_SECONDS",
        "THREADS",
        "RETIRED_DAYS",
        "ORPHAN_HOURS",
        "SNAPSHOT_SECONDS",
        "CONVERSION_DAYS",
        "EVENT_DAYS",
        "ROLLUP_SECONDS",
        "SLICE_SECONDS",
        "LATE_SECONDS",
    ):
        if getattr(values, key) < 0:
            wrong.append((key, "0 or more"))
    if not 1 <= values.COOKIE_DAYS <= 395:
        wrong.append(("COOKIE_DAYS", "from 1 to 395, thirteen months"))
    if not values.TOKEN_HOURS > 0:
        wrong.append(("TOKEN_HOURS", "more than 0"))
    if not 0 <= values.HOLDOUT < 1:
        wrong.append(("HOLDOUT", "from 0 to below 1"))
    if not 0 <= values.EDGE_BUCKETS <= 1000:
        wrong.append(("EDGE_BUCKETS", "from 0 to 1000"))
    if values.EDGE_BUCKETS and len(values.EDGE_SECRET) < 16:
        wrong.append(("EDGE_SECRET", "16 characters or more where EDGE_BUCKETS is set"))
    if not values.PREVIEW_HOURS > 0:
        wrong.append(("PREVIEW_HOURS", "more than 0"))
    known = ShopStyleSettings().BOTS
    if set(values.BOTS) - set(known) or not all(
        type(limit) is int and limit >= 0 for limit in values.BOTS.values()
    ):
        wrong.append(("BOTS", f"0 or more, a whole number for each of {', '.join(known)}"))
    if values.DISCLOSURE not in ("all", "trained", "none"):
        wrong.append(("DISCLOSURE", "all, trained or none"))
    if unknown := set(values.IMAGE_CREDIT) - set(_CREDITS):
        wrong.append(("IMAGE_CREDIT", f"of {', '.join(_CREDITS)}; not {', '.join(unknown)}"))
    if values.SHOWN not in ("published", "original"):
        wrong.append(("SHOWN", "published or original"))
    if not set(values.PAUSE_ON) <= {"sample_ratio", "load_failures", "clickbait"}:
        wrong.append(("PAUSE_ON", "some of sample_ratio, load_failures, clickbait"))
    if not 0 <= values.PAUSE_FAILURE_SHARE <= 1:
        wrong.append(("PAUSE_FAILURE_SHARE", "a share, from 0 to 1"))
    if values.FACES not in ("allow", "refuse"):
        wrong.append(("FACES", "allow or refuse"))
    if not all(
        isinstance(rate, str) and _RATE.fullmatch(rate) for rate in values.THROTTLES.values()
    ):
        wrong.append(("THROTTLES", "a number a s, min, hour or day for each, or empty"))
    if not all(isinstance(width, int) and width >= 1 for width in values.RENDITION_WIDTHS):
        wrong.append(("RENDITION_WIDTHS", "whole numbers of pixels from 1"))
    qualities = values.RENDITION_QUALITY.values()
    if not all(isinstance(quality, int) and 1 <= quality <= 100 for quality in qualities):
        wrong.append(("RENDITION_QUALITY", "from 1 to 100 for each format"))
    wrong += [("THRESHOLDS", problem) for problem in _unknown_thresholds(values.THRESHOLDS)]
    if not _DEVICE.fullmatch(values.DEVICE):
        wrong.append(("DEVICE", "auto, cpu, cuda, cuda:0 … or mps"))
    return wrong


def _unknown_thresholds(given: dict[str, Any]) -> list[str]:
    """What a shop's own thresholds must be, for each that is not."""
    from styleeval.preservation.gate import THRESHOLDS, Thresholds

    known = [item.name for item in dataclasses.fields(Thresholds)]
    problems = []
    for mode, limits in given.items():
        if mode not in THRESHOLDS:
            problems.append(f"by mode, one of {', '.join(THRESHOLDS)}; {mode!r} is none")
        elif not isinstance(limits, dict):
            problems.append(f"an object of limits for {mode}")
        else:
            problems += [
                f"numbers or None, by one of {', '.join(known)}; {mode} has {name!r}: {value!r}"
                for name, value in limits.items()
                if name not in known or not (value is None or type(value) in (int, float))
            ]
    return problems


def unknown_keys() -> list[str]:
    """Keys of the host's dict that mean nothing here."""
    return [key for key in _host_values() if key not in KEYS]


@cache
def app_settings() -> ShopStyleSettings:
    """The settings in force.

    Raises SettingsError naming the key whose value has the wrong type.
    """
    defaults = ShopStyleSettings()
    values: dict[str, Any] = {}
    for key, value in _host_values().items():
        if key in KEYS:
            values[key] = _coerced(key, value, getattr(defaults, key))
    return ShopStyleSettings(**values)


def _host_values() -> dict[str, Any]:
    values = getattr(django_settings, "SHOP_STYLE", {})
    if not isinstance(values, dict):
        raise SettingsError(f"SHOP_STYLE must be a dict, not {type(values).__name__}")
    return values


def _coerced(key: str, value: Any, default: Any) -> Any:
    if isinstance(default, bool):
        if isinstance(value, bool):
            return value
    elif isinstance(default, tuple):
        if isinstance(value, list | tuple):
            return tuple(value)
    elif isinstance(default, float):
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    elif isinstance(default, dict):
        if isinstance(value, dict):
            return {**default, **value}
    elif isinstance(value, type(default)) and not isinstance(value, bool):
        return value
    kind = "a list" if isinstance(default, tuple) else f"like its default {default!r}"
    raise SettingsError(f"SHOP_STYLE[{key!r}] is {value!r}; it must be {kind}")


@receiver(setting_changed)
def _forget(*, setting: str, **_: Any) -> None:
    if setting == "SHOP_STYLE":
        app_settings.cache_clear()
