"""Faults that an answer to the page or to its beacons tells of at once."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import numpy as np
from django.contrib.auth import get_user_model
from django.core import signing
from django.http import HttpResponse
from django.utils import timezone

from shop_style.conf import app_settings
from shop_style.exceptions import TokenError
from shop_style.experiments import lifecycle, tokens
from shop_style.experiments.conversions import record_conversion
from shop_style.experiments.ingest import ingest
from shop_style.experiments.login import merge_visitor
from shop_style.experiments.reporting.readout import build_report
from shop_style.experiments.rollup import rollup
from shop_style.experiments.tokens import Exposure, PageToken, read_token
from shop_style.models import Event, Experiment, Suspicion
from tests.conftest import BROWSER
from tests.experiments.visits import visit
from tests.simulation.shop import Shop, recompile
from tests.simulation.transport import InProcess, Shown

CLICK = {"kind": "click", "position": 0}


def opened(shop: Shop, seed: int = 1) -> Shown:
    """A new visitor's page."""
    transport = InProcess(shop)
    newcomer = transport.newcomer(np.random.default_rng(seed))
    return transport.page(range(len(shop.chairs)), newcomer, BROWSER)


def said(token: str, events: Iterable[Any] = (CLICK,), agent: str = BROWSER) -> set[str]:
    """What the answer to a report names: codes of refusals, and `duplicates`."""
    try:
        report = ingest(token, list(events), agent=agent)
    except TokenError as error:
        return {error.code}
    return {item.code for item in report.rejected} | (
        {"duplicates"} if report.duplicates else set()
    )


def duplicated_beacon(shop: Shop) -> set[str]:
    token = opened(shop).token
    assert said(token) == set()
    stored = Event.objects.count()
    names = said(token)
    assert Event.objects.count() == stored
    return names


def replayed_token(shop: Shop) -> set[str]:
    """The click of yesterday's page again and again."""
    token = opened(shop).token
    names = said(token, [CLICK] * 100) | said(token, [CLICK] * 100)
    assert Event.objects.filter(kind="click").count() == 1
    return names


def forged_token(shop: Shop) -> set[str]:
    """The visitor put into the other arm, under a signature that is made up."""
    honest = read_token(opened(shop).token, hours=1)
    (exposure,) = honest.exposures
    other = shop.experiment.arms.exclude(pk=exposure.arm).get()
    forged = PageToken(
        page_view=honest.page_view,
        issued=honest.issued,
        exposures=(
            Exposure(
                experiment=exposure.experiment,
                phase=exposure.phase,
                arm=other.pk,
                visitor=exposure.visitor,
                products=exposure.products,
            ),
        ),
    ).signed()
    chance = random.Random(3)
    names = said(forged[:-8] + "".join(chance.choices("ABCDEFGH", k=8)))
    assert not Event.objects.exists()
    return names


def other_sites_token(shop: Shop) -> set[str]:
    """A token that another shop signed, with its own key."""
    page = read_token(opened(shop).token, hours=1)
    body = [page.page_view, page.issued, []]
    return said(signing.dumps(body, key="another shop's", salt=tokens._SALT, compress=True))


def other_experiments_token(shop: Shop) -> set[str]:
    """A page's beacon under the token of another page, whose tiles are those of an experiment
    that is no longer there."""
    (exposure,) = read_token(opened(shop).token, hours=1).exposures
    elsewhere = Exposure(
        experiment=exposure.experiment + 1000,
        phase=exposure.phase,
        arm=exposure.arm,
        visitor=exposure.visitor,
        products=exposure.products,
    )
    names = said(tokens.page_token("f" * 22, [elsewhere]).signed())
    assert not Event.objects.exists()
    return names


def other_pages_token(shop: Shop) -> set[str]:
    """Positions of a long page, reported under the token of a short one."""
    return said(opened(shop).token, [{"kind": "click", "position": len(shop.chairs) + 3}])


def late_beacon(shop: Shop) -> set[str]:
    """From a tab that was left open for longer than TOKEN_HOURS."""
    page = read_token(opened(shop).token, hours=1)
    age = int(app_settings().TOKEN_HOURS * 3600) + 60
    old = PageToken(
        page_view=page.page_view, issued=page.issued - age, exposures=page.exposures
    ).signed()
    return said(old)


def after_the_end(shop: Shop) -> set[str]:
    """A page of an experiment that ended before TOKEN_HOURS began."""
    token = opened(shop).token
    lifecycle.finish(shop.experiment, actor="ada")
    ended = timezone.now() - timedelta(hours=app_settings().TOKEN_HOURS + 1)
    Experiment.objects.filter(pk=shop.experiment.pk).update(ended_at=ended)
    recompile(shop)
    return said(token)


def skewed_browser(shop: Shop) -> set[str]:
    """A browser whose clock is ten years behind and says so."""
    token = opened(shop).token
    skewed = timezone.now() - timedelta(days=3650)
    said(token, [CLICK | {"at": skewed.isoformat(), "timestamp": skewed.timestamp()}])
    times = Event.objects.values_list("at", flat=True)
    right = all(abs(timezone.now() - at) < timedelta(minutes=1) for at in times)
    return {"at"} if times and right else set()


def nameless_crawler(shop: Shop) -> set[str]:
    """A crawler that sends no user agent: it gets originals and no token, and is counted."""
    shown = InProcess(shop).page(range(len(shop.chairs)), "", "")
    assert not any(shown.styled) and shown.token == "" and shown.visitor == ""
    rollup()
    return {why for why, pages in build_report(shop.experiment).excluded.items() if pages}


def crawling_beacon(shop: Shop) -> set[str]:
    """A browser's page whose beacons come from a crawler."""
    said(opened(shop).token, agent="Googlebot/2.1 (+http://www.google.com/bot.html)")
    return _suspicions()


def click_storm(shop: Shop) -> set[str]:
    """More clicks in one report than a person makes."""
    order = list(range(len(shop.chairs)))
    said(opened(shop).token, [{"kind": "click", "position": place} for place in order] * 2)
    return _suspicions()


def _suspicions() -> set[str]:
    """Of all events stored; they are kept, and counted by arm."""
    found = Event.objects.values_list("suspicion", flat=True)
    return {flag.name.lower() for flag in Suspicion if found and all(flag & bits for bits in found)}


def order_recorded_twice(shop: Shop) -> set[str]:
    """A shop that records an order on its thank-you page, which is loaded again."""
    visitor = opened(shop).visitor
    first = record_conversion(visitor, shop.chairs[:1], order="A-1", values=[20])
    again = record_conversion(visitor, shop.chairs[:1], order="A-1", values=[20])
    assert first == Event.objects.filter(kind="conversion").count() == 1
    return {"record_conversion"} if again == 0 else set()


def page_kept_by_a_cache(shop: Shop) -> set[str]:
    """A page with a token, and a cache that keeps what it may: it is told that it may not."""
    response = HttpResponse()
    visit(shop).page.finish(response)
    return {part.strip() for part in response["Cache-Control"].split(",")}


def lowered_coverage(shop: Shop) -> set[str]:
    """Fewer visitors let in than before: those who are in would be thrown out."""
    try:
        lifecycle.raise_coverage(shop.experiment, 0.5, actor="ada")
    except Exception as error:
        return {getattr(error, "code", "")}
    return set()


def mixed_login(shop: Shop) -> set[str]:
    """Somebody logs in on a second device that had been given the other arm: out of both, and
    counted."""
    user = get_user_model().objects.create_user("ada")
    devices: dict[bool, Shown] = {}
    for seed in range(40):
        shown = opened(shop, seed)
        devices.setdefault(shown.styled[0], shown)
    for shown in devices.values():
        said(shown.token)
        merge_visitor(shown.visitor, user)
    rollup()
    arms = build_report(shop.experiment).arms
    assert len(devices) == 2 and sum(arm.visitors for arm in arms) == 0
    return {"mixed"} if [arm.mixed for arm in arms] == [1, 1] else set()
