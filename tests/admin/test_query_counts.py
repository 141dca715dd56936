"""Every list page asks the database as often for a thousand rows as for ten."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shop_style.demo.models import Product, ProductImage
from shop_style.models import (
    AcceptanceModel,
    Arm,
    AuditEntry,
    Experiment,
    Phase,
    PictureGuide,
    Status,
    Style,
    StyleJob,
    StyleReference,
    StyleVariant,
    SummaryTotals,
)
from shop_style.models.variant import Review

pytestmark = pytest.mark.django_db

FEW, MANY = 10, 1000
ADMIN = "/admin/shop_style/"
RENDITIONS = [
    {"name": f"v/{width}.{kind}", "format": kind, "width": width, "height": width, "bytes": 9}
    for width in (48, 96)
    for kind in ("webp", "jpeg")
]
REPORT = {
    "auc": {"estimate": 0.8, "low": 0.7, "high": 0.9},
    "is_better_than_base_rate": True,
    "bins": [],
}


def _styles(number: int) -> list[Style]:
    have = Style.objects.count()
    Style.objects.bulk_create(
        Style(slug=f"s{index}", name=f"Style {index}", engine="grade", digest=f"{index:064d}")
        for index in range(have, number)
    )
    styles = list(Style.objects.order_by("pk"))
    StyleReference.objects.bulk_create(
        StyleReference(style=style, image="r/warm.png", licence="MIT", sha256="0")
        for style in styles[have:]
    )
    return styles


def _photos(number: int) -> list[ProductImage]:
    have = ProductImage.objects.count()
    Product.objects.bulk_create(
        Product(name=f"Mug {index}", slug=f"mug-{index}") for index in range(have, number)
    )
    products = list(Product.objects.order_by("pk"))[have:]
    ProductImage.objects.bulk_create(
        ProductImage(product=product, image=f"products/{product.slug}.jpg", width=96, height=96)
        for product in products
    )
    return list(ProductImage.objects.order_by("pk"))


def _variants(number: int) -> None:
    """Of every status, review and style; each tenth failed with a code of its own."""
    kind, now = ContentType.objects.get_for_model(ProductImage), timezone.now()
    styles, photos = _styles(1), _photos(number)
    StyleVariant.objects.bulk_create(
        StyleVariant(
            content_type=kind,
            object_id=str(photo.pk),
            field="image",
            style=styles[index % len(styles)],
            source_name=photo.image.name,
            source_digest=f"{index:064d}",
            recipe_digest="0",
            status=list(Status)[index % 4],
            review=list(Review)[index % 3],
            passed=[True, False, None][index % 3],
            published_at=now if index % 2 else None,
            finished_at=now,
            started_at=now,
            lease_expires_at=now,
            error_code=["undecodable", "storage_failed"][index % 2] if index % 4 == 3 else "",
            image="v/96.webp",
            renditions=RENDITIONS,
            original_renditions=RENDITIONS,
        )
        for index, photo in enumerate(photos[StyleVariant.objects.count() :])
    )


def _experiments(number: int) -> None:
    now = timezone.now()
    have, style = Experiment.objects.count(), _styles(1)[0]
    Experiment.objects.bulk_create(
        Experiment(
            slug=f"e{index}",
            name=f"Experiment {index}",
            state=["running", "paused", "finished"][index % 3],
            planned_visitors=100,
            started_at=now,
        )
        for index in range(have, number)
    )
    rows = list(Experiment.objects.order_by("pk"))[have:]
    Arm.objects.bulk_create(
        Arm(experiment=row, slug=slug, style=style if slug == "warm" else None)
        for row in rows
        for slug in ("control", "warm")
    )
    Phase.objects.bulk_create(
        Phase(experiment=row, number=1, weights={}, started_at=now) for row in rows
    )
    phases = {phase.experiment_id: phase for phase in Phase.objects.all()}
    SummaryTotals.objects.bulk_create(
        SummaryTotals(
            phase=phases[arm.experiment_id],
            arm=arm,
            slice=SummaryTotals.ALL,
            day=now.date(),
            visitors=3,
        )
        for arm in Arm.objects.filter(experiment__in=rows)
    )


def _guides(number: int) -> None:
    kind, photos = ContentType.objects.get_for_model(ProductImage), _photos(number)
    PictureGuide.objects.bulk_create(
        PictureGuide(content_type=kind, object_id=str(photo.pk), field="image", boxes=[])
        for photo in photos[PictureGuide.objects.count() :]
    )


def _jobs(number: int) -> None:
    style = _styles(1)[0]
    StyleJob.objects.bulk_create(
        StyleJob(kind="preview", style=style, status=list(Status)[index % 4])
        for index in range(StyleJob.objects.count(), number)
    )


def _entries(number: int) -> None:
    have = AuditEntry.objects.count()
    AuditEntry.objects.bulk_create(
        AuditEntry(
            verb="approved",
            actor="ada",
            target_model="shop_style.stylevariant",
            target_id=str(index),
            target_name="mug.jpg",
        )
        for index in range(have, number)
    )


def _models(number: int) -> None:
    AcceptanceModel.objects.bulk_create(
        AcceptanceModel(parameters={}, report=REPORT, approved=1, rejected=1)
        for _ in range(AcceptanceModel.objects.count(), number)
    )


def _fill(number: int) -> None:
    _styles(number)
    for make in (_variants, _experiments, _guides, _jobs, _entries, _models):
        make(number)


PAGES = {
    f"{ADMIN}stylevariant/": 14,
    f"{ADMIN}stylevariant/?status__exact=ready&review__exact=unreviewed": 14,
    f"{ADMIN}style/": 10,
    f"{ADMIN}experiment/": 12,
    f"{ADMIN}pictureguide/": 12,
    f"{ADMIN}stylejob/": 10,
    f"{ADMIN}auditentry/": 12,
    f"{ADMIN}acceptancemodel/": 8,
    f"{ADMIN}overview/": 20,
    f"{ADMIN}overview/queue/": 16,
    "/admin/": 6,
    "/admin/demo/product/": 9,
    "/shop-style/experiments/?page_size=10": 8,
}
"""Each list, and how often it may ask at most."""


def _queries(client: Client, address: str) -> int:
    client.get(address)  # sessions and content types are warm afterwards
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def test_lists_ask_as_often_for_a_thousand_rows_as_for_ten() -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("ada"))
    _fill(FEW)
    few = {address: _queries(client, address) for address in PAGES}
    _fill(MANY)
    assert {address: _queries(client, address) for address in PAGES} == few
    assert {address: few[address] for address, most in PAGES.items() if few[address] > most} == {}


def test_variants_of_objects_are_listed_by_as_many_queries_for_few_as_for_many() -> None:
    _variants(50)
    StyleVariant.objects.update(status="ready", review="approved", published_at=timezone.now())
    photos, counts = _photos(50), []
    for number in (FEW, 50):
        names = "&".join(f"object=demo.productimage:{photo.pk}" for photo in photos[:number])
        with CaptureQueriesContext(connection) as queries:
            response = Client().get(f"/shop-style/variants/?{names}")
        assert response.json()["count"] == number
        counts.append(len(queries))
    assert counts[0] == counts[1]
