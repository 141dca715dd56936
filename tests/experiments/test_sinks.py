"""Sinks: every event once, an exact answer, and the same rows from each of them."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone

from shop_style.experiments import lifecycle
from shop_style.experiments.sinks import EventRow, sink_of, staging, store
from shop_style.experiments.sinks.bulk import BulkSink
from shop_style.experiments.sinks.staging import StagingSink
from shop_style.models import Event, PhaseProduct
from tests.experiments.visits import visit

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True)
on_postgresql = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="COPY is PostgreSQL's; see test_postgresql.py"
)


@pytest.fixture
def make_rows(make_shop: Any) -> Any:
    shop = make_shop(2)
    phase = shop.start()
    product = PhaseProduct.objects.filter(phase=phase).first()
    arm = shop.experiment.arms.first()

    def make(number: int, start: int = 0) -> list[EventRow]:
        return [
            EventRow(
                event_id=f"{index * 7919 % 100_003:032x}",
                experiment_id=shop.experiment.pk,
                phase_id=phase.pk,
                arm_id=arm.pk,
                product_id=product.pk,
                visitor=f"{index % 5:024x}",
                kind="click" if index % 3 else "conversion",
                at=timezone.now(),
                position=None if index % 4 == 0 else index % 50,
                value=Decimal("9.50") if index % 3 == 0 else None,
                page_view="tab\tnew\nline\\N" if index == 1 else "",
                device="mobile",
                suspicion=index % 2,
            )
            for index in range(start, start + number)
        ]

    return make


def stored() -> dict[str, Any]:
    names = EventRow._fields
    return {row[0]: EventRow(*row) for row in Event.objects.values_list(*names)}


def read_before(alias: str, rows: list[EventRow]) -> set[str]:
    """As on MySQL, which tells nothing of what it inserted."""
    features = connections[alias].features
    kept = features.__dict__.get("can_return_rows_from_bulk_insert")
    features.__dict__["can_return_rows_from_bulk_insert"] = False
    try:
        return BulkSink().store(alias, sorted(rows))
    finally:
        del features.__dict__["can_return_rows_from_bulk_insert"]
        if kept is not None:
            features.__dict__["can_return_rows_from_bulk_insert"] = kept


def returned(alias: str, rows: list[EventRow]) -> set[str]:
    return BulkSink().store(alias, sorted(rows))


WAYS = [store, returned, read_before]


@pytest.mark.parametrize("way", WAYS)
def test_what_is_new_is_told_exactly_and_stored_as_it_was(make_rows: Any, way: Any) -> None:
    for number in (1, 30, 300):
        rows = make_rows(number)
        assert way("default", rows) == {row.event_id for row in rows}
        assert stored() == {row.event_id: row for row in rows}
        assert way("default", rows) == set()
        more = make_rows(number, start=number // 2)
        new = {row.event_id for row in more} - {row.event_id for row in rows}
        assert way("default", more) == new
        assert Event.objects.count() == number + number // 2
        Event.objects.all().delete()


@committed
@pytest.mark.parametrize("way", WAYS)
def test_one_bad_row_stores_none(make_rows: Any, way: Any) -> None:
    rows = make_rows(250)
    rows[-1] = rows[-1]._replace(product_id=10**9)
    with pytest.raises(DatabaseError):
        way("default", rows)
    assert not Event.objects.exists()


def test_inside_a_transaction_of_the_host_it_is_undone_with_it(make_rows: Any) -> None:
    rows = make_rows(250)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        assert len(store("default", rows[:200])) == 200
        assert len(store("default", rows)) == 50
        raise ZeroDivisionError
    assert not Event.objects.exists()
    assert len(store("default", rows)) == 250


@committed
def test_two_who_report_the_same_at_once_share_what_is_new(make_rows: Any) -> None:
    rows, new, failures = make_rows(400), [], []
    start = threading.Barrier(4)

    def report() -> None:
        try:
            start.wait()
            for first in range(0, 400, 100):
                new.append(store("default", rows[first : first + 100 + first]))
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=report) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    told = [identifier for one in new for identifier in one]
    assert sorted(told) == sorted(row.event_id for row in rows) == sorted(stored())


@committed
def test_a_product_deleted_since_it_was_looked_up_is_named_and_not_an_error(
    make_shop: Any,
) -> None:
    shop = make_shop(2)
    shop.start()
    seen, other = visit(shop), visit(shop)
    assert seen.report(("click", 0)).accepted == 1  # from now on this process knows the products
    PhaseProduct.objects.filter(object_id=str(shop.chairs[0].pk)).delete()
    report = other.report(("click", 0), ("click", 1))
    assert report.accepted == 1
    assert [item.code for item in report.rejected] == ["closed_experiment"]


def test_a_purged_experiment_takes_none_at_once(make_shop: Any) -> None:
    shop = make_shop(2)
    shop.start()
    seen = visit(shop)
    assert seen.report(("click", 0)).accepted == 1
    lifecycle.finish(shop.experiment, ship=None, actor="ada")
    type(shop.experiment).objects.update(purged_at=timezone.now())
    with transaction.atomic():  # as under ATOMIC_REQUESTS, where no memory is trusted
        assert seen.report(("click", 1)).accepted == 0


def test_the_database_chooses_its_sink() -> None:
    kind = StagingSink if connection.vendor == "postgresql" else BulkSink
    assert isinstance(sink_of("default"), kind)


@committed
@on_postgresql
def test_arrays_and_copy_store_the_same(make_rows: Any) -> None:
    rows = sorted(make_rows(staging.COPY_FROM))
    assert staging.insert_arrays(connection, rows) == {row.event_id for row in rows}
    by_arrays = stored()
    Event.objects.all().delete()
    with transaction.atomic():
        assert staging.copy_rows(connection, rows) == {row.event_id for row in rows}
    assert stored() == by_arrays


@committed
@on_postgresql
def test_the_staging_table_is_used_again_and_empty_between(make_rows: Any) -> None:
    for start in (0, 200, 400):
        assert len(store("default", make_rows(200, start=start))) == 200
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM shop_style_staging")
            assert cursor.fetchone() == (0,)
