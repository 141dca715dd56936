"""System checks: each mistake in the settings or the installation, with its way out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning
from django.core.files.storage import InvalidStorageError, storages
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string

from shop_style import conf
from shop_style.channels.checks import check_channels
from shop_style.exceptions import EngineError, SettingsError, SourceError, WeightsError
from shop_style.generation.checks import check_masks, check_segmenter
from shop_style.generation.dispatchers import get_dispatcher
from shop_style.imaging.encode import writes_avif
from shop_style.sources import parse_source
from shop_style.transfer.registry import engines
from shop_style.transfer.weights import WEIGHTS

FORMATS = ("avif", "webp", "jpeg")
MIDDLEWARE = "shop_style.middleware.ShopStyleMiddleware"


def register_checks() -> None:
    """Make the checks part of `manage.py check`."""
    register(check_settings, Tags.files)
    register(check_sources, Tags.models)
    register(check_masks, Tags.models)
    register(check_segmenter, Tags.compatibility)
    register(check_weights, Tags.files)
    register(check_callables, Tags.compatibility)
    register(check_channels, Tags.compatibility)
    register(check_styles, Tags.database)
    register(check_experiments, Tags.database)
    register(check_deployment, Tags.security, deploy=True)


def check_settings(**_: Any) -> list[CheckMessage]:
    """E001 unknown keys, E002 values of the wrong type, E003 dispatcher, E004 storage,
    E005 formats (W010: cannot be written), E008 third-party engines, E010 values out of range."""
    try:
        unknown = conf.unknown_keys()
        current = conf.app_settings()
    except SettingsError as error:
        return [Error(str(error), hint="See docs/settings.md.", id="shop_style.E002")]
    found: list[CheckMessage] = [
        Error(
            f"SHOP_STYLE has an unknown key {key!r}.",
            hint=f"Known keys: {', '.join(conf.KEYS)}.",
            id="shop_style.E001",
        )
        for key in unknown
    ]
    try:
        get_dispatcher()
    except SettingsError as error:
        found.append(
            Error(
                str(error),
                hint="Use a dotted path such as "
                "'shop_style.generation.dispatchers.database.DatabaseDispatcher'.",
                id="shop_style.E003",
            )
        )
    try:
        storages[current.STORAGE]
    except (InvalidStorageError, ImportError) as error:
        found.append(
            Error(
                f"SHOP_STYLE['STORAGE'] is {current.STORAGE!r}: {error}",
                hint="Name an alias of STORAGES that can be opened.",
                id="shop_style.E004",
            )
        )
    if not current.RENDITION_FORMATS or set(current.RENDITION_FORMATS) - set(FORMATS):
        found.append(
            Error(
                f"SHOP_STYLE['RENDITION_FORMATS'] is {current.RENDITION_FORMATS!r}.",
                hint=f"Choose at least one of {', '.join(FORMATS)}.",
                id="shop_style.E005",
            )
        )
    if "avif" in current.RENDITION_FORMATS and not writes_avif():
        found.append(
            CheckWarning(
                "SHOP_STYLE['RENDITION_FORMATS'] names avif, which this Pillow cannot write.",
                hint="Variants are rendered without it. Install Pillow 11.3 or later from its "
                "wheel (or with libavif), or take avif out of the list.",
                id="shop_style.W010",
            )
        )
    found += [
        Error(
            f"SHOP_STYLE[{key!r}] is {getattr(current, key)!r}, which is out of range.",
            hint=f"It must be {wanted}.",
            id="shop_style.E010",
        )
        for key, wanted in conf.out_of_range(current)
    ]
    try:
        engines()
    except (EngineError, ImportError, AttributeError) as error:
        found.append(
            Error(
                f"A third-party engine cannot be registered: {error}",
                hint="Fix or uninstall the package that declares it.",
                id="shop_style.E008",
            )
        )
    return found


def check_sources(**_: Any) -> list[CheckMessage]:
    """E006: a source string that leads to no image field. W001: none at all."""
    try:
        labels = conf.app_settings().SOURCES
    except SettingsError:
        return []  # E002 says it
    if not labels:
        return [
            CheckWarning(
                "SHOP_STYLE['SOURCES'] is empty, so no picture will ever be styled.",
                hint="List image fields: 'app_label.Model.field'.",
                id="shop_style.W001",
            )
        ]
    found: list[CheckMessage] = []
    for label in labels:
        try:
            parse_source(label)
        except SourceError as error:
            found.append(
                Error(
                    f"SHOP_STYLE['SOURCES']: {error}",
                    hint="Write 'app_label.Model.field' with the app's label, not its path.",
                    id="shop_style.E006",
                )
            )
    return found


def check_weights(**_: Any) -> list[CheckMessage]:
    """E007: weights that are missing or not the pinned ones."""
    found: list[CheckMessage] = []
    for item in WEIGHTS.values():
        if not item.shipped and item.path() is None:
            continue  # imported ones are optional
        try:
            item.verify()
        except WeightsError as error:
            found.append(
                Error(
                    str(error),
                    hint="`manage.py style_weights --verify` lists every file.",
                    id="shop_style.E007",
                )
            )
    return found


def check_styles(databases: Any = None, **_: Any) -> list[CheckMessage]:
    """E009: a style whose engine is not installed (any more)."""
    from django.db import DatabaseError

    from shop_style.models import Style

    found: list[CheckMessage] = []
    for alias in databases or []:
        try:
            rows = list(Style.objects.using(alias).values_list("slug", "engine"))
        except DatabaseError:
            continue  # not migrated yet
        found += [
            Error(
                f"Style {slug!r} uses the engine {engine!r}, which is not installed.",
                hint="Install the package that brings it, or choose another engine.",
                id="shop_style.E009",
            )
            for slug, engine in rows
            if engine not in engines()
        ]
    return found


def check_callables(**_: Any) -> list[CheckMessage]:
    """E011: a dotted path that leads to nothing that can be called."""
    found: list[CheckMessage] = []
    for key in ("CONSENT", "VISIBLE_ROWS", "ALT_TEXT"):
        try:
            path = getattr(conf.app_settings(), key)
        except SettingsError:
            return []  # E002 says it
        try:
            good = not path or callable(import_string(path))
        except ImportError:
            good = False
        if not good:
            found.append(
                Error(
                    f"SHOP_STYLE[{key!r}] is {path!r}, which leads to no function.",
                    hint="Write the dotted path of a function, or leave it empty.",
                    id="shop_style.E011",
                )
            )
    return found


def check_experiments(databases: Any = None, **_: Any) -> list[CheckMessage]:
    """W003, W004: a live experiment on a site that can keep no visitor, or take no event."""
    from django.db import DatabaseError

    from shop_style.models import Experiment

    live = Experiment.objects.filter(state__in=Experiment.LIVE)
    try:
        slugs = [slug for alias in databases or [] for slug in _slugs(live.using(alias))]
    except DatabaseError:
        return []  # not migrated yet
    found: list[CheckMessage] = []
    if slugs and MIDDLEWARE not in settings.MIDDLEWARE:
        found.append(
            CheckWarning(
                f"Pages enrol nobody in {', '.join(slugs)}: visitors cannot be kept.",
                hint=f"Add {MIDDLEWARE!r} to MIDDLEWARE. Calls of the placement API need it not.",
                id="shop_style.W003",
            )
        )
    if slugs:
        try:
            reverse("shop_style:events")
        except NoReverseMatch:
            found.append(
                CheckWarning(
                    f"No event of {', '.join(slugs)} can arrive: the API has no address.",
                    hint="Add path('shop-style/', include('shop_style.urls')) to the site's urls.",
                    id="shop_style.W004",
                )
            )
    return found


def check_deployment(**_: Any) -> list[CheckMessage]:
    """W002: pictures rendered inside web requests. W005: limits that all shoppers share.
    W006: rows that nobody said are for shoppers."""
    try:
        dispatcher = get_dispatcher()
        limited = any(conf.app_settings().THROTTLES.values())
    except SettingsError:
        return []  # E002 or E003 says it
    found: list[CheckMessage] = []
    if dispatcher.renders_in_caller and not settings.DEBUG:
        found.append(
            CheckWarning(
                "SHOP_STYLE['DISPATCHER'] renders pictures inside web requests.",
                hint="Use the database dispatcher and run `manage.py style_worker`.",
                id="shop_style.W002",
            )
        )
    if limited and getattr(settings, "REST_FRAMEWORK", {}).get("NUM_PROXIES") is None:
        found.append(
            CheckWarning(
                "SHOP_STYLE['THROTTLES'] counts by the address that connects: behind a proxy "
                "all shoppers share one limit.",
                hint="Set REST_FRAMEWORK['NUM_PROXIES'] to the number of your own proxies (0 for "
                "none), or empty the rates and limit at the proxy.",
                id="shop_style.W005",
            )
        )
    try:
        served = bool(reverse("shop_style:placement"))
    except NoReverseMatch:
        served = False
    if served and not conf.app_settings().VISIBLE_ROWS:
        found.append(
            CheckWarning(
                "The API shows every row of the styled models to whoever asks, drafts included.",
                hint="Name a function in SHOP_STYLE['VISIBLE_ROWS'] that limits a queryset to what "
                "shoppers may see (docs/headless.md).",
                id="shop_style.W006",
            )
        )
    return found


def _slugs(rows: Any) -> list[str]:
    return list(rows.values_list("slug", flat=True))
